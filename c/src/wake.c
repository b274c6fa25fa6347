#include "wake.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failpoint.h"

/* More than a good peer leaves unread: each of its threads sends one byte for each time that we said we would sleep. What is left
 * all the same only makes a sleep shorter. Not many more: each byte is a buffer of the kernel, and to free what a peer that floods
 * has left there takes longer than a call. */
enum { CLEAR_BYTES = 16 };

int isth__wake_create(int ends[2]) {
  int error = isth__socket_pair(ends);
  if (error == 0) return 0;
  ends[ISTH__WAKE_WAIT] = ends[ISTH__WAKE_SIGNAL] = -1;
  return error;
}

void isth__wake_close(int ends[2]) {
  for (int i = 0; i < 2; i++) {
    if (ends[i] >= 0) close(ends[i]);
    ends[i] = -1;
  }
}

static bool option_is(int fd, int option, int wanted) {
  int value;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

bool isth__wake_verify(int fd) {
  struct sockaddr_storage address = {.ss_family = AF_UNSPEC}; /* clang-tidy does not see that getsockname fills it in */
  socklen_t size = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &size) != 0 || address.ss_family != AF_UNIX) return false;
  return option_is(fd, SO_TYPE, SOCK_STREAM) && option_is(fd, SO_ACCEPTCONN, 0);
}

void isth__wake_signal(int fd) {
  /* EAGAIN means that there is no room for another byte: then it is readable, which is all we want. */
  ssize_t sent = send(fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)sent;
  ISTH__FAILPOINT(wake_signalled);
}

bool isth__wake_clear(int fd) {
  char bytes[CLEAR_BYTES];
  ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  ISTH__FAILPOINT(wake_cleared);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
