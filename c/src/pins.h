/* pins.h: which CPU each serving thread runs on. */
#ifndef ISTH_PINS_H
#define ISTH_PINS_H

#include <isthmus/service.h>

struct isth__pins {
  unsigned int cpus[ISTH_MAX_LANES];
  uint32_t count; /* 0: threads run wherever the system wants */
};

/* Copies the CPUs of the options. Errors: INVALID_ARGUMENT for too many, or one that the calling thread may not run on. */
int isth__pins_take(struct isth__pins *pins, const isth_service_options *options, isth_failure *failure);

/* Pins the calling thread, which is the serving thread of this number. */
void isth__pins_apply(const struct isth__pins *pins, unsigned int number);

#endif
