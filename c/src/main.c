/* main.c: a whole main() for a service. */
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CPU = 4095 };

/* What the signal handler ends: a handler has no argument of its own, so this is the library's one global. */
static isth_service *_Atomic running_service;

static void end_running(int signal_number) {
  int saved = errno;
  isth_service *service = atomic_load(&running_service);
  if (service != NULL) {
    /* Clients that do not leave are waited for: whoever does not want to wait asks again. */
    bool drain = signal_number == SIGTERM && !isth__load_acquire(&service->drain_asked);
    if (drain) {
      isth_service_drain(service);
    } else {
      isth_service_stop(service);
    }
  }
  errno = saved;
}

static void print_usage(FILE *to, const char *program) {
  fprintf(to,
          "usage: %s [OPTION VALUE]...\n"
          "\n"
          "  --socket PATH   Unix socket to listen on (default: the environment variable ISTHMUS_SOCKET)\n"
          "  --mode OCTAL    the socket's mode, 1 to 777 (default: 600)\n"
          "  --allow-uid ID  only this user may connect, of those whom the mode lets in; up to %d times\n"
          "  --allow-gid ID  the same for members of this group; up to %d times\n"
          "  --threads N     serving threads, 1 to %d (default: 1)\n"
          "  --wait MODE     how idle threads wait: adaptive, block or spin (default: adaptive)\n"
          "  --cpus LIST     pin serving threads to these CPUs in turn, such as 2,4-7 (default: not pinned)\n"
          "  --drain-timeout SECONDS\n"
          "                  how long clients that do not leave hold up SIGTERM, 1 to 86400 (default: 10)\n",
          program, ISTH__MAX_ALLOWED, ISTH__MAX_ALLOWED, ISTH_MAX_LANES);
}

static bool parse_in_base(const char *text, int base, long low, long high, long *number) {
  char *end;
  errno = 0;
  *number = strtol(text, &end, base);
  return errno == 0 && end != text && *end == '\0' && *number >= low && *number <= high;
}

static bool parse_number(const char *text, long low, long high, long *number) {
  return parse_in_base(text, 10, low, high, number);
}

/* Adds an id to one of the lists of who may connect. The last number there is stands for none. */
static bool parse_id(const char *text, uint32_t *ids, size_t *count) {
  long id;
  if (*count == ISTH__MAX_ALLOWED || !parse_number(text, 0, (long)UINT32_MAX - 1, &id)) return false;
  ids[(*count)++] = (uint32_t)id;
  return true;
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

/* Numbers and ranges of them, as taskset takes them. */
static bool parse_cpus(const char *text, unsigned int *cpus, size_t *count) {
  for (*count = 0;; text++) {
    char *end;
    if (*text < '0' || *text > '9') return false;
    unsigned long first = strtoul(text, &end, 10), last = first;
    if (*end == '-') {
      text = end + 1;
      if (*text < '0' || *text > '9') return false;
      last = strtoul(text, &end, 10);
    }
    if (last < first || last > MAX_CPU || last - first >= ISTH_MAX_LANES - *count) return false;
    while (first <= last) cpus[(*count)++] = (unsigned int)first++;
    text = end;
    if (*text != ',') return *text == '\0';
  }
}

/* What the lists in the options point to: isth_service_open copies them. */
struct lists {
  uint32_t uids[ISTH__MAX_ALLOWED], gids[ISTH__MAX_ALLOWED];
  unsigned int cpus[ISTH_MAX_LANES];
};

/* 0: go on, 1: help was asked for, 2: wrong usage, which it has reported. */
static int parse_arguments(int argc, char **argv, isth_service_options *options, struct lists *lists) {
  options->allowed_uids = lists->uids;
  options->allowed_gids = lists->gids;
  options->cpus = lists->cpus;
  for (int i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
    long number = 0;
    bool good = value != NULL;
    if (strcmp(name, "--help") == 0) return 1;
    if (strcmp(name, "--socket") == 0) {
      options->path = value;
    } else if (strcmp(name, "--mode") == 0) {
      good = good && parse_in_base(value, 8, 1, 0777, &number);
      options->mode = (unsigned int)number;
    } else if (strcmp(name, "--allow-uid") == 0) {
      good = good && parse_id(value, lists->uids, &options->allowed_uid_count);
    } else if (strcmp(name, "--allow-gid") == 0) {
      good = good && parse_id(value, lists->gids, &options->allowed_gid_count);
    } else if (strcmp(name, "--threads") == 0) {
      good = good && parse_number(value, 1, ISTH_MAX_LANES, &number);
      options->threads = (unsigned int)number;
    } else if (strcmp(name, "--wait") == 0) {
      good = good && parse_wait(value, &options->wait);
    } else if (strcmp(name, "--cpus") == 0) {
      good = good && parse_cpus(value, lists->cpus, &options->cpu_count);
    } else if (strcmp(name, "--drain-timeout") == 0) {
      good = good && parse_number(value, 1, 86400, &number);
      options->drain_timeout_ns = (uint64_t)number * 1000000000u;
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
  struct lists lists;
  int usage = parse_arguments(argc, argv, &options, &lists);
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
    struct sigaction action = {.sa_handler = end_running};
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
