#pragma once
#include <stdint.h>

/* The counts at one edge of the measurement. */
typedef struct {
  uint64_t published, acknowledged, delivered;
  uint64_t answers, empty_answers, answer_bytes;
} Counts;

typedef struct {
  uint64_t connecting_us, measured_from_us, measured_until_us, idle_us;
  Counts before, after;
} Times;

Counts tally_counts(void);
/* Writes the report: one line of JSON. */
void report_print(const Times *times);
