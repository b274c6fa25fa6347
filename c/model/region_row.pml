/*
 * region_row.pml: adding rows to a table (c/src/region_write.c, region_key.c), by writers that may be killed between
 * any two stores.
 *
 * A key has two words, and both lead to the same bucket or to another one. The stores of an addition become visible in
 * any order that its releases allow. The kernel's lock lets one writer in at a time, and the next one in when one dies.
 *
 * Holds: a row that is there, or that is found, has its whole key and its value; no key is there twice; and in the end
 * every row is found.
 *
 * -D takes one thing away, and then that must fail: NO_RECOVERY, NO_RELEASE_BUCKET, NO_RELEASE_ROWS (the row may be
 * there before its bucket).
 */
#define KEYS 3
#define ROWS 3
#define BUCKETS 4
#define KILLS 2

/* Keys (1,1), (1,2), (2,2): a half-written one can look like another. */
#define LOW(key) (key == 2 -> 2 : 1)
#define HIGH(key) (key == 0 -> 1 : 2)
#define FIRST_BUCKET(low, high) ((low + high) % 2)

#ifdef NO_RELEASE_BUCKET
#define AFTER_ROW true
#else
#define AFTER_ROW (stored_low && stored_high && stored_value)
#endif
#ifdef NO_RELEASE_ROWS
#define AFTER_BUCKET AFTER_ROW
#else
#define AFTER_BUCKET stored_bucket
#endif

byte rows;
byte bucket[BUCKETS]; /* 0: free; else a row's number and 1 */
byte low[ROWS], high[ROWS];
byte value[ROWS]; /* the key, and 1, that it was written for; 0: none */
bool mark;
byte kills;

/* Looks `key` up. `found`: its row, or ROWS; `free`: the bucket at which the search ended. */
inline find(key, found, free, tries) {
  atomic {
    found = ROWS; free = FIRST_BUCKET(LOW(key), HIGH(key)); tries = 0;
    do
    :: tries == BUCKETS || bucket[free] == 0 -> break
    :: tries < BUCKETS && bucket[free] != 0 && bucket[free] <= rows && low[bucket[free] - 1] == LOW(key) &&
       high[bucket[free] - 1] == HIGH(key) -> found = bucket[free] - 1; break
    :: else -> free = (free + 1) % BUCKETS; tries++
    od
  }
}

/* isth__region_finish_row */
inline finish_row() {
  atomic {
    if
    :: rows < ROWS ->
      free = FIRST_BUCKET(low[rows], high[rows]); tries = 0;
      do
      :: tries == BUCKETS || bucket[free] == 0 -> break
      :: tries < BUCKETS && bucket[free] == rows + 1 -> rows++; break
      :: else -> free = (free + 1) % BUCKETS; tries++
      od
    :: else
    fi;
    free = 0; tries = 0
  }
}

active proctype writer() {
  byte key, found, free, tries, at;
  bool stored_low, stored_high, stored_value, stored_bucket, stored_rows;
  byte puts;
life:
  do
  :: puts == 4 -> break
  :: else ->
#ifndef NO_RECOVERY
    if
    :: mark -> finish_row()
    :: else
    fi;
#endif
    mark = true;
    select(key : 0 .. (KEYS - 1));
    find(key, found, free, tries);
    if
    :: found < ROWS -> skip
    :: found == ROWS ->
      assert(rows < ROWS);
      atomic {
        at = rows;
        stored_low = false; stored_high = false; stored_value = false; stored_bucket = false; stored_rows = false
      };
      do
      :: atomic { !stored_low -> low[at] = LOW(key); stored_low = true }
      :: atomic { !stored_high -> high[at] = HIGH(key); stored_high = true }
      :: atomic { !stored_value -> value[at] = key + 1; stored_value = true }
      :: atomic { AFTER_ROW && !stored_bucket -> bucket[free] = at + 1; stored_bucket = true }
      :: atomic { AFTER_BUCKET && !stored_rows -> rows = at + 1; stored_rows = true }
      :: atomic { stored_low && stored_high && stored_value && stored_bucket && stored_rows -> break }
      :: atomic { kills < KILLS -> kills++; goto life } /* the mark stays; another takes its place */
      od
    fi;
    mark = false;
    puts++
  od;
  /* In the end all rows are found, each under its own number. */
  at = 0;
  do
  :: at == rows -> break
  :: else ->
    assert(value[at] != 0);
    key = value[at] - 1;
    find(key, found, free, tries);
    assert(found == at);
    at++
  od
}

active proctype reader() {
  byte key, found, free, tries, row, other;
  select(key : 0 .. (KEYS - 1));
  find(key, found, free, tries);
  if
  :: found < ROWS -> assert(value[found] == key + 1)
  :: else
  fi;
  atomic {
    do
    :: row == rows -> break
    :: else ->
      assert(value[row] != 0 && low[row] == LOW((value[row] - 1)) && high[row] == HIGH((value[row] - 1)));
      other = 0;
      do
      :: other == row -> break
      :: else -> assert(value[other] != value[row]); other++
      od;
      row++
    od
  }
}
