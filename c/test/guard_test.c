/* guard_test.c: sharing memory with programs that know nothing of us, under each guard. */
#include "scene.h"

#include "random.h"

/* ---- taking turns ---- */

static void increment_by_hand(struct scene *scene, size_t rounds) {
  struct random random = random_start((uint64_t)getpid());
  for (size_t i = 0; i < rounds; i++) {
    old_lock(scene);
    CHECK(scene->shared->one == scene->shared->other);
    scene->shared->one++;
    if (random_below(&random, 4) == 0) sched_yield();
    scene->shared->other++;
    old_unlock(scene);
    if (random_below(&random, 4) == 0) usleep(20);
  }
}

static void increment_by_ours(isth_segment *segment, size_t rounds) {
  static _Thread_local struct value value;
  isth_segment_stamp stamp;
  isth_failure failure;
  for (size_t i = 0; i < rounds;) {
    int error = isth_segment_read(segment, 0, &value, sizeof value, 60 * SECOND, &stamp, &failure);
    if (error != 0) fprintf(stderr, "%s\n", failure.message);
    CHECK_EQUAL(error, 0);
    CHECK(value.one == value.other);
    value.one++;
    value.other++;
    error = isth_segment_write(segment, 0, &value, sizeof value, &stamp.version, 60 * SECOND, NULL, &failure);
    if (error == ISTH_E_REGION_CONFLICT) continue;
    if (error != 0) fprintf(stderr, "%s\n", failure.message);
    CHECK_EQUAL(error, 0);
    i++;
  }
}

struct helper {
  isth_segment *segment;
  size_t rounds;
};

static void *help(void *argument) {
  struct helper *helper = argument;
  increment_by_ours(helper->segment, helper->rounds);
  return NULL;
}

/* Two old programs, and two of our threads on one handle: nobody sees the halves differ, and no turn is lost. */
static void all_take_turns(void) {
  const size_t rounds = is_slow() ? 20 : 300;
  for (int guard = 0; guard < GUARDS; guard++) {
    if (!has_guard(guard)) continue;
    struct scene scene;
    make_scene(&scene, guard);
    pid_t children[2];
    for (size_t i = 0; i < 2; i++) {
      children[i] = fork_child();
      if (children[i] != 0) continue;
      old_start(&scene);
      increment_by_hand(&scene, rounds);
      _exit(0);
    }
    isth_segment *segment = must_attach(&scene.options);
    struct helper helper = {segment, rounds};
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, help, &helper), 0);
    increment_by_ours(segment, rounds);
    pthread_join(thread, NULL);
    for (size_t i = 0; i < 2; i++) wait_for(children[i]);
    CHECK_EQUAL(scene.shared->one, 4 * rounds);
    CHECK_EQUAL(scene.shared->other, 4 * rounds);
    isth_segment_detach(segment);
    leave_scene(&scene);
  }
}

/* ---- a guard that nobody releases ---- */

static bool names(const isth_failure *failure, pid_t process) {
  char text[32];
  snprintf(text, sizeof text, "process %d", (int)process);
  return strstr(failure->message, text) != NULL;
}

static void waiting_ends_and_says_who_holds_it(void) {
  for (int guard = 0; guard < GUARDS; guard++) {
    if (!has_guard(guard)) continue;
    struct scene scene;
    make_scene(&scene, guard);
    isth_segment *segment = must_attach(&scene.options);
    pid_t holder = start_holder(&scene);
    uint64_t number = 1;
    isth_failure failure;
    int wanted = guard == NARROW || guard == WIDE ? ISTH_E_REGION_BUSY : ISTH_E_LOCK_TIMEOUT;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, SECOND / 20, NULL, &failure), wanted);
    CHECK_EQUAL(failure.error, wanted);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 49);
    CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, SECOND / 100, NULL, &failure), wanted);
    /* The system knows it of all but these. */
    bool known = guard == SYSTEM_V_SEMAPHORE || guard == PLAIN_MUTEX || guard == ROBUST_MUTEX || guard == FLOCK ||
                 guard == FCNTL;
    if (guard == FLOCK && is_linux_only("who holds a flock")) known = false;
    CHECK_EQUAL(names(&failure, holder), known);
    if (known && !is_linux_only("the name of its program"))
      CHECK(strstr(failure.message, "(guard_test)") != NULL || is_slow());
    /* A try does not sleep, and leaves no trace. */
    for (size_t i = 0; i < 100; i++) {
      CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, NULL, NULL), wanted);
      CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 0, NULL, NULL), wanted);
    }
    CHECK_EQUAL(scene.shared->one, 0);
    atomic_store(&scene.shared->go, 1);
    /* Who waits long enough gets it. */
    CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 60 * SECOND, NULL, &failure), 0);
    CHECK_EQUAL(number, 0);
    wait_for(holder);
    CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, NULL, NULL), 0);
    isth_segment_detach(segment);
    leave_scene(&scene);
  }
}

