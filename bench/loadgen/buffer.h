#pragma once
#include <stddef.h>

/* Bytes that wait to be written, grown as needed. */
typedef struct {
  char *bytes;
  size_t length, capacity, written;
} Buffer;

void buffer_add(Buffer *buffer, const void *bytes, size_t length);
void buffer_print(Buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_clear(Buffer *buffer);
/* Adds a template's text, `{c}` replaced by the channel's number and `{o}` by the offset. */
void buffer_fill(Buffer *buffer, const char *template, int channel, const char *offset);
