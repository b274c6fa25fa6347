/* place.h: the memory that a name leads to, whatever its kind, and parts of it mapped. */
#ifndef ISTH_PLACE_H
#define ISTH_PLACE_H

#include "platform.h"

#include <isthmus/segment.h>

/* What a message calls it: "the file /run/tank". */
enum { ISTH__NAME_TEXT_BYTES = 320 };
void isth__name_text(const isth_segment_name *name, char text[ISTH__NAME_TEXT_BYTES]);

struct isth__place {
  isth_segment_kind kind;
  char *name; /* of POSIX memory and files; owned */
  int key;
  int id;                  /* System V: the shmid */
  int fd;                  /* the others: open as long as the place is */
  unsigned char *attached; /* System V: all of it */
  uint64_t bytes, identity;
  uint64_t device, inode;
  size_t granule; /* mappings begin at multiples of it */
  char text[ISTH__NAME_TEXT_BYTES];
};

struct isth__window {
  unsigned char *bytes; /* what was asked for */
  unsigned char *base;  /* what is mapped around it */
  size_t mapped;
};

/* "/name", as shm_open and sem_open take it. */
bool isth__object_name_valid(const char *name);

/* Reports what `call` said, as errno, about `what`: `missing` where it is not there, PERMISSION_DENIED, OUT_OF_MEMORY
 * or SYSTEM. */
int isth__fail_system(isth_failure *failure, int missing, const char *call, const char *what);

/* open() with these flags besides O_NONBLOCK: a FIFO would wait for its other end, and a file with a lease (fcntl's
 * F_SETLEASE) for its holder, who may have up to 45 s to give it back. He gets 100 ms here; then errno is EWOULDBLOCK. */
int isth__open_now(const char *path, int flags);

/* Finds and opens it, for writing too where asked for. Close it in any case. */
int isth__place_open(struct isth__place *place, const isth_segment_name *name, bool writable, isth_failure *failure);
void isth__place_close(struct isth__place *place);
bool isth__place_current(const struct isth__place *place);

/* Maps `bytes` from `offset`, which must lie inside. `window->base` is NULL where it failed. */
int isth__place_map(const struct isth__place *place, uint64_t offset, size_t bytes, bool writable,
                    struct isth__window *window, isth_failure *failure);
void isth__place_unmap(const struct isth__place *place, struct isth__window *window);

#endif
