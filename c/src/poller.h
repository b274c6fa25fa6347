/* poller.h: which of many descriptors have something to say. poller_linux.c does it by epoll, poller_posix.c by poll. */
#ifndef ISTH_POLLER_H
#define ISTH_POLLER_H

#include "platform.h"

/* Belongs to one thread at a time. */
struct isth__poller;

/* What is told of a descriptor. Its errors, and that its peer has gone, are always. */
enum isth__interest {
  ISTH__POLL_INPUT,  /* as long as there is input, or end of file */
  ISTH__POLL_OUTPUT, /* as long as there is room for output */
  /* Of a wake-up's end (wake.h): when input arrives, and once that nobody can signal any more. What arrived is to be taken before
   * the next wait: what is left may be told of again, or not. */
  ISTH__POLL_SIGNALS
};

/* NULL: errno says why. */
struct isth__poller *isth__poller_create(void);
/* NULL is allowed. The descriptors are the caller's. */
void isth__poller_free(struct isth__poller *poller);

/* Each descriptor is there once; `data` is what isth__poller_wait says of it. Both return 0 or a negative errno: -EPERM if it is
 * nothing to wait for, such as a file. Pipes and sockets always are. */
int isth__poller_add(struct isth__poller *poller, int fd, enum isth__interest interest, void *data);
int isth__poller_change(struct isth__poller *poller, int fd, enum isth__interest interest, void *data);

/* Without effect if it is not there. Closing alone does not remove it: a child that was forked may hold the same open file
 * for a while, and it would go on being told of, by a pointer to what was freed. */
void isth__poller_remove(struct isth__poller *poller, int fd);

/* Waits until one of them has something to say, for at most `timeout_ms`, or for ever if that is negative. Returns of how
 * many it is told in `ready`, at most `capacity`, each once; or a negative errno. */
int isth__poller_wait(struct isth__poller *poller, void **ready, int capacity, int timeout_ms);

#endif
