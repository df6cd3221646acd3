#include "buffer.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_room(Buffer *buffer, size_t more) {
  if (buffer->length + more <= buffer->capacity) return;
  buffer->capacity = (buffer->length + more) * 2;
  buffer->bytes = realloc(buffer->bytes, buffer->capacity);
  if (!buffer->bytes) abort();
}

void buffer_add(Buffer *buffer, const void *bytes, size_t length) {
  if (length == 0) return;
  make_room(buffer, length);
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void buffer_print(Buffer *buffer, const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length < 0 || length >= (int)sizeof text) abort();
  buffer_add(buffer, text, (size_t)length);
}

void buffer_clear(Buffer *buffer) { buffer->length = buffer->written = 0; }

void buffer_fill(Buffer *buffer, const char *template, int channel, const char *offset) {
  const char *rest = template;
  for (const char *brace; (brace = strchr(rest, '{')); rest = brace) {
    buffer_add(buffer, rest, (size_t)(brace - rest));
    if (!strncmp(brace, "{c}", 3)) buffer_print(buffer, "%d", channel);
    else if (!strncmp(brace, "{o}", 3)) buffer_print(buffer, "%s", offset);
    else {
      buffer_add(buffer, "{", 1);
      brace += 1;
      continue;
    }
    brace += 3;
  }
  buffer_add(buffer, rest, strlen(rest));
}
