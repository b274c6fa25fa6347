/* guard_mutex_linux_test.c: mutexes of other programs: locked as glibc does, and whatever their memory holds. */
#include "scene.h"

#include "random.h"

static void who_writes_all_makes_it_whole(void) {
  struct scene scene;
  static struct value value;
  isth_failure failure;
  for (int round = 0; round < 4; round++) {
    make_scene(&scene, ROBUST_MUTEX);
    isth_segment *segment = must_attach(&scene.options);
    isth_segment_stamp stamp;
    CHECK_EQUAL(isth_segment_read(segment, 0, NULL, 0, 0, &stamp, NULL), 0);
    kill_child(start_holder(&scene));
    uint64_t other = stamp.version + 1;
    if (round == 0) {
      CHECK_EQUAL(isth_segment_write(segment, 0, &value, sizeof value, NULL, 0, NULL, &failure), 0);
    } else if (round == 1) {
      CHECK_EQUAL(isth_segment_write(segment, 0, &value, sizeof value, &stamp.version, 0, NULL, &failure), 0);
    } else if (round == 2) {
      /* What is there cannot be compared with anything. */
      CHECK_EQUAL(isth_segment_write(segment, 0, &value, sizeof value, &other, 0, NULL, &failure),
                  ISTH_E_LOCK_OWNER_DIED);
    } else {
      CHECK_EQUAL(isth_segment_write(segment, 0, &value, 8, NULL, 0, NULL, &failure), ISTH_E_LOCK_OWNER_DIED);
    }
    /* The others find it in order. */
    CHECK_EQUAL(pthread_mutex_lock(&scene.shared->mutex), 0);
    CHECK_EQUAL(pthread_mutex_unlock(&scene.shared->mutex), 0);
    CHECK_EQUAL(scene.shared->mutex.__data.__nusers, 0);
    CHECK_EQUAL(scene.shared->mutex.__data.__owner, 0);
    CHECK_EQUAL(scene.shared->mutex.__data.__lock, 0);
    isth_segment_detach(segment);
    leave_scene(&scene);
  }
}

static void what_nobody_made_consistent_stays_unusable(void) {
  struct scene scene;
  make_scene(&scene, ROBUST_MUTEX);
  isth_segment *segment = must_attach(&scene.options);
  kill_child(start_holder(&scene));
  CHECK_EQUAL(pthread_mutex_lock(&scene.shared->mutex), EOWNERDEAD);
  CHECK_EQUAL(pthread_mutex_unlock(&scene.shared->mutex), 0);
  uint64_t number = 0;
  isth_failure failure;
  for (size_t i = 0; i < 3; i++) {
    CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, NULL, &failure), ISTH_E_LOCK_OWNER_DIED);
    CHECK(strstr(failure.message, "never be used again") != NULL);
    CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 0, NULL, &failure), ISTH_E_LOCK_OWNER_DIED);
  }
  CHECK_EQUAL(pthread_mutex_lock(&scene.shared->mutex), ENOTRECOVERABLE);
  isth_segment_detach(segment);
  leave_scene(&scene);
}

static void what_is_no_mutex_is_never_locked(void) {
  struct scene scene;
  make_scene(&scene, PLAIN_MUTEX);
  pthread_mutex_t *mutex = &scene.shared->mutex;
  const size_t size = sizeof *mutex;
  memset(mutex, 0, size);
  must_refuse(&scene.options, ISTH_E_SEGMENT_MISMATCH, "process-shared");
  memset(mutex, 0xFF, size);
  must_refuse(&scene.options, ISTH_E_SEGMENT_MISMATCH, "no mutex");
  pthread_mutex_init(mutex, NULL);
  must_refuse(&scene.options, ISTH_E_SEGMENT_MISMATCH, "process-shared");
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  CHECK_EQUAL(pthread_mutex_init(mutex, &attributes), 0);
  pthread_mutexattr_destroy(&attributes);
  must_refuse(&scene.options, ISTH_E_SEGMENT_MISMATCH, "priority");
  struct random random = random_start(3);
  for (size_t i = 0; i < 2000; i++) {
    for (size_t at = 0; at < size; at++) ((unsigned char *)mutex)[at] = (unsigned char)random_next(&random);
    isth_segment *segment;
    int error = isth_segment_attach(&segment, &scene.options, NULL);
    CHECK(error == 0 || error == ISTH_E_SEGMENT_MISMATCH);
    if (error == 0) isth_segment_detach(segment);
  }
  /* It was one, and then was not. */
  old_mutex(mutex, true, PTHREAD_MUTEX_NORMAL);
  isth_segment *segment = must_attach(&scene.options);
  memset(mutex, 0, size);
  uint64_t number = 5;
  CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, SECOND, NULL, NULL), ISTH_E_SEGMENT_MISMATCH);
  CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, SECOND, NULL, NULL), ISTH_E_SEGMENT_MISMATCH);
  isth_segment_detach(segment);
  leave_scene(&scene);
}

static void a_mutex_of_any_type(void) {
  static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                              PTHREAD_MUTEX_ADAPTIVE_NP};
  for (size_t i = 0; i < 8; i++) {
    struct scene scene;
    make_scene(&scene, i < 4 ? PLAIN_MUTEX : ROBUST_MUTEX);
    pthread_mutex_t *mutex = &scene.shared->mutex, fresh;
    old_mutex(mutex, i >= 4, types[i % 4]);
    memset(&fresh, 0, sizeof fresh);
    memcpy(&fresh, mutex, sizeof fresh);
    isth_segment *segment = must_attach(&scene.options);
    uint64_t number = 5;
    for (size_t round = 0; round < 3; round++) {
      CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 0, NULL, NULL), 0);
      CHECK_EQUAL(pthread_mutex_trylock(mutex), 0);
      CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 1000000, NULL, NULL), ISTH_E_LOCK_TIMEOUT);
      CHECK_EQUAL(pthread_mutex_unlock(mutex), 0);
      CHECK_EQUAL(mutex->__data.__lock, 0);
      CHECK_EQUAL(mutex->__data.__owner, 0);
      CHECK_EQUAL(mutex->__data.__nusers, 0);
      CHECK_EQUAL(mutex->__data.__kind, fresh.__data.__kind);
    }
    CHECK_EQUAL(pthread_mutex_destroy(mutex), 0);
    isth_segment_detach(segment);
    leave_scene(&scene);
  }
}

/* Whoever may write a robust mutex may write the links in it: we follow none. */
static void links_in_a_mutex_are_not_followed(void) {
  struct scene scene;
  make_scene(&scene, ROBUST_MUTEX);
  isth_segment *segment = must_attach(&scene.options);
  uint64_t number = 5;
  memset(&scene.shared->mutex.__data.__list, 0x41, sizeof scene.shared->mutex.__data.__list);
  CHECK_EQUAL(isth_segment_write(segment, 0, &number, 8, NULL, 0, NULL, NULL), 0);
  CHECK_EQUAL(isth_segment_read(segment, 0, &number, 8, 0, NULL, NULL), 0);
  isth_segment_detach(segment);
  leave_scene(&scene);
}

int main(void) {
  static const struct test_case tests[] = {
      {"who writes all makes it whole", who_writes_all_makes_it_whole},
      {"what nobody made consistent stays unusable", what_nobody_made_consistent_stays_unusable},
      {"what is no mutex is never locked", what_is_no_mutex_is_never_locked},
      {"a mutex of any type", a_mutex_of_any_type},
      {"links in a mutex are not followed", links_in_a_mutex_are_not_followed},
  };
  return RUN_TESTS("guard_mutex_linux_test", tests);
}
