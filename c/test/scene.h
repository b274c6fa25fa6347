/*
 * scene.h: a value that is shared with programs that know nothing of us, under any guard.
 *
 * The other program is a process that uses what its system gives it: semop, sem_wait, flock, fcntl, pthread_mutex_lock.
 */
#ifndef ISTH_TEST_SCENE_H
#define ISTH_TEST_SCENE_H

#include "segments.h"

#include "resources.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/file.h>

/* What is guarded: two numbers that are equal whenever nobody writes, and beside them the guards that are memory. */
struct shared {
  pthread_mutex_t mutex;
  _Atomic uint32_t narrow;
  _Atomic uint64_t wide;
  volatile uint64_t one;
  unsigned char between[4096];
  volatile uint64_t other;
  atomic_int told, go; /* between the test's two processes */
};

struct value {
  uint64_t one;
  unsigned char between[4096];
  uint64_t other;
};

enum { NARROW, WIDE, POSIX_SEMAPHORE, SYSTEM_V_SEMAPHORE, PLAIN_MUTEX, ROBUST_MUTEX, FLOCK, FCNTL, OFD, GUARDS };

/* Whether the library can use it: mutexes are known on Linux only. */
static inline bool has_guard(int guard) {
#ifdef ISTH_PLATFORM_POSIX
  return guard != PLAIN_MUTEX && guard != ROBUST_MUTEX;
#else
  return guard < GUARDS;
#endif
}

struct scene {
  int guard;
  isth_segment_options options;
  struct shared *shared; /* as the old program has it */
  const char *name;      /* of the semaphore or the lock file */
  sem_t *semaphore;
  int set, file;
};

static inline void old_mutex(pthread_mutex_t *mutex, bool robust, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (robust) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_settype(&attributes, type);
  CHECK_EQUAL(pthread_mutex_init(mutex, &attributes), 0);
  pthread_mutexattr_destroy(&attributes);
}

static inline void make_scene(struct scene *scene, int guard) {
  int key = fresh_key(SEGMENT_KEY);
  *scene = (struct scene){.guard = guard, .set = -1, .file = -1};
  scene->shared = old_segment(key, sizeof(struct shared));
  scene->options = (isth_segment_options){.name = {.kind = ISTH_SEGMENT_SYSTEM_V, .key = key},
                                          .offset = offsetof(struct shared, one),
                                          .bytes = sizeof(struct value),
                                          .writable = true};
  isth_guard *options = &scene->options.guard;
  switch (guard) {
  case NARROW:
    *options = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = offsetof(struct shared, narrow), .width = 4};
    break;
  case WIDE:
    *options = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = offsetof(struct shared, wide), .width = 8};
    break;
  case POSIX_SEMAPHORE:
    scene->name = fresh_name(SEMAPHORE);
    scene->semaphore = sem_open(scene->name, O_CREAT | O_EXCL, 0600, 1);
    CHECK(scene->semaphore != SEM_FAILED);
    *options = (isth_guard){.kind = ISTH_GUARD_POSIX_SEMAPHORE, .name = scene->name};
    break;
  case SYSTEM_V_SEMAPHORE:
    key = fresh_key(SET_KEY);
    scene->set = old_set(key, 3);
    *options = (isth_guard){.kind = ISTH_GUARD_SYSTEM_V_SEMAPHORE, .key = key, .number = 2, .undo = true};
    break;
  case PLAIN_MUTEX:
  case ROBUST_MUTEX:
    old_mutex(&scene->shared->mutex, guard == ROBUST_MUTEX, PTHREAD_MUTEX_NORMAL);
    *options = (isth_guard){.kind = ISTH_GUARD_MUTEX, .offset = offsetof(struct shared, mutex)};
    break;
  default:
    scene->name = fresh_name(PATH);
    scene->file = open(scene->name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    CHECK(scene->file >= 0);
    *options = (isth_guard){.kind = guard == FLOCK ? ISTH_GUARD_FLOCK : ISTH_GUARD_FCNTL, .name = scene->name};
  }
}

static inline void leave_scene(struct scene *scene) {
  if (scene->semaphore != NULL) sem_close(scene->semaphore);
  if (scene->file >= 0) close(scene->file);
  shmdt(scene->shared);
  remove_belongings();
}

static inline void old_seqlock_write(struct scene *scene, bool begins) {
  if (scene->guard == NARROW) {
    uint32_t counter = atomic_load(&scene->shared->narrow);
    /* Takes turns with us, as its programs have agreed. */
    while ((counter & 1) != (begins ? 0 : 1) ||
           !atomic_compare_exchange_weak(&scene->shared->narrow, &counter, counter + 1))
      counter = atomic_load(&scene->shared->narrow);
  } else {
    uint64_t counter = atomic_load(&scene->shared->wide);
    while ((counter & 1) != (begins ? 0 : 1) ||
           !atomic_compare_exchange_weak(&scene->shared->wide, &counter, counter + 1))
      counter = atomic_load(&scene->shared->wide);
  }
}

static inline void old_lock_file(int file, int command, short type) {
  struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
  while (fcntl(file, command, &whole) != 0) CHECK_EQUAL(errno, EINTR);
}

static inline void old_lock(struct scene *scene) {
  switch (scene->guard) {
  case POSIX_SEMAPHORE:
    while (sem_wait(scene->semaphore) != 0) CHECK_EQUAL(errno, EINTR);
    return;
  case SYSTEM_V_SEMAPHORE: old_semop(scene->set, 2, -1); return;
  case PLAIN_MUTEX:
  case ROBUST_MUTEX: CHECK_EQUAL(pthread_mutex_lock(&scene->shared->mutex), 0); return;
  case FLOCK: CHECK_EQUAL(flock(scene->file, LOCK_EX), 0); return;
  case FCNTL: old_lock_file(scene->file, F_SETLKW, F_WRLCK); return;
  case OFD: old_lock_file(scene->file, F_OFD_SETLKW, F_WRLCK); return;
  default: old_seqlock_write(scene, true);
  }
}

static inline void old_unlock(struct scene *scene) {
  switch (scene->guard) {
  case POSIX_SEMAPHORE: CHECK_EQUAL(sem_post(scene->semaphore), 0); return;
  case SYSTEM_V_SEMAPHORE: old_semop(scene->set, 2, 1); return;
  case PLAIN_MUTEX:
  case ROBUST_MUTEX: CHECK_EQUAL(pthread_mutex_unlock(&scene->shared->mutex), 0); return;
  case FLOCK: CHECK_EQUAL(flock(scene->file, LOCK_UN), 0); return;
  case FCNTL: old_lock_file(scene->file, F_SETLK, F_UNLCK); return;
  case OFD: old_lock_file(scene->file, F_OFD_SETLK, F_UNLCK); return;
  default: old_seqlock_write(scene, false);
  }
}

/* The other program begins with openings of its own: what fork passes on would share locks. */
static inline void old_start(struct scene *scene) {
  if (scene->file < 0) return;
  close(scene->file);
  scene->file = open(scene->name, O_RDWR | O_CLOEXEC);
  CHECK(scene->file >= 0);
}

static const uint64_t SECOND = 1000000000;

/* A process that holds the guard, until it is told to go on or killed. */
static inline pid_t start_holder(struct scene *scene) {
  pid_t child = fork_child();
  if (child == 0) {
    old_start(scene);
    old_lock(scene);
    atomic_store(&scene->shared->told, 1);
    while (atomic_load(&scene->shared->go) == 0) usleep(1000);
    old_unlock(scene);
    _exit(0);
  }
  WAIT_UNTIL(atomic_load(&scene->shared->told) == 1);
  return child;
}

#endif
