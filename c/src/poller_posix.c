#include "poller.h"

#ifdef ISTH_PLATFORM_POSIX

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

struct poller_entry {
  int fd; /* as it was added: that in `polled` is -1 once its end was told of */
  enum isth__interest interest;
  void *data;
};

/* Two arrays, one entry of each a descriptor: the first is as poll wants it. */
struct isth__poller {
  struct pollfd *polled;
  struct poller_entry *entries;
  size_t count, capacity;
  size_t next; /* where the next wait begins to look, so that none is told of again before all others were */
};

struct isth__poller *isth__poller_create(void) {
  return calloc(1, sizeof(struct isth__poller));
}

void isth__poller_free(struct isth__poller *poller) {
  if (poller == NULL) return;
  free(poller->polled);
  free(poller->entries);
  free(poller);
}

/* Makes room for one more. */
static bool poller_grow(struct isth__poller *poller) {
  if (poller->count < poller->capacity) return true;
  size_t capacity = poller->capacity == 0 ? 16 : poller->capacity * 2;
  struct pollfd *polled = realloc(poller->polled, capacity * sizeof *polled);
  if (polled == NULL) return false;
  poller->polled = polled;
  struct poller_entry *entries = realloc(poller->entries, capacity * sizeof *entries);
  if (entries == NULL) return false;
  poller->entries = entries;
  poller->capacity = capacity;
  return true;
}

/* `count` if it is not there. */
static size_t poller_find(const struct isth__poller *poller, int fd) {
  size_t i = 0;
  while (i < poller->count && poller->entries[i].fd != fd) i++;
  return i;
}

static void poller_set(struct isth__poller *poller, size_t i, int fd, enum isth__interest interest, void *data) {
  poller->polled[i] = (struct pollfd){.fd = fd, .events = interest == ISTH__POLL_OUTPUT ? POLLOUT : POLLIN};
  poller->entries[i] = (struct poller_entry){fd, interest, data};
}

int isth__poller_add(struct isth__poller *poller, int fd, enum isth__interest interest, void *data) {
  struct stat status;
  if (fstat(fd, &status) != 0) return -errno;
  if (!S_ISSOCK(status.st_mode) && !S_ISFIFO(status.st_mode))
    return -EPERM; /* may always be ready: waiting would spin */
  if (poller_find(poller, fd) < poller->count) return -EEXIST;
  if (!poller_grow(poller)) return -ENOMEM;
  poller_set(poller, poller->count++, fd, interest, data);
  return 0;
}

int isth__poller_change(struct isth__poller *poller, int fd, enum isth__interest interest, void *data) {
  size_t i = poller_find(poller, fd);
  if (i == poller->count) return -ENOENT;
  poller_set(poller, i, fd, interest, data);
  return 0;
}

void isth__poller_remove(struct isth__poller *poller, int fd) {
  size_t i = poller_find(poller, fd);
  if (i == poller->count) return;
  poller->count--;
  poller->polled[i] = poller->polled[poller->count];
  poller->entries[i] = poller->entries[poller->count];
}

/* A wake-up that nobody can signal any more stays readable: told of once, it is passed over from then on. */
static bool has_ended(int fd) {
  char byte;
  ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

int isth__poller_wait(struct isth__poller *poller, void **ready, int capacity, int timeout_ms) {
  int left = poll(poller->polled, (nfds_t)poller->count, timeout_ms);
  if (left < 0) return -errno;
  int count = 0;
  size_t at = poller->next;
  for (size_t looked = 0; looked < poller->count && left > 0 && count < capacity; looked++, at++) {
    if (at >= poller->count) at = 0;
    struct pollfd *polled = &poller->polled[at];
    if (polled->fd < 0 || polled->revents == 0) continue;
    left--;
    ready[count++] = poller->entries[at].data;
    if (poller->entries[at].interest == ISTH__POLL_SIGNALS && has_ended(polled->fd)) polled->fd = -1;
  }
  poller->next = at;
  return count;
}

#endif
