/* segments.h: names and keys that nobody else has, and their removal however the test program ends, for tests of
 * segments that exist already. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef ISTH_TEST_SEGMENTS_H
#define ISTH_TEST_SEGMENTS_H

#include <isthmus/segment.h>

#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum belonging_kind { SEGMENT_KEY, SET_KEY, OBJECT, SEMAPHORE, PATH };

struct belonging {
  enum belonging_kind kind;
  int key;
  char name[64];
};

enum { MOST_BELONGINGS = 256 };
static struct belonging belongings[MOST_BELONGINGS];
static size_t belongings_count;
static pid_t belongings_owner;

static inline void remove_belongings(void) {
  if (getpid() != belongings_owner) return;
  for (size_t i = 0; i < belongings_count; i++) {
    const struct belonging *one = &belongings[i];
    int id;
    switch (one->kind) {
    case SEGMENT_KEY:
      id = shmget(one->key, 0, 0);
      if (id >= 0) shmctl(id, IPC_RMID, NULL);
      break;
    case SET_KEY:
      id = semget(one->key, 0, 0);
      if (id >= 0) semctl(id, 0, IPC_RMID);
      break;
    case OBJECT: shm_unlink(one->name); break;
    case SEMAPHORE: sem_unlink(one->name); break;
    case PATH: unlink(one->name); break;
    }
  }
  belongings_count = 0;
}

/* Notes a fresh name or key, which atexit removes: a failed check ends the program by exit. */
static inline struct belonging *belong(enum belonging_kind kind) {
  static bool is_noted;
  if (!is_noted) CHECK_EQUAL(atexit(remove_belongings), 0);
  is_noted = true;
  belongings_owner = getpid();
  CHECK(belongings_count < MOST_BELONGINGS);
  struct belonging *one = &belongings[belongings_count];
  unsigned int random;
  CHECK_EQUAL(getrandom(&random, sizeof random, 0), sizeof random);
  one->kind = kind;
  one->key = (int)(random | 1);
  snprintf(one->name, sizeof one->name, "%s/isth-test-%d-%08x", kind == PATH ? "/tmp" : "", (int)getpid(), random);
  belongings_count++;
  return one;
}

static inline int fresh_key(enum belonging_kind kind) { return belong(kind)->key; }
static inline const char *fresh_name(enum belonging_kind kind) { return belong(kind)->name; }

/* ---- what a program of the old kind does ---- */

union semun {
  int val;
  struct semid_ds *buf;
  unsigned short *array;
};

static inline void *old_segment(int key, size_t bytes) {
  int id = shmget(key, bytes, IPC_CREAT | IPC_EXCL | 0600);
  CHECK(id >= 0);
  void *memory = shmat(id, NULL, 0);
  CHECK(memory != (void *)-1);
  return memory;
}

static inline int old_set(int key, int count) {
  int set = semget(key, count, IPC_CREAT | IPC_EXCL | 0600);
  CHECK(set >= 0);
  for (int i = 0; i < count; i++) CHECK_EQUAL(semctl(set, i, SETVAL, (union semun){.val = 1}), 0);
  return set;
}

static inline void old_semop(int set, unsigned short number, short change) {
  struct sembuf operation = {number, change, SEM_UNDO};
  CHECK_EQUAL(semop(set, &operation, 1), 0);
}

/* A file of zeros, or a POSIX segment, mapped for writing. */
static inline void *old_mapping(int fd, size_t bytes) {
  CHECK(fd >= 0);
  CHECK_EQUAL(ftruncate(fd, (off_t)bytes), 0);
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  close(fd);
  return memory;
}

static inline void *old_object(const char *name, size_t bytes) {
  return old_mapping(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), bytes);
}

static inline void *old_file(const char *path, size_t bytes) {
  return old_mapping(open(path, O_RDWR | O_CREAT | O_EXCL, 0600), bytes);
}

static inline void wait_for(pid_t child) {
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(WEXITSTATUS(status), 0);
}

/* ---- what we do ---- */

static inline isth_segment *must_attach(const isth_segment_options *options) {
  isth_segment *segment;
  isth_failure failure = {.error = 0};
  int error = isth_segment_attach(&segment, options, &failure);
  if (error != 0) fprintf(stderr, "attach: %s: %s\n", isth_error_name(error), failure.message);
  CHECK_EQUAL(error, 0);
  return segment;
}

/* Attaching must fail, with this error, and with a message that holds this text. */
static inline void must_refuse(const isth_segment_options *options, int error, const char *text) {
  isth_segment *segment = (isth_segment *)(void *)&segment;
  isth_failure failure = {.error = 0};
  CHECK_EQUAL(isth_segment_attach(&segment, options, &failure), error);
  CHECK(segment == NULL);
  CHECK_EQUAL(failure.error, error);
  if (strstr(failure.message, text) == NULL) {
    fprintf(stderr, "\"%s\" has no \"%s\"\n", failure.message, text);
    exit(1);
  }
  CHECK_EQUAL(isth_segment_attach(&segment, options, NULL), error);
}

#endif
