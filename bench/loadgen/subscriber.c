#define _GNU_SOURCE
#include "subscriber.h"
#include "clock.h"
#include "options.h"
#include "poll.h"
#include "publisher.h"
#include "tally.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A read costs about 2 µs besides its bytes: who fell behind takes much at once. It fits a core's second cache. */
enum { READ_BYTES = 256 << 10 };

static Subscriber *all;
static int reading;
/* When the bytes were read that are being taken. */
static uint64_t heard_us;

static bool is_way(const char *way) { return !strcmp(options.way, way); }

static void count_heard(Subscriber *subscriber, uint64_t messages, size_t payload_bytes) {
  subscriber->heard += messages;
  subscriber->payload_bytes += payload_bytes;
  tally.delivered += messages;
}

void subscriber_hear(Subscriber *subscriber, const char *bytes, size_t length) {
  count_heard(subscriber, message_count(bytes, length), length);
  if (subscriber->sequence) sequence_check(subscriber->sequence, bytes, length, heard_us);
}

static void leave(Subscriber *subscriber) {
  if (subscriber->is_over) return;
  subscriber->is_over = true;
  connection_close(&subscriber->connection);
}

void subscriber_lost(Subscriber *subscriber) {
  if (subscriber->is_over) return;
  tally.cut += 1;
  leave(subscriber);
}

static void send_frame(Subscriber *subscriber, int opcode, const char *bytes, size_t length) {
  static Buffer frame;
  buffer_clear(&frame);
  frame_add(&frame, opcode, length);
  buffer_add(&frame, bytes, length);
  if (!connection_flush(&subscriber->connection, &frame)) subscriber_lost(subscriber);
}

static void on_frame_payload(void *owner, const char *bytes, size_t length) {
  /* Engine.IO asks with a packet `2` whether we are there, and hears `3`. */
  if (length == 1 && *bytes == '2' && is_way("socket.io")) send_frame(owner, FRAME_TEXT, "3", 1);
  else subscriber_hear(owner, bytes, length);
}

static void on_control(void *owner, int opcode, const char *bytes, size_t length) {
  if (opcode == FRAME_PING) send_frame(owner, FRAME_PONG, bytes, length);
  if (opcode == FRAME_CLOSE) {
    fprintf(stderr, "loadgen: a socket was closed: %.*s\n", length > 2 ? (int)length - 2 : 0, bytes + 2);
    subscriber_lost(owner);
  }
}

static const FrameEvents frame_events = {on_frame_payload, on_control};

static void on_sse_head(void *owner, int status, const char *head) {
  (void)head;
  if (status != 200) give_up("an SSE subscription was answered with %d", status);
  (void)owner;
}
static void on_sse_body(void *owner, const char *bytes, size_t length) { subscriber_hear(owner, bytes, length); }
static void on_sse_end(void *owner) { subscriber_lost(owner); }

static const HttpEvents sse_events = {on_sse_head, on_sse_body, on_sse_end};

/* Frames of those that are only counted: the rest of one that was cut, then as many alike as there are, then what is
 * left, the long way. */
static void feed_frames(Subscriber *subscriber, const char *bytes, size_t length) {
  if (!subscriber->sequence) {
    uint64_t rest = frame_rest(&subscriber->frames);
    size_t first = rest < length ? (size_t)rest : length, taken = 0;
    frame_feed(&subscriber->frames, &frame_events, subscriber, bytes, first);
    bytes += first, length -= first;
    if (frame_is_between(&subscriber->frames)) {
      uint64_t count = frames_alike(bytes, length, (size_t)options.size, MARK_AT, '@', &taken);
      count_heard(subscriber, count, count * (size_t)options.size);
      bytes += taken, length -= taken;
    }
  }
  frame_feed(&subscriber->frames, &frame_events, subscriber, bytes, length);
}

static void feed(Subscriber *subscriber, const char *bytes, size_t length) {
  if (subscriber->sequence) heard_us = now_us();
  if (subscriber->poll || is_way("sse")) {
    const HttpEvents *events = subscriber->poll ? &poll_events : &sse_events;
    if (!http_feed(&subscriber->http, events, subscriber, bytes, length)) tally.malformed += 1;
  } else feed_frames(subscriber, bytes, length);
}

static void on_ready(Watched *watched) {
  static char bytes[READ_BYTES];
  Subscriber *subscriber = (Subscriber *)watched;
  do {
    if (subscriber->is_over) return;
    ssize_t length = connection_read(&subscriber->connection, bytes, sizeof bytes);
    if (length == 0) return;
    if (length < 0) {
      subscriber_lost(subscriber);
      return;
    }
    tally.reads += 1;
    tally.answer_bytes += (uint64_t)length;
    feed(subscriber, bytes, (size_t)length);
    if (options.replay && subscriber->heard >= (uint64_t)options.replay) leave(subscriber);
  } while (connection_holds_more(&subscriber->connection));
}

