/*
 * region.c: what reading and writing a 64-byte region costs, in ns, and whether a value is ever torn. Prints one JSON
 * object a line.
 *
 *   region CPU CPU [reads]         the reader, or the writer, is pinned to the first CPU; all others to the second
 *   region --torn READS CPU CPU    so many reads, each checked, against a writer that never rests
 */
#include "platform.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <isthmus/isthmus.h>

#include "region_memory.h"

enum { BYTES = 64, WORDS = BYTES / 8, BATCHES = 9, MOST_READERS = 16 };

static const isth_region_type type = {.id = 1, .name = "quote", .bytes = BYTES, .rows = 1};

static isth_region *open_region(void *memory, void *watch, bool writable) {
  const struct isth__region_access access = {
      .memory = memory, .watch_line = watch, .writable = writable, .lock_fd = -1};
  isth_region *region;
  return isth__region_open(&region, &type, &access) == 0 ? region : NULL;
}

/* Every word of a value is made of one number. */
static void fill_words(uint64_t words[WORDS], uint64_t number) {
  for (uint64_t i = 0; i < WORDS; i++) words[i] = number * (2 * i + 1);
}

static void write_number(isth_region *region, uint64_t number) {
  uint64_t words[WORDS];
  fill_words(words, number);
  if (isth_region_write(region, 0, words, ISTH_ANY_VERSION, NULL) != 0) exit(1);
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/* Time on the processor: what else runs on it meanwhile does not count. */
static uint64_t cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The median of some batches, each of so many rounds, after one that does not count. */
static double measure(void (*run)(isth_region *region, uint64_t rounds), isth_region *region, uint64_t rounds) {
  double batches[BATCHES];
  for (int batch = -1; batch < BATCHES; batch++) {
    uint64_t begin_ns = cpu_ns();
    run(region, rounds);
    if (batch >= 0) batches[batch] = (double)(cpu_ns() - begin_ns) / (double)rounds;
  }
  qsort(batches, BATCHES, sizeof batches[0], compare);
  return batches[BATCHES / 2];
}

/* What is behind the pointer counts as read and written here, so that nothing is left out. */
static void touch(void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

static void read_rounds(isth_region *region, uint64_t rounds) {
  uint64_t words[WORDS];
  for (uint64_t i = 0; i < rounds; i++) {
    if (isth_region_read(region, 0, words, NULL) != 0) exit(1);
    touch(words);
  }
}

static void copy_rounds(isth_region *region, uint64_t rounds) {
  uint64_t from[WORDS] = {1}, words[WORDS];
  (void)region;
  for (uint64_t i = 0; i < rounds; i++) {
    touch(from);
    memcpy(words, from, sizeof words);
    touch(words);
  }
}

static void write_rounds(isth_region *region, uint64_t rounds) {
  for (uint64_t i = 0; i < rounds; i++) write_number(region, i);
}

static void time_of_day_rounds(isth_region *region, uint64_t rounds) {
  (void)region;
  for (uint64_t i = 0; i < rounds; i++) {
    int64_t now_ns = isth__real_now_ns();
    touch(&now_ns);
  }
}

/* A child on a CPU, which ends with us. */
static pid_t start(unsigned int cpu) {
  pid_t child = fork();
  if (child < 0) exit(1);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    isth__pin_thread(cpu);
  }
  return child;
}

static void stop(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

static void bench(void *memory, void *watch, unsigned int ours, unsigned int theirs, uint64_t rounds) {
  static const int counts[] = {1, 4, MOST_READERS};
  isth_region *region = open_region(memory, watch, true);
  if (region == NULL) exit(1);
  isth__pin_thread(ours);
  write_number(region, 1);
  double read_ns = measure(read_rounds, region, rounds), copy_ns = measure(copy_rounds, region, rounds);
  printf("{\"what\":\"read\",\"bytes\":%d,\"ns\":%.1f,\"memcpyNs\":%.1f}\n", BYTES, read_ns, copy_ns);
  double write_ns = measure(write_rounds, region, rounds), clock_ns = measure(time_of_day_rounds, region, rounds);
  printf("{\"what\":\"write\",\"bytes\":%d,\"readers\":0,\"ns\":%.1f,\"clockNs\":%.1f}\n", BYTES, write_ns, clock_ns);
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    pid_t readers[MOST_READERS];
    for (int reader = 0; reader < counts[i]; reader++) {
      readers[reader] = start(theirs);
      if (readers[reader] != 0) continue;
      isth_region *own = open_region(memory, watch, false);
      uint64_t words[WORDS];
      for (;;)
        if (own == NULL || isth_region_read(own, 0, words, NULL) == ISTH_E_INVALID_ARGUMENT) _exit(1);
    }
    double slowed_ns = measure(write_rounds, region, rounds);
    printf("{\"what\":\"write\",\"bytes\":%d,\"readers\":%d,\"ns\":%.1f,\"slower\":%.2f}\n", BYTES, counts[i],
           slowed_ns, slowed_ns / write_ns);
    for (int reader = 0; reader < counts[i]; reader++) stop(readers[reader]);
  }
  isth_region_close(region);
}

static int look_for_torn(void *memory, void *watch, unsigned int ours, unsigned int theirs, uint64_t reads) {
  pid_t writer = start(theirs);
  if (writer == 0) {
    isth_region *own = open_region(memory, watch, true);
    if (own == NULL) _exit(1);
    for (uint64_t number = 1;; number++) write_number(own, number);
  }
  isth_region *region = open_region(memory, watch, false);
  if (region == NULL) return 1;
  isth__pin_thread(ours);
  while (isth_region_changes(region) == 0) isth__pause();
  uint64_t torn = 0, busy = 0, different = 0, last = 0, begin_ns = isth__now_ns();
  for (uint64_t i = 0; i < reads; i++) {
    uint64_t words[WORDS], wanted[WORDS];
    isth_stamp stamp;
    if (isth_region_read(region, 0, words, &stamp) != 0) {
      busy++;
      continue;
    }
    fill_words(wanted, stamp.version);
    torn += memcmp(words, wanted, sizeof words) != 0;
    different += stamp.version != last;
    last = stamp.version;
  }
  double ns = (double)(isth__now_ns() - begin_ns) / (double)reads;
  stop(writer);
  printf("{\"what\":\"torn\",\"reads\":%" PRIu64 ",\"torn\":%" PRIu64 ",\"busy\":%" PRIu64 ",\"versions\":%" PRIu64
         ",\"writes\":%" PRIu64 ",\"ns\":%.1f}\n",
         reads, torn, busy, different, isth_region_changes(region), ns);
  isth_region_close(region);
  return torn == 0 && busy == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
  bool torn = argc == 5 && strcmp(argv[1], "--torn") == 0;
  if (!torn && argc != 3 && argc != 4) return 2;
  size_t bytes = isth__region_memory_bytes(&type);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  void *watch = mmap(NULL, ISTH__REGION_WATCH_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || watch == MAP_FAILED) return 1;
  isth__region_memory_init(memory, &type, 1);
  unsigned int ours = (unsigned int)atoi(argv[torn ? 3 : 1]), theirs = (unsigned int)atoi(argv[torn ? 4 : 2]);
  if (torn) return look_for_torn(memory, watch, ours, theirs, strtoull(argv[2], NULL, 10));
  bench(memory, watch, ours, theirs, argc == 4 ? strtoull(argv[3], NULL, 10) : 1000000);
  return 0;
}
