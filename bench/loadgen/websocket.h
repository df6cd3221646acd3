#pragma once
#include "buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_TEXT = 1, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };

/* Takes the frames of a server apart, however they are cut. No payload is copied but a control frame's. */
typedef struct {
  uint8_t head[10];
  int head_length;
  uint64_t payload_left;
  char control[125];
  int control_length;
} FrameReader;

typedef struct {
  /* A piece of a message's payload. */
  void (*on_payload)(void *owner, const char *bytes, size_t length);
  /* A whole ping, pong or close. */
  void (*on_control)(void *owner, int opcode, const char *bytes, size_t length);
} FrameEvents;

/* How many of a frame's bytes are still to come; 0 between two frames. Its head must be whole. */
uint64_t frame_rest(const FrameReader *reader);
bool frame_is_between(const FrameReader *reader);
/* How many whole text frames of `payload` bytes, each with `mark` at `mark_at` of them, follow each other from here on.
 * @returns their number; `*taken` is set to their bytes */
uint64_t frames_alike(const char *bytes, size_t length, size_t payload, size_t mark_at, char mark, size_t *taken);
void frame_feed(FrameReader *reader, const FrameEvents *events, void *owner, const char *bytes, size_t length);
/* A client's frame. Its mask is zero: legal, as costly for the server as any other, and free for us. */
void frame_add(Buffer *buffer, int opcode, size_t length);
