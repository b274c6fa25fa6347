/*
 * platform.h: everything that is one operating system's alone stands behind this header. Every source file includes it
 * first, because it asks libc for the declarations that the others need.
 *
 * platform_linux.c keeps all that is said here. platform_posix.c, which ISTH_PLATFORM_POSIX chooses, says what it does not.
 */
#ifndef ISTH_PLATFORM_H
#define ISTH_PLATFORM_H

#if !defined(__linux__) && !defined(ISTH_PLATFORM_POSIX)
#define ISTH_PLATFORM_POSIX
#endif
#ifdef ISTH_PLATFORM_POSIX
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#ifndef _DEFAULT_SOURCE /* what POSIX.1-2008 has not, and every system has */
#define _DEFAULT_SOURCE
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif
#elif !defined(_GNU_SOURCE)
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

/* So long after a time; UINT64_MAX where that is beyond it. */
static inline uint64_t isth__later_ns(uint64_t now_ns, uint64_t ns) {
  return ns < UINT64_MAX - now_ns ? now_ns + ns : UINT64_MAX;
}

/* The time `ns` from now; the end of time where that would wrap around, so that UINT64_MAX means for ever. */
static inline uint64_t isth__after_ns(uint64_t ns) { return isth__later_ns(isth__now_ns(), ns); }

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

/* Asks for a cache line that will be read. */
static inline void isth__prefetch_read(const void *address) { __builtin_prefetch(address); }

/* Hands a cache line that was written, for another CPU to read, to the cache that all CPUs share, where that is found sooner than in
 * ours. A hint, as above. */
static inline void isth__demote(const void *address) {
#if defined(__x86_64__)
  __asm__ volatile("cldemote (%0)" : : "r"(address) : "memory");
#else
  (void)address;
#endif
}

struct msghdr;
struct pollfd;
struct sembuf;
struct stat;

/* ---- memory ---- */

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

/* Maps such memory as a whole. NULL: errno says why. To unmap NULL is allowed. */
void *isth__memory_map(int fd, size_t bytes, bool writable);
void isth__memory_unmap(void *mapped, size_t bytes);

/* In the handler for SIGBUS: true if the address lies in such a mapping, and can be accessed again. */
bool isth__memory_mend(const void *address);

/* Opens the file of a descriptor once more, so that locks are this opening's own. Returns a descriptor or a negative errno:
 * -ENOTSUP where the system cannot. */
int isth__reopen(int fd, int flags);

/* Opens a POSIX shared memory object of another program, without waiting (O_NONBLOCK); and looks at one. Else as open and lstat. */
int isth__object_open(const char *name, int flags);
bool isth__object_stat(const char *name, struct stat *status);

/* When a file was made, in ns since 1970; 0 where that is not known. */
uint64_t isth__birth(int fd);

/* Locks of an open file against all other openings of it, without waiting: one byte of it exclusively, or the whole as `type`
 * says (F_RDLCK, F_WRLCK, F_UNLCK). The kernel unlocks when the last descriptor of this opening is closed, so also when its
 * process dies. Return 0, EBUSY, or another errno: ENOTSUP where there are none. */
int isth__lock_try(int fd, uint32_t byte);
void isth__lock_release(int fd, uint32_t byte);
int isth__lock_file(int fd, short type);

/* ---- sockets: Unix stream sockets, closed when another program is executed ---- */

/* Both return a descriptor that never blocks, or a negative errno. */
int isth__socket_open(void);
int isth__socket_accept(int listener);

/* A connected pair, whose ends block where nothing else is said. Returns 0 or a negative errno. */
int isth__socket_pair(int ends[2]);

/* recvmsg, without waiting; descriptors that come are closed when another program is executed. Returns what came or a negative
 * errno. */
ptrdiff_t isth__socket_receive(int socket, struct msghdr *message);

/* poll, for at most about `timeout_ns`. */
int isth__poll(struct pollfd *descriptors, size_t count, uint64_t timeout_ns);

/* Has the system refuse descriptors that others send to this socket: what they refer to may take long to close. A hint: without
 * effect where the system cannot (Linux before 6.16), or where others hold the same open file and take it back. */
void isth__socket_refuse_descriptors(int socket);

/* Whether the system says who is at the other end of a Unix socket: what the two below need. */
bool isth__peers_known(void);

/* The effective user and group of whoever connected, or made, the other end of a Unix stream socket, as they were then.
 * Returns 0 or a negative errno. */
int isth__peer_credentials(int socket, uint32_t *uid, uint32_t *gid);

/* Whether it had one of these groups beside that one. Returns 1, 0, or a negative errno. */
int isth__peer_in_groups(int socket, const uint32_t *groups, size_t count);

/* Its process, as we see it; 0 if that is not known. */
int isth__peer_pid(int socket);

/* The name of a process's program, cut to `size` with its NUL, with whatever bytes it chose. False if it is not known. */
bool isth__process_name(int64_t pid, char *name, size_t size);

/* The process that holds a flock of this file; 0 if that is not known. */
int64_t isth__flock_holder(int fd);

/* ---- other ---- */

/* Fills in up to 256 bytes that nobody can guess. Returns 0 or a negative errno. */
int isth__random(void *bytes, size_t size);

/* Sleeps while the four bytes at `word` are `value`, until somebody, in any process, wakes the word, for at most
 * `timeout_ns`. Returns 0 if it was woken, maybe for nothing, or a negative errno: EAGAIN if they are another value.
 * Reading the word must be allowed. */
int isth__futex_wait(const void *word, uint32_t value, uint64_t timeout_ns);
/* Wakes all who sleep on a word. Async-signal-safe. */
void isth__futex_wake(const void *word);

/* An operation on a semaphore of a System V set, which may wait for up to `timeout_ns`. Returns 0 or an errno, EAGAIN when the
 * time is over. */
int isth__semaphore_change(int set, struct sembuf *operation, uint64_t timeout_ns);

/*
 * A full fence in all threads of all processes that have registered, at one moment during the call: so that what one side does
 * often needs no fence, and what the other does seldom pays for both. Some microseconds. Both return whether the system has it;
 * where it has not, each side has to fence.
 */
bool isth__fence_register(void);
bool isth__fence_others(void);

/* Pins the calling thread to one CPU. Returns 0 or an errno: ENOTSUP where the system cannot. */
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
