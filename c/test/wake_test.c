/* wake_test.c: which descriptors can be an end of a wake-up, and that none ever blocks, whatever the peer does to the other. */
#include "wake.h"

#include "check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/un.h>

#include <sys/socket.h>
#include <unistd.h>

static bool readable(int fd) {
  struct pollfd ready = {fd, POLLIN, 0};
  return poll(&ready, 1, 0) == 1;
}

/* As full as a socket gets: returns how many bytes it took. */
static size_t fill(int fd) {
  size_t bytes = 0;
  while (send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) bytes++;
  return bytes;
}

static void signals_are_seen_and_cleared(void) {
  int ends[2];
  CHECK_EQUAL(isth__wake_create(ends), 0);
  for (int i = 0; i < 2; i++) {
    CHECK(isth__wake_verify(ends[i]));
    CHECK((fcntl(ends[i], F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(!readable(ends[ISTH__WAKE_WAIT]));
  CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  for (int signals = 1; signals <= 16; signals += 5) {
    for (int i = 0; i < signals; i++) isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
    CHECK(readable(ends[ISTH__WAKE_WAIT]));
    CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
    CHECK(!readable(ends[ISTH__WAKE_WAIT]));
  }
  isth__wake_close(ends);
  CHECK_EQUAL(ends[0], -1);
  CHECK_EQUAL(ends[1], -1);
  isth__wake_close(ends);
}

/* Socketpairs block unless told otherwise with each call, so a call that were not told would hang here. */
static void neither_end_blocks(void) {
  int ends[2], small = 1;
  CHECK_EQUAL(isth__wake_create(ends), 0);
  for (int i = 0; i < 2; i++) {
    CHECK_EQUAL(fcntl(ends[i], F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQUAL(setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
  }
  CHECK(fill(ends[ISTH__WAKE_SIGNAL]) > 0);
  for (int i = 0; i < 1000; i++) isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
  CHECK(readable(ends[ISTH__WAKE_WAIT]));
  while (readable(ends[ISTH__WAKE_WAIT])) CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
  CHECK(readable(ends[ISTH__WAKE_WAIT]));
  isth__wake_close(ends);
}

static void a_flood_is_cleared_in_bounded_pieces(void) {
  int ends[2];
  static char flood[1 << 16];
  CHECK_EQUAL(isth__wake_create(ends), 0);
  CHECK_EQUAL(send(ends[ISTH__WAKE_SIGNAL], flood, sizeof flood, MSG_DONTWAIT), sizeof flood);
  CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  CHECK(readable(ends[ISTH__WAKE_WAIT]));
  isth__wake_close(ends);
  /* Each signal is a buffer of its own, which takes time to free. */
  CHECK_EQUAL(isth__wake_create(ends), 0);
  for (int i = 0; i < 17; i++) isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
  CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  CHECK(readable(ends[ISTH__WAKE_WAIT]));
  CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  CHECK(!readable(ends[ISTH__WAKE_WAIT]));
  isth__wake_close(ends);
}

static void the_end_of_file_is_told(void) {
  int ends[2];
  for (int half = 0; half < 2; half++) {
    CHECK_EQUAL(isth__wake_create(ends), 0);
    isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
    if (half == 0) {
      close(ends[ISTH__WAKE_SIGNAL]);
      ends[ISTH__WAKE_SIGNAL] = -1;
    } else {
      CHECK_EQUAL(shutdown(ends[ISTH__WAKE_SIGNAL], SHUT_WR), 0);
    }
    CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
    CHECK(!isth__wake_clear(ends[ISTH__WAKE_WAIT]));
    CHECK(readable(ends[ISTH__WAKE_WAIT]));
    isth__wake_close(ends);
  }
  /* Whom it should wake has gone: no signal kills us. */
  CHECK_EQUAL(isth__wake_create(ends), 0);
  close(ends[ISTH__WAKE_WAIT]);
  ends[ISTH__WAKE_WAIT] = -1;
  isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
  isth__wake_close(ends);
}

static int listening(int domain) {
  int fd = socket(domain, SOCK_STREAM, 0);
  CHECK(fd >= 0);
  /* An address of one's own: the kernel chooses. */
  struct sockaddr_un local = {.sun_family = AF_UNIX};
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (domain == AF_UNIX) {
    CHECK_EQUAL(bind(fd, (struct sockaddr *)&local, sizeof local.sun_family), 0);
  } else {
    CHECK_EQUAL(bind(fd, (struct sockaddr *)&loopback, sizeof loopback), 0);
  }
  CHECK_EQUAL(listen(fd, 1), 0);
  return fd;
}

static void other_files_are_refused(void) {
  enum { COUNT = 14 };
  int pipes[2], datagrams[2], packets[2];
  char path[] = "/tmp/isth-test-XXXXXX";
  CHECK_EQUAL(pipe(pipes), 0);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagrams), 0);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets), 0);
  const int others[COUNT] = {pipes[0],
                             pipes[1],
                             datagrams[0],
                             datagrams[1],
                             packets[0],
                             packets[1],
                             eventfd(0, 0),
                             socket(AF_INET, SOCK_STREAM, 0),
                             socket(AF_INET, SOCK_DGRAM, 0),
                             listening(AF_UNIX),
                             listening(AF_INET),
                             mkstemp(path),
                             open("/dev/zero", O_RDWR),
                             memfd_create("test", 0)};
  unlink(path);
  for (size_t i = 0; i < COUNT; i++) {
    CHECK(others[i] >= 0);
    CHECK(!isth__wake_verify(others[i]));
    close(others[i]);
  }
  CHECK(!isth__wake_verify(-1));
}

int main(void) {
  static const struct test_case tests[] = {
      {"signals are seen and cleared", signals_are_seen_and_cleared},
      {"neither end blocks", neither_end_blocks},
      {"a flood is cleared in bounded pieces", a_flood_is_cleared_in_bounded_pieces},
      {"the end of file is told", the_end_of_file_is_told},
      {"other files are refused", other_files_are_refused},
  };
  alarm(60); /* a call that blocks would do so for ever */
  return RUN_TESTS("wake_test", tests);
}
