/* platform_posix_test.c: memory that a peer cuts off, and what the portable build says it cannot do. */
#include "platform.h"

#include "resources.h"
#include "segments.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTES = 16384, PAGE = 4096 };

static void memory_that_was_cut_off_reads_as_zeros(void) {
  for (int round = 0; round < 3; round++) {
    int fd = isth__memory_create(BYTES);
    volatile char *mapped = isth__memory_map(fd, BYTES, round > 0), *other = isth__memory_map(fd, BYTES, true);
    CHECK(mapped != NULL && other != NULL);
    for (size_t i = 0; i < BYTES; i++) other[i] = 'x';
    CHECK_EQUAL(ftruncate(fd, PAGE), 0);
    if (round == 2) {
      mapped[BYTES - 1] = 'y';
      CHECK_EQUAL(mapped[BYTES - 1], 'y');
    } else {
      CHECK_EQUAL(mapped[BYTES - 1], 0);
    }
    /* As a whole: nobody goes on with one half that is shared. */
    CHECK_EQUAL(mapped[0], 0);
    /* Each mapping is mended when it is touched. */
    CHECK_EQUAL(other[0], 'x');
    CHECK_EQUAL(other[PAGE], 0);
    CHECK_EQUAL(other[0], 0);
    isth__memory_unmap((void *)(uintptr_t)mapped, BYTES);
    isth__memory_unmap((void *)(uintptr_t)other, BYTES);
    close(fd);
  }
}

/* Of more mappings than one table holds, from threads that map and unmap meanwhile. */
static void *come_and_go(void *argument) {
  _Atomic int *stop = argument;
  while (!atomic_load(stop)) {
    int fd = isth__memory_create(PAGE);
    volatile char *mapped = isth__memory_map(fd, PAGE, true);
    CHECK(mapped != NULL);
    CHECK_EQUAL(ftruncate(fd, 0), 0);
    mapped[PAGE - 1] = 'z';
    isth__memory_unmap((void *)(uintptr_t)mapped, PAGE);
    close(fd);
  }
  return NULL;
}

static void any_number_of_mappings_is_mended(void) {
  enum { MAPPINGS = 200, THREADS = 2 };
  pthread_t threads[THREADS];
  _Atomic int stop = 0;
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, come_and_go, &stop), 0);
  volatile char *mapped[MAPPINGS];
  int fds[MAPPINGS];
  for (int i = 0; i < MAPPINGS; i++) {
    fds[i] = isth__memory_create(PAGE);
    mapped[i] = isth__memory_map(fds[i], PAGE, true);
    CHECK(mapped[i] != NULL);
    mapped[i][0] = 'x';
  }
  for (int i = 0; i < MAPPINGS; i += 2) CHECK_EQUAL(ftruncate(fds[i], 0), 0);
  for (int i = 0; i < MAPPINGS; i++) CHECK_EQUAL(mapped[i][0], i % 2 == 0 ? 0 : 'x');
  atomic_store(&stop, 1);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < MAPPINGS; i++) {
    isth__memory_unmap((void *)(uintptr_t)mapped[i], PAGE);
    close(fds[i]);
  }
  CHECK_EQUAL(count_segments(), 0);
}

static void what_is_not_ours_still_ends_the_process(void) {
  int fd = isth__memory_create(PAGE);
  void *ours = isth__memory_map(fd, PAGE, true);
  CHECK(ours != NULL); /* so the handler is there */
  pid_t child = fork_child();
  if (child == 0) {
    close(STDERR_FILENO);
    volatile char *mapped = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED || ftruncate(fd, 0) != 0) _exit(1);
    mapped[0] = 'x';
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  /* A sanitizer has a handler of its own, which reports the fault and exits. */
  CHECK(is_slow() ? !WIFEXITED(status) || WEXITSTATUS(status) != 0 : WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
  isth__memory_unmap(ours, PAGE);
  close(fd);
}

static void memory_has_no_name(void) {
  int fd = isth__memory_create(PAGE);
  struct stat status;
  CHECK_EQUAL(fstat(fd, &status), 0);
  CHECK_EQUAL(status.st_nlink, 0);
  CHECK_EQUAL(status.st_mode & 0777, 0600);
  close(fd);
  void *mapped;
  fd = isth__memory_create_owned(PAGE, &mapped);
  CHECK_EQUAL(fstat(fd, &status), 0);
  CHECK_EQUAL(status.st_nlink, 0);
  CHECK_EQUAL(status.st_mode & 0222, 0);
  isth__memory_unmap(mapped, PAGE);
  close(fd);
}

static void what_it_cannot_do_it_says(void) {
  CHECK_EQUAL(isth__pin_thread(0), ENOTSUP);
  CHECK(!isth__fence_register() && !isth__fence_others());
  char name[32];
  CHECK(!isth__process_name(getpid(), name, sizeof name));
  CHECK_EQUAL(isth__flock_holder(STDIN_FILENO), 0);
  CHECK_EQUAL(isth__birth(STDIN_FILENO), 0);
  int key = fresh_key(SEGMENT_KEY);
  shmdt(old_segment(key, PAGE));
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_SYSTEM_V, .key = key}, .bytes = 8};
  options.guard = (isth_guard){.kind = ISTH_GUARD_MUTEX, .offset = 64};
  must_refuse(&options, ISTH_E_UNSUPPORTED_PLATFORM, "glibc on Linux");
  remove_belongings();
}

int main(void) {
  static const struct test_case tests[] = {
      {"memory that was cut off reads as zeros", memory_that_was_cut_off_reads_as_zeros},
      {"any number of mappings is mended", any_number_of_mappings_is_mended},
      {"what is not ours still ends the process", what_is_not_ours_still_ends_the_process},
      {"memory has no name", memory_has_no_name},
      {"what it cannot do it says", what_it_cannot_do_it_says},
  };
  return RUN_TESTS("platform_posix_test", tests);
}
