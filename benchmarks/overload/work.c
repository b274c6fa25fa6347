/* work.c: the service whose overload is measured: a call takes as long as it says, in which the thread serves no other. */
#define _GNU_SOURCE
#include <time.h>

#include "work.h"

int work_on_run(isth_call *call, const work_job *in, work_done *out) {
  struct timespec left = {in->microseconds / 1000000, (long)(in->microseconds % 1000000) * 1000};
  (void)call;
  while (nanosleep(&left, &left) != 0) {
  }
  out->number = in->number;
  return 0;
}

int main(int argc, char **argv) { return work_main(argc, argv); }
