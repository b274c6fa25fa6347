#include "poller.h"

#ifndef ISTH_PLATFORM_POSIX

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { TAKEN_AT_ONCE = 64 }; /* that are taken at once */

struct isth__poller {
  int epoll;
};

struct isth__poller *isth__poller_create(void) {
  struct isth__poller *poller = malloc(sizeof *poller);
  if (poller == NULL) return NULL;
  poller->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (poller->epoll >= 0) return poller;
  free(poller);
  return NULL;
}

void isth__poller_free(struct isth__poller *poller) {
  if (poller == NULL) return;
  close(poller->epoll);
  free(poller);
}

static int poller_control(const struct isth__poller *poller, int operation, int fd, enum isth__interest interest,
                          void *data) {
  /* Edge-triggered: each signal is an event of its own, whether or not the ones before were taken; end of file is one. */
  static const uint32_t events[] = {
      [ISTH__POLL_INPUT] = EPOLLIN, [ISTH__POLL_OUTPUT] = EPOLLOUT, [ISTH__POLL_SIGNALS] = EPOLLIN | EPOLLET};
  struct epoll_event event = {.events = events[interest], .data.ptr = data};
  return epoll_ctl(poller->epoll, operation, fd, &event) == 0 ? 0 : -errno;
}

int isth__poller_add(struct isth__poller *poller, int fd, enum isth__interest interest, void *data) {
  return poller_control(poller, EPOLL_CTL_ADD, fd, interest, data);
}

int isth__poller_change(struct isth__poller *poller, int fd, enum isth__interest interest, void *data) {
  return poller_control(poller, EPOLL_CTL_MOD, fd, interest, data);
}

void isth__poller_remove(struct isth__poller *poller, int fd) { epoll_ctl(poller->epoll, EPOLL_CTL_DEL, fd, NULL); }

int isth__poller_wait(struct isth__poller *poller, void **ready, int capacity, int timeout_ms) {
  struct epoll_event events[TAKEN_AT_ONCE];
  int count = epoll_wait(poller->epoll, events, capacity < TAKEN_AT_ONCE ? capacity : TAKEN_AT_ONCE, timeout_ms);
  for (int i = 0; i < count; i++) ready[i] = events[i].data.ptr;
  return count < 0 ? -errno : count;
}

#endif
