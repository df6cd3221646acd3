#include "poll.h"
#include "clock.h"
#include "options.h"
#include "tally.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Long and short polls: ask, take the answer, ask again from where it ends; at once, or after the interval. */

struct Poll {
  char offset[128], cursor[64]; /* of the protocol's style */
  char modified[64], etag[128]; /* of nchan's style */
  Buffer request;
  int status;
  bool has_body;
  uint64_t ask_at_us;
};

/* Who waits for the interval to be over, in the order of asking, since the interval is the same for all. */
static Subscriber **waiting;
static int waiting_first, waiting_count;

static bool is_etag_style(void) { return !strcmp(options.poll_style, "etag"); }

static void write_request(Subscriber *subscriber) {
  struct Poll *poll = subscriber->poll;
  Buffer *request = &poll->request;
  buffer_clear(request);
  buffer_print(request, "GET ");
  buffer_fill(request, options.path, subscriber->first_channel, poll->offset);
  if (poll->cursor[0]) buffer_print(request, "&cursor=%s", poll->cursor);
  buffer_print(request, " HTTP/1.1\r\nhost: localhost:%d\r\n%s", options.port, options.headers);
  if (options.fresh) buffer_print(request, "connection: close\r\n");
  if (poll->modified[0]) buffer_print(request, "if-modified-since: %s\r\n", poll->modified);
  if (poll->etag[0]) buffer_print(request, "if-none-match: %s\r\n", poll->etag);
  buffer_print(request, "\r\n");
}

static void ask(Subscriber *subscriber) {
  write_request(subscriber);
  subscriber->poll->has_body = false;
  if (!connection_flush(&subscriber->connection, &subscriber->poll->request)) subscriber_lost(subscriber);
}

static void connect_anew(Subscriber *subscriber) {
  connection_close(&subscriber->connection);
  subscriber->connection = connection_open(options.port);
  connection_unblock(&subscriber->connection);
  loop_watch(subscriber->connection.fd, &subscriber->watched);
}

void poll_open(Subscriber *subscriber) {
  subscriber->poll = calloc(1, sizeof *subscriber->poll);
  snprintf(subscriber->poll->offset, sizeof subscriber->poll->offset, "%s", options.first_offset);
  subscriber->connection = connection_open(options.port);
  connection_unblock(&subscriber->connection);
  loop_watch(subscriber->connection.fd, &subscriber->watched);
  ask(subscriber);
}

static void on_head(void *owner, int status, const char *head) {
  struct Poll *poll = ((Subscriber *)owner)->poll;
  poll->status = status;
  if (is_etag_style()) {
    http_header(head, "last-modified:", poll->modified, sizeof poll->modified);
    http_header(head, "etag:", poll->etag, sizeof poll->etag);
  } else {
    http_header(head, "stream-next-offset:", poll->offset, sizeof poll->offset);
    http_header(head, "stream-cursor:", poll->cursor, sizeof poll->cursor);
  }
}

static void on_body(void *owner, const char *bytes, size_t length) {
  Subscriber *subscriber = owner;
  uint64_t before = subscriber->heard;
  subscriber_hear(subscriber, bytes, length);
  if (subscriber->heard > before) subscriber->poll->has_body = true;
}

static void ask_later(Subscriber *subscriber) {
  if (!waiting) waiting = calloc((size_t)options.subscribers, sizeof *waiting);
  subscriber->poll->ask_at_us = now_us() + (uint64_t)options.interval_ms * 1000;
  waiting[(waiting_first + waiting_count++) % options.subscribers] = subscriber;
}

static void on_end(void *owner) {
  Subscriber *subscriber = owner;
  struct Poll *poll = subscriber->poll;
  if (poll->status != 200 && poll->status != 204 && poll->status != 304) {
    fprintf(stderr, "loadgen: a poll was answered with %d\n", poll->status);
    subscriber_lost(subscriber);
    return;
  }
  tally.answers += 1;
  if (!poll->has_body) tally.empty_answers += 1;
  if (subscriber->is_over) return;
  if (options.fresh) connect_anew(subscriber);
  if (options.interval_ms > 0) ask_later(subscriber);
  else ask(subscriber);
}

const HttpEvents poll_events = {on_head, on_body, on_end};

uint64_t poll_ask_again(uint64_t limit_us) {
  uint64_t now = now_us();
  while (waiting_count > 0) {
    Subscriber *subscriber = waiting[waiting_first];
    uint64_t at = subscriber->poll->ask_at_us;
    if (at > now) return at - now < limit_us ? at - now : limit_us;
    waiting_first = (waiting_first + 1) % options.subscribers;
    waiting_count -= 1;
    if (!subscriber->is_over) ask(subscriber);
  }
  return limit_us;
}
