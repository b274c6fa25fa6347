/* platform_linux.c: memfd, its seals and its locks, futexes, clocks, threads. */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1; not every libc has it */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t isth__now_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t isth__coarse_now_ns(void) { return read_clock(CLOCK_MONOTONIC_COARSE); }

int64_t isth__real_now_ns(void) { return (int64_t)read_clock(CLOCK_REALTIME); }

/* Memory that can still be sealed. */
static int create_sealable(size_t bytes) {
  int fd = memfd_create("isthmus", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  if (ftruncate(fd, (off_t)bytes) == 0) return fd;
  int error = -errno;
  close(fd);
  return error;
}

static int seal_memory(int fd, int seals) {
  if (fcntl(fd, F_ADD_SEALS, SIZE_SEALS | seals | F_SEAL_SEAL) == 0) return fd;
  int error = -errno;
  close(fd);
  return error;
}

int isth__memory_create(size_t bytes) {
  int fd = create_sealable(bytes);
  return fd < 0 ? fd : seal_memory(fd, 0);
}

int isth__memory_create_owned(size_t bytes, void **mapped) {
  int fd = create_sealable(bytes);
  if (fd < 0) return fd;
  *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (*mapped == MAP_FAILED) {
    int error = -errno;
    close(fd);
    return error;
  }
  int sealed = seal_memory(fd, F_SEAL_FUTURE_WRITE);
  if (sealed < 0) munmap(*mapped, bytes);
  return sealed;
}

bool isth__memory_is_owned(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_FUTURE_WRITE) != 0;
}

bool isth__memory_verify(int fd, size_t bytes) {
  /* The seals come first: once they are there, the size that fstat then reports cannot change any more. Only memfds have
   * seals, so this also refuses every other kind of file. */
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & SIZE_SEALS) != SIZE_SEALS || (seals & F_SEAL_WRITE) != 0) return false;
  /* Huge pages can run out at any later fault, which would be a SIGBUS: only ordinary pages are acceptable. */
  struct statfs system;
  if (fstatfs(fd, &system) != 0 || system.f_type != TMPFS_MAGIC) return false;
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_size >= 0 && (uint64_t)status.st_size == bytes;
}

int isth__memory_reopen(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int opened = open(path, O_RDWR | O_CLOEXEC);
  return opened >= 0 ? opened : -errno;
}

static int set_lock(int fd, uint32_t byte, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
  return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

int isth__lock_try(int fd, uint32_t byte) {
  int error = set_lock(fd, byte, F_WRLCK);
  return error == EAGAIN || error == EACCES ? EBUSY : error;
}

void isth__lock_release(int fd, uint32_t byte) { (void)set_lock(fd, byte, F_UNLCK); }

int isth__futex_wait(const void *word, uint32_t value, uint64_t timeout_ns) {
  const struct timespec timeout = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
  return syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0) == 0 ? 0 : -errno;
}

void isth__futex_wake(const void *word) { (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }

int isth__random(void *bytes, size_t size) {
  /* Up to 256 bytes come whole. */
  ssize_t got;
  do {
    got = getrandom(bytes, size, 0);
  } while (got < 0 && errno == EINTR);
  return got == (ssize_t)size ? 0 : got < 0 ? -errno : -EIO;
}

bool isth__fence_register(void) { return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0; }

bool isth__fence_others(void) { return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0; }

int isth__pin_thread(unsigned int cpu) {
  cpu_set_t set;
  if (cpu >= CPU_SETSIZE) return EINVAL;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

_Static_assert(sizeof(struct isth__cpus) == sizeof(cpu_set_t), "one stands for the other");

void isth__cpus_get(struct isth__cpus *cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  (void)sched_getaffinity(0, sizeof set, &set);
  memcpy(cpus, &set, sizeof set);
}

void isth__cpus_use(const struct isth__cpus *cpus) {
  cpu_set_t set;
  memcpy(&set, cpus, sizeof set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

void isth__condition_init(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
}
