#pragma once
#include "buffer.h"
#include <stdbool.h>
#include <sys/types.h>

/* A connection to the server, with or without TLS. */
typedef struct {
  int fd;
  void *tls;
} Connection;

/* Connects, and ends the process when that fails: loopback refuses nobody while the server stands. Blocking until
 * `connection_unblock`. */
Connection connection_open(int port);
void connection_unblock(const Connection *connection);
void connection_close(Connection *connection);
/* @returns bytes read, 0 when nothing is there now, -1 when the connection is over */
ssize_t connection_read(const Connection *connection, char *into, size_t room);
/* Writes what it takes now. @returns false when the connection is over */
bool connection_flush(const Connection *connection, Buffer *buffer);
/* Whether TLS holds bytes that epoll can't see. */
bool connection_holds_more(const Connection *connection);
/* Sends a request, waits for the head of its answer, and gives what came behind it.
 * @returns the status; `*length` bytes of `rest`, of which there is room for HANDSHAKE_ROOM, follow the head */
enum { HANDSHAKE_ROOM = 16384 };
int connection_shake_hands(const Connection *connection, Buffer *request, char *head, char *rest, size_t *length);
