#include "message.h"
#include <string.h>

static const char head[] = "{\"x\":\"@";

static void write_digits(char *into, int width, uint64_t value) {
  for (int index = width - 1; index >= 0; index--, value /= 10) into[index] = (char)('0' + value % 10);
}

static uint64_t read_digits(const char *from, int width) {
  uint64_t value = 0;
  for (int index = 0; index < width; index++) value = value * 10 + (uint64_t)(from[index] - '0');
  return value;
}

void message_write(char *into, int size, Stamp stamp) {
  int at = (int)sizeof head - 1;
  memcpy(into, head, (size_t)at);
  write_digits(into + at, 16, stamp.due_us);
  write_digits(into + at + 16, 6, (uint64_t)stamp.lane);
  write_digits(into + at + 22, 10, (uint64_t)stamp.number);
  at += STAMP_DIGITS;
  memset(into + at, 'x', (size_t)(size - at - 2));
  memcpy(into + size - 2, "\"}", 2);
}

Stamp message_read(const char *digits) {
  return (Stamp){
      .due_us = read_digits(digits, 16),
      .lane = (int)read_digits(digits + 16, 6),
      .number = (int64_t)read_digits(digits + 22, 10),
  };
}
