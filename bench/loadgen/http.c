#define _GNU_SOURCE
#include "http.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 9112; the answers to GET and POST only, so that a body is absent with 1xx, 204 and 304 alone. */

void http_reset(HttpReader *reader) {
  reader->state = HTTP_HEAD;
  reader->head_length = 0;
  reader->left = 0;
}

bool http_header(const char *head, const char *name, char *into, size_t room) {
  char line[64];
  snprintf(line, sizeof line, "\n%s", name);
  const char *found = strcasestr(head, line);
  if (!found) return false;
  found += strlen(line);
  found += strspn(found, " \t");
  size_t length = strcspn(found, "\r\n");
  if (length >= room) length = room - 1;
  memcpy(into, found, length);
  into[length] = 0;
  return true;
}

static void end_answer(HttpReader *reader, const HttpEvents *events, void *owner) {
  http_reset(reader);
  events->on_end(owner);
}

static void begin_body(HttpReader *reader, const HttpEvents *events, void *owner) {
  char value[64];
  reader->status = atoi(reader->head + 9);
  bool is_chunked = http_header(reader->head, "transfer-encoding:", value, sizeof value) && strcasestr(value, "chunked");
  bool has_length = http_header(reader->head, "content-length:", value, sizeof value);
  reader->left = has_length ? strtoull(value, 0, 10) : 0;
  bool has_body = reader->status >= 200 && reader->status != 204 && reader->status != 304;
  reader->state = !has_body ? HTTP_LENGTH : is_chunked ? HTTP_CHUNK_SIZE : has_length ? HTTP_LENGTH : HTTP_UNTIL_CLOSE;
  events->on_head(owner, reader->status, reader->head);
  if (reader->state == HTTP_LENGTH && (!has_body || reader->left == 0)) end_answer(reader, events, owner);
  else if (is_chunked) reader->left = 0;
}

/* @returns how many bytes of it were the head's, or -1 when the head is too long or not one */
static int take_head(HttpReader *reader, const char *bytes, size_t length) {
  if (!reader->head) reader->head = malloc(HTTP_HEAD_LIMIT + 1);
  int before = reader->head_length;
  int room = HTTP_HEAD_LIMIT - before;
  int taken = (int)length < room ? (int)length : room;
  memcpy(reader->head + before, bytes, (size_t)taken);
  reader->head_length = before + taken;
  reader->head[reader->head_length] = 0;
  int from = before > 3 ? before - 3 : 0;
  char *end = memmem(reader->head + from, (size_t)(reader->head_length - from), "\r\n\r\n", 4);
  if (!end) return reader->head_length == HTTP_HEAD_LIMIT ? -1 : taken;
  end[4] = 0;
  reader->head_length = (int)(end + 4 - reader->head);
  return strncmp(reader->head, "HTTP/1.", 7) ? -1 : reader->head_length - before;
}

static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  digit |= 32;
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static void take_chunk_line(HttpReader *reader, const HttpEvents *events, void *owner, char byte) {
  if (reader->state == HTTP_CHUNK_END) { /* CR LF after a chunk */
    if (byte == '\n') reader->state = HTTP_CHUNK_SIZE;
    return;
  }
  if (byte == '\n') {
    /* The last chunk is followed by an empty line, since nobody here sends trailers. */
    if (reader->left > 0) reader->state = HTTP_CHUNK;
    else if (reader->state == HTTP_LAST_CHUNK) end_answer(reader, events, owner);
    else reader->state = HTTP_LAST_CHUNK;
    return;
  }
  int value = hex_value(byte);
  if (reader->state == HTTP_CHUNK_SIZE && value >= 0) reader->left = reader->left * 16 + (uint64_t)value;
}

bool http_feed(HttpReader *reader, const HttpEvents *events, void *owner, const char *bytes, size_t length) {
  const char *end = bytes + length;
  while (bytes < end) {
    if (reader->state == HTTP_HEAD) {
      int taken = take_head(reader, bytes, (size_t)(end - bytes));
      if (taken < 0) return false;
      bytes += taken;
      reader->head_bytes += (uint64_t)taken;
      if (reader->head_length >= 4 && !memcmp(reader->head + reader->head_length - 4, "\r\n\r\n", 4))
        begin_body(reader, events, owner);
    } else if (reader->state == HTTP_LENGTH || reader->state == HTTP_CHUNK) {
      size_t piece = (size_t)(end - bytes) < reader->left ? (size_t)(end - bytes) : reader->left;
      events->on_body(owner, bytes, piece);
      bytes += piece;
      reader->left -= piece;
      if (reader->left > 0) continue;
      if (reader->state == HTTP_CHUNK) reader->state = HTTP_CHUNK_END;
      else end_answer(reader, events, owner);
    } else if (reader->state == HTTP_UNTIL_CLOSE) {
      events->on_body(owner, bytes, (size_t)(end - bytes));
      return true;
    } else take_chunk_line(reader, events, owner, *bytes++);
  }
  return true;
}
