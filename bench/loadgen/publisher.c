#include "publisher.h"
#include "clock.h"
#include "connection.h"
#include "http.h"
#include "loop.h"
#include "marker.h"
#include "message.h"
#include "options.h"
#include "subscriber.h"
#include "tally.h"
#include "websocket.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many publishes of one connection may wait for their answer while their latency is recorded. */
enum { TIMED = 4096 };
/* A server that does not read: so much is kept for it, and the rest is late. */
enum { UNSENT_BYTES = 4 << 20 };
/* The loop turns in between, or a fast publisher would hear nothing. */
enum { PER_TURN = 1024 };
enum { LONGEST_WAIT_US = 20000 };

typedef struct {
  Watched watched;
  Connection connection;
  Buffer unsent;
  bool waits_for_room;
  HttpReader http;
  FrameReader frames;
  Marker acknowledgement, refusal;
  uint64_t sent, answered;
  uint64_t due_us[TIMED]; /* of those that wait for an answer, by number */
  int lane;               /* in which it publishes next when it waits for acknowledgements */
} Publisher;

static Publisher *all;
static int64_t *next_number; /* by lane */
static uint64_t started_us, turns;
static bool is_running;

static bool is_websocket(void) { return !strcmp(options.publish_via, "websocket"); }
static bool waits_for_answers(void) { return options.in_flight > 0; }

static void connect_publisher(Publisher *publisher);

/* A server may close a connection on which nothing is asked; one that owes an answer may not. */
static void connect_after_cut(Publisher *publisher) {
  uint64_t owed = publisher->sent - publisher->answered;
  if (owed > 0) {
    if (tally.cut++ == 0)
      fprintf(stderr, "loadgen: a publisher was cut off after %llu messages, while %llu waited for their answer\n",
              (unsigned long long)publisher->sent, (unsigned long long)owed);
  }
  publisher->answered = publisher->sent;
  buffer_clear(&publisher->unsent);
  http_reset(&publisher->http);
  memset(&publisher->frames, 0, sizeof publisher->frames);
  connection_close(&publisher->connection);
  connect_publisher(publisher);
}

static void add_message(Publisher *publisher, uint64_t due_us, int lane) {
  static Buffer body;
  static char message[65536];
  int channel = lane % options.channels;
  buffer_clear(&body);
  if (!options.publish_get) {
    message_write(message, options.size, (Stamp){due_us, lane, next_number[lane]});
    buffer_fill(&body, options.publish_prefix, channel, "");
    buffer_add(&body, message, (size_t)options.size);
    buffer_fill(&body, options.publish_suffix, channel, "");
  }
  if (is_websocket()) frame_add(&publisher->unsent, FRAME_TEXT, body.length);
  else {
    buffer_print(&publisher->unsent, "%s ", options.publish_get ? "GET" : "POST");
    buffer_fill(&publisher->unsent, options.publish_path, channel, "");
    buffer_print(&publisher->unsent, " HTTP/1.1\r\nhost: localhost:%d\r\n%s%s", options.publish_port,
                 options.publish_headers, options.publish_fresh ? "connection: close\r\n" : "");
    if (!options.publish_get) buffer_print(&publisher->unsent, "content-length: %zu\r\n", body.length);
    buffer_add(&publisher->unsent, "\r\n", 2);
  }
  buffer_add(&publisher->unsent, body.bytes, body.length);
  publisher->due_us[publisher->sent++ % TIMED] = due_us;
  next_number[lane] += 1;
  tally.published += 1;
}

static void flush(Publisher *publisher) {
  if (publisher->unsent.length == 0) return;
  if (!connection_flush(&publisher->connection, &publisher->unsent)) {
    connect_after_cut(publisher);
    return;
  }
  bool has_more = publisher->unsent.length > 0;
  if (has_more == publisher->waits_for_room) return;
  publisher->waits_for_room = has_more;
  if (has_more) loop_watch_writes(publisher->connection.fd, &publisher->watched);
  else loop_watch_reads(publisher->connection.fd, &publisher->watched);
}

/* The closed loop of acknowledgements: each publisher goes through the lanes that are its own. */
static void publish_next(Publisher *publisher) {
  add_message(publisher, now_us(), publisher->lane);
  publisher->lane += options.publishers;
  if (publisher->lane >= options.lanes) publisher->lane = (int)(publisher - all);
}

static void answered(Publisher *publisher) {
  if (publisher->answered == publisher->sent) return; /* an echo of somebody else's message */
  uint64_t number = publisher->answered++;
  if (publisher->sent - number <= TIMED) tally_acknowledged(publisher->due_us[number % TIMED]);
  else tally.acknowledged += 1;
  if (waits_for_answers() && is_running && !options.publish_fresh) publish_next(publisher);
}

static void on_head(void *owner, int status, const char *head) {
  (void)owner, (void)head;
  bool is_good = (status >= 200 && status < 300) || (options.publish_get && status == 304);
  if (is_good) return;
  if (tally.refused++ == 0) fprintf(stderr, "loadgen: a publish was refused:\n%s", head);
}
static void on_body(void *owner, const char *bytes, size_t length) {
  tally.refused += (uint64_t)marker_count(&((Publisher *)owner)->refusal, bytes, length);
}
static void on_end(void *owner) { answered(owner); }
static const HttpEvents http_events = {on_head, on_body, on_end};

