/* fault_test.c: memory that goes away while it is used: an error for who reads it, and nobody else's SIGBUS is
 * touched. */
#include "segments.h"

#include "resources.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { PAGE = 4096, PAGES = 8, ROOM = PAGES * PAGE };

/* The thread sanitizer takes a lock of its own around atomic accesses that order others, and a fault would leave it
 * locked: so under it no memory of a guard may go. */
#if defined(__SANITIZE_THREAD__)
enum { GUARDS_MAY_GO = 0 };
#elif defined(__has_feature)
enum { GUARDS_MAY_GO = !__has_feature(thread_sanitizer) };
#else
enum { GUARDS_MAY_GO = 1 };
#endif

static const uint64_t SECOND = 1000000000;
static unsigned char bytes[ROOM];

static isth_segment_options options_of(const char *path, size_t offset, size_t size) {
  return (isth_segment_options){
      .name = {.kind = ISTH_SEGMENT_FILE, .name = path}, .offset = offset, .bytes = size, .writable = true};
}

static const char *new_file(void) {
  const char *path = fresh_name(PATH);
  munmap(old_file(path, ROOM), ROOM);
  return path;
}

/* ---- what is somebody else's ---- */

/* These come first: the handler is installed once in a process, and children inherit it. */

static volatile sig_atomic_t heard, heard_code;
static void *volatile heard_address;
static sigjmp_buf heard_place;

static void hear(int signal) { heard = signal; }

static void hear_all(int signal, siginfo_t *info, void *context) {
  (void)context;
  heard = signal;
  heard_code = info->si_code;
  heard_address = info->si_addr;
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  /* As it would be without us in between. */
  CHECK(sigismember(&mask, SIGBUS));
  CHECK(sigismember(&mask, SIGUSR1));
  siglongjmp(heard_place, 1);
}

/* Memory of the program's own, with nothing behind it. */
static volatile unsigned char *unbacked(void) {
  int fd = memfd_create("own", MFD_CLOEXEC);
  volatile unsigned char *memory = old_mapping(dup(fd), PAGE);
  CHECK_EQUAL(ftruncate(fd, 0), 0);
  close(fd);
  return memory;
}

static void use_a_truncated_one(void) {
  const char *path = new_file();
  isth_segment_options options = options_of(path, 0, ROOM);
  isth_segment *segment = must_attach(&options);
  CHECK_EQUAL(truncate(path, PAGE), 0);
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, ROOM, 0, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
  isth_segment_detach(segment);
  unlink(path);
}

static void their_handler_still_hears(void) {
  pid_t child = fork_child();
  if (child == 0) {
    struct sigaction theirs = {.sa_sigaction = hear_all, .sa_flags = SA_SIGINFO};
    sigemptyset(&theirs.sa_mask);
    sigaddset(&theirs.sa_mask, SIGUSR1);
    CHECK_EQUAL(sigaction(SIGBUS, &theirs, NULL), 0);
    volatile unsigned char *memory = unbacked();
    for (volatile int round = 0; round < 3; round++) {
      use_a_truncated_one();
      CHECK_EQUAL(heard, 0);
      if (sigsetjmp(heard_place, 1) == 0) {
        memory[100] = 1;
        CHECK(false);
      }
      CHECK_EQUAL(heard, SIGBUS);
      CHECK_EQUAL(heard_code, BUS_ADRERR);
      CHECK(heard_address == (void *)(uintptr_t)&memory[100]);
      heard = 0;
    }
    _exit(0);
  }
  wait_for(child);
}

static void their_handler_hears_what_is_sent(void) {
  pid_t child = fork_child();
  if (child == 0) {
    CHECK(signal(SIGBUS, hear) != SIG_ERR);
    use_a_truncated_one();
    for (size_t i = 0; i < 3; i++) {
      heard = 0;
      raise(SIGBUS);
      CHECK_EQUAL(heard, SIGBUS);
    }
    _exit(0);
  }
  wait_for(child);
}

static void how_it_was_ignored_it_still_is(void) {
  pid_t child = fork_child();
  if (child == 0) {
    CHECK(signal(SIGBUS, SIG_IGN) != SIG_ERR);
    use_a_truncated_one();
    raise(SIGBUS);
    use_a_truncated_one();
    _exit(0);
  }
  wait_for(child);
}

