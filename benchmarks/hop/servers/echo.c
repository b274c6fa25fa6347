/*
 * echo.c: answers what it reads, byte by byte: one connection over a Unix socket or TCP, or its own stdin and stdout.
 * Usage: echo unix PATH | echo tcp FILE (where its port is written to) | echo stdio
 */
#define _GNU_SOURCE
#include "server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { CHUNK = 1 << 20 };

/* Until the other side ends. */
static int echo(int in, int out) {
  char *bytes = malloc(CHUNK);
  if (bytes == NULL) return 1;
  for (;;) {
    ssize_t got = read(in, bytes, CHUNK);
    if (got <= 0) return got == 0 ? 0 : 1;
    for (ssize_t sent = 0; sent < got;) {
      ssize_t now = write(out, bytes + sent, (size_t)(got - sent));
      if (now < 0) return 1;
      sent += now;
    }
  }
}

static int listen_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path, strlen(path));
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return listener;
}

/* Any free port of the loopback, which it writes to a file. */
static int listen_tcp(const char *path) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0) return -1;
  if (getsockname(listener, (struct sockaddr *)&address, &size) != 0) return -1;
  FILE *file = fopen(path, "w");
  if (file == NULL) return -1;
  fprintf(file, "%d\n", ntohs(address.sin_port));
  return fclose(file) == 0 ? listener : -1;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "stdio") == 0) return echo(STDIN_FILENO, STDOUT_FILENO);
  if (argc != 3) return 2;
  bool is_tcp = strcmp(argv[1], "tcp") == 0;
  int on = 1;
  int listener = is_tcp ? listen_tcp(argv[2]) : listen_unix(argv[2]);
  if (listener < 0 || listen(listener, 1) != 0 || !hop_end_with_stdin()) return 1;
  hop_ready();
  int peer = accept(listener, NULL, NULL);
  if (peer < 0 || (is_tcp && setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)) return 1;
  return echo(peer, peer);
}
