/* The C half of probe.schema.ts. */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static _Atomic int64_t total;

static void identify(const isth_call *call, uint32_t tag, probe_identity *out) {
  out->pid = (uint32_t)getpid();
  out->thread = isth_call_thread(call);
  out->tag = tag;
}

static void pause_for(uint32_t microseconds) {
  struct timespec left = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

int probe_on_echo(isth_call *call, const probe_everything *in, probe_everything *out) {
  (void)call;
  *out = *in;
  return 0;
}

int probe_on_double(isth_call *call, const probe_number64 *in, probe_number64 *out) {
  (void)call;
  out->value = (int64_t)((uint64_t)in->value * 2);
  return 0;
}

int probe_on_blob(isth_call *call, const probe_blob *in, probe_blob *out) {
  (void)call;
  *out = *in;
  return 0;
}

int probe_on_ping(isth_call *call) {
  (void)call;
  return 0;
}

int probe_on_add(isth_call *call, const probe_number64 *in) {
  (void)call;
  total += in->value;
  return 0;
}

int probe_on_total(isth_call *call, probe_number64 *out) {
  (void)call;
  out->value = total;
  return 0;
}

int probe_on_sleep(isth_call *call, const probe_pause *in, probe_identity *out) {
  pause_for(in->microseconds);
  identify(call, in->tag, out);
  return 0;
}

int probe_on_idempotent_sleep(isth_call *call, const probe_pause *in, probe_identity *out) {
  return probe_on_sleep(call, in, out);
}

int probe_on_status(isth_call *call, const probe_code *in, probe_identity *out) {
  total += 1;
  identify(call, 0, out);
  return in->code;
}

int probe_on_refuse(isth_call *call, const probe_code *in) {
  return isth_refuse(call, in->code,
                     "refused with %d, t\xc3\xb6"
                     "dlich",
                     in->code);
}

int probe_on_bad_enum(isth_call *call, probe_everything *out) {
  int wrong = 77;
  (void)call;
  memcpy(&out->colour, &wrong, sizeof wrong);
  return 0;
}

int probe_on_bad_size(isth_call *call, probe_everything *out) {
  (void)out;
  return isth_call_output(call, 3) == NULL ? ISTH_E_REPLY_TOO_LARGE : 0;
}

int probe_on_not_a_number(isth_call *call, probe_everything *out) {
  (void)call;
  out->precise = NAN;
  out->single = INFINITY;
  return 0;
}

int probe_on_context(isth_call *call, probe_context *out) {
  const isth_trace *trace = isth_call_trace(call);
  for (size_t i = 0; i < sizeof trace->trace_id; i++) snprintf(out->trace_id + 2 * i, 3, "%02x", trace->trace_id[i]);
  for (size_t i = 0; i < sizeof trace->span_id; i++) snprintf(out->span_id + 2 * i, 3, "%02x", trace->span_id[i]);
  out->remaining_ns = isth_call_remaining_ns(call);
  out->call_id = isth_call_id(call);
  return 0;
}

int probe_on_crash(isth_call *call) {
  (void)call;
  raise(SIGKILL);
  return 0;
}

int probe_on_idempotent_crash(isth_call *call) { return probe_on_crash(call); }

int main(int argc, char **argv) { return probe_main(argc, argv); }
