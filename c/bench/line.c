/*
 * line.c: L, the limit: how long one cache line takes from one CPU to another and back, in ns. Two processes, each pinned,
 * take turns at incrementing one word; nothing else is on the line. Usage: line CPU CPU [round trips]
 */
#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"

enum { BATCHES = 9 };

static void wait_value(isth__atomic_u64 *word, uint64_t value) {
  while (isth__load_acquire(word) != value) isth__pause();
}

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  uint64_t rounds = argc > 3 ? strtoull(argv[3], NULL, 10) : 100000;
  isth__atomic_u64 *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (word == MAP_FAILED) return 1;
  uint64_t total = rounds * (BATCHES + 1);
  pid_t child = fork();
  if (child < 0) return 1;
  if (child == 0) {
    isth__pin_thread((unsigned int)atoi(argv[2]));
    for (uint64_t i = 0; i < total; i++) {
      wait_value(word, 2 * i + 1);
      isth__store_release(word, 2 * i + 2);
    }
    _exit(0);
  }
  isth__pin_thread((unsigned int)atoi(argv[1]));
  double batches[BATCHES];
  uint64_t i = 0;
  for (int batch = -1; batch < BATCHES; batch++) {
    uint64_t begin = isth__now_ns();
    for (uint64_t end = i + rounds; i < end; i++) {
      isth__store_release(word, 2 * i + 1);
      wait_value(word, 2 * i + 2);
    }
    if (batch >= 0) batches[batch] = (double)(isth__now_ns() - begin) / (double)rounds;
  }
  waitpid(child, NULL, 0);
  qsort(batches, BATCHES, sizeof batches[0], compare);
  printf("%.1f\n", batches[BATCHES / 2]);
  return 0;
}
