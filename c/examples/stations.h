/*
 * stations.h: weather stations that report to a service, and whose latest reports anybody reads without a call: a region, as a
 * table with a row for each station. `isthmus gen` writes such a header from a schema file, with functions typed by struct.
 */
#ifndef STATIONS_H
#define STATIONS_H

#include <isthmus/isthmus.h>

enum {
  STATIONS_REPORT = 1, /* the method: a report, which becomes the station's latest */
  STATIONS_LATEST = 1  /* the region; its numbers are its own */
};

typedef struct stations_report {
  char station[16]; /* ended by a NUL; what tells rows apart */
  double celsius;
} stations_report;

static const isth_method stations_methods[] = {
    {STATIONS_REPORT, "report", sizeof(stations_report), 0, ISTH_REPLIES_ONE}};
static const isth_region_type stations_regions[] = {{STATIONS_LATEST, "latest", sizeof(stations_report), 100,
                                                     offsetof(stations_report, station),
                                                     sizeof((stations_report *)NULL)->station, true, ISTH_WRITERS_ONE}};
static const char *const stations_text[] = {"stations, first version\n", NULL};
static const isth_schema stations_schema = {
    "stations", "stations, first version", stations_text, stations_methods, 1, stations_regions, 1};

#endif
