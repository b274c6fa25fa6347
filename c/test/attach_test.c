/* attach_test.c: what cannot be attached, and why. */
#include "kinds.h"

#include "resources.h"

#include <isthmus/client.h>

#include <sys/socket.h>

static void a_struct_beyond_the_end_is_refused(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  static const size_t places[][2] = {
      {0, ROOM + 1},        {ROOM, 1},     {ROOM + 1, 1},     {ROOM - 8, 9},        {SIZE_MAX, 1},
      {SIZE_MAX, SIZE_MAX}, {1, SIZE_MAX}, {SIZE_MAX - 7, 8}, {(size_t)1 << 63, 8}, {8, (size_t)1 << 63}};
  for (size_t i = 0; i < KINDS; i++) {
    for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) {
      isth_segment_options options = {.name = kinds[i].name, .offset = places[j][0], .bytes = places[j][1]};
      must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the struct");
    }
    isth_segment_options options = {.name = kinds[i].name, .offset = ROOM - 8, .bytes = 8};
    isth_segment_detach(must_attach(&options));
    options.guard = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = ROOM, .width = 4};
    must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the guard");
    options.guard = (isth_guard){.kind = ISTH_GUARD_NONE};
    options.magic = "abcd";
    options.magic_bytes = 4;
    options.magic_offset = ROOM - 3;
    must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the magic");
    options.bytes = 0;
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "at least one byte");
  }
  /* Made, and not yet given its size. */
  const char *path = fresh_name(PATH);
  int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);
  close(fd);
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = path}, .bytes = 8};
  must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, path);
  remove_kinds(kinds);
}

static void what_is_not_there_is_missing(void) {
  int key = fresh_key(SEGMENT_KEY), gone = fresh_key(SEGMENT_KEY);
  shmdt(old_segment(gone, 8));
  int id = shmget(gone, 0, 0);
  shmctl(id, IPC_RMID, NULL);
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_SYSTEM_V, .key = key},
                                     {.kind = ISTH_SEGMENT_SYSTEM_V, .id = id},
                                     {.kind = ISTH_SEGMENT_SYSTEM_V, .id = -1},
                                     {.kind = ISTH_SEGMENT_POSIX, .name = fresh_name(OBJECT)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = fresh_name(PATH)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = "/proc/version/none"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    isth_segment_options options = {.name = names[i], .bytes = 8};
    must_refuse(&options, ISTH_E_SEGMENT_MISSING, names[i].name == NULL ? "System V" : names[i].name);
  }
  remove_belongings();
}

static void names_that_are_none_are_refused(void) {
  char long_name[300];
  memset(long_name, 'a', sizeof long_name);
  long_name[0] = '/';
  long_name[sizeof long_name - 1] = 0;
  const char *names[] = {NULL, "", "/", "name", "/a/b", "/.", "/..", "//", long_name};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_POSIX, .name = names[i]}, .bytes = 8};
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "name");
    CHECK_EQUAL(isth_segment_remove(&options.name, NULL), ISTH_E_INVALID_ARGUMENT);
  }
  for (size_t i = 0; i < 2; i++) {
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = names[i]}, .bytes = 8};
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "path");
    CHECK_EQUAL(isth_segment_remove(&options.name, NULL), ISTH_E_INVALID_ARGUMENT);
  }
  isth_segment_options options = {.name = {.kind = (isth_segment_kind)9}, .bytes = 8};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "kind");
}

static void what_is_no_regular_file_is_refused_at_once(void) {
  const char *fifo = fresh_name(PATH), *link = fresh_name(PATH), *object = fresh_name(OBJECT);
  CHECK_EQUAL(mkfifo(fifo, 0600), 0);
  CHECK_EQUAL(symlink("/nowhere", link), 0);
  const char *paths[] = {fifo, "/tmp", "/dev/zero"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    for (int writable = 0; writable < 2; writable++) {
      isth_segment_options options = {
          .name = {.kind = ISTH_SEGMENT_FILE, .name = paths[i]}, .bytes = 8, .writable = writable != 0};
      must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
    }
  }
  /* A POSIX segment is no symbolic link: whoever may make one could lead us to any file. */
  char linked[128];
  snprintf(linked, sizeof linked, "/dev/shm%s", object);
  CHECK_EQUAL(symlink("/etc/passwd", linked), 0);
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_POSIX, .name = object}, .bytes = 8};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
  int pipes[2], sockets[2];
  CHECK_EQUAL(pipe(pipes), 0);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const int descriptors[] = {pipes[0], sockets[0], -1};
  for (size_t i = 0; i < 3; i++) {
    options.name = (isth_segment_name){.kind = ISTH_SEGMENT_FD, .fd = descriptors[i]};
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
  }
  for (size_t i = 0; i < 2; i++) {
    close(pipes[i]);
    close(sockets[i]);
  }
  remove_belongings();
}

/* A process that has a lease on a file, which somebody who opens the file wants back. */
static pid_t start_lease(const char *path, bool gives_back) {
  int told[2];
  CHECK_EQUAL(pipe(told), 0);
  pid_t child = fork_child();
  if (child == 0) {
    sigset_t asked;
    sigemptyset(&asked);
    sigaddset(&asked, SIGIO);
    CHECK_EQUAL(sigprocmask(SIG_BLOCK, &asked, NULL), 0);
    int file = open(path, O_RDONLY), signal;
    CHECK(file >= 0);
    CHECK_EQUAL(fcntl(file, F_SETLEASE, F_WRLCK), 0);
    CHECK_EQUAL(write(told[1], "", 1), 1);
    CHECK_EQUAL(sigwait(&asked, &signal), 0);
    usleep(20000);
    if (gives_back) CHECK_EQUAL(fcntl(file, F_SETLEASE, F_UNLCK), 0);
    for (;;) pause();
  }
  char byte;
  CHECK_EQUAL(read(told[0], &byte, 1), 1);
  close(told[0]);
  close(told[1]);
  return child;
}

