/*
 * platform.h: everything that is one operating system's alone stands behind this header. Every source file includes it
 * first, because it asks libc for the declarations that the others need.
 */
#ifndef ISTH_PLATFORM_H
#define ISTH_PLATFORM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CLOCK_MONOTONIC, in ns. Some 30 ns. */
uint64_t isth__now_ns(void);
/* The same, up to 10 ms behind. Some 8 ns. */
uint64_t isth__coarse_now_ns(void);

/* The time `ns` from now; the end of time where that would wrap around, so that UINT64_MAX means for ever. */
static inline uint64_t isth__after_ns(uint64_t ns) {
  uint64_t now_ns = isth__now_ns();
  return ns < UINT64_MAX - now_ns ? now_ns + ns : UINT64_MAX;
}

/* CLOCK_REALTIME: ns since 1970-01-01T00:00:00Z. */
int64_t isth__real_now_ns(void);

/* Tells the CPU that this is a spinning loop. */
static inline void isth__pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* Asks for a cache line in a state that can be written at once. A hint: without effect where the CPU has none. */
static inline void isth__prefetch_write(const void *address) {
#if defined(__x86_64__)
  /* Compilers only emit it if told that the CPU has it; those without treat it as no operation. */
  __asm__ volatile("prefetchw (%0)" : : "r"(address));
#else
  __builtin_prefetch(address, 1);
#endif
}

/* Creates nameless shared memory of `bytes`, sealed so that nobody can change its size. Returns a descriptor or a negative
 * errno. */
int isth__memory_create(size_t bytes);

/* True if `fd` is such memory, of exactly `bytes`, sealed against growing and shrinking: then no access within `bytes` can
 * fault, whatever the peer does. */
bool isth__memory_verify(int fd, size_t bytes);

/* Creates such memory, maps it for writing at `*mapped`, and seals it besides so that it can never be written through the
 * descriptor, nor mapped for writing again: whoever else gets that can only read. */
int isth__memory_create_owned(size_t bytes, void **mapped);

/* True if `fd` is sealed so. */
bool isth__memory_is_owned(int fd);

/* Fills in bytes that nobody can guess. Returns 0 or a negative errno. */
int isth__random(void *bytes, size_t size);

/* Opens the memory of a descriptor once more, so that locks are this opening's own. Returns a descriptor or a negative
 * errno. Needs /proc. */
int isth__memory_reopen(int fd);

/* Locks one byte of an open file against all other openings of it, without waiting. The kernel unlocks it when the last
 * descriptor of this opening is closed, so also when its process dies. Returns 0, EBUSY, or another errno. */
int isth__lock_try(int fd, uint32_t byte);
void isth__lock_release(int fd, uint32_t byte);

/* Sleeps while the four bytes at `word` are `value`, until somebody, in any process, wakes the word, for at most
 * `timeout_ns`. Returns 0 if it was woken, maybe for nothing, or a negative errno: EAGAIN if they are another value.
 * Reading the word must be allowed. */
int isth__futex_wait(const void *word, uint32_t value, uint64_t timeout_ns);
/* Wakes all who sleep on a word. Async-signal-safe. */
void isth__futex_wake(const void *word);

/*
 * A full fence in all threads of all processes that have registered, at one moment during the call: so that what one side does
 * often needs no fence, and what the other does seldom pays for both. Some microseconds. Both return whether the system has it;
 * where it has not, each side has to fence.
 */
bool isth__fence_register(void);
bool isth__fence_others(void);

/* Pins the calling thread to one CPU. Returns 0 or an errno. */
int isth__pin_thread(unsigned int cpu);

/* The CPUs that the calling thread may run on, to be given to another one: else what a pinned thread creates is pinned
 * to the same CPU. Hints: without effect where the system does not want. */
struct isth__cpus {
  uint64_t bits[16];
};
void isth__cpus_get(struct isth__cpus *cpus);
void isth__cpus_use(const struct isth__cpus *cpus);

/* Makes a condition whose timed waits go by CLOCK_MONOTONIC. */
void isth__condition_init(pthread_cond_t *condition);

#endif
