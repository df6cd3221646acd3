#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_LIMIT = 4096 };

typedef enum { HTTP_HEAD, HTTP_LENGTH, HTTP_CHUNK_SIZE, HTTP_LAST_CHUNK, HTTP_CHUNK, HTTP_CHUNK_END, HTTP_UNTIL_CLOSE } HttpState;

/* Takes the responses of one HTTP/1.1 connection apart, however they are cut. No body is copied. */
typedef struct {
  HttpState state;
  char *head; /* the head so far; allocated once */
  int head_length, status;
  uint64_t left;
  uint64_t head_bytes;
} HttpReader;

typedef struct {
  void (*on_head)(void *owner, int status, const char *head);
  void (*on_body)(void *owner, const char *bytes, size_t length);
  void (*on_end)(void *owner);
} HttpEvents;

/* @returns false when this is no HTTP that we know */
bool http_feed(HttpReader *reader, const HttpEvents *events, void *owner, const char *bytes, size_t length);
/* For a connection that is opened anew. */
void http_reset(HttpReader *reader);
/* Copies a header's value; `name` is in any case, with its colon. @returns whether it is there */
bool http_header(const char *head, const char *name, char *into, size_t room);
