/* main.c: a whole main() for a service. */
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the signal handler stops: a handler has no argument of its own, so this is the library's one global. */
static isth_service *_Atomic running_service;

static void stop_running(int signal_number) {
  int saved = errno;
  (void)signal_number;
  isth_service *service = atomic_load(&running_service);
  if (service != NULL) isth_service_stop(service);
  errno = saved;
}

static void print_usage(FILE *to, const char *program) {
  fprintf(to,
          "usage: %s [--socket PATH] [--threads N] [--wait adaptive|block|spin] [--cpu N]\n"
          "\n"
          "  --socket PATH  Unix socket to listen on (default: the environment variable ISTHMUS_SOCKET)\n"
          "  --threads N    serving threads, 1 to %d (default: 1)\n"
          "  --wait MODE    how idle threads wait (default: adaptive)\n"
          "  --cpu N        pin serving thread i to CPU N + i (default: not pinned)\n",
          program, ISTH_MAX_LANES);
}

static bool parse_number(const char *text, long low, long high, long *number) {
  char *end;
  errno = 0;
  *number = strtol(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *number >= low && *number <= high;
}

static bool parse_wait(const char *text, isth_wait *wait) {
  static const char *const names[] = {"adaptive", "block", "spin"};
  for (int i = 0; i < 3; i++) {
    if (strcmp(text, names[i]) != 0) continue;
    *wait = (isth_wait)i;
    return true;
  }
  return false;
}

/* 0: go on, 1: help was asked for, 2: wrong usage, which it has reported. */
static int parse_arguments(int argc, char **argv, isth_service_options *options) {
  for (int i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    long number = 0;
    bool good = value != NULL;
    if (strcmp(name, "--help") == 0) return 1;
    if (strcmp(name, "--socket") == 0) {
      options->path = value;
    } else if (strcmp(name, "--threads") == 0) {
      good = good && parse_number(value, 1, ISTH_MAX_LANES, &number);
      options->threads = (unsigned int)number;
    } else if (strcmp(name, "--wait") == 0) {
      good = good && parse_wait(value, &options->wait);
    } else if (strcmp(name, "--cpu") == 0) {
      good = good && parse_number(value, 0, 4095, &number);
      options->cpu = (int)number;
    } else {
      good = false;
    }
    if (!good) {
      fprintf(stderr, "%s: %s%s%s is not valid\n", argv[0], name, value == NULL ? "" : " ", value == NULL ? "" : value);
      return 2;
    }
  }
  return 0;
}

static int complain(const char *program, int error, const isth_failure *failure) {
  fprintf(stderr, "%s: %s: %s: %s\n  %s\n", program, isth_error_name(error), isth_error_message(error),
          failure->message, isth_error_action(error));
  return 1;
}

int isth_service_main(int argc, char **argv, const isth_schema *schema, int (*setup)(isth_service *service)) {
  const char *program = argc > 0 ? argv[0] : schema->name;
  isth_service_options options;
  isth_service_options_init(&options);
  int usage = parse_arguments(argc, argv, &options);
  if (usage != 0) {
    print_usage(usage == 1 ? stdout : stderr, program);
    return usage == 1 ? 0 : 2;
  }
  const char *parent = getenv("ISTHMUS_PARENT_FD");
  long parent_fd;
  if (parent != NULL) {
    if (!parse_number(parent, 0, 1 << 20, &parent_fd)) {
      fprintf(stderr, "%s: ISTHMUS_PARENT_FD=%s is not a descriptor\n", program, parent);
      return 2;
    }
    options.parent_fd = (int)parent_fd;
  }

  isth_failure failure = {0, ""};
  isth_service *service;
  int error = isth_service_open(&service, schema, &options, &failure);
  if (error != 0) return complain(program, error, &failure);
  error = setup(service);
  if (error != 0) {
    isth__fail(&failure, error, "registering the handlers");
  } else {
    struct sigaction action = {.sa_handler = stop_running};
    sigemptyset(&action.sa_mask);
    atomic_store(&running_service, service);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    error = isth_service_run(service, &failure);
    atomic_store(&running_service, NULL);
  }
  isth_service_close(service);
  return error == 0 ? 0 : complain(program, error, &failure);
}
