/* Opens subscribers and publishers against one server on loopback, and says in one line of JSON what came of it.
 * Phases are announced on stdout, a line each, so that the caller can read the server's costs at their edges:
 * `connected`, `measuring`, `measured`. Exit code 2: the run could not be made. */
#include "clock.h"
#include "loop.h"
#include "options.h"
#include "publisher.h"
#include "report.h"
#include "subscriber.h"
#include "tally.h"
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { QUIET_US = 300000, LONGEST_SETTLING_US = 20000000 };

static void announce(const char *phase) {
  printf("%s\n", phase);
  fflush(stdout);
}

static void allow_many_files(void) {
  struct rlimit limit;
  struct rlimit wanted = {65536, 65536}; /* for who may raise the hard limit */
  if (!setrlimit(RLIMIT_NOFILE, &wanted)) return;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static uint64_t turn(uint64_t until_us) {
  uint64_t now = now_us();
  uint64_t publish_us = publishers_publish(now);
  uint64_t poll_us = subscribers_ask_again(publish_us);
  uint64_t left_us = until_us > now ? until_us - now : 0;
  loop_turn(poll_us < left_us ? poll_us : left_us);
  return now_us();
}

/* Until nothing has come for a while: then each subscription stands. */
static void settle(void) {
  uint64_t quiet_since = now_us(), give_up_at = quiet_since + LONGEST_SETTLING_US;
  while (now_us() - quiet_since < QUIET_US && now_us() < give_up_at) {
    subscribers_ask_again(0);
    if (loop_turn(10000) > 0 && options.interval_ms == 0) quiet_since = now_us();
  }
}

static bool has_input_ended;
static void on_input(Watched *watched) {
  char byte;
  (void)watched;
  if (read(STDIN_FILENO, &byte, 1) <= 0) has_input_ended = true;
}

static void stay_idle(void) {
  static Watched input = {on_input};
  loop_watch(STDIN_FILENO, &input);
  while (!has_input_ended) turn(now_us() + 1000000);
}

static bool is_complete(void) { return options.replay && subscribers_have_all(); }

static void publish_and_measure(Times *times) {
  uint64_t start = now_us();
  publishers_start(start);
  uint64_t warm_until = start + (uint64_t)options.warm_ms * 1000;
  while (now_us() < warm_until && !is_complete()) turn(warm_until);
  announce("measuring");
  tally.is_measuring = true;
  tally.measured_from_us = times->measured_from_us = now_us();
  times->before = tally_counts();
  uint64_t idle_before = loop_idle_us();
  uint64_t until = times->measured_from_us + (uint64_t)options.measure_ms * 1000;
  while (now_us() < until && !is_complete()) turn(until);
  times->measured_until_us = now_us();
  times->after = tally_counts();
  times->idle_us = loop_idle_us() - idle_before;
  announce("measured");
}

/* The last messages may take a while; who stopped reading takes all of it now. */
static void drain(void) {
  publishers_stop();
  if (options.stopped_percent > 0) subscribers_resume();
  uint64_t until = now_us() + (uint64_t)options.drain_ms * 1000, look_at = 0;
  for (uint64_t now = now_us(); now < until; now = turn(until)) {
    if (now < look_at) continue;
    if (subscribers_have_all()) break;
    look_at = now + 10000;
  }
  /* What comes a second time would come now. */
  for (until = now_us() + 50000; now_us() < until;) turn(until);
}

int main(int count, char **arguments) {
  Times times = {0};
  options_parse(count, arguments);
  allow_many_files();
  uint64_t start = now_us();
  subscribers_open();
  times.connecting_us = now_us() - start;
  publishers_open();
  if (!options.replay) settle();
  announce("connected");
  if (options.idle) stay_idle();
  else {
    publish_and_measure(&times);
    drain();
  }
  report_print(&times);
  return 0;
}
