#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message is `{"x":"@<due, µs><lane><number in its lane><padding>"}`. All that is checked stands as digits of fixed
 * width in a string, which no server formats anew; '@' stands nowhere else, so that messages can be counted by it. */
enum { STAMP_DIGITS = 16 + 6 + 10, MARK_AT = 6 };

typedef struct {
  uint64_t due_us;
  int lane;
  int64_t number;
} Stamp;

/* Writes exactly `size` bytes. */
void message_write(char *into, int size, Stamp stamp);
/* @returns whether these are the digits of a stamp */
bool message_read(const char *digits, Stamp *stamp);
/* How many messages of `options.size` bytes begin in here, by their marks. */
uint64_t message_count(const char *bytes, size_t length);