/* How a program must end that a SIGBUS meets which is not ours. */
enum { DEFAULT, IGNORED, ONCE, WAYS };

static void end_by_signal(int way, bool sent) {
  const struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  struct sigaction before = {.sa_handler = way == DEFAULT ? SIG_DFL : way == IGNORED ? SIG_IGN : hear};
  before.sa_flags = way == ONCE ? (int)SA_RESETHAND : 0;
  CHECK_EQUAL(sigaction(SIGBUS, &before, NULL), 0);
  use_a_truncated_one();
  volatile unsigned char *memory = unbacked();
  if (sent) raise(SIGBUS);
  if (way == ONCE && sent) CHECK_EQUAL(heard, SIGBUS);
  if (sent) raise(SIGBUS);
  if (!sent) memory[0] = 1;
  _exit(1);
}

static void what_nobody_handles_still_ends_the_program(void) {
  for (int way = 0; way < WAYS; way++) {
    for (int sent = 0; sent < 2; sent++) {
      if (way == IGNORED && sent) continue;
      pid_t child = fork_child();
      if (child == 0) end_by_signal(way, sent != 0);
      int status;
      CHECK_EQUAL(waitpid(child, &status, 0), child);
      CHECK(WIFSIGNALED(status));
      CHECK_EQUAL(WTERMSIG(status), SIGBUS);
    }
  }
}

/* Where we are to copy to is the program's own affair too. */
static void what_is_gone_of_theirs_is_not_taken_for_ours(void) {
  for (int writes = 0; writes < 2; writes++) {
    pid_t child = fork_child();
    if (child == 0) {
      const struct rlimit none = {0, 0};
      setrlimit(RLIMIT_CORE, &none);
      CHECK(signal(SIGBUS, SIG_DFL) != SIG_ERR);
      const char *path = new_file();
      isth_segment_options options = options_of(path, 0, ROOM);
      isth_segment *segment = must_attach(&options);
      unlink(path);
      unsigned char *memory = (unsigned char *)(uintptr_t)unbacked();
      if (writes) (void)isth_segment_write(segment, 0, memory, 8, NULL, 0, NULL, NULL);
      if (!writes) (void)isth_segment_read(segment, 0, memory, 8, 0, NULL, NULL);
      _exit(1);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGBUS);
  }
}

/* ---- ours ---- */

static void what_is_truncated_is_an_error_until_it_is_whole(void) {
  const char *path = new_file(), *object = fresh_name(OBJECT);
  munmap(old_object(object, ROOM), ROOM);
  const int files[] = {open(path, O_RDWR), shm_open(object, O_RDWR, 0), memfd_create("fd", MFD_CLOEXEC)};
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_FILE, .name = path},
                                     {.kind = ISTH_SEGMENT_POSIX, .name = object},
                                     {.kind = ISTH_SEGMENT_FD, .fd = files[2]}};
  CHECK_EQUAL(ftruncate(files[2], ROOM), 0);
  for (size_t i = 0; i < 3; i++) {
    isth_segment_options options = {.name = names[i], .offset = PAGE + 8, .bytes = 3 * PAGE, .writable = true};
    isth_segment *segment = must_attach(&options);
    isth_failure failure;
    isth_segment_stamp stamp;
    for (size_t round = 0; round < 3; round++) {
      CHECK_EQUAL(isth_segment_read(segment, 0, bytes, options.bytes, 0, &stamp, NULL), 0);
      CHECK_EQUAL(ftruncate(files[i], 2 * PAGE), 0);
      CHECK_EQUAL(isth_segment_read(segment, 0, bytes, options.bytes, 0, NULL, &failure), ISTH_E_SEGMENT_TRUNCATED);
      CHECK_EQUAL(failure.error, ISTH_E_SEGMENT_TRUNCATED);
      CHECK(strstr(failure.message, "byte 4088 of the struct is gone; there are 8192 bytes now, of 32768") != NULL);
      CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 8, 0, &stamp, NULL), ISTH_E_SEGMENT_TRUNCATED);
      CHECK_EQUAL(isth_segment_write(segment, 0, bytes, options.bytes, NULL, 0, NULL, &failure),
                  ISTH_E_SEGMENT_TRUNCATED);
      /* What is there can be read. */
      CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 8, 0, NULL, NULL), 0);
      CHECK(isth_segment_current(segment));
      CHECK_EQUAL(ftruncate(files[i], ROOM), 0);
      CHECK_EQUAL(isth_segment_write(segment, 0, bytes, options.bytes, NULL, 0, NULL, NULL), 0);
    }
    isth_segment_detach(segment);
    close(files[i]);
  }
  remove_belongings();
}

