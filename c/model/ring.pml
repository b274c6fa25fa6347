/*
 * ring.pml: a ring (c/src/ring.c): a producer that may be killed between any two of its stores, and a consumer that takes, takes
 * back, and gives back in batches.
 *
 * Memory is made of cells, each of which has the size of a header. What a store writes waits in a buffer, from which the memory
 * takes it in any order, but for two rules: stores to the same place keep their order, and a release comes after all stores
 * that were made before it. There is no fence: a ring needs none. A payload looks like a header with a length, since whatever lies
 * in a ring may look so.
 *
 * Holds: the consumer takes the records that were published, whole, once each and in their order; it never takes what is no
 * record; neither side overwrites what the other still needs; and nobody waits for ever, but the consumer when there is nothing.
 *
 * -D takes one thing away, and then one of these must fail: NO_ZERO (of the next header), NO_HEADER_ROOM (that zero needs), NO_RELEASE_LENGTH,
 * NO_ACQUIRE_LENGTH, NO_RELEASE_POSITION, NO_ACQUIRE_POSITION, NO_WRAP_ROOM (for the end that is skipped), PADDING_FIRST (published
 * before the header after it is zero), NO_GIVING_BACK (of a batch, before the consumer waits).
 *
 * -DCELLS=8 is a larger ring, with larger records.
 */
#ifndef CELLS
#define CELLS 4
#endif
#define LARGEST (CELLS / 2)
#ifndef RECORDS
#define RECORDS 4
#endif
#define PENDING 5 /* when so many wait, the producer waits for the memory; a record of the largest size makes as many */
#define PADDING 99 /* what a header says instead of a record's number */
#define PAYLOAD 77 /* what the first bytes of a payload look like where a length is expected */

#define PLACE(position) ((position) % CELLS)

byte length[CELLS]; /* the first word of each cell */
byte body[CELLS];   /* the rest of it: the number of the record that it is of */
byte given_back;    /* the consumer's position, as the producer may see it */

byte size[RECORDS]; /* of each record, in cells, once it was claimed */
byte published;     /* so many were */
byte taken;         /* so many were given back */
bool killed;

/* The producer's stores that the memory has not taken yet, the oldest first. */
typedef Store {
  byte cell, word, rest;
  bool only_length, release
}
Store pending[PENDING];
byte waiting;

inline store(a_cell, a_word, a_rest, an_only_length, a_release) {
  d_step {
    waiting < PENDING;
    pending[waiting].cell = a_cell;
    pending[waiting].word = a_word;
    pending[waiting].rest = a_rest;
    pending[waiting].only_length = an_only_length;
    pending[waiting].release = a_release;
    waiting++
  }
}

/* The memory: takes any store that may be the next one. */
active proctype memory() {
  byte i, j;
  bool may;
end:
  do
  :: atomic {
      waiting > 0 ->
      select(i : 0 .. (waiting - 1));
      may = !pending[i].release || i == 0;
      j = 0;
      do
      :: j < i -> may = may && pending[j].cell != pending[i].cell; j++
      :: else -> break
      od;
      if
      :: may ->
        length[pending[i].cell] = pending[i].word;
        if
        :: !pending[i].only_length -> body[pending[i].cell] = pending[i].rest
        :: else
        fi;
        do
        :: i + 1 < waiting ->
          pending[i].cell = pending[i + 1].cell;
          pending[i].word = pending[i + 1].word;
          pending[i].rest = pending[i + 1].rest;
          pending[i].only_length = pending[i + 1].only_length;
          pending[i].release = pending[i + 1].release;
          i++
        :: else -> break
        od;
        waiting--
      :: else
      fi;
      i = 0; j = 0; may = false
    }
  od
}

#ifdef NO_RELEASE_LENGTH
#define RELEASE false
#else
#define RELEASE true
#endif
#ifdef NO_HEADER_ROOM
#define HEADER_ROOM 0
#else
#define HEADER_ROOM 1
#endif

