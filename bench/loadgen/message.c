#include "message.h"
#include "options.h"
#include <string.h>

static const char head[] = "{\"x\":\"@";

static void write_digits(char *into, int width, uint64_t value) {
  for (int index = width - 1; index >= 0; index--, value /= 10) into[index] = (char)('0' + value % 10);
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

/* Eight digits at once, in one register: pairs, then fours, then all (the order of bytes is x86's and ARM's). This runs
 * for one delivery in sixteen; digit by digit it was a tenth of the generator's time. */
static bool read_eight(const char *from, uint64_t *value) {
  uint64_t digits;
  memcpy(&digits, from, sizeof digits);
  /* Only '0' to '9' have a 3 above, and still have when 6 is added. */
  uint64_t high = 0xf0f0f0f0f0f0f0f0, threes = 0x3030303030303030;
  if ((digits & high) != threes || ((digits + 0x0606060606060606) & high) != threes) return false;
  digits -= threes;
  digits = digits * 10 + (digits >> 8);
  uint64_t fours = (digits & 0x000000ff000000ff) * 0x000f424000000064;
  *value = (fours + (digits >> 16 & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
  return true;
}

bool message_read(const char *digits, Stamp *stamp) {
  uint64_t parts[4];
  for (int index = 0; index < 4; index++)
    if (!read_eight(digits + 8 * index, &parts[index])) return false;
  stamp->due_us = parts[0] * 100000000 + parts[1];
  stamp->lane = (int)(parts[2] / 100);
  stamp->number = (int64_t)(parts[2] % 100 * 100000000 + parts[3]);
  return true;
}

uint64_t message_count(const char *bytes, size_t length) {
  uint64_t count = 0;
  const char *end = bytes + length, *before = 0, *mark;
  size_t size = (size_t)options.size;
  while (bytes < end && (mark = memchr(bytes, '@', (size_t)(end - bytes)))) {
    count++;
    /* What follows is mostly framed like what went before: then the next mark is as far away. Between marks less than
     * two messages apart there is no room for a third. */
    size_t stride = before ? (size_t)(mark - before) : 0;
    if (stride >= size && stride < 2 * size)
      for (; (size_t)(end - mark) > stride && mark[stride] == '@'; mark += stride) count++;
    before = mark;
    if ((size_t)(end - mark) <= size) break;
    bytes = mark + size;
  }
  return count;
}