static void an_owner_that_died(void) {
  for (int guard = 0; guard < GUARDS; guard++) {
    if (!has_guard(guard)) continue;
    struct scene scene;
    make_scene(&scene, guard);
    isth_segment *segment = must_attach(&scene.options);
    pid_t holder = start_holder(&scene);
    kill_child(holder);
    uint64_t number = 7;
    isth_failure failure = {.error = 0};
    int error = isth_segment_read(segment, 0, &number, 8, SECOND / 50, NULL, &failure);
    switch (guard) {
    case NARROW:
    case WIDE:
      CHECK_EQUAL(error, ISTH_E_REGION_BUSY);
      CHECK(strstr(failure.message, "stays at 1") != NULL);
      break;
    case POSIX_SEMAPHORE: CHECK_EQUAL(error, ISTH_E_LOCK_TIMEOUT); break;
    case PLAIN_MUTEX:
      CHECK_EQUAL(error, ISTH_E_LOCK_TIMEOUT);
      CHECK(names(&failure, holder));
      CHECK(strstr(failure.message, "which is gone") != NULL);
      break;
    case ROBUST_MUTEX:
      CHECK_EQUAL(error, ISTH_E_LOCK_OWNER_DIED);
      CHECK(strstr(failure.message, "can be used again") != NULL);
      /* Said once. */
      CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, NULL, NULL), 0);
      break;
    default:
      /* The system has released it. */
      CHECK_EQUAL(error, 0);
    }
    isth_segment_detach(segment);
    leave_scene(&scene);
  }
}

/* We are the owner that dies: killed at any time, the others go on. */
static void we_may_die_holding_it(void) {
  const size_t rounds = is_slow() ? 10 : 100;
  static const int guards[] = {SYSTEM_V_SEMAPHORE, ROBUST_MUTEX, FLOCK, FCNTL};
  for (size_t which = 0; which < 4; which++) {
    if (!has_guard(guards[which])) continue;
    struct scene scene;
    make_scene(&scene, guards[which]);
    size_t died = 0;
    for (size_t i = 0; i < rounds; i++) {
      atomic_store(&scene.shared->told, 0);
      pid_t child = fork_child();
      if (child == 0) {
        static struct value value;
        isth_segment *segment = must_attach(&scene.options);
        atomic_store(&scene.shared->told, 1);
        for (;;) {
          int error = isth_segment_write(segment, 0, &value, sizeof value, NULL, 10 * SECOND, NULL, NULL);
          CHECK_EQUAL(error, 0);
        }
      }
      WAIT_UNTIL(atomic_load(&scene.shared->told) == 1);
      usleep((useconds_t)(i * 7 % 300));
      kill_child(child);
      if (guards[which] != ROBUST_MUTEX) {
        old_lock(&scene);
      } else {
        int error = pthread_mutex_lock(&scene.shared->mutex);
        CHECK(error == 0 || error == EOWNERDEAD);
        if (error == EOWNERDEAD) CHECK_EQUAL(pthread_mutex_consistent(&scene.shared->mutex), 0);
        died += error == EOWNERDEAD;
      }
      old_unlock(&scene);
    }
    /* Half of its time it held it: of that many, some died then. */
    if (guards[which] == ROBUST_MUTEX && !is_slow()) CHECK(died > 0);
    leave_scene(&scene);
  }
}

/* ---- each kind's own ---- */

