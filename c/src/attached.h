/* attached.h: a segment that is attached: where it is, how it is mapped, what guards it. */
#ifndef ISTH_ATTACHED_H
#define ISTH_ATTACHED_H

#include "fault.h"
#include "guard.h"

struct isth_segment {
  struct isth__place place;
  struct isth__window data, lock; /* the struct; the guard's bytes, if it has some in the segment */
  struct isth__guard guard;
  struct isth__range ranges[3]; /* all that an access touches */
  size_t offset, bytes;         /* of the struct */
  size_t own_from, own_to;      /* the guard's bytes inside the struct, which are not the value's */
  bool writable;
};

/* Runs what touches the segment. Errors: SEGMENT_TRUNCATED, if it was left in the midst. */
int isth__segment_touch(isth_segment *segment, void (*act)(void *), void *argument, isth_failure *failure);

/* Whether the segment still has the struct's bytes up to `end`. A file that ends inside a page does not fault there:
 * behind its end lie zeros, and what is written is lost. Errors: SEGMENT_TRUNCATED. */
int isth__segment_reaches(const isth_segment *segment, size_t end, isth_failure *failure);

#endif
