/* platform_linux.c: memfd and its seals, clocks, threads. */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

static uint64_t read_clock(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t isth__now_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t isth__coarse_now_ns(void) { return read_clock(CLOCK_MONOTONIC_COARSE); }

int isth__memory_create(size_t bytes) {
  int fd = memfd_create("isthmus", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  if (ftruncate(fd, (off_t)bytes) != 0 || fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL) != 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  return fd;
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
