#include "pins.h"

#include <errno.h>
#include <string.h>

#include "wire.h"

int isth__pins_take(struct isth__pins *pins, const isth_service_options *options, isth_failure *failure) {
  struct isth__cpus before;
  int error = 0;
  if (options->cpu_count > ISTH_MAX_LANES)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "cpus are at most %d", ISTH_MAX_LANES);
  pins->count = (uint32_t)options->cpu_count;
  isth__cpus_get(&before);
  for (uint32_t i = 0; i < pins->count && error == 0; i++) {
    pins->cpus[i] = options->cpus[i];
    /* Tried here: a thread that runs later has nobody to tell. Where the system cannot pin, nothing is pinned. */
    int problem = isth__pin_thread(pins->cpus[i]);
    if (problem != 0 && problem != ENOTSUP)
      error = isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "CPU %u: %s", pins->cpus[i], strerror(problem));
  }
  if (pins->count > 0) isth__cpus_use(&before);
  return error;
}

void isth__pins_apply(const struct isth__pins *pins, unsigned int number) {
  if (pins->count > 0) (void)isth__pin_thread(pins->cpus[number % pins->count]);
}
