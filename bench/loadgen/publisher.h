#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Connects all publishers. */
void publishers_open(void);
/* Publishes what is due now, as the rate, the window or the acknowledgements allow.
 * @returns microseconds until the next message is due, at most `limit_us` */
uint64_t publishers_publish(uint64_t now_us);
/* From when on messages are due; closed loops start here too. */
void publishers_start(uint64_t now_us);
/* Nothing new is sent from here on. */
void publishers_stop(void);
/* How many messages were sent to a channel so far. */
uint64_t publishers_sent_to(int channel);
