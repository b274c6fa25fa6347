/*
 * call.c: a 64-byte call from a C client to a C service in another process and back, both polling, each pinned to a CPU; in ns.
 * Usage: call CPU CPU [calls]
 */
#include "platform.h"

#include <isthmus/isthmus.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ECHO = 1, PAYLOAD_BYTES = 64, BATCHES = 9 };

static const isth_method methods[] = {{ECHO, "echo", PAYLOAD_BYTES, PAYLOAD_BYTES, ISTH_REPLIES_ONE}};
static const char *const text[] = {"service bench\n", NULL};
static const isth_schema schema = {"bench", {0}, text, methods, 1, NULL, 0};

static int on_echo(isth_call *call, void *user) {
  size_t size;
  (void)user;
  const void *input = isth_call_input(call, &size);
  memcpy(isth_call_output(call, size), input, size);
  return 0;
}

static int serve(const char *path, unsigned int cpu) {
  isth_service_options options;
  isth_service *service;
  isth_failure failure;
  isth_service_options_init(&options);
  options.path = path;
  options.wait = ISTH_WAIT_SPIN;
  options.cpus = &cpu;
  options.cpu_count = 1;
  if (isth_service_open(&service, &schema, &options, &failure) != 0) return 1;
  isth_service_handle(service, ECHO, PAYLOAD_BYTES, on_echo, NULL);
  return isth_service_run(service, &failure) == 0 ? 0 : 1;
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static int measure(isth_client *client, uint64_t calls) {
  double batches[BATCHES];
  unsigned char request[PAYLOAD_BYTES] = {1}, reply[PAYLOAD_BYTES];
  for (int batch = -1; batch < BATCHES; batch++) {
    uint64_t begin = isth_now_ns();
    for (uint64_t i = 0; i < calls; i++) {
      memcpy(request, &i, sizeof i);
      int error = isth_client_call_sync(client, ECHO, request, sizeof request, reply, sizeof reply, NULL, 0, NULL);
      if (error != 0 || memcmp(request, reply, sizeof reply) != 0) {
        fprintf(stderr, "call: %s\n", isth_error_name(error));
        return 1;
      }
    }
    if (batch >= 0) batches[batch] = (double)(isth_now_ns() - begin) / (double)calls;
  }
  qsort(batches, BATCHES, sizeof batches[0], compare);
  printf("%.1f\n", batches[BATCHES / 2]);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  uint64_t calls = argc > 3 ? strtoull(argv[3], NULL, 10) : 50000;
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-bench-%d.sock", (int)getpid());
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) _exit(serve(path, (unsigned int)atoi(argv[2])));
  isth__pin_thread((unsigned int)atoi(argv[1]));
  isth_client_options options;
  isth_client_options_init(&options);
  options.wait = ISTH_WAIT_SPIN;
  isth_client *client = NULL;
  int error = -1;
  for (int tries = 0; tries < 1000 && error != 0; tries++) {
    usleep(1000);
    error = isth_client_open(&client, path, &schema, &options, NULL);
  }
  int code = error == 0 ? measure(client, calls) : 1;
  isth_client_close(client);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  unlink(path);
  return code;
}