/* No fault says so: the rest of the last page is zeros, and what is written there is lost. */
static void what_ends_inside_a_page_is_truncated_as_well(void) {
  const char *path = new_file();
  isth_segment_options options = options_of(path, PAGE + 8, 64);
  isth_segment *segment = must_attach(&options);
  isth_segment_stamp stamp;
  isth_failure failure;
  memset(bytes, 1, sizeof bytes);
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, 64, NULL, 0, NULL, NULL), 0);
  CHECK_EQUAL(truncate(path, PAGE + 40), 0);
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 64, 0, NULL, &failure), ISTH_E_SEGMENT_TRUNCATED);
  CHECK(strstr(failure.message, "byte 32 of the struct is gone; there are 4136 bytes now, of 32768") != NULL);
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, 64, NULL, 0, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
  CHECK_EQUAL(isth_segment_write(segment, 32, bytes, 8, NULL, 0, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
  /* What is there can be read, but the digest is of all. */
  CHECK_EQUAL(isth_segment_read(segment, 24, bytes, 8, 0, NULL, NULL), 0);
  CHECK_EQUAL(isth_segment_read(segment, 24, bytes, 8, 0, &stamp, NULL), ISTH_E_SEGMENT_TRUNCATED);
  CHECK_EQUAL(truncate(path, PAGE + 4), 0);
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 8, 0, NULL, &failure), ISTH_E_SEGMENT_TRUNCATED);
  CHECK(strstr(failure.message, "byte 0 of the struct is gone; there are 4100 bytes now") != NULL);
  CHECK_EQUAL(truncate(path, PAGE + 72), 0);
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 64, 0, &stamp, NULL), 0);
  isth_segment_detach(segment);
  remove_belongings();
}

static void at_any_moment(void) {
  const char *path = new_file();
  isth_segment_options options = options_of(path, 16, ROOM - 16);
  if (GUARDS_MAY_GO) options.guard = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .width = 8};
  isth_segment *segment = must_attach(&options);
  pid_t child = fork_child();
  if (child == 0)
    for (size_t i = 0;; i++) {
      CHECK_EQUAL(truncate(path, (off_t)(i % (PAGES + 1) * PAGE)), 0);
      usleep(i % 3 == 0 ? 50 : 0);
      CHECK_EQUAL(truncate(path, ROOM), 0);
      usleep(i % 5 == 0 ? 100 : 0);
    }
  size_t good = 0, gone = 0, rounds = is_slow() ? 500 : 20000;
  for (size_t i = 0; i < rounds || good == 0 || gone == 0; i++) {
    isth_segment_stamp stamp;
    int error = i % 2 == 0
                    ? isth_segment_read(segment, 0, bytes, options.bytes, 0, i % 4 == 0 ? &stamp : NULL, NULL)
                    : isth_segment_write(segment, 0, bytes, options.bytes, NULL, 0, i % 4 == 1 ? &stamp : NULL, NULL);
    /* The counter itself goes back to 0 with its page. */
    CHECK(error == 0 || error == ISTH_E_SEGMENT_TRUNCATED || error == ISTH_E_REGION_BUSY);
    good += error == 0;
    gone += error == ISTH_E_SEGMENT_TRUNCATED;
  }
  kill_child(child);
  isth_segment_detach(segment);
  remove_belongings();
}

static void *read_on(void *argument) {
  static _Thread_local unsigned char own[ROOM];
  size_t gone = 0;
  for (size_t i = 0; i < 200 || gone == 0; i++) {
    int error = isth_segment_read(argument, 0, own, ROOM, 0, NULL, NULL);
    CHECK(error == 0 || error == ISTH_E_SEGMENT_TRUNCATED);
    gone += error != 0;
  }
  return NULL;
}

