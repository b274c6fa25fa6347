/*
 * open_loop.c: HTTP requests at a fixed rate, whatever becomes of those before. They are due at the times of a Poisson process
 * (the same one each time), and what one takes counts from the moment at which it was due: also the time in which it waited for
 * one of the connections to be free. So a server that pauses is charged for all that came meanwhile.
 *
 *   open-loop PORT PATH RATE MS CONNECTIONS     the body in the environment as QUOTE; prints the line "connected"
 *                                               once each connection has been used, and one of JSON at the end
 *
 * It polls, on a CPU of its own, for MS and at most DRAIN_MS more. What is not answered by then has failed, and counts with its age.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SETTLE_MS = 60000, DRAIN_MS = 2000, RESPONSE_BYTES = 16384, REQUEST_BYTES = 4096, MOST_CONNECTIONS = 16384 };

typedef struct connection {
  int socket;
  bool busy;
  int64_t due; /* of the request under way */
  size_t length;
  char response[RESPONSE_BYTES + 1];
} connection;

static struct {
  char request[REQUEST_BYTES];
  size_t request_length;
  connection *connections;
  size_t count;
  /* A ring: connections are used in turn. */
  connection *idle[MOST_CONNECTIONS];
  size_t idle_first, idle_count;
  int64_t *took; /* of each request, in ns */
  size_t answered, refused;
  int poller;
} load;

static void fail(const char *what) {
  fprintf(stderr, "open-loop: %s: %s\n", what, errno == 0 ? "not as expected" : strerror(errno));
  exit(1);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* xorshift64*, for the gaps: exponentially distributed, of the mean given. */
static double next_gap(uint64_t *state, double mean) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  double uniform = ((double)((*state * 0x2545f4914f6cdd1d) >> 11) + 0.5) * 0x1p-53;
  return -log(uniform) * mean;
}

static void add_idle(connection *c) { load.idle[(load.idle_first + load.idle_count++) % MOST_CONNECTIONS] = c; }

static connection *take_idle(void) {
  connection *c = load.idle[load.idle_first];
  load.idle_first = (load.idle_first + 1) % MOST_CONNECTIONS;
  load.idle_count--;
  return c;
}

static void open_connections(uint16_t port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (size_t i = 0; i < load.count; i++) {
    connection *c = &load.connections[i];
    c->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    int on = 1;
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(c->socket, F_SETFL, O_NONBLOCK) != 0) fail("fcntl");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(load.poller, EPOLL_CTL_ADD, c->socket, &event) != 0) fail("epoll_ctl");
    add_idle(c);
  }
}

/* A request fits into an empty socket's buffer: the one before it on this connection was answered. */
static void send_request(int64_t due) {
  connection *c = take_idle();
  c->busy = true;
  c->due = due;
  c->length = 0;
  if (send(c->socket, load.request, load.request_length, MSG_NOSIGNAL) != (ssize_t)load.request_length) fail("send");
}

/* Whether the whole of a response is there; anything but one fails. */
static bool is_whole(connection *c) {
  c->response[c->length] = '\0';
  char *end = strstr(c->response, "\r\n\r\n");
  if (end == NULL) return false;
  const char *length = strcasestr(c->response, "\r\ncontent-length:");
  errno = 0;
  if (length == NULL || length > end) fail("a response without content-length");
  size_t whole = (size_t)(end + 4 - c->response) + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
  if (whole > RESPONSE_BYTES || c->length > whole) fail("a response");
  return c->length == whole;
}

static void take_response(connection *c) {
  ssize_t got = recv(c->socket, c->response + c->length, RESPONSE_BYTES - c->length, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || !c->busy) fail("a connection");
  c->length += (size_t)got;
  if (!is_whole(c)) return;
  if (strncmp(c->response, "HTTP/1.1 200 ", 13) != 0) load.refused++;
  load.took[load.answered++] = now_ns() - c->due;
  c->busy = false;
  add_idle(c);
}

