/*
 * hostile.c: what a client that means harm costs another one: the 99th percentile of a good client's calls beside each kind of
 * flood, as a ratio to that of the same round without; the median over the rounds, the least and the most.
 *
 * The service has one CPU to itself, the good client shares the other one with the hostile one. That runs only where nobody else
 * wants to (SCHED_IDLE): so what is measured is what the service does with what it is sent, not who gets the CPU. The good
 * client sleeps while it waits, and between calls, so that there is time enough for harm.
 * Usage: hostile [rounds (5)] [calls of each measurement (5000)]
 */
#include "../test/flood.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { CLIENT_CPU = 0, SERVICE_CPU = 1, PAUSE_US = 100, MOST_ROUNDS = 99 };

static char path[64];

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static pid_t start_service(void) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) return child;
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = path;
  options.cpus = (const unsigned int[]){SERVICE_CPU};
  options.cpu_count = 1;
  echo_open(&echo, &options);
  _exit(isth_service_run(echo.service, NULL) == 0 ? 0 : 1);
}

static pid_t start_flood(struct flooder *flooder, enum flood flood) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child != 0) return child;
  const struct sched_param none = {.sched_priority = 0};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  isth__pin_thread(CLIENT_CPU);
  CHECK_EQUAL(sched_setscheduler(0, SCHED_IDLE, &none), 0);
  flooder->flood = flood;
  snprintf(flooder->path, sizeof flooder->path, "%s", path);
  (void)flood_run(flooder);
  _exit(1);
}

static void end(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

/* The 99th percentile of so many calls, in us. */
static double measure(isth_client *client, double *took_us, size_t calls) {
  for (size_t i = 0; i < calls; i++) {
    uint64_t value = i, answer = 0, begin_ns = isth_now_ns();
    CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, 60000000000u, NULL), 0);
    took_us[i] = (double)(isth_now_ns() - begin_ns) / 1000;
    CHECK_EQUAL(answer, value);
    usleep(PAUSE_US);
  }
  qsort(took_us, calls, sizeof took_us[0], compare);
  return took_us[calls * 99 / 100];
}

/* The same beside a flood, and how much of that there was. */
static double measure_beside(enum flood flood, isth_client *client, double *took_us, size_t calls, double *steps) {
  struct flooder *flooder = mmap(NULL, sizeof *flooder, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(flooder != MAP_FAILED);
  pid_t child = start_flood(flooder, flood);
  while (atomic_load(&flooder->steps) < 100) usleep(1000);
  uint64_t begin_ns = isth_now_ns(), before = atomic_load(&flooder->steps);
  double p99 = measure(client, took_us, calls);
  *steps = (double)(atomic_load(&flooder->steps) - before) * 1e9 / (double)(isth_now_ns() - begin_ns);
  end(child);
  munmap(flooder, sizeof *flooder);
  return p99;
}

static isth_client *connect_patiently(void) {
  isth_client *client = NULL;
  isth_client_options options = patient_client(NULL);
  options.wait = ISTH_WAIT_BLOCK;
  for (int tries = 0; tries < 10000 && client == NULL; tries++) {
    usleep(1000);
    (void)isth_client_open(&client, path, &echo_schema, &options, NULL);
  }
  CHECK(client != NULL);
  return client;
}

int main(int argc, char **argv) {
  static double ratios[FLOODS][MOST_ROUNDS], alone[MOST_ROUNDS], steps[FLOODS];
  size_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 5, calls = argc > 2 ? strtoull(argv[2], NULL, 10) : 5000;
  if (rounds < 1 || rounds > MOST_ROUNDS || calls < 100) return 2;
  double *took_us = calloc(calls, sizeof *took_us);
  CHECK(took_us != NULL);
  snprintf(path, sizeof path, "/tmp/isth-bench-%d.sock", (int)getpid());
  pid_t service = start_service();
  prctl(PR_SET_TIMERSLACK, 1);
  isth__pin_thread(CLIENT_CPU);
  isth_client *client = connect_patiently();
  (void)measure(client, took_us, calls);
  for (size_t round = 0; round < rounds; round++) {
    alone[round] = measure(client, took_us, calls);
    for (enum flood flood = 0; flood < FLOODS; flood++)
      ratios[flood][round] = measure_beside(flood, client, took_us, calls, &steps[flood]) / alone[round];
  }
  qsort(alone, rounds, sizeof alone[0], compare);
  printf("%-16s p99 %.1f us (%.1f to %.1f)\n", "alone", alone[rounds / 2], alone[0], alone[rounds - 1]);
  for (enum flood flood = 0; flood < FLOODS; flood++) {
    qsort(ratios[flood], rounds, sizeof ratios[flood][0], compare);
    printf("%-16s p99 x %.2f (%.2f to %.2f), %.0f a second\n", flood_names[flood], ratios[flood][rounds / 2],
           ratios[flood][0], ratios[flood][rounds - 1], steps[flood]);
  }
  isth_client_close(client);
  end(service);
  unlink(path);
  free(took_us);
  return 0;
}
