/* guard_semaphore.c: semaphores that are 1 when free: POSIX named ones, and those of System V's sets. */
#include "guard.h"

#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>
#include <time.h>

/* ---- POSIX ---- */

/*
 * It lies in a file that glibc maps. So it can be truncated like any other, and is tried again and again instead of
 * slept on: glibc ends the process when the kernel tells it that a futex is not there any more.
 */
static int posix_semaphore_open(struct isth__guard *guard, const isth_guard *options, const struct isth__place *place,
                                bool writable, isth_failure *failure) {
  (void)place;
  (void)writable;
  sem_t *semaphore = sem_open(options->name, 0);
  if (semaphore == SEM_FAILED) {
    char text[ISTH__NAME_TEXT_BYTES];
    snprintf(text, sizeof text, "the semaphore %s", options->name);
    return isth__fail_system(failure, ISTH_E_GUARD_MISSING, "sem_open", text);
  }
  guard->memory = (unsigned char *)semaphore;
  guard->memory_bytes = sizeof *semaphore;
  return 0;
}

static void posix_semaphore_close(struct isth__guard *guard) {
  if (guard->memory != NULL) sem_close((sem_t *)(void *)guard->memory);
}

static int posix_semaphore_take(struct isth__guard *guard, struct isth__hold *hold) {
  do {
    if (sem_trywait((sem_t *)(void *)guard->memory) == 0) {
      hold->held = true;
      return 0;
    }
    if (errno != EAGAIN && errno != EINTR)
      return isth__fail(hold->failure, ISTH_E_SYSTEM, "sem_trywait of %s: %s", guard->name, strerror(errno));
  } while (isth__patience_wait(&hold->patience));
  if (hold->failure == NULL) return ISTH_E_LOCK_TIMEOUT;
  char text[ISTH__NAME_TEXT_BYTES];
  snprintf(text, sizeof text, "the semaphore %s", guard->name);
  return isth__fail_held(hold->failure, text, 0);
}

static int posix_semaphore_release(struct isth__guard *guard, struct isth__hold *hold) {
  hold->held = false;
  if (sem_post((sem_t *)(void *)guard->memory) == 0) return 0;
  return isth__fail(hold->failure, ISTH_E_SYSTEM, "sem_post of %s: %s", guard->name, strerror(errno));
}

/* The same name opened again is the same address, as long as it is the same semaphore. */
static bool posix_semaphore_current(const struct isth__guard *guard) {
  sem_t *semaphore = sem_open(guard->name, 0);
  if (semaphore == SEM_FAILED) return false;
  sem_close(semaphore);
  return (unsigned char *)semaphore == guard->memory;
}

const struct isth__guard_way isth__posix_semaphore = {.open = posix_semaphore_open,
                                                      .close = posix_semaphore_close,
                                                      .take = posix_semaphore_take,
                                                      .release = posix_semaphore_release,
                                                      .current = posix_semaphore_current};

/* ---- System V ---- */

/* What semctl takes; every program declares it itself. */
union semaphore_argument {
  int value;
  struct semid_ds *set;
};

static int system_v_semaphore_open(struct isth__guard *guard, const isth_guard *options,
                                   const struct isth__place *place, bool writable, isth_failure *failure) {
  (void)place;
  (void)writable;
  char text[64];
  if (options->key != 0) {
    snprintf(text, sizeof text, "the semaphore set of key 0x%x", (unsigned int)options->key);
  } else {
    snprintf(text, sizeof text, "the semaphore set of id %d", options->id);
  }
  struct semid_ds status = {.sem_nsems = 0}; /* clang-tidy does not see that semctl fills it in */
  guard->set = options->key != 0 ? semget(options->key, 0, 0) : options->id;
  if (guard->set < 0 || semctl(guard->set, 0, IPC_STAT, (union semaphore_argument){.set = &status}) != 0) {
    if (errno == EINVAL || guard->set < 0) errno = errno == EACCES ? EACCES : ENOENT;
    return isth__fail_system(failure, ISTH_E_GUARD_MISSING, "semget", text);
  }
  if (options->number >= status.sem_nsems)
    return isth__fail(failure, ISTH_E_GUARD_MISSING, "%s has %lu semaphores, and none of number %u", text,
                      (unsigned long)status.sem_nsems, options->number);
  guard->number = (unsigned short)options->number;
  return 0;
}

/* One operation; `until_ns` 0: now or never. Returns 0 or an errno, EAGAIN when the time is over. */
static int semaphore_operate(const struct isth__guard *guard, short change, uint64_t until_ns) {
  struct sembuf operation = {guard->number, change, (short)(guard->undo ? SEM_UNDO : 0)};
  uint64_t now_ns = until_ns == 0 ? 0 : isth__now_ns();
  return isth__semaphore_change(guard->set, &operation, now_ns < until_ns ? until_ns - now_ns : 0);
}

static int semaphore_fail(struct isth__hold *hold, const char *call, int error) {
  if (error == EIDRM || error == EINVAL)
    return isth__fail(hold->failure, ISTH_E_GUARD_MISSING, "the semaphore set was removed");
  errno = error;
  return isth__fail_system(hold->failure, ISTH_E_GUARD_MISSING, call, "the semaphore");
}

static int system_v_semaphore_take(struct isth__guard *guard, struct isth__hold *hold) {
  int error = semaphore_operate(guard, -1, hold->patience.until_ns);
  /* Who last changed it made it 0, so holds it. */
  if (error == EAGAIN)
    return isth__fail_held(hold->failure, "the semaphore", semctl(guard->set, guard->number, GETPID));
  if (error != 0) return semaphore_fail(hold, "semop", error);
  hold->held = true;
  return 0;
}

static int system_v_semaphore_release(struct isth__guard *guard, struct isth__hold *hold) {
  hold->held = false;
  int error = semaphore_operate(guard, 1, 0);
  return error == 0 ? 0 : semaphore_fail(hold, "semop", error);
}

static bool system_v_semaphore_current(const struct isth__guard *guard) {
  if (guard->key != 0) return semget(guard->key, 0, 0) == guard->set;
  return semctl(guard->set, guard->number, GETVAL) >= 0;
}

const struct isth__guard_way isth__system_v_semaphore = {.open = system_v_semaphore_open,
                                                         .take = system_v_semaphore_take,
                                                         .release = system_v_semaphore_release,
                                                         .current = system_v_semaphore_current};