/* Who asks the system whether a file is used, as `isthmus segments` does, has a lease on it for a moment. */
static void a_lease_is_waited_for_a_little(void) {
  if (is_linux_only("leases")) return;
  const char *object = fresh_name(OBJECT), *lock = fresh_name(OBJECT);
  munmap(old_object(object, ROOM), ROOM);
  munmap(old_object(lock, 1), 1);
  char path[128], lock_path[128];
  snprintf(path, sizeof path, "/dev/shm%s", object);
  snprintf(lock_path, sizeof lock_path, "/dev/shm%s", lock);
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_POSIX, .name = object}, .bytes = 8};
  for (size_t i = 0; i < 3; i++) {
    if (i == 1) options.name = (isth_segment_name){.kind = ISTH_SEGMENT_FILE, .name = path};
    if (i == 2) options.guard = (isth_guard){.kind = ISTH_GUARD_FLOCK, .name = lock_path};
    /* Whether that little is enough for the other is the machine's to say. */
    isth_segment *segment = NULL;
    for (int attempts = 0; segment == NULL; attempts++) {
      isth_failure failure = {0, ""};
      CHECK(attempts < 20);
      pid_t giving = start_lease(i == 2 ? lock_path : path, true);
      int error = isth_segment_attach(&segment, &options, &failure);
      CHECK(error == 0 || (error == ISTH_E_SYSTEM && strstr(failure.message, "unavailable") != NULL));
      kill_child(giving);
    }
    isth_segment_detach(segment);
    pid_t child = start_lease(i == 2 ? lock_path : path, false);
    uint64_t before_ns = isth_now_ns();
    must_refuse(&options, ISTH_E_SYSTEM, "unavailable");
    CHECK(isth_now_ns() - before_ns < 30000000000);
    kill_child(child);
  }
  remove_belongings();
}

static void without_permission_nothing_is_attached(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  chmod(kinds[3].name.name, 0400);
  fchmod(kinds[4].name.fd, 0400);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", kinds[4].name.fd);
  int reading = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(reading >= 0);
  pid_t child = fork_child();
  if (child == 0) {
    if (geteuid() == 0) {
      CHECK_EQUAL(setgid(65534), 0);
      CHECK_EQUAL(setuid(65534), 0);
      /* Nobody's: neither reading nor writing. */
      for (size_t i = 0; i < 4; i++) {
        isth_segment_options options = options_of(&kinds[i]);
        must_refuse(&options, ISTH_E_PERMISSION_DENIED, "denied");
      }
    }
    /* Opened for reading only: no writing, and no mutex. */
    isth_segment_options options = options_of(&kinds[4]);
    options.name.fd = reading;
    isth_segment_detach(must_attach(&options));
    options.writable = true;
    must_refuse(&options, ISTH_E_PERMISSION_DENIED, "mmap");
    _exit(0);
  }
  wait_for(child);
  close(reading);
  remove_kinds(kinds);
}

static void a_reader_needs_to_write_a_mutex(void) {
  const char *path = fresh_name(PATH);
  munmap(old_file(path, ROOM), ROOM);
  chmod(path, 0444);
  pid_t child = fork_child();
  if (child == 0) {
    if (geteuid() == 0) CHECK_EQUAL(setuid(65534), 0);
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = path}, .bytes = 8};
    isth_segment_detach(must_attach(&options));
    options.guard = (isth_guard){.kind = ISTH_GUARD_MUTEX};
    must_refuse(&options, ISTH_E_PERMISSION_DENIED, "taking a mutex");
    _exit(0);
  }
  wait_for(child);
  remove_belongings();
}

static void another_magic_is_a_mismatch(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  for (size_t i = 0; i < KINDS; i++) {
    isth_segment_options options = options_of(&kinds[i]);
    options.magic = "TANK\0\1";
    options.magic_bytes = 6;
    options.magic_offset = 4093; /* over the boundary of a page */
    must_refuse(&options, ISTH_E_SEGMENT_MISMATCH, "magic at 4093");
    memcpy(kinds[i].memory + 4093, "TANK\0\1", 6);
    isth_segment_detach(must_attach(&options));
    kinds[i].memory[4093 + 5] = 2;
    must_refuse(&options, ISTH_E_SEGMENT_MISMATCH, "magic at 4093");
    options.magic = NULL;
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "magic");
  }
  remove_kinds(kinds);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a struct beyond the end is refused", a_struct_beyond_the_end_is_refused},
      {"what is not there is missing", what_is_not_there_is_missing},
      {"names that are none are refused", names_that_are_none_are_refused},
      {"what is no regular file is refused at once", what_is_no_regular_file_is_refused_at_once},
      {"a lease is waited for a little", a_lease_is_waited_for_a_little},
      {"without permission nothing is attached", without_permission_nothing_is_attached},
      {"a reader needs to write a mutex", a_reader_needs_to_write_a_mutex},
      {"another magic is a mismatch", another_magic_is_a_mismatch},
  };
  return RUN_TESTS("attach_test", tests);
}
