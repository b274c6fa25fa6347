/* patient.h: a busy machine holds any thread up for seconds. What a test is not about must not time out before its thread runs. */
#ifndef ISTH_TEST_PATIENT_H
#define ISTH_TEST_PATIENT_H

#include <isthmus/isthmus.h>

/* Long, and yet an end: a test that waits for what never comes fails by its own words. */
#define PATIENT_NS 60000000000u

/* As given, or the defaults where NULL; patient with the handshake, and when draining, where these have their defaults. */
static inline isth_client_options patient_client(const isth_client_options *given) {
  isth_client_options defaults, options;
  isth_client_options_init(&defaults);
  options = given == NULL ? defaults : *given;
  if (options.connect_timeout_ns == 0 || options.connect_timeout_ns == defaults.connect_timeout_ns)
    options.connect_timeout_ns = PATIENT_NS;
  return options;
}

static inline isth_service_options patient_service(const isth_service_options *given) {
  isth_service_options defaults, options;
  isth_service_options_init(&defaults);
  options = given == NULL ? defaults : *given;
  if (options.handshake_timeout_ns == 0 || options.handshake_timeout_ns == defaults.handshake_timeout_ns)
    options.handshake_timeout_ns = PATIENT_NS;
  if (options.drain_timeout_ns == 0 || options.drain_timeout_ns == defaults.drain_timeout_ns)
    options.drain_timeout_ns = PATIENT_NS;
  return options;
}

#endif
