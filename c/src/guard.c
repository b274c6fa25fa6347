#include "guard.h"

#include "wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_guard_take(struct isth__guard *guard, struct isth__hold *hold) {
  (void)guard;
  (void)hold;
  return 0;
}

const struct isth__guard_way isth__no_guard = {.take = no_guard_take, .release = no_guard_take};

static const struct isth__guard_way *guard_way(isth_guard_kind kind) {
  switch (kind) {
  case ISTH_GUARD_NONE: return &isth__no_guard;
  case ISTH_GUARD_SEQLOCK: return &isth__seqlock;
  case ISTH_GUARD_POSIX_SEMAPHORE: return &isth__posix_semaphore;
  case ISTH_GUARD_SYSTEM_V_SEMAPHORE: return &isth__system_v_semaphore;
  case ISTH_GUARD_MUTEX: return &isth__mutex;
  case ISTH_GUARD_FLOCK: return &isth__flock;
  case ISTH_GUARD_FCNTL: return &isth__fcntl;
  }
  return NULL;
}

size_t isth__guard_bytes(const isth_guard *options) {
  if (options->kind == ISTH_GUARD_SEQLOCK) return options->width;
  return options->kind == ISTH_GUARD_MUTEX ? sizeof(pthread_mutex_t) : 0;
}

int isth__guard_open(struct isth__guard *guard, const isth_guard *options, const struct isth__place *place,
                     unsigned char *memory, bool writable, isth_failure *failure) {
  guard->kind = options->kind;
  guard->key = options->key;
  guard->undo = options->undo;
  guard->set = guard->file = -1;
  guard->memory = memory;
  guard->memory_bytes = isth__guard_bytes(options);
  const struct isth__guard_way *way = guard_way(options->kind);
  if (way == NULL) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "no such kind of guard: %d", (int)options->kind);
  if (options->kind == ISTH_GUARD_SEQLOCK && options->width != 4 && options->width != 8)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a seqlock's counter has 4 or 8 bytes, not %zu",
                      options->width);
  if (options->kind == ISTH_GUARD_POSIX_SEMAPHORE && !isth__object_name_valid(options->name))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a semaphore's name is \"/name\", without another slash");
  size_t alignment = options->kind == ISTH_GUARD_MUTEX ? _Alignof(pthread_mutex_t) : options->width;
  if (guard->memory_bytes > 0 && options->offset % alignment != 0)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "the guard's offset %zu is not a multiple of %zu",
                      options->offset, alignment);
  if (options->name != NULL && (guard->name = strdup(options->name)) == NULL)
    return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "no memory for a name");
  guard->way = way;
  return way->open == NULL ? 0 : way->open(guard, options, place, writable, failure);
}

void isth__guard_close(struct isth__guard *guard) {
  if (guard->way != NULL && guard->way->close != NULL) guard->way->close(guard);
  free(guard->name);
}

bool isth__guard_current(const struct isth__guard *guard) {
  return guard->way->current == NULL || guard->way->current(guard);
}

/* ---- who holds it ---- */

/* The name of a process's program, empty if it cannot be known. */
static void program_name(int64_t pid, char name[32]) {
  if (!isth__process_name(pid, name, 32)) name[0] = 0;
  /* Programs choose their names themselves: nothing but plain text goes on. */
  for (char *at = name; *at != 0; at++) {
    if (*at == '\n') *at = 0;
    if (*at == 0) break;
    if (*at < ' ' || *at > '~') *at = '?';
  }
}

int isth__fail_held(isth_failure *failure, const char *what, int64_t pid) {
  /* A try that failed is usual: nobody reads why. */
  if (failure == NULL) return ISTH_E_LOCK_TIMEOUT;
  if (pid <= 0) return isth__fail(failure, ISTH_E_LOCK_TIMEOUT, "%s is held", what);
  if (pid > INT32_MAX || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
    return isth__fail(failure, ISTH_E_LOCK_TIMEOUT, "%s is held by process %lld, which is gone", what, (long long)pid);
  char name[32];
  program_name(pid, name);
  return isth__fail(failure, ISTH_E_LOCK_TIMEOUT, "%s is held by process %lld (%s)", what, (long long)pid, name);
}
