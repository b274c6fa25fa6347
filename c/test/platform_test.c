/* platform_test.c: what every platform promises. */
#include "platform.h"

#include "check.h"
#include "resources.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 12288 };

static void memory_is_verified_by_its_size_and_kind(void) {
  int fd = isth__memory_create(BYTES);
  CHECK(fd >= 0);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(isth__memory_verify(fd, BYTES) && !isth__memory_is_owned(fd));
  CHECK(!isth__memory_verify(fd, BYTES - 1) && !isth__memory_verify(fd, BYTES + 4096) && !isth__memory_verify(fd, 0));
  int pipes[2], folder = open("/tmp", O_RDONLY), zero = open("/dev/zero", O_RDWR);
  CHECK_EQUAL(pipe(pipes), 0);
  const int others[] = {folder, zero, pipes[0], pipes[1], -1};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    CHECK(!isth__memory_verify(others[i], BYTES) && !isth__memory_verify(others[i], 0));
    close(others[i]);
  }
  char *one = isth__memory_map(fd, BYTES, true), *other = isth__memory_map(fd, BYTES, false);
  CHECK(one != NULL && other != NULL && count_segments() == 2);
  for (size_t i = 0; i < BYTES; i++) CHECK_EQUAL(one[i], 0);
  memset(one, 'x', BYTES);
  CHECK_EQUAL(other[BYTES - 1], 'x');
  isth__memory_unmap(one, BYTES);
  isth__memory_unmap(other, BYTES);
  isth__memory_unmap(NULL, BYTES);
  CHECK_EQUAL(count_segments(), 0);
  close(fd);
  CHECK(isth__memory_map(fd, BYTES, true) == NULL);
  CHECK_EQUAL(errno, EBADF);
  CHECK(isth__memory_create((size_t)1 << 63) < 0);
}

static void owned_memory_is_read_only_to_who_gets_it(void) {
  void *mapped = NULL;
  int fd = isth__memory_create_owned(BYTES, &mapped);
  CHECK(fd >= 0 && mapped != NULL);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(isth__memory_verify(fd, BYTES) && isth__memory_is_owned(fd));
  memset(mapped, 'x', BYTES);
  CHECK(isth__memory_map(fd, BYTES, true) == NULL);
  CHECK_EQUAL(pwrite(fd, "y", 1, 0), -1);
  CHECK_EQUAL(ftruncate(fd, 0), -1);
  char *other = isth__memory_map(fd, BYTES, false);
  CHECK(other != NULL && other[BYTES - 1] == 'x');
  CHECK_EQUAL(mprotect(other, BYTES, PROT_READ | PROT_WRITE), -1);
  isth__memory_unmap(other, BYTES);
  isth__memory_unmap(mapped, BYTES);
  close(fd);
  CHECK(isth__memory_create_owned((size_t)1 << 63, &mapped) < 0);
}

static void nothing_but_a_fault_in_mapped_memory_is_mended(void) {
  int outside = 0;
  CHECK(!isth__memory_mend(&outside));
  CHECK(!isth__memory_mend(NULL));
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
  int one = isth__reopen(fd, O_RDWR), other = isth__reopen(fd, O_RDWR);
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
  CHECK(isth__reopen(-1, O_RDWR) < 0);
}

static void a_futex_is_slept_on_while_it_has_the_value(void) {
  uint32_t word = 5;
  uint64_t begin_ns = isth__now_ns();
  CHECK_EQUAL(isth__futex_wait(&word, 4, UINT64_MAX), -EAGAIN);
  CHECK_EQUAL(isth__futex_wait(&word, 5, 20000000), -ETIMEDOUT);
  CHECK(isth__now_ns() - begin_ns >= 20000000);
  isth__futex_wake(&word); /* nobody is there: nothing happens */
}