static void in_many_threads(void) {
  const char *path = new_file();
  isth_segment_options options = options_of(path, 0, ROOM);
  isth_segment *segment = must_attach(&options);
  pid_t child = fork_child();
  if (child == 0)
    for (;;) {
      CHECK_EQUAL(truncate(path, PAGE), 0);
      usleep(100);
      CHECK_EQUAL(truncate(path, ROOM), 0);
      usleep(100);
    }
  pthread_t threads[4];
  for (size_t i = 0; i < 4; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, read_on, segment), 0);
  for (size_t i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  kill_child(child);
  isth_segment_detach(segment);
  remove_belongings();
}

static void whatever_the_threads_mask_and_stack(void) {
  const char *path = new_file();
  isth_segment_options options = options_of(path, 0, ROOM);
  isth_segment *segment = must_attach(&options);
  CHECK_EQUAL(truncate(path, PAGE), 0);
  stack_t stack = {.ss_size = 65536, .ss_sp = malloc(65536)}, before;
  CHECK_EQUAL(sigaltstack(&stack, &before), 0);
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &mask);
  for (size_t i = 0; i < 2000; i++) {
    sigset_t now;
    CHECK_EQUAL(isth_segment_read(segment, 0, bytes, ROOM, 0, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGBUS));
  }
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 8, 0, NULL, NULL), 0);
  pthread_sigmask(SIG_BLOCK, NULL, &all);
  CHECK(sigismember(&all, SIGBUS));
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  for (size_t i = 0; i < 2000; i++) {
    CHECK_EQUAL(isth_segment_read(segment, 0, bytes, ROOM, 0, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
    CHECK_EQUAL(sigaltstack(NULL, &stack), 0);
    CHECK((stack.ss_flags & SS_ONSTACK) == 0);
    pthread_sigmask(SIG_BLOCK, NULL, &all);
    CHECK(!sigismember(&all, SIGBUS));
  }
  sigaltstack(&before, NULL);
  free(stack.ss_sp);
  isth_segment_detach(segment);
  remove_belongings();
}

/* ---- what is held when it happens ---- */

static void init_mutex(pthread_mutex_t *mutex, bool shared) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (shared) pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  CHECK_EQUAL(pthread_mutex_init(mutex, &attributes), 0);
  pthread_mutexattr_destroy(&attributes);
}

struct first_page {
  pthread_mutex_t mutex;
  _Atomic uint64_t counter;
};

