#pragma once
#include <stddef.h>

/* Counts how often a short text stands in a stream, also where it was cut. */
enum { MARKER_LIMIT = 64 };

typedef struct {
  const char *text;
  char tail[MARKER_LIMIT]; /* the last bytes of what came before */
  int tail_length;
} Marker;

int marker_count(Marker *marker, const char *bytes, size_t length);
