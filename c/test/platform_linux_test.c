/* platform_linux_test.c: which descriptors of a peer are acceptable, locks and futexes, and where threads run. */
#include "platform.h"

#include "check.h"
#include "resources.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
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

static void random_bytes_are_all_filled_in(void) {
  unsigned char bytes[32] = {0}, seen[32] = {0};
  for (int round = 0; round < 8; round++) {
    CHECK_EQUAL(isth__random(bytes, sizeof bytes), 0);
    for (size_t i = 0; i < sizeof bytes; i++) seen[i] |= bytes[i];
  }
  /* Each byte was something else than zero in one round of eight: it is not, in one run of 2^59. */
  for (size_t i = 0; i < sizeof seen; i++) CHECK(seen[i] != 0);
}

static void each_opening_of_memory_has_locks_of_its_own(void) {
  int fd = isth__memory_create(BYTES), passed_on = dup(fd);
  int one = isth__memory_reopen(fd), other = isth__memory_reopen(fd);
  CHECK(fd >= 0 && passed_on >= 0 && one >= 0 && other >= 0);
  CHECK((fcntl(one, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK_EQUAL(isth__lock_try(fd, 7), 0);
  CHECK_EQUAL(isth__lock_try(passed_on, 7), 0); /* the same opening: it has the lock already */
  CHECK_EQUAL(isth__lock_try(one, 7), EBUSY);
  CHECK_EQUAL(isth__lock_try(one, 8), 0);
  CHECK_EQUAL(isth__lock_try(other, 8), EBUSY);
  isth__lock_release(fd, 7);
  CHECK_EQUAL(isth__lock_try(other, 7), 0);
  close(one); /* the last of its opening: what it had locked is free */
  CHECK_EQUAL(isth__lock_try(fd, 8), 0);
  close(other);
  close(fd);
  close(passed_on);
  CHECK_EQUAL(isth__lock_try(-1, 7), EBADF);
  CHECK_EQUAL(isth__memory_reopen(-1), -ENOENT);
}

static void a_futex_is_slept_on_while_it_has_the_value(void) {
  uint32_t word = 5;
  uint64_t begin_ns = isth__now_ns();
  CHECK_EQUAL(isth__futex_wait(&word, 4, UINT64_MAX), -EAGAIN);
  CHECK_EQUAL(isth__futex_wait(&word, 5, 20000000), -ETIMEDOUT);
  CHECK(isth__now_ns() - begin_ns >= 20000000);
  if (!is_slow()) CHECK_EQUAL(isth__futex_wait(NULL, 5, UINT64_MAX), -EFAULT); /* valgrind reports the address */
  isth__futex_wake(&word);                                                     /* nobody is there: nothing happens */
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

static void a_condition_goes_by_the_monotonic_clock(void) {
  pthread_cond_t condition;
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  isth__condition_init(&condition);
  uint64_t until_ns = isth__now_ns() + 30000000;
  const struct timespec until = {(time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u)};
  pthread_mutex_lock(&lock);
  while (pthread_cond_timedwait(&condition, &lock, &until) == 0) continue;
  pthread_mutex_unlock(&lock);
  CHECK(isth__now_ns() >= until_ns);
  pthread_cond_destroy(&condition);
}

int main(void) {
  static const struct test_case tests[] = {
      {"our memory is sealed and accepted", our_memory_is_sealed_and_accepted},
      {"owned memory is written by its maker only", owned_memory_is_written_by_its_maker_only},
      {"random bytes are all filled in", random_bytes_are_all_filled_in},
      {"each opening of memory has locks of its own", each_opening_of_memory_has_locks_of_its_own},
      {"a futex is slept on while it has the value", a_futex_is_slept_on_while_it_has_the_value},
      {"memory that could fault is refused", memory_that_could_fault_is_refused},
      {"huge pages are refused", huge_pages_are_refused},
      {"other files are refused", other_files_are_refused},
      {"a pinned thread can have others that are not", a_pinned_thread_can_have_others_that_are_not},
      {"a condition goes by the monotonic clock", a_condition_goes_by_the_monotonic_clock},
  };
  return RUN_TESTS("platform_linux_test", tests);
}