static void a_guard_that_is_not_there(void) {
  int key = fresh_key(SEGMENT_KEY);
  shmdt(old_segment(key, 4096));
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_SYSTEM_V, .key = key}, .bytes = 8};
  options.guard = (isth_guard){.kind = ISTH_GUARD_POSIX_SEMAPHORE, .name = fresh_name(SEMAPHORE)};
  must_refuse(&options, ISTH_E_GUARD_MISSING, options.guard.name);
  options.guard.name = "no-slash";
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "semaphore");
  options.guard.name = NULL;
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "semaphore");
  options.guard = (isth_guard){.kind = ISTH_GUARD_SYSTEM_V_SEMAPHORE, .key = fresh_key(SET_KEY)};
  must_refuse(&options, ISTH_E_GUARD_MISSING, "semaphore set of key");
  options.guard = (isth_guard){.kind = ISTH_GUARD_SYSTEM_V_SEMAPHORE, .id = -1};
  must_refuse(&options, ISTH_E_GUARD_MISSING, "semaphore set of id");
  options.guard = (isth_guard){.kind = ISTH_GUARD_SYSTEM_V_SEMAPHORE, .key = fresh_key(SET_KEY), .number = 2};
  int set = old_set(options.guard.key, 2);
  must_refuse(&options, ISTH_E_GUARD_MISSING, "2 semaphores, and none of number 2");
  options.guard.number = 65536; /* does not become 0 */
  must_refuse(&options, ISTH_E_GUARD_MISSING, "none of number 65536");
  options.guard = (isth_guard){.kind = ISTH_GUARD_SYSTEM_V_SEMAPHORE, .id = set, .number = 1};
  isth_segment_detach(must_attach(&options));
  options.guard = (isth_guard){.kind = ISTH_GUARD_FLOCK, .name = fresh_name(PATH)};
  must_refuse(&options, ISTH_E_GUARD_MISSING, options.guard.name);
  options.guard = (isth_guard){.kind = ISTH_GUARD_FCNTL, .name = "/tmp"};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
  options.guard.name = NULL;
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "System V segment is no file");
  options.guard = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = 8, .width = 2};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "4 or 8 bytes");
  options.guard = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = 12, .width = 8};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "not a multiple of 8");
  options.guard = (isth_guard){.kind = ISTH_GUARD_MUTEX, .offset = 12};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "not a multiple of 8");
  options.guard = (isth_guard){.kind = (isth_guard_kind)99};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "kind of guard");
  remove_belongings();
}

/* Whoever may read a set may attach; taking one of its semaphores is changing it. */
static void a_semaphore_that_may_not_be_changed(void) {
  struct scene scene;
  make_scene(&scene, SYSTEM_V_SEMAPHORE);
  struct shmid_ds segment;
  struct semid_ds set;
  int id = shmget(scene.options.name.key, 0, 0);
  CHECK_EQUAL(shmctl(id, IPC_STAT, &segment), 0);
  CHECK_EQUAL(semctl(scene.set, 0, IPC_STAT, (union semun){.buf = &set}), 0);
  segment.shm_perm.mode = 0444;
  set.sem_perm.mode = 0444;
  CHECK_EQUAL(shmctl(id, IPC_SET, &segment), 0);
  CHECK_EQUAL(semctl(scene.set, 0, IPC_SET, (union semun){.buf = &set}), 0);
  scene.options.writable = false;
  pid_t child = fork_child();
  if (child == 0) {
    if (geteuid() == 0) CHECK_EQUAL(setuid(65534), 0);
    isth_segment *attached = must_attach(&scene.options);
    isth_failure failure;
    uint64_t number;
    CHECK_EQUAL(isth_segment_read(attached, 0, &number, 8, 0, NULL, &failure), ISTH_E_PERMISSION_DENIED);
    CHECK(strstr(failure.message, "semaphore") != NULL);
    isth_segment_detach(attached);
    _exit(0);
  }
  wait_for(child);
  leave_scene(&scene);
}

static void a_semaphore_that_is_removed_meanwhile(void) {
  struct scene scene;
  make_scene(&scene, SYSTEM_V_SEMAPHORE);
  isth_segment *segment = must_attach(&scene.options);
  CHECK(isth_segment_current(segment));
  old_semop(scene.set, 2, -1);
  pid_t child = fork_child();
  if (child == 0) {
    usleep(50000);
    CHECK_EQUAL(semctl(scene.set, 0, IPC_RMID), 0);
    _exit(0);
  }
  uint64_t number;
  isth_failure failure;
  CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 60 * SECOND, NULL, &failure), ISTH_E_GUARD_MISSING);
  CHECK(strstr(failure.message, "removed") != NULL);
  CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 0, NULL, &failure), ISTH_E_GUARD_MISSING);
  CHECK(!isth_segment_current(segment));
  wait_for(child);
  isth_segment_detach(segment);
  leave_scene(&scene);
}

