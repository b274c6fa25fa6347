/*
 * stations_reader.c: reports for two stations, reads what the latest reports are, and waits for a newer one.
 *
 *   build/examples/stations_reader /tmp/stations.sock
 */
#include "stations.h"

#include <stdio.h>
#include <string.h>

static int complain(const char *what, int error) {
  fprintf(stderr, "%s: %s: %s\n", what, isth_error_name(error), isth_error_message(error));
  return 1;
}

static int report(isth_client *client, const char *station, double celsius) {
  stations_report report = {.celsius = celsius};
  snprintf(report.station, sizeof report.station, "%s", station);
  return isth_client_call_sync(client, STATIONS_REPORT, &report, sizeof report, NULL, 0, NULL, 0, NULL);
}

/* Reads a row: a copy in one piece, without a call and without a lock. What another program wrote is checked, as ever. */
static int print_row(const isth_region *latest, uint32_t row) {
  stations_report report;
  isth_stamp stamp;
  int error = isth_region_read(latest, row, &report, &stamp);
  if (error != 0) return error;
  if (!isth_text_valid(report.station, sizeof report.station)) return ISTH_E_HANDLER_FAULT;
  printf("%s: %g C, report %llu\n", report.station, report.celsius, (unsigned long long)stamp.version);
  return 0;
}

/* Reports once more, as another program would, and waits for that. */
static int print_next(isth_client *client, const isth_region *latest) {
  const char key[sizeof((stations_report *)NULL)->station] = "oslo";
  uint64_t changes = isth_region_changes(latest);
  uint32_t row;
  int error = report(client, key, -4);
  if (error == 0) error = isth_region_wait(latest, changes, 1000000000);
  if (error == 0) error = isth_region_find(latest, key, &row);
  return error == 0 ? print_row(latest, row) : error;
}

int main(int argc, char **argv) {
  isth_client *client;
  isth_region *latest;
  isth_failure failure = {0, ""};
  if (argc != 2) {
    fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
    return 2;
  }
  if (isth_client_open(&client, argv[1], &stations_schema, NULL, &failure) != 0)
    return complain(failure.message, failure.error);
  int error = isth_client_region(client, STATIONS_LATEST, &latest);
  if (error != 0) {
    isth_client_close(client);
    return complain("the region", error);
  }
  error = report(client, "oslo", -3.5);
  if (error == 0) error = report(client, "lima", 19);
  for (uint32_t row = 0; error == 0 && row < isth_region_rows(latest); row++) error = print_row(latest, row);
  if (error == 0) error = print_next(client, latest);
  /* The region outlives the connection, and the service. */
  isth_client_close(client);
  if (error == 0) error = print_row(latest, 1);
  isth_region_close(latest);
  return error == 0 ? 0 : complain("the stations", error);
}
