/* platform_linux_test.c: which descriptors of a peer are acceptable, and where threads run. */
#include "platform.h"

#include "check.h"
#include "resources.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 12288 };

static int memory(unsigned int flags, int seals) {
  int fd = memfd_create("test", flags);
  if (fd < 0) return fd;
  CHECK_EQUAL(ftruncate(fd, BYTES), 0);
  CHECK_EQUAL(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

static void our_memory_is_sealed_and_accepted(void) {
  int fd = isth__memory_create(BYTES);
  CHECK(fd >= 0);
  CHECK(isth__memory_verify(fd, BYTES));
  CHECK(!isth__memory_verify(fd, BYTES - 1));
  CHECK(!isth__memory_verify(fd, BYTES + 4096));
  CHECK(!isth__memory_verify(fd, 0));
  CHECK_EQUAL(ftruncate(fd, 0), -1);
  CHECK_EQUAL(errno, EPERM);
  CHECK_EQUAL(ftruncate(fd, 2 * BYTES), -1);
  CHECK_EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  close(fd);
}

static void owned_memory_is_written_by_its_maker_only(void) {
  void *mapped = NULL;
  int fd = isth__memory_create_owned(BYTES, &mapped);
  CHECK(fd >= 0 && mapped != NULL);
  CHECK(isth__memory_verify(fd, BYTES) && isth__memory_is_owned(fd));
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  memset(mapped, 'x', BYTES);
  CHECK(mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK_EQUAL(errno, EPERM);
  CHECK_EQUAL(pwrite(fd, "y", 1, 0), -1);
  CHECK_EQUAL(ftruncate(fd, 0), -1);
  char *other = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(other != MAP_FAILED && other[BYTES - 1] == 'x');
  CHECK_EQUAL(mprotect(other, BYTES, PROT_READ | PROT_WRITE), -1);
  munmap(other, BYTES);
  munmap(mapped, BYTES);
  close(fd);
  fd = isth__memory_create(BYTES);
  CHECK(!isth__memory_is_owned(fd));
  close(fd);
  CHECK(!isth__memory_is_owned(-1));
  CHECK(!isth__memory_is_owned(STDIN_FILENO));
  CHECK(isth__memory_create_owned((size_t)1 << 63, &mapped) < 0);
}

static void memory_that_could_fault_is_refused(void) {
  static const int seals[] = {0, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE};
  for (size_t i = 0; i < sizeof seals / sizeof seals[0]; i++) {
    int fd = memory(MFD_ALLOW_SEALING, seals[i]);
    CHECK(fd >= 0);
    CHECK(!isth__memory_verify(fd, BYTES));
    close(fd);
  }
  int unsealable = memfd_create("test", 0);
  CHECK_EQUAL(ftruncate(unsealable, BYTES), 0);
  CHECK(!isth__memory_verify(unsealable, BYTES));
  close(unsealable);
  CHECK(!isth__memory_verify(-1, BYTES));
}

static void huge_pages_are_refused(void) {
  enum { HUGE_BYTES = 2 << 20 };
  int fd = memfd_create("test", MFD_ALLOW_SEALING | MFD_HUGETLB);
  if (fd < 0) return; /* this kernel has none */
  CHECK_EQUAL(ftruncate(fd, HUGE_BYTES), 0);
  CHECK_EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  CHECK(!isth__memory_verify(fd, HUGE_BYTES));
  close(fd);
}

static void other_files_are_refused(void) {
  char path[] = "/tmp/isth-test-XXXXXX";
  int file = mkstemp(path), folder = open("/tmp", O_RDONLY), pipes[2], sockets[2];
  CHECK(file >= 0 && folder >= 0);
  unlink(path);
  CHECK_EQUAL(ftruncate(file, BYTES), 0);
  CHECK_EQUAL(pipe(pipes), 0);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  int zero = open("/dev/zero", O_RDWR);
  int others[] = {file, folder, pipes[0], pipes[1], sockets[0], zero, -1};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    CHECK(!isth__memory_verify(others[i], BYTES));
    CHECK(!isth__memory_verify(others[i], 0));
  }
  int opened[] = {file, folder, pipes[0], pipes[1], sockets[0], sockets[1], zero};
  for (size_t i = 0; i < sizeof opened / sizeof opened[0]; i++) close(opened[i]);
}

/* ---- threads ---- */

static int count_cpus(void) {
  cpu_set_t set;
  CHECK_EQUAL(sched_getaffinity(0, sizeof set, &set), 0);
  return CPU_COUNT(&set);
}

static void *note_cpus(void *argument) {
  struct isth__cpus cpus;
  /* What a pinned thread creates is pinned too. */
  CHECK_EQUAL(count_cpus(), 1);
  isth__cpus_use(argument);
  isth__cpus_get(&cpus);
  CHECK(memcmp(&cpus, argument, sizeof cpus) == 0);
  return NULL;
}

static void *create_from_pinned(void *argument) {
  pthread_t thread;
  cpu_set_t set;
  unsigned int cpu = 0;
  CHECK_EQUAL(sched_getaffinity(0, sizeof set, &set), 0);
  while (!CPU_ISSET(cpu, &set)) cpu++;
  CHECK_EQUAL(isth__pin_thread(cpu), 0);
  CHECK_EQUAL(count_cpus(), 1);
  CHECK_EQUAL(pthread_create(&thread, NULL, note_cpus, argument), 0);
  pthread_join(thread, NULL);
  return NULL;
}

static void a_pinned_thread_can_have_others_that_are_not(void) {
  pthread_t thread;
  struct isth__cpus cpus;
  int before = count_cpus();
  isth__cpus_get(&cpus);
  CHECK_EQUAL(pthread_create(&thread, NULL, create_from_pinned, &cpus), 0);
  pthread_join(thread, NULL);
  CHECK_EQUAL(count_cpus(), before);
  CHECK_EQUAL(isth__pin_thread(CPU_SETSIZE), EINVAL);
}

int main(void) {
  static const struct test_case tests[] = {
      {"our memory is sealed and accepted", our_memory_is_sealed_and_accepted},
      {"owned memory is written by its maker only", owned_memory_is_written_by_its_maker_only},
      {"memory that could fault is refused", memory_that_could_fault_is_refused},
      {"huge pages are refused", huge_pages_are_refused},
      {"other files are refused", other_files_are_refused},
      {"a pinned thread can have others that are not", a_pinned_thread_can_have_others_that_are_not},
  };
  return RUN_TESTS("platform_linux_test", tests);
}