static void a_guard_that_is_made_anew_is_noticed(void) {
  struct scene scene;
  make_scene(&scene, POSIX_SEMAPHORE);
  isth_segment *segment = must_attach(&scene.options);
  CHECK(isth_segment_current(segment));
  sem_unlink(scene.name);
  CHECK(!isth_segment_current(segment));
  sem_t *other = sem_open(scene.name, O_CREAT | O_EXCL, 0600, 1);
  CHECK(!isth_segment_current(segment));
  sem_close(other);
  isth_segment_detach(segment);
  leave_scene(&scene);

  make_scene(&scene, FLOCK);
  segment = must_attach(&scene.options);
  CHECK(isth_segment_current(segment));
  unlink(scene.name);
  CHECK(!isth_segment_current(segment));
  close(open(scene.name, O_CREAT | O_EXCL | O_RDWR, 0600));
  CHECK(!isth_segment_current(segment));
  isth_segment_detach(segment);
  leave_scene(&scene);

  make_scene(&scene, SYSTEM_V_SEMAPHORE);
  segment = must_attach(&scene.options);
  semctl(scene.set, 0, IPC_RMID);
  old_set(scene.options.guard.key, 3);
  CHECK(!isth_segment_current(segment));
  isth_segment_detach(segment);
  leave_scene(&scene);
}

struct inside {
  uint64_t before;
  _Atomic uint32_t counter;
  uint32_t beside;
  pthread_mutex_t mutex;
  uint64_t after;
};

static void a_guard_inside_the_struct_is_left_alone(void) {
  int key = fresh_key(SEGMENT_KEY);
  struct inside *shared = old_segment(key, sizeof *shared), value;
  isth_segment_options options = {
      .name = {.kind = ISTH_SEGMENT_SYSTEM_V, .key = key}, .bytes = sizeof *shared, .writable = true};
  for (int round = 0; round < 1 + has_guard(ROBUST_MUTEX); round++) {
    old_mutex(&shared->mutex, true, PTHREAD_MUTEX_NORMAL);
    atomic_store(&shared->counter, 40);
    options.guard = round == 0 ? (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = 8, .width = 4}
                               : (isth_guard){.kind = ISTH_GUARD_MUTEX, .offset = offsetof(struct inside, mutex)};
    size_t from = options.guard.offset, bytes = round == 0 ? 4 : sizeof shared->mutex;
    isth_segment *segment = must_attach(&options);
    isth_segment_stamp before, after;
    CHECK_EQUAL(isth_segment_read(segment, 0, &value, sizeof value, 0, &before, NULL), 0);
    CHECK_EQUAL(isth_segment_read(segment, 0, &value, sizeof value, 0, &after, NULL), 0);
    CHECK(before.version == after.version);
    if (round == 0) CHECK_EQUAL(before.version, 20);
    memset(&value, 0x77, sizeof value);
    CHECK_EQUAL(isth_segment_write(segment, 0, &value, sizeof value, &before.version, 0, &after, NULL), 0);
    if (round == 0) CHECK_EQUAL(after.version, 21);
    if (round == 0) CHECK_EQUAL(atomic_load(&shared->counter), 42);
    CHECK(memcmp(shared, &value, from) == 0);
    CHECK(memcmp((unsigned char *)shared + from + bytes, &value, sizeof value - from - bytes) == 0);
    if (round == 1) CHECK_EQUAL(pthread_mutex_trylock(&shared->mutex), 0);
    if (round == 1) CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
    /* Nor a part of it. */
    CHECK_EQUAL(isth_segment_write(segment, from, &value, bytes, NULL, 0, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
    CHECK_EQUAL(isth_segment_write(segment, from + 1, &value, 2, NULL, 0, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
    CHECK_EQUAL(isth_segment_write(segment, from + 2, &value, bytes, NULL, 0, NULL, NULL), 0);
    if (round == 1) CHECK_EQUAL(pthread_mutex_trylock(&shared->mutex), 0);
    if (round == 1) CHECK_EQUAL(pthread_mutex_unlock(&shared->mutex), 0);
    isth_segment_detach(segment);
  }
  shmdt(shared);
  remove_belongings();
}

static void a_seqlock_shows_who_breaks_it(void) {
  struct scene scene;
  make_scene(&scene, NARROW);
  isth_segment *segment = must_attach(&scene.options);
  isth_segment_stamp stamp;
  uint64_t number = 3, version;
  isth_failure failure;
  /* The counter wraps around. */
  atomic_store(&scene.shared->narrow, UINT32_MAX - 1);
  CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, &stamp, NULL), 0);
  CHECK_EQUAL(stamp.version, INT32_MAX);
  CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, &stamp.version, 0, &stamp, NULL), 0);
  CHECK_EQUAL(stamp.version, 0);
  CHECK_EQUAL(atomic_load(&scene.shared->narrow), 0);
  /* A conflict is no new version. */
  version = 1;
  CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, &version, 0, &stamp, &failure), ISTH_E_REGION_CONFLICT);
  CHECK_EQUAL(stamp.version, 0);
  CHECK_EQUAL(atomic_load(&scene.shared->narrow), 0);
  /* A writer that never pauses. */
  pid_t child = fork_child();
  if (child == 0)
    for (;;) {
      uint32_t counter = atomic_fetch_add(&scene.shared->narrow, 1);
      (void)counter;
    }
  WAIT_UNTIL(atomic_load(&scene.shared->narrow) > 1000);
  static struct value value;
  size_t busy = 0;
  for (size_t i = 0; i < 20 || busy == 0; i++) {
    int error = isth_segment_read(segment, 0, &value, sizeof value, i % 2 == 0 ? 0 : 1000000, NULL, &failure);
    CHECK(error == 0 || error == ISTH_E_REGION_BUSY);
    busy += error != 0;
  }
  /* Two writers where one was declared: the other takes no notice of the odd counter. */
  for (busy = 0; busy == 0;) {
    int error = isth_segment_write(segment, 0, &value, sizeof value, NULL, SECOND, NULL, &failure);
    CHECK(error == 0 || error == ISTH_E_REGION_BUSY);
    busy += error != 0 && strstr(failure.message, "somebody else wrote") != NULL;
  }
  kill_child(child);
  isth_segment_detach(segment);
  leave_scene(&scene);
}

