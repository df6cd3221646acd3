#pragma once
#include "message.h"
#include <stddef.h>

/* Checks all messages of one subscriber: each lane's numbers must come one by one. A lane is a sequence with an order
 * of its own: one publisher in one channel. */
typedef struct {
  int64_t *next; /* by lane */
  char partial[STAMP_DIGITS];
  int partial_length; /* digits of a stamp that was cut; -1 outside of one */
} Sequence;

Sequence *sequence_new(void);
/* Takes a piece of what a subscriber heard; a message may be cut anywhere. */
void sequence_check(Sequence *sequence, const char *bytes, size_t length);
