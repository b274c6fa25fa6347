/*
 * stations_service.c: a service whose state others read without asking it.
 *
 *   build/examples/stations_service --socket /tmp/stations.sock
 */
#include "stations.h"

#include <math.h>
#include <string.h>

/* The caller can still write to the payload: it is copied before it is checked. */
static int on_report(isth_call *call, void *user) {
  isth_region *latest = user;
  stations_report report;
  size_t size;
  const void *in = isth_call_input(call, &size);
  if (size != sizeof report) return isth_refuse(call, ISTH_E_INVALID_INPUT, "%zu bytes", size);
  memcpy(&report, in, sizeof report);
  if (!isth_text_valid(report.station, sizeof report.station) || report.station[0] == '\0' || !isfinite(report.celsius))
    return isth_refuse(call, ISTH_E_INVALID_INPUT, "a report has a station of 1 to 15 bytes, and a temperature");
  /* A new row for a new station. Readers see either the last report or this one, whole, at any moment. */
  return isth_region_put(latest, &report, ISTH_ANY_VERSION, NULL, NULL);
}

static int set_up(isth_service *service) {
  return isth_service_handle(service, STATIONS_REPORT, 0, on_report, isth_service_region(service, STATIONS_LATEST));
}

int main(int argc, char **argv) { return isth_service_main(argc, argv, &stations_schema, set_up); }