static void a_locked_file_is_the_segments_own(void) {
  static const isth_guard_kind kinds[] = {ISTH_GUARD_FLOCK, ISTH_GUARD_FCNTL};
  for (size_t i = 0; i < 6; i++) {
    const char *path = fresh_name(PATH), *object = fresh_name(OBJECT);
    munmap(old_file(path, 4096), 4096);
    munmap(old_object(object, 4096), 4096);
    int fd = i < 4 && i >= 2 ? shm_open(object, O_RDWR, 0) : open(path, O_RDWR);
    CHECK(fd >= 0);
    isth_segment_options options = {.bytes = 8, .writable = true, .guard = {.kind = kinds[i % 2]}};
    options.name = i < 2   ? (isth_segment_name){.kind = ISTH_SEGMENT_FILE, .name = path}
                   : i < 4 ? (isth_segment_name){.kind = ISTH_SEGMENT_POSIX, .name = object}
                           : (isth_segment_name){.kind = ISTH_SEGMENT_FD, .fd = fd};
    isth_segment *segment = must_attach(&options);
    uint64_t number = 1;
    /* Readers share it; whoever has the descriptor that we were given is another one. */
    for (int shared = 0; shared < 2; shared++) {
      if (i % 2 == 0) {
        CHECK_EQUAL(flock(fd, shared ? LOCK_SH : LOCK_EX), 0);
      } else {
        old_lock_file(fd, F_SETLK, shared ? F_RDLCK : F_WRLCK);
      }
      CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, NULL, NULL), shared ? 0 : ISTH_E_LOCK_TIMEOUT);
      CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 1000000, NULL, NULL), ISTH_E_LOCK_TIMEOUT);
      if (i % 2 == 0) CHECK_EQUAL(flock(fd, LOCK_UN), 0);
      if (i % 2 == 1) old_lock_file(fd, F_SETLK, F_UNLCK);
      CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 0, NULL, NULL), 0);
    }
    CHECK(isth_segment_current(segment));
    isth_segment_detach(segment);
    close(fd);
    remove_belongings();
  }
}

int main(void) {
  static const struct test_case tests[] = {
      {"all take turns", all_take_turns},
      {"waiting ends and says who holds it", waiting_ends_and_says_who_holds_it},
      {"an owner that died", an_owner_that_died},
      {"we may die holding it", we_may_die_holding_it},
      {"a guard that is not there", a_guard_that_is_not_there},
      {"a semaphore that may not be changed", a_semaphore_that_may_not_be_changed},
      {"a semaphore that is removed meanwhile", a_semaphore_that_is_removed_meanwhile},
      {"a guard that is made anew is noticed", a_guard_that_is_made_anew_is_noticed},
      {"a guard inside the struct is left alone", a_guard_inside_the_struct_is_left_alone},
      {"a seqlock shows who breaks it", a_seqlock_shows_who_breaks_it},
      {"a locked file is the segment's own", a_locked_file_is_the_segments_own},
  };
  return RUN_TESTS("guard_test", tests);
}
