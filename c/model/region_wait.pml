/*
 * region_wait.pml: waiting for a change, and waking who waits (c/src/region_wait.c).
 *
 * Writers write one behind the other, as the lock has it, and one of them may be killed at any point; two others wait
 * for each change in turn. What a writer adds to `changes` waits in its store buffer, from which the memory takes it at
 * any time: so its load of `armed` may come first. Who waits has all writers fence (isth__fence_others), which empties
 * the buffer. The kernel compares and goes to sleep in one step, and wakes in one, after a fence.
 *
 * Holds: all who wait come to the last change, without any timeout. A lost wake-up is a process that never ends.
 *
 * -DWRITER_FENCES is the other way, for kernels without it: each writer fences by itself, and who waits as well. It
 * holds too. The others take one thing away, and then that must fail: NO_FENCE_OTHERS, NO_WAITER_FENCE, NO_RECHECK (neither
 * here nor in the kernel), CLEAR_AFTER (`armed` is cleared after the change, not before), FORGET_CLEARED (what was
 * cleared does not wake), WAKE_ONE, NO_RECOVERY_WAKE.
 */
#define WAITERS 2
#ifndef WRITES
#define WRITES 3
#endif

#define ME (_pid - 2) /* the killer and the writer come first */

bool armed;
byte changes;
byte buffered; /* so many more, in the store buffer of who writes */
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

inline drain() {
  d_step {
    changes = changes + buffered;
    buffered = 0
  }
}

inline wake_all() {
  d_step {
    changes = changes + buffered;
    buffered = 0;
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
  buffered++;
#ifdef WRITER_FENCES
  drain();
#endif
  seen = armed;
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
    :: changes + buffered >= WRITES && complete -> break
    :: else ->
      wake = false;
      announce(wake);
      complete = true
    od
  } unless {
    atomic { doomed && !complete -> doomed = false; drain(); mark = true; goto life }
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
#if !defined(WRITER_FENCES) && !defined(NO_FENCE_OTHERS)
    drain();
#endif
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

/* What is in a store buffer reaches memory at some time. */
active proctype memory() {
end:
  do
  :: atomic { buffered > 0 -> buffered--; changes++ }
  od
}