static void on_payload(void *owner, const char *bytes, size_t length) {
  Publisher *publisher = owner;
  tally.refused += (uint64_t)marker_count(&publisher->refusal, bytes, length);
  for (int left = marker_count(&publisher->acknowledgement, bytes, length); left > 0; left--) answered(publisher);
}
static void on_control(void *owner, int opcode, const char *bytes, size_t length) {
  Publisher *publisher = owner;
  /* What a close says is seen when the connection ends. */
  if (opcode != FRAME_PING) return;
  frame_add(&publisher->unsent, FRAME_PONG, length);
  buffer_add(&publisher->unsent, bytes, length);
}
static const FrameEvents frame_events = {on_payload, on_control};

static void connect_publisher(Publisher *publisher) {
  publisher->connection = connection_open(options.publish_port);
  if (is_websocket()) {
    static char head[HANDSHAKE_ROOM], rest[HANDSHAKE_ROOM];
    size_t rest_length;
    Buffer request = {0};
    buffer_print(&request, "GET ");
    buffer_fill(&request, options.publish_path, (int)(publisher - all) % options.channels, "");
    buffer_print(&request,
                 " HTTP/1.1\r\nhost: localhost:%d\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
                 "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n%s\r\n",
                 options.publish_port, options.publish_headers);
    if (connection_shake_hands(&publisher->connection, &request, head, rest, &rest_length) != 101)
      give_up("a publisher's upgrade was refused:\n%s", head);
    frame_feed(&publisher->frames, &frame_events, publisher, rest, rest_length);
    if (options.publish_hello[0]) {
      frame_add(&publisher->unsent, FRAME_TEXT, strlen(options.publish_hello));
      buffer_add(&publisher->unsent, options.publish_hello, strlen(options.publish_hello));
    }
  }
  connection_unblock(&publisher->connection);
  loop_watch(publisher->connection.fd, &publisher->watched);
  publisher->waits_for_room = false;
}

/* A fresh connection's answer was taken: the next message takes another connection. */
static void connect_anew(Publisher *publisher) {
  connection_close(&publisher->connection);
  http_reset(&publisher->http);
  connect_publisher(publisher);
  if (is_running && waits_for_answers()) publish_next(publisher);
}

static void on_ready(Watched *watched) {
  static char bytes[65536];
  Publisher *publisher = (Publisher *)watched;
  do {
    uint64_t answers_before = publisher->answered;
    ssize_t length = connection_read(&publisher->connection, bytes, sizeof bytes);
    if (length < 0) {
      connect_after_cut(publisher);
      return;
    }
    tally.answer_bytes += (uint64_t)length;
    if (is_websocket()) frame_feed(&publisher->frames, &frame_events, publisher, bytes, (size_t)length);
    else if (!http_feed(&publisher->http, &http_events, publisher, bytes, (size_t)length)) tally.malformed += 1;
    if (options.publish_fresh && publisher->answered > answers_before) connect_anew(publisher);
  } while (connection_holds_more(&publisher->connection));
  flush(publisher);
}

void publishers_open(void) {
  all = calloc((size_t)options.publishers + 1, sizeof *all);
  next_number = calloc((size_t)options.lanes, sizeof *next_number);
  for (int index = 0; index < options.publishers; index++) {
    all[index].watched.on_ready = on_ready;
    all[index].acknowledgement.text = options.acknowledgement;
    all[index].refusal.text = options.refusal;
    all[index].lane = index;
    connect_publisher(&all[index]);
    flush(&all[index]);
  }
}

void publishers_start(uint64_t now) {
  started_us = now;
  is_running = true;
  for (Publisher *each = all; waits_for_answers() && each < all + options.publishers; each++) {
    for (int count = options.publish_fresh ? 1 : options.in_flight; count > 0; count--) publish_next(each);
    flush(each);
  }
}

void publishers_stop(void) { is_running = false; }

static uint64_t allowed(uint64_t now) {
  if (options.rate > 0) return (uint64_t)((double)(now - started_us) * options.rate / 1e6);
  return tally.delivered / (uint64_t)subscribers_reading() + (uint64_t)options.window;
}

static bool has_enough_ahead(const Publisher *publisher) {
  return publisher->unsent.length > UNSENT_BYTES ||
         publisher->sent - publisher->answered >= (uint64_t)options.ahead;
}

uint64_t publishers_publish(uint64_t now) {
  if (!is_running || waits_for_answers() || options.publishers == 0) return LONGEST_WAIT_US;
  uint64_t limit = allowed(now);
  bool is_held_back = false;
  for (int count = 0; turns < limit && count < PER_TURN; count++) {
    int lane = (int)(turns % (uint64_t)options.lanes);
    Publisher *publisher = &all[lane % options.publishers];
    is_held_back = has_enough_ahead(publisher);
    if (is_held_back) break;
    /* In an open loop the message counts from when it was due, so that our own delays and the server's count too. */
    uint64_t due = options.rate > 0 ? started_us + (uint64_t)((double)(turns + 1) * 1e6 / options.rate) : now_us();
    add_message(publisher, due, lane);
    turns += 1;
  }
  for (Publisher *each = all; each < all + options.publishers; each++)
    if (!each->waits_for_room) flush(each);
  /* An answer, or room in the socket, ends the wait. */
  if (options.rate <= 0 || is_held_back) return LONGEST_WAIT_US;
  uint64_t due = started_us + (uint64_t)((double)(turns + 1) * 1e6 / options.rate), after = now_us();
  return due <= after ? 0 : due - after < LONGEST_WAIT_US ? due - after : LONGEST_WAIT_US;
}

uint64_t publishers_sent_to(int channel) {
  uint64_t sent = 0;
  for (int lane = channel; lane < options.lanes; lane += options.channels) sent += (uint64_t)next_number[lane];
  return sent;
}
