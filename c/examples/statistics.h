/*
 * statistics.h: what the service and its clients agree on. `isthmus gen` writes such a header from a schema file; this one
 * is written by hand, to show what there is to it, and because a C program needs nothing else.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include <isthmus/isthmus.h>

enum { STATISTICS_SUMMARIZE = 1, STATISTICS_MOST = 1000 };

typedef struct statistics_sample {
  uint32_t count; /* how many of the values count, 1 to STATISTICS_MOST */
  uint32_t reserved;
  double values[STATISTICS_MOST];
} statistics_sample;

typedef struct statistics_summary {
  double mean, deviation;
} statistics_summary;

/* The hash says which agreement this is: change it whenever a struct or a number above changes, and programs that were built
 * from different ones refuse each other when they connect. */
static const isth_method statistics_methods[] = {
    {STATISTICS_SUMMARIZE, "summarize", sizeof(statistics_sample), sizeof(statistics_summary), ISTH_REPLIES_ONE}};
static const char *const statistics_text[] = {"statistics, first version\n", NULL};
static const isth_schema statistics_schema = {
    "statistics", "statistics, first version", statistics_text, statistics_methods, 1, NULL, 0};

#endif
