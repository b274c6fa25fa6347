/*
 * journal.h: a journal of lines of text, as an example of what is not one request and one reply of fixed size. `isthmus
 * gen` writes such a header from a schema file, and the checks that journal_service.c does by hand.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <isthmus/isthmus.h>

enum {
  JOURNAL_APPEND = 1, /* one way: a line, whose number does not matter */
  JOURNAL_REPLAY = 2, /* many replies: each line from a number on */
  JOURNAL_NEXT = 3    /* the line of a number, as soon as there is one */
};

/* A line: this struct, and its text as a tail behind it. */
typedef struct journal_line {
  uint64_t number; /* from 0 */
  isth_span text;
} journal_line;

typedef struct journal_from {
  uint64_t number;
} journal_from;

static const isth_method journal_methods[] = {
    {JOURNAL_APPEND, "append", sizeof(journal_line), 0, ISTH_REPLIES_NONE},
    {JOURNAL_REPLAY, "replay", sizeof(journal_from), sizeof(journal_line), ISTH_REPLIES_MANY},
    {JOURNAL_NEXT, "next", sizeof(journal_from), sizeof(journal_line), ISTH_REPLIES_ONE}};
static const char *const journal_text[] = {"journal, first version\n", NULL};
static const isth_schema journal_schema = {"journal", "journal, first version", journal_text, journal_methods, 3, NULL,
                                           0};

#endif
