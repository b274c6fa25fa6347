/* resources.h: what a process holds and uses, for tests that hold the library to giving it all back. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef ISTH_TEST_RESOURCES_H
#define ISTH_TEST_RESOURCES_H

#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* True where a test takes a fraction of its rounds: under valgrind (make sets ISTH_TEST_SLOW) and the sanitizers. */
static inline bool is_slow(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true; /* gcc */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return true; /* clang */
#else
  return getenv("ISTH_TEST_SLOW") != NULL;
#endif
#else
  return getenv("ISTH_TEST_SLOW") != NULL;
#endif
}

static inline size_t count_entries(const char *path) {
  DIR *folder = opendir(path);
  CHECK(folder != NULL);
  size_t count = 0;
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count - 2; /* "." and ".." */
}

static inline size_t count_descriptors(void) {
  return count_entries("/proc/self/fd") - 1; /* the folder's own descriptor */
}

static inline size_t count_threads(void) { return count_entries("/proc/self/task"); }

/* Mappings of segments: the allocator and thread stacks come and go by themselves, these do not. */
static inline size_t count_segments(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  char line[512];
  size_t count = 0;
  while (fgets(line, sizeof line, maps) != NULL)
    if (strstr(line, "memfd:isthmus") != NULL || strstr(line, "/dev/shm/isthmus-") != NULL) count++;
  fclose(maps);
  return count;
}

static inline long resident_kib(void) {
  FILE *status = fopen("/proc/self/status", "r");
  CHECK(status != NULL);
  char line[256];
  long kib = -1;
  while (fgets(line, sizeof line, status) != NULL)
    if (strncmp(line, "VmRSS:", 6) == 0) kib = strtol(line + 6, NULL, 10);
  fclose(status);
  CHECK(kib > 0);
  return kib;
}

/* How many pages of a mapping of ours have memory. */
static inline size_t resident_pages(void *mapping, size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page, count = 0;
  unsigned char *resident = malloc(pages);
  CHECK(resident != NULL);
  CHECK_EQUAL(mincore(mapping, bytes, resident), 0);
  for (size_t i = 0; i < pages; i++) count += resident[i] & 1;
  free(resident);
  return count;
}

/* CPU time of the whole process, in ns. */
static inline uint64_t cpu_ns(void) {
  struct timespec used;
  CHECK_EQUAL(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
  return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* How often a thread of this process has given up the CPU by itself. */
static inline long count_sleeps(void) {
  struct rusage used;
  CHECK_EQUAL(getrusage(RUSAGE_SELF, &used), 0);
  return used.ru_nvcsw;
}

/* fork, for a child that would run for ever: it dies with us, however we end. Only where no other thread runs: the thread
 * sanitizer lets no child of a threaded process have threads. */
static inline pid_t fork_child(void) {
  fflush(NULL);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) CHECK_EQUAL(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
  return child;
}

static inline void kill_child(pid_t child) {
  CHECK_EQUAL(kill(child, SIGKILL), 0);
  CHECK_EQUAL(waitpid(child, NULL, 0), child);
}

/* Waits up to 10 s for a condition that other threads or processes bring about. */
#define WAIT_UNTIL(condition)                                                                                          \
  do {                                                                                                                 \
    const struct timespec wait_millisecond = {0, 1000000};                                                             \
    bool wait_held = (condition);                                                                                      \
    for (int wait_tries = 0; !wait_held && wait_tries < 60000; wait_tries++) {                                         \
      nanosleep(&wait_millisecond, NULL);                                                                              \
      wait_held = (condition);                                                                                         \
    }                                                                                                                  \
    if (!wait_held) CHECK(condition);                                                                                  \
  } while (0)

#endif