static void sockets_are_closed_on_exec_and_do_not_block(void) {
  size_t before = count_descriptors();
  int fd = isth__socket_open(), ends[2];
  CHECK(fd >= 0);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  CHECK(isth__socket_accept(fd) < 0); /* it does not listen */
  CHECK_EQUAL(isth__socket_pair(ends), 0);
  for (int i = 0; i < 2; i++)
    CHECK((fcntl(ends[i], F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(ends[i], F_GETFL) & O_NONBLOCK) == 0);
  close(fd);
  close(ends[0]);
  close(ends[1]);
  CHECK_EQUAL(isth__socket_accept(-1), -EBADF);
  CHECK_EQUAL(count_descriptors(), before);
}

static void poll_comes_back_at_its_time(void) {
  uint64_t begin_ns = isth__now_ns();
  CHECK_EQUAL(isth__poll(NULL, 0, 3000001), 0);
  CHECK(isth__now_ns() - begin_ns >= 3000001);
  int ends[2];
  CHECK_EQUAL(isth__socket_pair(ends), 0);
  struct pollfd ready = {.fd = ends[0], .events = POLLIN};
  CHECK_EQUAL(isth__poll(&ready, 1, 0), 0);
  CHECK_EQUAL(write(ends[1], "!", 1), 1);
  CHECK_EQUAL(isth__poll(&ready, 1, UINT64_MAX), 1);
  close(ends[0]);
  close(ends[1]);
}

static void a_semaphore_is_waited_for_until_its_time(void) {
  int set = semget(IPC_PRIVATE, 1, 0600);
  CHECK(set >= 0);
  struct sembuf take = {0, -1, 0}, give = {0, 1, 0};
  uint64_t begin_ns = isth__now_ns();
  CHECK_EQUAL(isth__semaphore_change(set, &take, 20000000), EAGAIN);
  CHECK(isth__now_ns() - begin_ns >= 20000000);
  take.sem_flg = 0;
  CHECK_EQUAL(isth__semaphore_change(set, &take, 0), EAGAIN);
  CHECK_EQUAL(isth__semaphore_change(set, &give, 0), 0);
  take.sem_flg = 0;
  CHECK_EQUAL(isth__semaphore_change(set, &take, UINT64_MAX), 0);
  CHECK_EQUAL(semctl(set, 0, IPC_RMID), 0);
  CHECK_EQUAL(isth__semaphore_change(set, &give, 0), EINVAL);
}

static void a_peer_is_known_or_not(void) {
  int ends[2];
  uint32_t uid = 0, gid = 0;
  CHECK_EQUAL(isth__socket_pair(ends), 0);
  bool known = isth__peers_known();
  CHECK_EQUAL(isth__peer_credentials(ends[0], &uid, &gid), known ? 0 : -ENOTSUP);
  CHECK_EQUAL(isth__peer_pid(ends[0]), known ? getpid() : 0);
  if (known) CHECK(uid == geteuid() && gid == getegid());
  CHECK_EQUAL(isth__peer_in_groups(ends[0], NULL, 0), known ? 0 : -ENOTSUP);
  close(ends[0]);
  close(ends[1]);
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
      {"memory is verified by its size and kind", memory_is_verified_by_its_size_and_kind},
      {"owned memory is read-only to who gets it", owned_memory_is_read_only_to_who_gets_it},
      {"nothing but a fault in mapped memory is mended", nothing_but_a_fault_in_mapped_memory_is_mended},
      {"random bytes are all filled in", random_bytes_are_all_filled_in},
      {"each opening of memory has locks of its own", each_opening_of_memory_has_locks_of_its_own},
      {"a futex is slept on while it has the value", a_futex_is_slept_on_while_it_has_the_value},
      {"sockets are closed on exec and do not block", sockets_are_closed_on_exec_and_do_not_block},
      {"poll comes back at its time", poll_comes_back_at_its_time},
      {"a semaphore is waited for until its time", a_semaphore_is_waited_for_until_its_time},
      {"a peer is known or not", a_peer_is_known_or_not},
      {"a condition goes by the monotonic clock", a_condition_goes_by_the_monotonic_clock},
  };
  return RUN_TESTS("platform_test", tests);
}