static void the_guard_is_released(void) {
  for (int round = is_linux_only("a mutex as the guard") ? 1 : 0; round < 6; round++) {
    const char *path = fresh_name(PATH), *name = fresh_name(SEMAPHORE);
    struct first_page *page = old_file(path, ROOM);
    init_mutex(&page->mutex, true);
    int key = fresh_key(SET_KEY), set = old_set(key, 1);
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    CHECK(semaphore != SEM_FAILED);
    const isth_guard guards[] = {
        {.kind = ISTH_GUARD_MUTEX},
        {.kind = ISTH_GUARD_SEQLOCK, .offset = offsetof(struct first_page, counter), .width = 8},
        {.kind = ISTH_GUARD_SYSTEM_V_SEMAPHORE, .key = key},
        {.kind = ISTH_GUARD_POSIX_SEMAPHORE, .name = name},
        {.kind = ISTH_GUARD_FLOCK},
        {.kind = ISTH_GUARD_FCNTL}};
    isth_segment_options options = options_of(path, PAGE, 2 * PAGE);
    options.guard = guards[round];
    isth_segment *segment = must_attach(&options);
    CHECK_EQUAL(truncate(path, 2 * PAGE), 0);
    isth_segment_stamp stamp;
    for (size_t i = 0; i < 20; i++) {
      CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 2 * PAGE, SECOND, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
      CHECK_EQUAL(isth_segment_write(segment, 0, bytes, 2 * PAGE, NULL, SECOND, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
      /* The version of the whole, after writing what is there: only then does it fault. */
      if (round != 1)
        CHECK_EQUAL(isth_segment_write(segment, 0, bytes, 8, NULL, SECOND, &stamp, NULL), ISTH_E_SEGMENT_TRUNCATED);
    }
    CHECK_EQUAL(atomic_load(&page->counter) % 2, 0);
    CHECK_EQUAL(pthread_mutex_trylock(&page->mutex), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&page->mutex), 0);
    CHECK_EQUAL(semctl(set, 0, GETVAL), 1);
    int value;
    CHECK_EQUAL(sem_getvalue(semaphore, &value), 0);
    CHECK_EQUAL(value, 1);
    isth_segment_options plain = options_of(path, PAGE, 8);
    isth_segment *other = must_attach(&plain);
    CHECK_EQUAL(isth_segment_write(other, 0, bytes, 8, NULL, 0, NULL, NULL), 0);
    isth_segment_detach(other);
    CHECK_EQUAL(truncate(path, ROOM), 0);
    CHECK_EQUAL(isth_segment_write(segment, 0, bytes, 2 * PAGE, NULL, 0, NULL, NULL), 0);
    isth_segment_detach(segment);
    sem_close(semaphore);
    munmap(page, ROOM);
    remove_belongings();
  }
}

static struct robust_list_head *robust_list(void) {
  struct robust_list_head *head;
  size_t size;
  CHECK_EQUAL(syscall(SYS_get_robust_list, 0, &head, &size), 0);
  return head;
}

/* The mutex goes with the data, at any moment while it is taken, held or released. */
static void *lose_the_mutex(void *argument) {
  const char *path = argument;
  pthread_mutex_t own;
  init_mutex(&own, false);
  isth_segment_options options = options_of(path, PAGE, 2 * PAGE);
  options.guard = (isth_guard){.kind = ISTH_GUARD_MUTEX};
  CHECK_EQUAL(truncate(path, ROOM), 0);
  struct first_page *page = old_mapping(open(path, O_RDWR), ROOM);
  init_mutex(&page->mutex, true);
  isth_segment *segment = must_attach(&options);
  pid_t child = fork_child();
  if (child == 0)
    for (;;) {
      CHECK_EQUAL(truncate(path, 0), 0);
      usleep(20);
      CHECK_EQUAL(truncate(path, ROOM), 0);
      /* As its program does when it makes it anew: the kind last. */
      page->mutex.__data.__kind = 128 + 16;
      usleep(50);
    }
  size_t gone = 0;
  for (size_t i = 0; i < (is_slow() ? 300 : 5000) || gone == 0; i++) {
    int error = i % 2 == 0 ? isth_segment_read(segment, 0, bytes, 2 * PAGE, 0, NULL, NULL)
                           : isth_segment_write(segment, 0, bytes, 2 * PAGE, NULL, 1000, NULL, NULL);
    CHECK(error == 0 || error == ISTH_E_SEGMENT_TRUNCATED || error == ISTH_E_SEGMENT_MISMATCH ||
          error == ISTH_E_LOCK_TIMEOUT);
    gone += error == ISTH_E_SEGMENT_TRUNCATED;
    /* Nothing of it is left with the thread, whose other mutexes work on. */
    CHECK(robust_list()->list_op_pending == NULL);
    CHECK_EQUAL(pthread_mutex_lock(&own), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&own), 0);
  }
  kill_child(child);
  munmap(page, ROOM);
  isth_segment_detach(segment);
  pthread_mutex_destroy(&own);
  return NULL;
}

static void the_mutex_itself_may_go(void) {
  if (!GUARDS_MAY_GO || is_linux_only("a mutex as the guard")) return;
  const char *path = new_file();
  lose_the_mutex((void *)(uintptr_t)path);
  remove_belongings();
}

static void the_semaphores_file_may_go(void) {
  if (!GUARDS_MAY_GO) return;
  const char *path = new_file(), *name = fresh_name(SEMAPHORE);
  sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
  CHECK(semaphore != SEM_FAILED);
  sem_close(semaphore);
  isth_segment_options options = options_of(path, 0, 8);
  options.guard = (isth_guard){.kind = ISTH_GUARD_POSIX_SEMAPHORE, .name = name};
  isth_segment *segment = must_attach(&options);
  char file[128];
  snprintf(file, sizeof file, "/dev/shm/sem.%s", name + 1);
  CHECK_EQUAL(truncate(file, 0), 0);
  isth_failure failure;
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, 8, SECOND, NULL, &failure), ISTH_E_SEGMENT_TRUNCATED);
  CHECK(strstr(failure.message, "guard") != NULL);
  isth_segment_detach(segment);
  remove_belongings();
}

/* ---- a file system without room ---- */

