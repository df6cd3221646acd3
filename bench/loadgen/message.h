#pragma once
#include <stdint.h>

/* A message is `{"x":"@<due, µs><lane><number in its lane><padding>"}`. All that is checked stands as digits of fixed
 * width in a string, which no server formats anew; '@' stands nowhere else, so that memchr can count. */
enum { STAMP_DIGITS = 16 + 6 + 10 };

typedef struct {
  uint64_t due_us;
  int lane;
  int64_t number;
} Stamp;

/* Writes exactly `size` bytes. */
void message_write(char *into, int size, Stamp stamp);
Stamp message_read(const char *digits);
