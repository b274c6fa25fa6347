/* platform_linux_test.c: which descriptors of a peer are acceptable. */
#include "platform.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
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

int main(void) {
  static const struct test_case tests[] = {
      {"our memory is sealed and accepted", our_memory_is_sealed_and_accepted},
      {"memory that could fault is refused", memory_that_could_fault_is_refused},
      {"huge pages are refused", huge_pages_are_refused},
      {"other files are refused", other_files_are_refused},
  };
  return RUN_TESTS("platform_linux_test", tests);
}
