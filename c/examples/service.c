/*
 * service.c: a service in a page. It answers one method, and stops on Ctrl-C.
 *
 *   build/examples/service --socket /tmp/statistics.sock
 */
#include "statistics.h"

#include <math.h>

static int on_summarize(isth_call *call, void *user) {
  size_t size;
  const statistics_sample *sample = isth_call_input(call, &size);
  (void)user;
  if (size != sizeof *sample) return isth_refuse(call, ISTH_E_INVALID_INPUT, "%zu bytes are no sample", size);

  /* The sample lies in memory that the caller can still write to: what is checked is read once. */
  uint32_t count = *(const volatile uint32_t *)&sample->count;
  if (count < 1 || count > STATISTICS_MOST)
    return isth_refuse(call, 1, "count is %u, not 1 to %d", (unsigned)count, STATISTICS_MOST);

  double sum = 0, squares = 0;
  for (uint32_t i = 0; i < count; i++) {
    double value = sample->values[i];
    sum += value;
    squares += value * value;
  }
  double mean = sum / count, variance = squares / count - mean * mean;

  /* The reply is written in place. There is room: the registration below says how much it takes at most. */
  statistics_summary *summary = isth_call_output(call, sizeof *summary);
  summary->mean = mean;
  summary->deviation = sqrt(variance > 0 ? variance : 0);
  return 0;
}

static int set_up(isth_service *service) {
  return isth_service_handle(service, STATISTICS_SUMMARIZE, sizeof(statistics_summary), on_summarize, NULL);
}

int main(int argc, char **argv) { return isth_service_main(argc, argv, &statistics_schema, set_up); }
