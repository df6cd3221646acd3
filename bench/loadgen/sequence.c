#include "sequence.h"
#include "options.h"
#include "tally.h"
#include <stdlib.h>
#include <string.h>

Sequence *sequence_new(void) {
  Sequence *sequence = calloc(1, sizeof *sequence);
  sequence->next = calloc((size_t)options.lanes, sizeof *sequence->next);
  sequence->partial_length = -1;
  return sequence;
}

static void check_stamp(Sequence *sequence, const char *digits, uint64_t heard_us) {
  Stamp stamp;
  if (!message_read(digits, &stamp) || stamp.lane >= options.lanes) {
    tally.malformed += 1;
    return;
  }
  int64_t *next = &sequence->next[stamp.lane];
  if (stamp.number < *next) tally.repeats += 1;
  else {
    if (stamp.number > *next) tally.gaps += 1;
    *next = stamp.number + 1;
  }
  if (!sequence->is_untimed) tally_heard(stamp.due_us, heard_us);
}

void sequence_check(Sequence *sequence, const char *bytes, size_t length, uint64_t heard_us) {
  const char *end = bytes + length;
  while (bytes < end) {
    if (sequence->partial_length >= 0) {
      int missing = STAMP_DIGITS - sequence->partial_length;
      int taken = end - bytes < missing ? (int)(end - bytes) : missing;
      memcpy(sequence->partial + sequence->partial_length, bytes, (size_t)taken);
      sequence->partial_length += taken;
      bytes += taken;
      if (sequence->partial_length < STAMP_DIGITS) return;
      check_stamp(sequence, sequence->partial, heard_us);
      sequence->partial_length = -1;
      continue;
    }
    const char *mark = memchr(bytes, '@', (size_t)(end - bytes));
    if (!mark) return;
    bytes = mark + 1;
    if (end - bytes >= STAMP_DIGITS) {
      check_stamp(sequence, bytes, heard_us);
      bytes += STAMP_DIGITS;
    } else sequence->partial_length = 0;
  }
}
