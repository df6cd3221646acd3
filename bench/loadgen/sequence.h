#pragma once
#include "message.h"
#include <stdbool.h>
#include <stddef.h>

/* Checks all messages of one subscriber: each lane's numbers must come one by one. A lane is a sequence with an order
 * of its own: one publisher in one channel. */
typedef struct {
  int64_t *next; /* by lane */
  bool is_untimed; /* of who stopped reading: what it hears late is no latency of the server's */
  char partial[STAMP_DIGITS];
  int partial_length; /* digits of a stamp that was cut; -1 outside of one */
} Sequence;

Sequence *sequence_new(void);
/* Takes a piece of what a subscriber heard, read at `heard_us`; a message may be cut anywhere. */
void sequence_check(Sequence *sequence, const char *bytes, size_t length, uint64_t heard_us);
