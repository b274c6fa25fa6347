/*
 * failpoint.h: steps at which a test can have this process killed, stopped or made to crash. There is nothing of it in a library
 * that was not built with -DISTH_FAILPOINTS (make FAILPOINTS=1).
 *
 * The environment variable ISTHMUS_FAILPOINT="name=action@n" says what happens when this process comes by for the n-th time, from 1,
 * in whichever thread: `kill` (SIGKILL), `stop` (SIGSTOP; it goes on from there after SIGCONT) or `segv` (SIGSEGV). A value that makes
 * no sense ends the process at its start, with status 70.
 */
#ifndef ISTH_FAILPOINT_H
#define ISTH_FAILPOINT_H

#include "failpoint_list.h"

enum isth__failpoint {
#define ISTH__FAILPOINT_NUMBER(name, side, often, step) ISTH__FAILPOINT_##name,
  ISTH__FAILPOINTS(ISTH__FAILPOINT_NUMBER)
#undef ISTH__FAILPOINT_NUMBER
};

#ifdef ISTH_FAILPOINTS
void isth__failpoint_hit(enum isth__failpoint failpoint);
#define ISTH__FAILPOINT(name) isth__failpoint_hit(ISTH__FAILPOINT_##name)
#else
#define ISTH__FAILPOINT(name) ((void)ISTH__FAILPOINT_##name)
#endif

#endif
