/* served.h: a service that never runs: the fuzzers call its parts themselves, one after the other. */
#ifndef ISTH_FUZZ_SERVED_H
#define ISTH_FUZZ_SERVED_H

#include "service.h"

#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

/* Opens it. It needs no socket: nobody connects. */
static inline isth_service *fuzz_service(const isth_schema *schema, unsigned int threads) {
  isth_service *service;
  isth_service_options options;
  isth_failure failure = {0, ""};
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-fuzz-%d.sock", (int)getpid());
  isth_service_options_init(&options);
  options.path = path;
  options.threads = threads;
  options.max_streams = 2;
  int error = isth_service_open(&service, schema, &options, &failure);
  if (error != 0) fprintf(stderr, "open: %s\n", failure.message);
  CHECK_EQUAL(error, 0);
  isth__unlisten(service);
  return service;
}

/* How many descriptors are open: as many after an input as before it. */
static inline int fuzz_open_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 256; fd++) count += fcntl(fd, F_GETFD) != -1;
  return count;
}

#endif
