/* wake_fuzz.c: a wake-up whose other end floods it, empties it, ends it or closes it: no call blocks, and no signal is lost. */
#include "wake.h"

#include "fuzz.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool readable(int fd) {
  struct pollfd ready = {fd, POLLIN, 0};
  return poll(&ready, 1, 0) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  int wait[2], signal[2];
  bool ended = false;
  unsigned char bytes[4096] = {0};
  /* One pair that we wait on, and one that we signal through; the peer has the other ends. */
  CHECK_EQUAL(isth__wake_create(wait), 0);
  CHECK_EQUAL(isth__wake_create(signal), 0);
  CHECK(isth__wake_verify(wait[ISTH__WAKE_WAIT]) && isth__wake_verify(signal[ISTH__WAKE_SIGNAL]));
  while (input.left > 0) {
    int peer = wait[ISTH__WAKE_SIGNAL], small = (int)fuzz_number(&input, 1);
    switch (fuzz_below(&input, 10)) {
    case 0: (void)send(peer, bytes, fuzz_below(&input, sizeof bytes), MSG_DONTWAIT | MSG_NOSIGNAL); break;
    case 1: (void)recv(signal[ISTH__WAKE_WAIT], bytes, fuzz_below(&input, sizeof bytes), MSG_DONTWAIT); break;
    case 2: (void)setsockopt(signal[ISTH__WAKE_SIGNAL], SOL_SOCKET, SO_SNDBUF, &small, sizeof small); break;
    case 3: (void)setsockopt(wait[ISTH__WAKE_WAIT], SOL_SOCKET, SO_RCVLOWAT, &small, sizeof small); break;
    case 4: (void)fcntl(wait[ISTH__WAKE_WAIT], F_SETFL, fuzz_below(&input, 2) == 0 ? 0 : O_NONBLOCK); break;
    case 5:
      (void)shutdown(peer, SHUT_WR);
      ended = true;
      break;
    case 6: (void)shutdown(signal[ISTH__WAKE_WAIT], (int)fuzz_below(&input, 3)); break;
    case 7:
    case 8:
      for (uint64_t times = fuzz_number(&input, 1); times > 0; times--) isth__wake_signal(signal[ISTH__WAKE_SIGNAL]);
      break;
    default:
      /* Only the end makes it false; and then it is the end. */
      if (!isth__wake_clear(wait[ISTH__WAKE_WAIT])) CHECK(ended && readable(wait[ISTH__WAKE_WAIT]));
    }
  }
  while (!ended && readable(wait[ISTH__WAKE_WAIT])) CHECK(isth__wake_clear(wait[ISTH__WAKE_WAIT]));
  isth__wake_close(wait);
  isth__wake_close(signal);
  return 0;
}
