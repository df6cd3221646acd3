#include "websocket.h"
#include <string.h>

/* RFC 6455 §5.2; frames from a server have no mask. */

static int head_size(const FrameReader *reader) {
  if (reader->head_length < 2) return 2;
  int length = reader->head[1] & 127;
  return length == 127 ? 10 : length == 126 ? 4 : 2;
}

static uint64_t payload_size(const FrameReader *reader) {
  uint64_t length = reader->head[1] & 127;
  int more = length == 127 ? 8 : length == 126 ? 2 : 0;
  if (more) length = 0;
  for (int index = 0; index < more; index++) length = length << 8 | reader->head[2 + index];
  return length;
}

static bool is_control(const FrameReader *reader) { return reader->head[0] & 8; }

static void finish_frame(FrameReader *reader, const FrameEvents *events, void *owner) {
  if (is_control(reader))
    events->on_control(owner, reader->head[0] & 15, reader->control, (size_t)reader->control_length);
  reader->control_length = 0;
  reader->head_length = 0;
}

static void take_payload(FrameReader *reader, const FrameEvents *events, void *owner, const char *bytes, size_t length) {
  if (!is_control(reader)) {
    events->on_payload(owner, bytes, length);
    return;
  }
  size_t room = sizeof reader->control - (size_t)reader->control_length;
  if (length > room) length = room;
  memcpy(reader->control + reader->control_length, bytes, length);
  reader->control_length += (int)length;
}

uint64_t frame_rest(const FrameReader *reader) { return reader->payload_left; }
bool frame_is_between(const FrameReader *reader) { return reader->payload_left == 0 && reader->head_length == 0; }

/* The generator's hot path: two comparisons for each message, no call, and no byte touched in between. */
uint64_t frames_alike(const char *bytes, size_t length, size_t payload, size_t mark_at, char mark, size_t *taken) {
  uint8_t head[4] = {0x80 | FRAME_TEXT, (uint8_t)(payload < 126 ? payload : 126), (uint8_t)(payload >> 8), (uint8_t)payload};
  size_t head_bytes = payload < 126 ? 2 : 4, stride = head_bytes + payload;
  uint32_t wanted, mask = 0, found;
  memset(&mask, 0xff, head_bytes);
  memcpy(&wanted, head, sizeof wanted);
  size_t at = 0;
  uint64_t count = 0;
  for (; at + stride <= length; at += stride, count++) {
    memcpy(&found, bytes + at, sizeof found);
    if (((found ^ wanted) & mask) || bytes[at + head_bytes + mark_at] != mark) break;
  }
  *taken = at;
  return count;
}

void frame_feed(FrameReader *reader, const FrameEvents *events, void *owner, const char *bytes, size_t length) {
  const char *end = bytes + length;
  while (bytes < end) {
    if (reader->payload_left == 0) {
      reader->head[reader->head_length++] = (uint8_t)*bytes++;
      if (reader->head_length < head_size(reader)) continue;
      reader->payload_left = payload_size(reader);
      if (reader->payload_left == 0) finish_frame(reader, events, owner);
      continue;
    }
    size_t piece = (size_t)(end - bytes) < reader->payload_left ? (size_t)(end - bytes) : reader->payload_left;
    take_payload(reader, events, owner, bytes, piece);
    bytes += piece;
    reader->payload_left -= piece;
    if (reader->payload_left == 0) finish_frame(reader, events, owner);
  }
}

void frame_add(Buffer *buffer, int opcode, size_t length) {
  uint8_t head[14] = {(uint8_t)(0x80 | opcode)};
  int size = 2;
  if (length < 126) head[1] = (uint8_t)(0x80 | length);
  else {
    int more = length < 65536 ? 2 : 8;
    head[1] = (uint8_t)(0x80 | (more == 2 ? 126 : 127));
    for (int index = 0; index < more; index++) head[2 + index] = (uint8_t)(length >> 8 * (more - 1 - index));
    size += more;
  }
  buffer_add(buffer, head, (size_t)size + 4);
}
