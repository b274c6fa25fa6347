/* platform.c: what all platforms do alike: clocks, conditions, random bytes, locks of files. */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Locks that belong to an opening of a file, not to a process. POSIX.1-2024 has them; so has glibc, but it declares them to
 * _GNU_SOURCE only. */
#if !defined(F_OFD_SETLK) && defined(__GLIBC__)
#define F_OFD_SETLK 37
#endif

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t isth__now_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t isth__coarse_now_ns(void) {
#ifdef CLOCK_MONOTONIC_COARSE
  return read_clock(CLOCK_MONOTONIC_COARSE);
#else
  return isth__now_ns();
#endif
}

int64_t isth__real_now_ns(void) { return (int64_t)read_clock(CLOCK_REALTIME); }

void isth__condition_init(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}

int isth__random(void *bytes, size_t size) { return getentropy(bytes, size) == 0 ? 0 : -errno; }

#ifdef F_OFD_SETLK
static int set_lock(int fd, struct flock *lock) { return fcntl(fd, F_OFD_SETLK, lock) == 0 ? 0 : errno; }
#else
static int set_lock(int fd, struct flock *lock) {
  (void)fd;
  (void)lock;
  return ENOTSUP;
}
#endif

static int lock_part(int fd, short type, uint32_t byte, uint32_t bytes) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = bytes};
  int error = set_lock(fd, &lock);
  return error == EAGAIN || error == EACCES ? EBUSY : error;
}

int isth__lock_try(int fd, uint32_t byte) { return lock_part(fd, F_WRLCK, byte, 1); }

void isth__lock_release(int fd, uint32_t byte) { (void)lock_part(fd, F_UNLCK, byte, 1); }

int isth__lock_file(int fd, short type) { return lock_part(fd, type, 0, 0); }
