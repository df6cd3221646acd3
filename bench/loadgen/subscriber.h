#pragma once
#include "connection.h"
#include "http.h"
#include "loop.h"
#include "sequence.h"
#include "websocket.h"

/* Someone who hears: a WebSocket, an SSE stream, or a poll that is asked again and again. */
typedef struct Subscriber {
  Watched watched; /* first, so that the loop's pointer is ours */
  Connection connection;
  int first_channel;
  bool is_stopped, is_over;
  uint64_t heard, payload_bytes;
  Sequence *sequence; /* of those that are checked message by message */
  FrameReader frames;
  HttpReader http;
  struct Poll *poll;
} Subscriber;

/* Connects all of them and starts to listen. */
void subscribers_open(void);
/* Those that stopped reading read again. */
void subscribers_resume(void);
/* Sends the polls whose interval is over. @returns microseconds until the next one, at most `limit_us` */
uint64_t subscribers_ask_again(uint64_t limit_us);

int subscribers_reading(void);
/* Whether each has heard what was published (or all that it replays). */
bool subscribers_have_all(void);
typedef struct {
  uint64_t missing, extra;
  uint64_t misshapen; /* subscribers whose frames hold more or less bytes than their messages have */
  int complete;
} Completeness;
Completeness subscribers_completeness(void);

/* What the ways share: a piece of payload; and the end of a connection that should not have ended. */
void subscriber_hear(Subscriber *subscriber, const char *bytes, size_t length);
void subscriber_lost(Subscriber *subscriber);