static void upgrade(Subscriber *subscriber) {
  static char head[HANDSHAKE_ROOM], rest[HANDSHAKE_ROOM];
  static Buffer request;
  size_t rest_length;
  buffer_print(&request, "GET ");
  buffer_fill(&request, options.path, subscriber->first_channel, options.first_offset);
  buffer_print(&request,
               " HTTP/1.1\r\nhost: localhost:%d\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
               "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n%s\r\n",
               options.port, options.headers);
  int status = connection_shake_hands(&subscriber->connection, &request, head, rest, &rest_length);
  if (status != 101) give_up("an upgrade was refused:\n%s", head);
  feed(subscriber, rest, rest_length);
  for (int index = 0; options.hello[0] && index < options.channels_per_socket; index++) {
    static Buffer hello;
    buffer_clear(&hello);
    buffer_fill(&hello, options.hello, (subscriber->first_channel + index) % options.channels, "");
    send_frame(subscriber, FRAME_TEXT, hello.bytes, hello.length);
  }
}

static void open_sse(Subscriber *subscriber) {
  static char head[HANDSHAKE_ROOM], rest[HANDSHAKE_ROOM];
  static Buffer request;
  size_t rest_length;
  buffer_print(&request, "GET ");
  buffer_fill(&request, options.path, subscriber->first_channel, options.first_offset);
  buffer_print(&request, " HTTP/1.1\r\nhost: localhost:%d\r\naccept: text/event-stream\r\n%s\r\n", options.port,
               options.headers);
  int status = connection_shake_hands(&subscriber->connection, &request, head, rest, &rest_length);
  if (status != 200) give_up("an SSE subscription was refused:\n%s", head);
  /* The head again, now for the reader, which learns from it how the body is framed. */
  feed(subscriber, head, strlen(head));
  feed(subscriber, rest, rest_length);
}

static void open_one(Subscriber *subscriber, int index) {
  subscriber->watched.on_ready = on_ready;
  subscriber->first_channel = (int)((long)index * options.channels_per_socket % options.channels);
  /* Spread evenly, so that those that stop are of every age. */
  subscriber->is_stopped = index * options.stopped_percent / 100 != (index + 1) * options.stopped_percent / 100;
  if (index % options.check_every == 0 || subscriber->is_stopped) subscriber->sequence = sequence_new();
  if (subscriber->is_stopped) subscriber->sequence->is_untimed = true;
  else reading += 1;
  if (is_way("poll")) {
    poll_open(subscriber);
    return;
  }
  subscriber->connection = connection_open(options.port);
  if (is_way("sse")) open_sse(subscriber);
  else upgrade(subscriber);
  connection_unblock(&subscriber->connection);
  if (!subscriber->is_stopped) loop_watch(subscriber->connection.fd, &subscriber->watched);
}

void subscribers_open(void) {
  all = calloc((size_t)options.subscribers + 1, sizeof *all);
  for (int index = 0; index < options.subscribers; index++) open_one(&all[index], index);
}

void subscribers_resume(void) {
  for (Subscriber *each = all; each < all + options.subscribers; each++) {
    if (!each->is_stopped) continue;
    each->is_stopped = false;
    reading += 1;
    loop_watch(each->connection.fd, &each->watched);
  }
}

uint64_t subscribers_ask_again(uint64_t limit_us) { return poll_ask_again(limit_us); }

int subscribers_reading(void) { return reading; }

static uint64_t expected_of(const Subscriber *subscriber) {
  if (options.replay) return (uint64_t)options.replay;
  uint64_t expected = 0;
  for (int index = 0; index < options.channels_per_socket; index++)
    expected += publishers_sent_to((subscriber->first_channel + index) % options.channels);
  return expected;
}

Completeness subscribers_completeness(void) {
  Completeness sum = {0};
  for (Subscriber *each = all; each < all + options.subscribers; each++) {
    uint64_t expected = expected_of(each);
    if (each->heard < expected) sum.missing += expected - each->heard;
    /* A replay ends somewhere in what it read last. */
    if (each->heard > expected && !options.replay) sum.extra += each->heard - expected;
    if (each->heard >= expected) sum.complete += 1;
    /* (Who leaves a replay does so in the middle of a frame.) */
    if (options.bare_frames && !options.replay && each->payload_bytes != each->heard * (uint64_t)options.size) sum.misshapen += 1;
  }
  return sum;
}

bool subscribers_have_all(void) { return subscribers_completeness().complete == options.subscribers; }
