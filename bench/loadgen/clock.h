#pragma once
#include <stdint.h>
#include <time.h>

/* Microseconds of the clock that never goes back: publisher and subscribers share it, being one process. */
static inline uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
