#pragma once
#include <stdint.h>

/* What epoll watches: its first field says what to do when there is something to read (or to write, while asked). */
typedef struct Watched {
  void (*on_ready)(struct Watched *watched);
} Watched;

void loop_watch(int fd, Watched *watched);
/* Says also when the descriptor can be written to; until `loop_watch_reads`. */
void loop_watch_writes(int fd, Watched *watched);
void loop_watch_reads(int fd, Watched *watched);
void loop_forget(int fd);
/* Handles what is ready, after at most `wait_us` of waiting for it. @returns how many were ready */
int loop_turn(uint64_t wait_us);
/* How long the loop has waited with nothing to do since the start. */
uint64_t loop_idle_us(void);