static void fill(const char *path) {
  int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  while (write(fd, bytes, PAGE) > 0) continue;
  CHECK_EQUAL(errno, ENOSPC);
  close(fd);
}

static void in_a_full_file_system(const char *folder) {
  char path[128], filler[128], later[128];
  snprintf(path, sizeof path, "%s/segment", folder);
  snprintf(filler, sizeof filler, "%s/filler", folder);
  snprintf(later, sizeof later, "%s/later", folder);
  munmap(old_file(path, ROOM), ROOM);
  isth_segment_options options = options_of(path, 8, ROOM - 8);
  options.guard = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .width = 8};
  isth_segment *segment = must_attach(&options);
  isth_segment_stamp stamp;
  memset(bytes, 1, sizeof bytes);
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, 8, NULL, 0, &stamp, NULL), 0);
  CHECK_EQUAL(stamp.version, 1);
  fill(filler);
  /* Writing a hole fails before anything is changed. So may reading it: tmpfs makes a page for that. */
  int error = isth_segment_read(segment, 0, bytes, ROOM - 8, 0, NULL, NULL);
  CHECK(error == 0 || error == ISTH_E_SEGMENT_TRUNCATED);
  memset(bytes, 2, sizeof bytes);
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, ROOM - 8, NULL, 0, NULL, NULL), ISTH_E_SEGMENT_TRUNCATED);
  /* Nor can another one be made, of which nothing stays. */
  isth_segment_creation creation = {
      .name = {.kind = ISTH_SEGMENT_FILE, .name = later}, .bytes = ROOM, .uid = -1, .gid = -1};
  CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_OUT_OF_MEMORY);
  CHECK_EQUAL(access(later, F_OK), -1);
  CHECK_EQUAL(unlink(filler), 0);
  CHECK_EQUAL(isth_segment_read(segment, 0, bytes, ROOM - 8, 0, &stamp, NULL), 0);
  CHECK_EQUAL(stamp.version, 1);
  for (size_t i = 0; i < ROOM - 8; i++) CHECK_EQUAL(bytes[i], i < 8);
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, ROOM - 8, NULL, 0, &stamp, NULL), 0);
  CHECK_EQUAL(stamp.version, 2);
  /* One that was made by us has its room already. */
  CHECK_EQUAL(unlink(path), 0);
  isth_segment_detach(segment);
  CHECK_EQUAL(isth_segment_create(&creation, NULL), 0);
  fill(filler);
  options.name.name = later;
  segment = must_attach(&options);
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, ROOM - 8, NULL, 0, NULL, NULL), 0);
  isth_segment_detach(segment);
}

static void a_full_file_system_is_an_error(void) {
  char folder[] = "/tmp/isth-test-mount-XXXXXX";
  CHECK(mkdtemp(folder) != NULL);
  pid_t child = fork_child();
  if (child == 0) {
    /* In a namespace of its own, so that it goes with the process. */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", folder, "tmpfs", 0, "size=64k") != 0)
      _exit(77);
    in_a_full_file_system(folder);
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  rmdir(folder);
  CHECK(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    fprintf(stderr, "fault_test: a full file system: skipped, no permission to mount one\n");
    return;
  }
  CHECK_EQUAL(WEXITSTATUS(status), 0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"their handler still hears", their_handler_still_hears},
      {"their handler hears what is sent", their_handler_hears_what_is_sent},
      {"how it was ignored it still is", how_it_was_ignored_it_still_is},
      {"what nobody handles still ends the program", what_nobody_handles_still_ends_the_program},
      {"what is gone of theirs is not taken for ours", what_is_gone_of_theirs_is_not_taken_for_ours},
      {"what is truncated is an error until it is whole", what_is_truncated_is_an_error_until_it_is_whole},
      {"what ends inside a page is truncated as well", what_ends_inside_a_page_is_truncated_as_well},
      {"at any moment", at_any_moment},
      {"in many threads", in_many_threads},
      {"whatever the thread's mask and stack", whatever_the_threads_mask_and_stack},
      {"the guard is released", the_guard_is_released},
      {"the mutex itself may go", the_mutex_itself_may_go},
      {"the semaphore's file may go", the_semaphores_file_may_go},
      {"a full file system is an error", a_full_file_system_is_an_error},
  };
  return RUN_TESTS("fault_test", tests);
}
