/*
 * region_wait.pml: waiting for a change, and waking who waits (c/src/region_wait.c).
 *
 * Writers write one behind the other, as the lock has it, and one of them may be killed at any point; two others wait
 * for each change in turn. A store and a load that follows it, without a full fence between them, may take effect in
 * either order. The kernel compares and goes to sleep in one step, and wakes in one.
 *
 * Holds: all who wait come to the last change, without any timeout. A lost wake-up is a process that never ends.
 *
 * -D takes one thing away, and then that must fail: NO_WRITER_FENCE, NO_WAITER_FENCE, NO_RECHECK (neither here nor in
 * the kernel), CLEAR_AFTER (`armed` is cleared after the change, not before), FORGET_CLEARED (what was cleared does not
 * wake), WAKE_ONE, NO_RECOVERY_WAKE.
 */
#define WAITERS 2
#ifndef WRITES
#define WRITES 3
#endif

#define ME (_pid - 2) /* the killer and the writer come first */

bool armed;
byte changes;
bool asleep[WAITERS];
bool doomed; /* who writes is killed at its next step */
bool mark;   /* who held the lock died */

/* At any time, once or not at all. */
active proctype killer() {
  if
  :: doomed = true
  :: skip
  fi
}

inline wake_all() {
  d_step {
    asleep[0] = false;
#ifndef WAKE_ONE
    asleep[1] = false;
#endif
  }
}

/* isth__region_announce */
inline announce(wake) {
#ifndef CLEAR_AFTER
  d_step {
#ifndef FORGET_CLEARED
    wake = wake || armed;
#endif
    armed = false
  }
#endif
#ifdef NO_WRITER_FENCE
  if
  :: changes++; seen = armed
  :: seen = armed; changes++
  fi;
#else
  changes++;
  seen = armed;
#endif
#ifdef CLEAR_AFTER
  if
  :: seen -> armed = false
  :: else
  fi;
#endif
  if
  :: wake || seen -> wake_all()
  :: else
  fi
}

active proctype writer() {
  bool wake, seen, complete;
life:
  complete = false;
  {
    if
    :: mark ->
      mark = false;
#ifndef NO_RECOVERY_WAKE
      wake = true;
      announce(wake);
#endif
    :: else
    fi;
    do
    :: changes >= WRITES && complete -> break
    :: else ->
      wake = false;
      announce(wake);
      complete = true
    od
  } unless {
    atomic { doomed && !complete -> doomed = false; mark = true; goto life }
  }
}

active [WAITERS] proctype waiter() {
  byte known, found;
  do
  :: known = changes;
    if
    :: known >= WRITES -> break
    :: else
    fi;
    /* isth_region_wait */
#ifdef NO_WAITER_FENCE
    if
    :: armed = true; found = changes
    :: found = changes; armed = true
    fi;
    if
    :: found != known -> goto again
    :: else
    fi;
    asleep[ME] = true; /* what the kernel compares is no newer than what we saw */
#else
    armed = true;
#ifdef NO_RECHECK
    asleep[ME] = true;
#else
    atomic {
      if
      :: changes == known -> asleep[ME] = true
      :: else
      fi
    };
#endif
#endif
    !asleep[ME];
again:
    skip
  od
}
