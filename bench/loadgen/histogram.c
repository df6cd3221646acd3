#include "histogram.h"

static int bucket_of(uint64_t us) {
  if (us < 64) return (int)us;
  int shift = 63 - __builtin_clzll(us) - 6;
  int bucket = (shift + 1) * 64 + (int)((us >> shift) - 64);
  return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The bucket's upper end, so that no latency is told smaller than it was. */
static uint64_t highest_of(int bucket) {
  if (bucket < 64) return (uint64_t)bucket;
  int shift = bucket / 64 - 1;
  return ((uint64_t)(bucket % 64 + 64 + 1) << shift) - 1;
}

void histogram_record(Histogram *histogram, uint64_t us) {
  histogram->counts[bucket_of(us)] += 1;
  histogram->total += 1;
  if (us > histogram->largest_us) histogram->largest_us = us;
}

uint64_t histogram_quantile(const Histogram *histogram, double quantile) {
  uint64_t wanted = (uint64_t)(quantile * (double)histogram->total);
  uint64_t passed = 0;
  for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    passed += histogram->counts[bucket];
    if (passed > wanted) return highest_of(bucket);
  }
  return histogram->largest_us;
}
