#pragma once
#include <stdint.h>

/* Latencies in microseconds, in the manner of HdrHistogram: 64 buckets for each power of two, so that a quantile is
 * off by at most 1.6 % and recording costs a few instructions, however many there are. */
enum { HISTOGRAM_BUCKETS = 64 * 40 };

typedef struct {
  uint64_t counts[HISTOGRAM_BUCKETS];
  uint64_t total;
  uint64_t largest_us;
} Histogram;

void histogram_record(Histogram *histogram, uint64_t us);
/* @returns microseconds, or 0 when nothing was recorded */
uint64_t histogram_quantile(const Histogram *histogram, double quantile);
