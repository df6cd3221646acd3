#define _GNU_SOURCE
#include "marker.h"
#include <string.h>

static int count_whole(const char *bytes, size_t length, const char *text, size_t text_length) {
  int count = 0;
  const char *end = bytes + length;
  for (const char *found; (found = memmem(bytes, (size_t)(end - bytes), text, text_length)); count++)
    bytes = found + text_length;
  return count;
}

int marker_count(Marker *marker, const char *bytes, size_t length) {
  size_t size = strlen(marker->text);
  if (size == 0) return 0;
  int count = 0;
  if (marker->tail_length > 0) { /* those that begin in the tail and end in the new bytes */
    char seam[2 * MARKER_LIMIT];
    size_t more = length < size - 1 ? length : size - 1;
    memcpy(seam, marker->tail, (size_t)marker->tail_length);
    memcpy(seam + marker->tail_length, bytes, more);
    count += count_whole(seam, (size_t)marker->tail_length + more, marker->text, size);
  }
  count += count_whole(bytes, length, marker->text, size);
  /* Keep what could be a beginning: the last `size - 1` bytes of both. */
  size_t kept = length < size - 1 ? length : size - 1;
  size_t old = (size_t)marker->tail_length + kept > size - 1 ? size - 1 - kept : (size_t)marker->tail_length;
  memmove(marker->tail, marker->tail + marker->tail_length - old, old);
  memcpy(marker->tail + old, bytes + length - kept, kept);
  marker->tail_length = (int)(old + kept);
  return count;
}
