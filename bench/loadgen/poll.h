#pragma once
#include "subscriber.h"

void poll_open(Subscriber *subscriber);
extern const HttpEvents poll_events;
/* See `subscribers_ask_again`. */
uint64_t poll_ask_again(uint64_t limit_us);
