/*
 * guard_file.c: locks on a file: flock(), and fcntl() locks.
 *
 * Of the latter it uses the kind that belongs to an opening of the file (F_OFD_SETLK) and not to the process: those
 * exclude the classic kind as that excludes itself, but are not lost when any other part of the process closes the same
 * file. Neither kind can be waited for with a time limit, so both are tried again and again. A lock belongs to an
 * opening, so that the threads that share it pass a gate first.
 */
#include "guard.h"

#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the gate ---- */

static bool gate_pass(struct isth__guard *guard, const struct isth__patience *patience) {
  const struct timespec until = {(time_t)(patience->until_ns / 1000000000u), (long)(patience->until_ns % 1000000000u)};
  int error = patience->until_ns == 0 ? ETIMEDOUT : 0;
  pthread_mutex_lock(&guard->gate);
  while (guard->gate_taken && error == 0) error = pthread_cond_timedwait(&guard->gate_opened, &guard->gate, &until);
  bool passed = !guard->gate_taken;
  guard->gate_taken = true;
  pthread_mutex_unlock(&guard->gate);
  return passed;
}

static void gate_leave(struct isth__guard *guard) {
  pthread_mutex_lock(&guard->gate);
  guard->gate_taken = false;
  pthread_cond_signal(&guard->gate_opened);
  pthread_mutex_unlock(&guard->gate);
}

/* ---- opening ---- */

/* Always an opening of our own: who passed us a descriptor shares the locks of its opening. */
static int file_guard_open(struct isth__guard *guard, const isth_guard *options, const struct isth__place *place,
                           bool writable, isth_failure *failure) {
  char text[ISTH__NAME_TEXT_BYTES];
  const char *name = options->name;
  if (name == NULL && place->fd < 0)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a System V segment is no file: name one to lock");
  snprintf(text, sizeof text, "the lock file %s", name == NULL ? "(the segment's own)" : name);
  /* To write, fcntl needs the file opened for writing; flock does not. */
  bool writes = writable && options->kind == ISTH_GUARD_FCNTL;
  int flags = (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY;
  guard->file = name == NULL ? isth__reopen(place->fd, flags | O_NONBLOCK) : isth__open_now(name, flags);
  if (name == NULL && guard->file < 0) errno = -guard->file;
  if (guard->file < 0 && errno == ENOTSUP)
    return isth__fail(failure, ISTH_E_UNSUPPORTED_PLATFORM, "%s cannot be opened anew here: name one to lock", text);
  if (guard->file < 0) return isth__fail_system(failure, ISTH_E_GUARD_MISSING, "open", text);
  struct stat status;
  if (fstat(guard->file, &status) != 0 || !S_ISREG(status.st_mode))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "%s is no regular file", text);
  pthread_mutex_init(&guard->gate, NULL);
  isth__condition_init(&guard->gate_opened);
  guard->gated = true;
  return 0;
}

static void file_guard_close(struct isth__guard *guard) {
  if (guard->gated) {
    pthread_cond_destroy(&guard->gate_opened);
    pthread_mutex_destroy(&guard->gate);
  }
  if (guard->file >= 0) close(guard->file);
}

static bool file_guard_current(const struct isth__guard *guard) {
  struct stat ours, named;
  if (guard->name == NULL) return true;
  return fstat(guard->file, &ours) == 0 && stat(guard->name, &named) == 0 && ours.st_dev == named.st_dev &&
         ours.st_ino == named.st_ino;
}

/* ---- locking ---- */

typedef bool file_lock(int file, short type);

static bool lock_flock(int file, short type) {
  int operation = type == F_UNLCK ? LOCK_UN : type == F_WRLCK ? LOCK_EX : LOCK_SH;
  return flock(file, operation | LOCK_NB) == 0;
}

static bool lock_fcntl(int file, short type) {
  errno = isth__lock_file(file, type);
  return errno == 0;
}

/* The process that holds an fcntl lock; one of an opening has none. */
static int64_t fcntl_holder(int file, short type) {
  struct flock whole = {.l_type = type, .l_whence = SEEK_SET};
  return fcntl(file, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK ? whole.l_pid : 0;
}

static int file_take(struct isth__guard *guard, struct isth__hold *hold, file_lock *lock) {
  short type = hold->exclusive ? F_WRLCK : F_RDLCK;
  if (!gate_pass(guard, &hold->patience)) return isth__fail_held(hold->failure, "the file's lock", getpid());
  do {
    if (lock(guard->file, type)) {
      hold->held = true;
      return 0;
    }
    if (errno != EWOULDBLOCK && errno != EBUSY && errno != EINTR) {
      int error = errno;
      gate_leave(guard);
      return isth__fail(hold->failure, ISTH_E_SYSTEM, "locking a file: %s", strerror(error));
    }
  } while (isth__patience_wait(&hold->patience));
  gate_leave(guard);
  if (hold->failure == NULL) return ISTH_E_LOCK_TIMEOUT;
  int64_t holder = lock == lock_flock ? isth__flock_holder(guard->file) : fcntl_holder(guard->file, type);
  return isth__fail_held(hold->failure, "the file's lock", holder);
}

static int file_release(struct isth__guard *guard, struct isth__hold *hold, file_lock *lock) {
  hold->held = false;
  bool unlocked = lock(guard->file, F_UNLCK);
  int error = errno;
  gate_leave(guard);
  return unlocked ? 0 : isth__fail(hold->failure, ISTH_E_SYSTEM, "unlocking a file: %s", strerror(error));
}

static int flock_take(struct isth__guard *guard, struct isth__hold *hold) { return file_take(guard, hold, lock_flock); }
static int flock_release(struct isth__guard *guard, struct isth__hold *hold) {
  return file_release(guard, hold, lock_flock);
}
static int fcntl_take(struct isth__guard *guard, struct isth__hold *hold) { return file_take(guard, hold, lock_fcntl); }
static int fcntl_release(struct isth__guard *guard, struct isth__hold *hold) {
  return file_release(guard, hold, lock_fcntl);
}

const struct isth__guard_way isth__flock = {.open = file_guard_open,
                                            .close = file_guard_close,
                                            .take = flock_take,
                                            .release = flock_release,
                                            .current = file_guard_current};

const struct isth__guard_way isth__fcntl = {.open = file_guard_open,
                                            .close = file_guard_close,
                                            .take = fcntl_take,
                                            .release = fcntl_release,
                                            .current = file_guard_current};
