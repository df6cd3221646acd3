#pragma once

/* What the command line says; `options.c` explains each. */
typedef struct {
  int port, publish_port;
  int subscribers, publishers, channels, channels_per_socket;
  const char *way, *path, *headers, *hello, *poll_style, *first_offset;
  int fresh, interval_ms, tls, stopped_percent, check_every, replay, lanes, bare_frames;
  const char *publish_via, *publish_path, *publish_headers, *publish_prefix, *publish_suffix, *publish_hello;
  const char *acknowledgement, *refusal;
  int publish_get, publish_fresh, in_flight, window, ahead, size;
  double rate;
  int warm_ms, measure_ms, drain_ms, idle;
} Options;

extern Options options;

/* Ends the process with a usage message when an option is not known. */
void options_parse(int count, char **arguments);
/* Ends the process: the run can't be made as asked, which is not a finding about the server. */
void give_up(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
