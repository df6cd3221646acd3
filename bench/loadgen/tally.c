#include "tally.h"
#include "clock.h"

Tally tally;

/* What was due before the measurement began is the warm-up's. */
static void record(Histogram *histogram, uint64_t due_us, uint64_t at_us) {
  if (!tally.is_measuring || due_us < tally.measured_from_us) return;
  histogram_record(histogram, at_us > due_us ? at_us - due_us : 0);
}

void tally_acknowledged(uint64_t due_us) {
  tally.acknowledged += 1;
  record(&tally.acknowledgement, due_us, now_us());
}

void tally_heard(uint64_t due_us, uint64_t heard_us) { record(&tally.heard, due_us, heard_us); }