static void take_responses(void) {
  struct epoll_event events[64];
  int count = epoll_wait(load.poller, events, 64, 0);
  for (int i = 0; i < count; i++) take_response(events[i].data.ptr);
}

/* Has each connection ask once, some at a time, so that what connecting costs the server is over. */
static void settle(void) {
  enum { AT_A_TIME = 16 };
  int64_t end = now_ns() + SETTLE_MS * INT64_C(1000000);
  for (size_t sent = 0; load.answered < load.count;) {
    errno = ETIMEDOUT;
    if (now_ns() > end) fail("settle");
    for (; sent < load.count && sent - load.answered < AT_A_TIME; sent++) send_request(now_ns());
    take_responses();
  }
  load.answered = load.refused = 0;
}

/* Sends `total` requests, and waits for their responses. Returns how many never came; they count with their age. */
static size_t run(size_t total, double mean_gap) {
  uint64_t random = 1973;
  int64_t begin = now_ns(), end = begin + (int64_t)((double)total * mean_gap) + DRAIN_MS * INT64_C(1000000);
  double due = (double)begin;
  size_t sent = 0;
  while (load.answered < total) {
    int64_t now = now_ns();
    if (now > end) break;
    for (; sent < total && (int64_t)due <= now && load.idle_count > 0; sent++) {
      send_request((int64_t)due);
      due += next_gap(&random, mean_gap);
    }
    take_responses();
  }
  size_t missing = total - load.answered, at = load.answered;
  int64_t now = now_ns();
  for (size_t i = 0; i < load.count; i++)
    if (load.connections[i].busy) load.took[at++] = now - load.connections[i].due;
  for (; at < total; due += next_gap(&random, mean_gap)) load.took[at++] = now > (int64_t)due ? now - (int64_t)due : 0;
  return missing;
}

static int ascending(const void *a, const void *b) {
  int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
  return (one > other) - (one < other);
}

static double quantile(size_t total, double part) {
  size_t at = (size_t)ceil(part * (double)total);
  return (double)load.took[at == 0 ? 0 : at - 1];
}

int main(int argc, char **argv) {
  const char *body = getenv("QUOTE");
  if (argc != 6 || body == NULL) {
    fprintf(stderr, "usage: QUOTE=BODY open-loop PORT PATH RATE MS CONNECTIONS\n");
    return 2;
  }
  double rate = atof(argv[3]), ms = atof(argv[4]);
  size_t total = (size_t)(rate * ms / 1000);
  load.count = (size_t)atoi(argv[5]);
  if (total == 0 || load.count == 0 || load.count > MOST_CONNECTIONS) {
    fprintf(stderr, "open-loop: rate, time or connections make no sense\n");
    return 2;
  }
  int length = snprintf(load.request, sizeof load.request,
                        "POST %s HTTP/1.1\r\nHost: localhost:%s\r\nContent-Type: application/json\r\nContent-Length: "
                        "%zu\r\n\r\n%s",
                        argv[2], argv[1], strlen(body), body);
  if (length < 0 || (size_t)length >= sizeof load.request) fail("the request");
  load.request_length = (size_t)length;
  load.connections = calloc(load.count, sizeof *load.connections);
  load.took = calloc(total > load.count ? total : load.count, sizeof *load.took);
  load.poller = epoll_create1(EPOLL_CLOEXEC);
  if (load.connections == NULL || load.took == NULL || load.poller < 0) fail("memory");
  open_connections((uint16_t)atoi(argv[1]));
  settle();
  printf("connected\n");
  fflush(stdout);
  size_t missing = run(total, 1e9 / rate);
  qsort(load.took, total, sizeof *load.took, ascending);
  printf("{\"requests\":%zu,\"p50Ns\":%.0f,\"p99Ns\":%.0f,\"p999Ns\":%.0f,\"refused\":%zu,\"unanswered\":%zu}\n", total,
         quantile(total, 0.5), quantile(total, 0.99), quantile(total, 0.999), load.refused, missing);
  return 0;
}
