#include "options.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Options options = {
    .publishers = 1, .channels = 1, .channels_per_socket = 1, .check_every = 16,
    .way = "websocket", .path = "/", .headers = "", .hello = "", .poll_style = "offset", .first_offset = "now",
    .publish_via = "http", .publish_path = "/", .publish_headers = "content-type: application/json\r\n",
    .publish_prefix = "", .publish_suffix = "", .publish_hello = "", .acknowledgement = "", .refusal = "",
    .ahead = 64, .size = 100, .warm_ms = 1000, .measure_ms = 3000, .drain_ms = 2000,
};

typedef struct {
  const char *name;
  int *number;
  const char **text;
  double *real;
  const char *meaning;
} Option;

static Option known[] = {
    {"--port", &options.port, 0, 0, "where the server listens, on 127.0.0.1"},
    {"--publish-port", &options.publish_port, 0, 0, "where it takes messages, if elsewhere"},
    {"--tls", &options.tls, 0, 0, "1: everything over TLS, the certificate unchecked"},

    {"--subscribers", &options.subscribers, 0, 0, "how many hear"},
    {"--way", 0, &options.way, 0, "websocket | socket.io | sse | poll (long or short)"},
    {"--path", 0, &options.path, 0, "of a subscription; {c} is the channel's number, {o} a poll's offset"},
    {"--headers", 0, &options.headers, 0, "more request headers, each ended by CR LF"},
    {"--hello", 0, &options.hello, 0, "a text frame sent after the upgrade, one for each channel of the socket"},
    {"--channels", &options.channels, 0, 0, "how many channels the subscribers are spread over"},
    {"--channels-per-socket", &options.channels_per_socket, 0, 0, "how many channels one subscriber hears"},
    {"--poll-style", 0, &options.poll_style, 0, "offset (Stream-Next-Offset) | etag (Last-Modified and ETag)"},
    {"--first-offset", 0, &options.first_offset, 0, "{o} of the first poll"},
    {"--fresh", &options.fresh, 0, 0, "1: a new connection for each poll"},
    {"--interval-ms", &options.interval_ms, 0, 0, "a poll's wait before it asks again"},
    {"--stopped-percent", &options.stopped_percent, 0, 0, "subscribers that don't read until publishing is over"},
    {"--check-every", &options.check_every, 0, 0, "every how many subscribers one is checked message by message"},
    {"--bare-frames", &options.bare_frames, 0, 0, "1: frames hold messages and nothing else, so that their bytes are checked"},
    {"--lanes", &options.lanes, 0, 0, "how many sequences are in what is replayed"},
    {"--replay", &options.replay, 0, 0, "a subscriber is done, and leaves, after this many messages"},

    {"--publishers", &options.publishers, 0, 0, "connections that publish"},
    {"--publish-via", 0, &options.publish_via, 0, "http | websocket"},
    {"--publish-path", 0, &options.publish_path, 0, "of a publish; {c} is the channel's number"},
    {"--publish-headers", 0, &options.publish_headers, 0, "request headers, each ended by CR LF"},
    {"--publish-prefix", 0, &options.publish_prefix, 0, "text before each message; {c} is the channel's number"},
    {"--publish-suffix", 0, &options.publish_suffix, 0, "text after each message"},
    {"--publish-hello", 0, &options.publish_hello, 0, "a text frame sent by each WebSocket publisher first"},
    {"--publish-get", &options.publish_get, 0, 0, "1: a GET without a body, in a publish's place"},
    {"--publish-fresh", &options.publish_fresh, 0, 0, "1: a new connection for each"},
    {"--acknowledgement", 0, &options.acknowledgement, 0, "text in a frame that acknowledges one publish"},
    {"--refusal", 0, &options.refusal, 0, "text in a frame or body that refuses one"},

    {"--rate", 0, 0, &options.rate, "open loop: messages a second, over all publishers"},
    {"--window", &options.window, 0, 0, "closed loop: at most so many are not yet heard by all"},
    {"--in-flight", &options.in_flight, 0, 0, "closed loop: so many of each publisher wait for acknowledgement"},
    {"--ahead", &options.ahead, 0, 0, "open loop: a connection asks no further ahead of its answers; servers cut who does"},
    {"--size", &options.size, 0, 0, "bytes of a message"},
    {"--warm-ms", &options.warm_ms, 0, 0, "publishing before the measurement"},
    {"--measure-ms", &options.measure_ms, 0, 0, "how long is measured"},
    {"--drain-ms", &options.drain_ms, 0, 0, "how long the last messages may take to arrive"},
    {"--idle", &options.idle, 0, 0, "1: connect, and stay until stdin ends"},
};

static const Option *find(const char *name) {
  for (size_t index = 0; index < sizeof known / sizeof *known; index++)
    if (!strcmp(known[index].name, name)) return &known[index];
  for (size_t index = 0; index < sizeof known / sizeof *known; index++)
    fprintf(stderr, "  %-22s %s\n", known[index].name, known[index].meaning);
  give_up("there is no option %s; these are there", name);
}

void options_parse(int count, char **arguments) {
  for (int index = 1; index < count; index += 2) {
    const Option *option = find(arguments[index]);
    if (index + 1 == count) give_up("%s needs a value", arguments[index]);
    const char *value = arguments[index + 1];
    if (option->number) *option->number = atoi(value);
    if (option->text) *option->text = value;
    if (option->real) *option->real = atof(value);
  }
  if (!options.port) give_up("--port is needed");
  if (!options.publish_port) options.publish_port = options.port;
  int lanes = options.channels > options.publishers ? options.channels : options.publishers;
  if (options.lanes < lanes) options.lanes = lanes;
  if (options.size < 64 || options.size > 60000) give_up("--size is 64 to 60,000 bytes");
  if (options.channels < 1 || options.publishers < 0 || options.check_every < 1) give_up("a count is too small");
}

void give_up(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("loadgen: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(2);
}
