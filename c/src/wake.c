#include "wake.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than a good peer ever leaves unread: it sends one byte for each time that we said we would sleep. */
enum { CLEAR_BYTES = 512 };

int isth__wake_create(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) return 0;
  int error = -errno;
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
  return option_is(fd, SO_DOMAIN, AF_UNIX) && option_is(fd, SO_TYPE, SOCK_STREAM) && option_is(fd, SO_ACCEPTCONN, 0);
}

void isth__wake_signal(int fd) {
  /* EAGAIN means that there is no room for another byte: then it is readable, which is all we want. */
  ssize_t sent = send(fd, "!", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)sent;
}

bool isth__wake_clear(int fd) {
  char bytes[CLEAR_BYTES];
  ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}
