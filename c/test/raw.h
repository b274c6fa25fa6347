/* raw.h: one side of the handshake by hand, so that a test can get every step of it wrong. */
#ifndef ISTH_TEST_RAW_H
#define ISTH_TEST_RAW_H

#include "wire.h"

#include "service.h"

#include "echo.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A connected socket, without a word said. */
static inline int raw_connect(const char *path) {
  struct sockaddr_un address;
  CHECK(isth__socket_address(&address, path));
  int control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(control >= 0);
  if (connect(control, (struct sockaddr *)&address, sizeof address) != 0) {
    fprintf(stderr, "connect to %s: %s\n", path, strerror(errno));
    exit(1);
  }
  return control;
}

static inline struct isth__hello raw_hello(void) {
  struct isth__hello hello = {.magic = ISTH__MAGIC, .version = ISTH_PROTOCOL_VERSION};
  memcpy(hello.hash, echo_schema.hash, sizeof hello.hash);
  return hello;
}

/* Sends all of it; false if the peer has closed. */
static inline bool raw_send(int control, const void *bytes, size_t size, const int *descriptors, size_t count) {
  return isth__send(control, bytes, size, descriptors, count) == (ptrdiff_t)size;
}

/* Receives up to `size` bytes, until end of file; waits up to `timeout_ms` for each piece. Returns how many came. */
static inline size_t raw_receive(int control, void *bytes, size_t size, int timeout_ms) {
  size_t total = 0;
  while (total < size) {
    struct pollfd ready = {control, POLLIN, 0};
    if (poll(&ready, 1, timeout_ms) <= 0) break;
    ssize_t got = recv(control, (char *)bytes + total, size - total, 0);
    if (got <= 0) break;
    total += (size_t)got;
  }
  return total;
}

/* Whether the peer closes within `timeout_ms`, whatever it sends before. */
static inline bool raw_closed(int control, int timeout_ms) {
  for (;;) {
    char bytes[512];
    struct pollfd ready = {control, POLLIN, 0};
    if (poll(&ready, 1, timeout_ms) <= 0) return false;
    ssize_t got = recv(control, bytes, sizeof bytes, 0);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) return true;
    if (got < 0) return false;
  }
}

/* A good hello and its offer. */
static inline int raw_greet(const char *path, struct isth__offer *offer) {
  int control = raw_connect(path);
  struct isth__hello hello = raw_hello();
  CHECK(raw_send(control, &hello, sizeof hello, NULL, 0));
  CHECK_EQUAL(raw_receive(control, offer, sizeof *offer, 60000), sizeof *offer);
  CHECK_EQUAL(offer->status, 0);
  return control;
}

/* What a client brings, all of it good: a test then spoils a part. One lane, the smallest rings. Unlike a good client it keeps
 * what it passes, so that it has both ends of each wake-up. */
struct raw_luggage {
  struct isth__attach attach;
  int descriptors[3]; /* memory, the end that signals the client, the end that the lane waits on */
  int client_waits, lane_signals;
};

static inline void raw_pack(struct raw_luggage *luggage) {
  struct isth__shape shape = {1, ISTH__MIN_RING_BYTES, ISTH__MIN_RING_BYTES};
  uint64_t bytes = isth__segment_bytes(&shape);
  luggage->attach = (struct isth__attach){.lanes = shape.lanes,
                                          .request_bytes = shape.request_bytes,
                                          .reply_bytes = shape.reply_bytes,
                                          .descriptors = 3,
                                          .segment_bytes = bytes};
  luggage->descriptors[0] = isth__memory_create(bytes);
  CHECK(luggage->descriptors[0] >= 0);
  int client[2], lane[2];
  CHECK_EQUAL(isth__wake_create(client), 0);
  CHECK_EQUAL(isth__wake_create(lane), 0);
  luggage->descriptors[1] = client[ISTH__WAKE_SIGNAL];
  luggage->descriptors[2] = lane[ISTH__WAKE_WAIT];
  luggage->client_waits = client[ISTH__WAKE_WAIT];
  luggage->lane_signals = lane[ISTH__WAKE_SIGNAL];
}

static inline void raw_unpack(struct raw_luggage *luggage) {
  for (int i = 0; i < 3; i++) close(luggage->descriptors[i]);
  close(luggage->client_waits);
  close(luggage->lane_signals);
}

/* Puts another descriptor in the place of one of them. */
static inline void raw_swap(struct raw_luggage *luggage, size_t at, int descriptor) {
  CHECK(descriptor >= 0);
  close(luggage->descriptors[at]);
  luggage->descriptors[at] = descriptor;
}

#endif
