/*
 * region.pml: a row of a region (c/src/region_memory.h): a writer that may be killed between any two of its stores, and
 * a reader.
 *
 * The reader reads once, at any time: what it read before changes nothing.
 *
 * Memory is one, but the stores of a write become visible in any order that its fences and releases allow, and the
 * loads of a read are done in any order that its acquires and its fence allow. Writes are one behind the other: the
 * lock orders them.
 *
 * Holds: what a reader accepts is one whole write, the one that was published as this version, and none older than what
 * was published when it began; and a read that no writer disturbs succeeds, wherever the last writer was killed.
 *
 * -D takes one thing away, and then one of these must fail: NO_ZERO, NO_RELEASE_FENCE, NO_RELEASE_SEQUENCE,
 * NO_RELEASE_LATEST, NO_ACQUIRE, NO_ACQUIRE_FENCE, NO_RECHECK, SLOTS=1.
 */
#ifndef SLOTS
#define SLOTS 4
#endif
#define WRITES 5 /* so many versions */
#define KILLS 2

#ifdef NO_ZERO
#define ZERO_FIRST true
#else
#define ZERO_FIRST false
#endif
#ifdef NO_RELEASE_FENCE
#define AFTER_ZERO true
#else
#define AFTER_ZERO zeroed
#endif
#ifdef NO_RELEASE_SEQUENCE
#define AFTER_VALUE AFTER_ZERO
#else
#define AFTER_VALUE (zeroed && first && second)
#endif
#ifdef NO_RELEASE_LATEST
#define AFTER_SEQUENCE true
#else
#define AFTER_SEQUENCE numbered
#endif

byte latest;
byte sequence[SLOTS];
byte low[SLOTS], high[SLOTS]; /* a value: two words, both the number of the write that they are of */

byte published[WRITES + 1]; /* of each version: the write that became it */
bool disturbed;             /* a writer has stored something since the reader's last try began */

active proctype writer() {
  byte write, version, kills, at;
  bool zeroed, first, second, numbered, done;
begin:
  do
  :: latest == WRITES -> break
  :: else ->
    atomic {
      write++;
      version = latest + 1;
      at = version % SLOTS;
      zeroed = ZERO_FIRST; first = false; second = false; numbered = false; done = false;
    }
    do
    :: atomic { !zeroed -> sequence[at] = 0; zeroed = true; disturbed = true }
    :: atomic { AFTER_ZERO && !first -> low[at] = write; first = true; disturbed = true }
    :: atomic { AFTER_ZERO && !second -> high[at] = write; second = true; disturbed = true }
    :: atomic { AFTER_VALUE && !numbered -> sequence[at] = version; numbered = true; disturbed = true }
    :: atomic { AFTER_SEQUENCE && !done -> latest = version; published[version] = write; done = true; disturbed = true }
    :: atomic { zeroed && first && second && numbered && done -> break }
    :: atomic { kills < KILLS -> kills++; goto begin } /* and another takes its place */
    od
  od
}

#ifdef NO_ACQUIRE
#define AFTER_LATEST true
#define AFTER_SEQUENCE_LOAD true
#else
#define AFTER_LATEST seen_latest
#define AFTER_SEQUENCE_LOAD seen_before
#endif
#ifdef NO_ACQUIRE_FENCE
#define AFTER_VALUE_LOADS seen_before
#else
#define AFTER_VALUE_LOADS (seen_before && seen_first && seen_second)
#endif

active proctype reader() {
  byte at, least, version, before, one, two, after;
  bool seen_latest, seen_before, seen_first, seen_second, seen_after;
  /* The slot is guessed, so that loads from it can come before that of `latest`. A wrong guess is no read. */
  select(at : 0 .. (SLOTS - 1));
  atomic { least = latest; disturbed = false }
  do
  :: atomic { !seen_latest -> version = latest; seen_latest = true }
  :: atomic { AFTER_LATEST && !seen_before -> before = sequence[at]; seen_before = true }
  :: atomic { AFTER_SEQUENCE_LOAD && !seen_first -> one = low[at]; seen_first = true }
  :: atomic { AFTER_SEQUENCE_LOAD && !seen_second -> two = high[at]; seen_second = true }
  :: atomic { AFTER_VALUE_LOADS && !seen_after -> after = sequence[at]; seen_after = true }
  :: atomic { seen_latest && seen_before && seen_first && seen_second && seen_after -> break }
  od;
#ifdef NO_RECHECK
  after = before;
#endif
  if
  :: version == 0 -> assert(least == 0)
  :: version != 0 && version % SLOTS != at -> skip
  :: version != 0 && version % SLOTS == at ->
    if
    :: before == version && after == version ->
      assert(one == two && one == published[version] && version >= least)
    :: else -> assert(disturbed)
    fi
  fi
}
