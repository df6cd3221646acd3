#include "report.h"
#include "options.h"
#include "subscriber.h"
#include "tally.h"
#include <stdio.h>

Counts tally_counts(void) {
  return (Counts){
      .published = tally.published,
      .acknowledged = tally.acknowledged,
      .delivered = tally.delivered,
      .answers = tally.answers,
      .empty_answers = tally.empty_answers,
      .answer_bytes = tally.answer_bytes,
  };
}

static void print_count(const char *name, uint64_t value) {
  printf("\"%s\":%llu,", name, (unsigned long long)value);
}

static void print_latency(const char *name, const Histogram *histogram) {
  printf("\"%s\":{\"count\":%llu,\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"p999Ms\":%.3f,\"largestMs\":%.3f},", name,
         (unsigned long long)histogram->total, (double)histogram_quantile(histogram, 0.5) / 1e3,
         (double)histogram_quantile(histogram, 0.99) / 1e3, (double)histogram_quantile(histogram, 0.999) / 1e3,
         (double)histogram->largest_us / 1e3);
}

void report_print(const Times *times) {
  uint64_t measured_us = times->measured_until_us - times->measured_from_us;
  Completeness completeness = subscribers_completeness();
  printf("{");
  print_count("published", tally.published);
  print_count("acknowledged", tally.acknowledged);
  print_count("delivered", tally.delivered);
  print_count("reads", tally.reads);
  print_count("measuredPublished", times->after.published - times->before.published);
  print_count("measuredAcknowledged", times->after.acknowledged - times->before.acknowledged);
  print_count("measuredDelivered", times->after.delivered - times->before.delivered);
  print_count("answers", times->after.answers - times->before.answers);
  print_count("emptyAnswers", times->after.empty_answers - times->before.empty_answers);
  print_count("answerBytes", times->after.answer_bytes - times->before.answer_bytes);
  print_latency("heard", &tally.heard);
  print_latency("acknowledgement", &tally.acknowledgement);
  print_count("refused", tally.refused);
  print_count("gaps", tally.gaps);
  print_count("repeats", tally.repeats);
  print_count("malformed", tally.malformed + completeness.misshapen);
  print_count("cut", tally.cut);
  print_count("missing", completeness.missing);
  print_count("extra", completeness.extra);
  printf("\"completeSubscribers\":%d,", completeness.complete);
  printf("\"connectingMs\":%.0f,", (double)times->connecting_us / 1e3);
  printf("\"measuredMs\":%.1f,", (double)measured_us / 1e3);
  printf("\"generatorIdlePercent\":%.1f}\n", measured_us ? 100.0 * (double)times->idle_us / (double)measured_us : 0);
  fflush(stdout);
}
