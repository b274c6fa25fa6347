/*
 * client.h: what a client in C does beside its calls: its command line, the warm-up, the clock, and the line that it prints. See
 * ../contestant.ts for what the runner expects.
 */
#ifndef HOP_CLIENT_H
#define HOP_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
  HOP_SAMPLES = 1 << 18,
  /* Above that, two looks at the clock are no part of what a call costs, and every call is timed; of faster ones one in so
   * many. A prime: nothing else happens in such steps. */
  HOP_SLOW_NS = 4000,
  HOP_FEWER = 17
};

/* Counts calls, and times some. Zeroed but for `every` and `end_ns`. */
typedef struct hop_meter {
  uint64_t begin_ns, end_ns, last_ns;
  uint64_t calls, every;
  uint64_t count, *samples; /* NULL: they are not kept */
  bool is_over;
} hop_meter;

typedef struct hop_arguments {
  size_t bytes;
  unsigned int in_flight;
  uint64_t ms;
  const char *address;
} hop_arguments;

/* Calls until the meter is over, and returns once no call is under way. 0, or what the error is in words. */
typedef const char *(*hop_calls)(void *context, hop_meter *meter);

static inline uint64_t hop_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A call begins. What it returns is for hop_end: 0 where this one is not timed. */
static inline uint64_t hop_begin(hop_meter *meter) { return ++meter->calls % meter->every == 0 ? hop_now_ns() : 0; }

static inline void hop_end(hop_meter *meter, uint64_t begin_ns) {
  if (begin_ns == 0) return;
  meter->last_ns = hop_now_ns();
  if (meter->last_ns >= meter->end_ns) meter->is_over = true;
  if (meter->samples == NULL) return;
  if (meter->count == HOP_SAMPLES) {
    /* Every other one stays, and from now on half as many come. */
    for (uint64_t i = 0; i < HOP_SAMPLES / 2; i++) meter->samples[i] = meter->samples[2 * i];
    meter->count = HOP_SAMPLES / 2;
    meter->every *= 2;
  }
  meter->samples[meter->count++] = meter->last_ns - begin_ns;
}

/* Bytes that tell places apart, so that an echo that is shifted or cut is found. */
static inline void hop_pattern(unsigned char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 31 + (i >> 8));
}

/* What is looked at of every echo: its first and its last eight bytes. */
static inline bool hop_is_echo(const unsigned char *request, const unsigned char *reply, size_t size) {
  size_t part = size < 8 ? size : 8;
  return memcmp(request, reply, part) == 0 && memcmp(request + size - part, reply + size - part, part) == 0;
}

static inline int hop_fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

static inline bool hop_parse(int argc, char **argv, hop_arguments *arguments) {
  *arguments = (hop_arguments){.bytes = 64, .in_flight = 1, .ms = 400, .address = ""};
  for (int i = 1; i < argc; i++) {
    uint64_t number = i + 1 < argc ? strtoull(argv[i + 1], NULL, 10) : 0;
    if (strncmp(argv[i], "--", 2) != 0) {
      arguments->address = argv[i];
      continue;
    }
    if (number == 0) return false;
    if (strcmp(argv[i], "--bytes") == 0) arguments->bytes = (size_t)number;
    if (strcmp(argv[i], "--in-flight") == 0) arguments->in_flight = (unsigned int)number;
    if (strcmp(argv[i], "--ms") == 0) arguments->ms = number;
    i++;
  }
  return true;
}

static inline const char *hop_for(uint64_t ms, uint64_t every, hop_calls calls, void *context, hop_meter *meter) {
  meter->every = every;
  meter->begin_ns = hop_now_ns();
  meter->end_ns = meter->begin_ns + ms * 1000000;
  return calls(context, meter);
}

static inline int hop_compare(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

static inline uint64_t hop_percentile(const hop_meter *meter, double share) {
  uint64_t rank = (uint64_t)(share * (double)meter->count);
  return meter->count == 0 ? 0 : meter->samples[rank < meter->count ? rank : meter->count - 1];
}

/* The process ends with its stdin, whatever it does then: with 1 before `*is_done`, which is a bool. */
static inline void *hop_watch_stdin(void *is_done) {
  char ignored[64];
  while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  _exit(__atomic_load_n((bool *)is_done, __ATOMIC_ACQUIRE) ? 0 : 1);
}

/* Warms up, measures, and waits for the end of stdin. @returns what main does. */
static inline int hop_run(const hop_arguments *arguments, hop_calls calls, void *context) {
  hop_meter warm_up = {0}, meter = {.samples = malloc(HOP_SAMPLES * sizeof *meter.samples)};
  bool is_done = false;
  pthread_t watcher;
  if (meter.samples == NULL || pthread_create(&watcher, NULL, hop_watch_stdin, &is_done) != 0)
    return hop_fail("out of memory");
  const char *error = hop_for(arguments->ms / 2, 1, calls, context, &warm_up);
  if (error != NULL) return hop_fail(error);
  printf("warm\n");
  fflush(stdout);
  uint64_t ns_of_call = (warm_up.last_ns - warm_up.begin_ns) / (warm_up.calls == 0 ? 1 : warm_up.calls);
  error = hop_for(arguments->ms, ns_of_call < HOP_SLOW_NS ? HOP_FEWER : 1, calls, context, &meter);
  uint64_t ns = hop_now_ns() - meter.begin_ns;
  if (error != NULL) return hop_fail(error);
  qsort(meter.samples, meter.count, sizeof *meter.samples, hop_compare);
  printf("{\"calls\":%llu,\"ns\":%llu,\"p50\":%llu,\"p99\":%llu,\"p999\":%llu}\n", (unsigned long long)meter.calls,
         (unsigned long long)ns, (unsigned long long)hop_percentile(&meter, 0.5),
         (unsigned long long)hop_percentile(&meter, 0.99), (unsigned long long)hop_percentile(&meter, 0.999));
  fflush(stdout);
  /* The watcher's load acquires it. */
  __atomic_store_n(&is_done, true, __ATOMIC_RELEASE);
  pthread_join(watcher, NULL);
  return 0;
}

#endif
