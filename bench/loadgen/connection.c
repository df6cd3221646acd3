#define _GNU_SOURCE
#include "connection.h"
#include "options.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#endif

/* An address has 28,000 ports, and a closed connection keeps its own for a minute: so there are many addresses. */
static struct sockaddr_in next_source(void) {
  enum { PER_ADDRESS = 10000, ADDRESSES = 250 };
  static unsigned opened = 0;
  struct sockaddr_in source = {.sin_family = AF_INET};
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + opened++ / PER_ADDRESS % ADDRESSES);
  return source;
}

static void *open_tls(int fd) {
#ifdef WITH_TLS
  static SSL_CTX *context = 0;
  if (!context) context = SSL_CTX_new(TLS_client_method());
  SSL *tls = SSL_new(context);
  SSL_set_fd(tls, fd);
  SSL_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_tlsext_host_name(tls, "localhost");
  if (SSL_connect(tls) != 1) give_up("the TLS handshake failed");
  return tls;
#else
  (void)fd;
  give_up("built without TLS: OpenSSL's headers (libssl-dev) were not there");
#endif
}

Connection connection_open(int port) {
  Connection connection = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
  int on = 1;
  struct sockaddr_in source = next_source();
  struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connection.fd < 0) give_up("no more sockets: %s (see ulimit -n)", strerror(errno));
  setsockopt(connection.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(connection.fd, (void *)&source, sizeof source)) give_up("bind: %s", strerror(errno));
  if (connect(connection.fd, (void *)&target, sizeof target)) give_up("connect: %s", strerror(errno));
  setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options.tls) connection.tls = open_tls(connection.fd);
  return connection;
}

void connection_unblock(const Connection *connection) { fcntl(connection->fd, F_SETFL, O_NONBLOCK); }

void connection_close(Connection *connection) {
#ifdef WITH_TLS
  if (connection->tls) SSL_free(connection->tls);
#endif
  connection->tls = 0;
  if (connection->fd >= 0) close(connection->fd);
  connection->fd = -1;
}

#ifdef WITH_TLS
/* @returns what read and write would have: 0 for later, -1 for over */
static ssize_t tls_outcome(const Connection *connection, int moved) {
  if (moved > 0) return moved;
  int error = SSL_get_error(connection->tls, moved);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}
#endif

ssize_t connection_read(const Connection *connection, char *into, size_t room) {
#ifdef WITH_TLS
  if (connection->tls) return tls_outcome(connection, SSL_read(connection->tls, into, (int)room));
#endif
  ssize_t length = read(connection->fd, into, room);
  if (length > 0) return length;
  return length < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

bool connection_flush(const Connection *connection, Buffer *buffer) {
  while (buffer->written < buffer->length) {
    const char *from = buffer->bytes + buffer->written;
    size_t left = buffer->length - buffer->written;
    ssize_t moved;
#ifdef WITH_TLS
    if (connection->tls) moved = tls_outcome(connection, SSL_write(connection->tls, from, (int)left));
    else
#endif
    {
      moved = send(connection->fd, from, left, MSG_NOSIGNAL);
      if (moved < 0) moved = errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    if (moved < 0) return false;
    if (moved == 0) return true;
    buffer->written += (size_t)moved;
  }
  buffer_clear(buffer);
  return true;
}

bool connection_holds_more(const Connection *connection) {
#ifdef WITH_TLS
  if (connection->tls) return SSL_pending(connection->tls) > 0;
#endif
  (void)connection;
  return false;
}

int connection_shake_hands(const Connection *connection, Buffer *request, char *head, char *rest, size_t *length) {
  if (!connection_flush(connection, request)) give_up("the server closed a connection before it was asked anything");
  size_t have = 0;
  for (char *end = 0; !end;) {
    if (have == HANDSHAKE_ROOM - 1) give_up("the server's answer has no end of its head");
    ssize_t more = connection_read(connection, head + have, HANDSHAKE_ROOM - 1 - have);
    if (more <= 0) give_up("the server closed a connection instead of answering");
    have += (size_t)more;
    head[have] = 0;
    end = strstr(head, "\r\n\r\n");
    if (!end) continue;
    *length = have - (size_t)(end + 4 - head);
    memcpy(rest, end + 4, *length);
    end[4] = 0;
  }
  return atoi(head + 9);
}