inline write_payload() {
  at = 1;
  do
  :: at < cells -> store(PLACE(position + at), PAYLOAD, number, false, false); at++
  :: else -> break
  od
}

inline zero(position_of) {
#ifndef NO_ZERO
  store(PLACE(position_of), 0, 0, true, false)
#else
  skip
#endif
}

inline publish_padding() {
  store(PLACE(position), 0, PADDING, false, false);
  store(PLACE(position), contiguous, PADDING, true, RELEASE)
}

active proctype producer() {
  byte position, seen, number, cells, contiguous, at, need;
  /* Nothing before the first record. */
  do
  :: number == RECORDS -> break
  :: killed -> break
  :: else ->
    if
    :: killed = true; break
    :: skip
    fi;
    select(cells : 1 .. LARGEST);
    skip;
    d_step {
      size[number] = cells;
      contiguous = CELLS - PLACE(position);
      need = cells;
      if
      :: cells > contiguous -> need = cells + contiguous
      :: else
      fi
    }
#ifdef NO_ACQUIRE_POSITION
    /* The loads and stores that come later need not wait for the look at the consumer's position. */
    if
    :: cells <= contiguous -> write_payload()
    :: else
    fi;
#endif
    /* Room for the record, the end that is skipped, and the header after it. */
#ifdef NO_WRAP_ROOM
    need = cells;
#endif
    if
    :: position + need + HEADER_ROOM - seen <= CELLS
    :: else ->
      position + need + HEADER_ROOM - given_back <= CELLS;
      seen = given_back
    fi;
    if
    :: cells > contiguous ->
#ifdef PADDING_FIRST
      publish_padding();
      position = position + contiguous;
      zero(position);
#else
      zero(position + contiguous);
      publish_padding();
      position = position + contiguous;
#endif
    :: else
    fi;
    write_payload();
    zero(position + cells);
    /* The header: all but its length may be taken by the memory at any time before it. */
    store(PLACE(position), 0, number, false, false);
    d_step {
      store(PLACE(position), cells, number, true, RELEASE);
      published++
    }
    d_step {
      position = position + cells;
      number++;
      at = 0; need = 0; contiguous = 0
    }
  od
}

active proctype consumer() {
  byte position, released, found, kind, expected, first, at;
end:
  do
#ifdef NO_ACQUIRE_LENGTH
  :: kind = body[PLACE(position)];
    if
    :: atomic { length[PLACE(position)] != 0 -> found = length[PLACE(position)] }
    :: length[PLACE(position)] == 0 -> goto end
    fi;
#else
  :: atomic { length[PLACE(position)] != 0 -> found = length[PLACE(position)] };
    kind = body[PLACE(position)];
#endif
#ifdef NO_RELEASE_POSITION
    /* The producer may learn of it before what is read below was read. */
    if
    :: kind != PADDING -> given_back = position + found
    :: else
    fi;
#endif
    if
    :: kind == PADDING ->
      assert(found == CELLS - PLACE(position));
      position = position + found
    :: else ->
      assert(expected < published);
      assert(found == size[expected]);
      assert(kind == expected);
      at = 1;
      do
      :: at < found -> assert(body[PLACE(position + at)] == expected); at++
      :: else -> break
      od;
      atomic { position = position + found; expected++; at = 0; found = 0; kind = 0 };
      if
      :: skip /* keeps it: a batch */
      :: atomic { position = released; expected = first } /* no room for its reply: takes it again later */
      :: atomic { released = position; first = expected; given_back = position; taken = expected }
      fi
    fi
#ifndef NO_GIVING_BACK
  :: atomic {
      length[PLACE(position)] == 0 && released != position ->
      released = position; first = expected; given_back = position; taken = expected
    }
#endif
  od
}

/* Nobody can do anything any more. */
active proctype quiet() {
  timeout ->
  assert(taken == published);
  assert(killed || published == RECORDS)
}
