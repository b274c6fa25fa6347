/*
 * fault.h: touching memory that may not be there any more.
 *
 * A file that is truncated while it is mapped, and a file system that has no room for a page that is written first, are
 * told by SIGBUS and by nothing else. isth__touch runs a function that may touch such memory, and comes back with false
 * if that faulted.
 */
#ifndef ISTH_FAULT_H
#define ISTH_FAULT_H

#include "platform.h"

/* Mapped memory that a fault is expected in. */
struct isth__range {
  const unsigned char *begin;
  size_t bytes;
};

/* Installs the handler for SIGBUS, the first time it is called in the process. */
void isth__fault_install(void);

/*
 * Calls act(argument). False: it was left in the midst, because it touched a byte of one of the ranges that is not
 * there; `*place` says which. So it must not hold anything then that its caller does not know of and give back. Any
 * other SIGBUS goes to the handler that was there before. At most one at a time in a thread.
 */
bool isth__touch(const struct isth__range *ranges, size_t count, void (*act)(void *), void *argument,
                 const unsigned char **place);

#endif
