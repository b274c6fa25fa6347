/*
 * wake.pml: how a thread that serves lanes goes to sleep, and how clients wake it (c/src/ring.c's sleeping, worker.c, wake.c).
 *
 * Each client publishes records in its own ring, and wakes the thread when that has said that it sleeps. A store waits in its
 * side's buffer, from which the memory takes it at any time, so that a later load may come first; a fence empties the buffer. A
 * wake-up is a socket that holds so many bytes (ROOM), and more are dropped. With edges, as epoll has them for serving threads, the thread
 * sleeps until a byte comes that finds room; -DLEVEL is how a client waits for replies: until there are bytes.
 *
 * Holds: all that was published is taken. A lost wake-up is a thread that sleeps for ever.
 *
 * -DLANES=1 is one lane. Others take one thing away, and then that must fail: NO_PRODUCER_FENCE, NO_CONSUMER_FENCE, NO_RECHECK,
 * FIRST_ONLY (of two lanes only the first is looked at again), SAY_AFTER (the look comes before it is said that the thread sleeps),
 * CLEAR_LATE (signals are taken after that look), NEVER_CLEAR (and so there is no room for the next), NOTIFY_BEFORE (the client looks
 * before it publishes).
 */
#ifndef LANES
#define LANES 2
#endif
#ifndef RECORDS
#define RECORDS 3
#endif
#define ROOM 1

byte visible[LANES];  /* records, as the memory has them */
byte buffered[LANES]; /* more, in their client's store buffer */
byte taken[LANES];
bool sleeping[LANES], telling[LANES], told[LANES]; /* as the memory has it; what waits in the thread's buffer: whether, and what */
byte bytes[LANES]; /* in the socket */
bool edge[LANES];  /* a byte came that was not told of yet */

inline drain_client(lane) { d_step { visible[lane] = visible[lane] + buffered[lane]; buffered[lane] = 0 } }

inline drain_thread(lane) {
  d_step {
    if
    :: telling[lane] -> sleeping[lane] = told[lane]; telling[lane] = false
    :: else
    fi
  }
}

/* The memory takes what waits in buffers, whenever it likes. */
active [LANES] proctype memory() {
end:
  do
  :: atomic { buffered[_pid] > 0 -> drain_client(_pid) }
  :: atomic { telling[_pid] -> drain_thread(_pid) }
  od
}

inline notify(lane) {
  d_step {
    if
    :: sleeping[lane] ->
      sleeping[lane] = false; /* an exchange: at once in memory */
      if
      :: bytes[lane] < ROOM -> bytes[lane]++; edge[lane] = true
      :: else
      fi
    :: else
    fi
  }
}

active [LANES] proctype client() {
  byte lane = _pid - LANES, record;
  do
  :: record == RECORDS -> break
  :: else ->
#ifdef NOTIFY_BEFORE
    notify(lane);
#endif
    buffered[lane]++;
#ifndef NO_PRODUCER_FENCE
    drain_client(lane);
#endif
#ifndef NOTIFY_BEFORE
    notify(lane);
#endif
    record++
  od
}

inline clear(lane) {
#ifndef NEVER_CLEAR
  d_step { bytes[lane] = 0; signalled[lane] = false }
#else
  skip
#endif
}

/* Only the newest of its stores to a word counts: the one before reaches the memory first. */
inline say(lane, what) {
  drain_thread(lane);
  d_step { telling[lane] = true; told[lane] = what }
}

inline look(lane) {
  if
#ifndef NO_RECHECK
  :: visible[lane] > taken[lane] -> awake = true
#endif
  :: else
  fi
}

active proctype thread() {
  bool signalled[LANES], awake;
  byte lane, idle;
serve:
  do
  :: lane < LANES ->
    if
    :: visible[lane] > taken[lane] -> taken[lane] = visible[lane]; idle = 0
    :: else -> idle++
    fi;
    lane++
  :: else -> break
  od;
  lane = 0;
  if
  :: idle < LANES -> goto serve
  :: else -> idle = 0
  fi;

  awake = false;
  do
  :: lane < LANES && !awake ->
#ifndef CLEAR_LATE
    if
    :: signalled[lane] -> clear(lane)
    :: else
    fi;
#endif
#ifdef SAY_AFTER
    look(lane);
    say(lane, true);
    drain_thread(lane);
#else
    say(lane, true);
#ifndef NO_CONSUMER_FENCE
    drain_thread(lane);
#endif
#ifdef FIRST_ONLY
    if
    :: lane == 0 -> look(lane)
    :: else
    fi;
#else
    look(lane);
#endif
#endif
#ifdef CLEAR_LATE
    if
    :: signalled[lane] -> clear(lane)
    :: else
    fi;
#endif
    lane++
  :: else -> break
  od;

  if
  :: !awake ->
end_asleep:
    atomic {
#ifdef LEVEL
      bytes[0] > 0 || bytes[LANES - 1] > 0 ->
#else
      (edge[0] && bytes[0] > 0) || (edge[LANES - 1] && bytes[LANES - 1] > 0) ->
#endif
      lane = 0;
      do
      :: lane < LANES ->
        signalled[lane] = signalled[lane] || bytes[lane] > 0;
        edge[lane] = false;
        lane++
      :: else -> break
      od
    }
  :: else
  fi;
  lane = 0;
  do
  :: lane < LANES -> say(lane, false); lane++
  :: else -> break
  od;
  lane = 0;
  goto serve
}

/* Nobody can do anything any more. */
active proctype quiet() {
  timeout ->
  assert(taken[0] == RECORDS && taken[LANES - 1] == RECORDS)
}
