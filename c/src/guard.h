/*
 * guard.h: how programs that share a segment keep out of each other's way: one way for each kind of guard, with the
 * same four functions.
 *
 * All but opening and closing runs inside isth__touch: what it holds when a fault makes it jump away stands in the
 * hold.
 */
#ifndef ISTH_GUARD_H
#define ISTH_GUARD_H

#include "platform.h"

#include "atomic.h"
#include "patience.h"
#include "place.h"

#include <semaphore.h>

struct isth__guard_way;

struct isth__guard {
  const struct isth__guard_way *way;
  isth_guard_kind kind;
  char *name; /* owned; NULL: it has none */
  int key;
  bool undo;
  unsigned char *memory; /* a seqlock's counter, a mutex, a semaphore */
  size_t memory_bytes;
  int set; /* System V: the semid */
  unsigned short number;
  int file;
  /* The threads of this process, where a file's lock does not tell them from each other. */
  pthread_mutex_t gate;
  pthread_cond_t gate_opened;
  bool gated, gate_taken;
};

/* One access under the guard. */
struct isth__hold {
  bool exclusive; /* to write */
  struct isth__patience patience;
  bool held;        /* to be released, after a fault as well */
  bool owner_died;  /* who held it before died, holding it */
  bool changed;     /* something was written: of a seqlock, another version */
  uint64_t counter; /* a seqlock's, even: before what is read or written */
  void *note;       /* a mutex's, for the kernel */
  isth_failure *failure;
};

/* What `release` says of a seqlock whose value changed while it was read: do it again. */
enum { ISTH__GUARD_MOVED = 1 };

struct isth__guard_way {
  /* Finds and opens what is not in the segment's memory. May be NULL, like all but take and release. */
  int (*open)(struct isth__guard *guard, const isth_guard *options, const struct isth__place *place, bool writable,
              isth_failure *failure);
  void (*close)(struct isth__guard *guard);
  /* Whether the memory holds what it should. */
  int (*look)(const struct isth__guard *guard, isth_failure *failure);
  /* Waits as long as the patience says. */
  int (*take)(struct isth__guard *guard, struct isth__hold *hold);
  int (*release)(struct isth__guard *guard, struct isth__hold *hold);
  /* Takes back what `take` noted outside of the shared memory: the last call, whether it was taken or not, or a fault
   * came. */
  void (*settle)(struct isth__hold *hold);
  bool (*current)(const struct isth__guard *guard);
};

extern const struct isth__guard_way isth__no_guard, isth__seqlock, isth__posix_semaphore, isth__system_v_semaphore,
    isth__mutex, isth__flock, isth__fcntl;

/* The version that a seqlock's counter stands for. */
uint64_t isth__seqlock_version(const struct isth__guard *guard, uint64_t counter);

/* How many bytes of the segment it takes; 0: none. */
size_t isth__guard_bytes(const isth_guard *options);
/* Opens it; `memory`: where it is, if it takes bytes of the segment. Close it in any case. */
int isth__guard_open(struct isth__guard *guard, const isth_guard *options, const struct isth__place *place,
                     unsigned char *memory, bool writable, isth_failure *failure);
void isth__guard_close(struct isth__guard *guard);
bool isth__guard_current(const struct isth__guard *guard);

/* LOCK_TIMEOUT of `what`, with what is known of the process that holds it. `pid`: 0 or less: not known. */
int isth__fail_held(isth_failure *failure, const char *what, int64_t pid);

#endif
