#pragma once
#include "histogram.h"
#include "message.h"
#include <stdbool.h>
#include <stdint.h>

/* What the run has seen. Wrongs are counted over the whole run, latencies from when `is_measuring`; the rest at both edges of it. */
typedef struct {
  bool is_measuring;
  uint64_t measured_from_us;

  uint64_t published, acknowledged, refused;
  uint64_t delivered, reads;
  uint64_t answers, empty_answers, answer_bytes;
  Histogram heard, acknowledgement;

  uint64_t gaps, repeats, malformed, cut;
} Tally;

extern Tally tally;

/* Counts a publish that was answered just now. A latency starts when the message was due, not when it got sent. */
void tally_acknowledged(uint64_t due_us);
void tally_heard(uint64_t due_us, uint64_t heard_us);
