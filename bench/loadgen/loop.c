#define _GNU_SOURCE
#include "loop.h"
#include "clock.h"
#include "options.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

static int descriptor = -1;
static uint64_t idle_us;

static void control(int operation, int fd, uint32_t events, Watched *watched) {
  if (descriptor < 0) descriptor = epoll_create1(0);
  struct epoll_event event = {.events = events, .data.ptr = watched};
  if (epoll_ctl(descriptor, operation, fd, &event)) give_up("epoll: %s", strerror(errno));
}

void loop_watch(int fd, Watched *watched) { control(EPOLL_CTL_ADD, fd, EPOLLIN, watched); }
void loop_watch_writes(int fd, Watched *watched) { control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT, watched); }
void loop_watch_reads(int fd, Watched *watched) { control(EPOLL_CTL_MOD, fd, EPOLLIN, watched); }
void loop_forget(int fd) { control(EPOLL_CTL_DEL, fd, 0, 0); }

int loop_turn(uint64_t wait_us) {
  enum { AT_ONCE = 512 };
  struct epoll_event events[AT_ONCE];
  int ready = epoll_wait(descriptor, events, AT_ONCE, 0);
  if (ready == 0 && wait_us > 0) {
    struct timespec wait = {.tv_sec = (time_t)(wait_us / 1000000), .tv_nsec = (long)(wait_us % 1000000) * 1000};
    uint64_t before_us = now_us();
    ready = epoll_pwait2(descriptor, events, AT_ONCE, &wait, 0);
    idle_us += now_us() - before_us;
  }
  for (int index = 0; index < ready; index++) {
    Watched *watched = events[index].data.ptr;
    watched->on_ready(watched);
  }
  return ready;
}

uint64_t loop_idle_us(void) { return idle_us; }
