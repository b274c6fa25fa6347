/*
 * guard_mutex.c: a pthread_mutex_t in shared memory.
 *
 * It is locked as glibc locks it, but not by glibc. pthread_mutex_lock trusts the memory: a robust mutex holds the
 * links of a list of the thread's mutexes, so that whoever may write it could make us write anywhere, and when its file
 * is truncated while we hold it, the list of the thread goes through memory that is gone. What other programs see of a
 * lock is only its word, its owner and two counts, and these are kept here as glibc keeps them
 * (nptl/pthread_mutex_lock.c and pthread_mutex_unlock.c; tested with 2.36):
 *
 *   plain: the word is 0 (free), 1 (held), or 2 (held, and somebody may sleep on it)
 *   robust: the word is 0 or the thread's id, with FUTEX_WAITERS where somebody may sleep on it. Of a thread that dies
 *           the kernel sets FUTEX_OWNER_DIED instead. Who then locks it is told, and must say that the data is
 *           consistent again, or nobody can use it any more.
 *
 * That the kernel does so for us as well takes one note: the address in the thread's `list_op_pending`, which is there
 * for just this, a lock that is on no list yet (linux, Documentation/locking/robust-futex-ABI.rst). It is enough,
 * because this thread locks no other robust mutex until it has released this one.
 */
#include "guard.h"

#include "wire.h"

#if defined(__GLIBC__) && !defined(ISTH_PLATFORM_POSIX)

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of glibc's nptl/pthreadP.h. */
enum {
  MUTEX_TYPE = 3,
  MUTEX_RECURSIVE = 1,
  MUTEX_ROBUST = 16,
  MUTEX_INHERIT = 32,
  MUTEX_PROTECT = 64,
  MUTEX_SHARED = 128,
  MUTEX_ELISION = 256 | 512,
  MUTEX_UNUSABLE = INT_MAX - 1
};

typedef _Atomic int mutex_int;
_Static_assert(sizeof(mutex_int) == sizeof(int) && sizeof(isth__atomic_u32) == sizeof(int), "one stands for the other");

static pthread_mutex_t *mutex_of(const struct isth__guard *guard) { return (pthread_mutex_t *)(void *)guard->memory; }

static isth__atomic_u32 *mutex_word(const struct isth__guard *guard) {
  return (isth__atomic_u32 *)(void *)&mutex_of(guard)->__data.__lock;
}

static mutex_int *mutex_owner(const struct isth__guard *guard) {
  return (mutex_int *)(void *)&mutex_of(guard)->__data.__owner;
}

static isth__atomic_u32 *mutex_users(const struct isth__guard *guard) {
  return (isth__atomic_u32 *)(void *)&mutex_of(guard)->__data.__nusers;
}

static isth__atomic_u32 *mutex_count(const struct isth__guard *guard) {
  return (isth__atomic_u32 *)(void *)&mutex_of(guard)->__data.__count;
}

static int mutex_kind(const struct isth__guard *guard) {
  return isth__load_relaxed((mutex_int *)(void *)&mutex_of(guard)->__data.__kind);
}

static int mutex_look(const struct isth__guard *guard, isth_failure *failure) {
  int kind = mutex_kind(guard);
  if ((kind & (MUTEX_INHERIT | MUTEX_PROTECT)) != 0 && (kind & MUTEX_SHARED) != 0 && (kind & ~0x3ff) == 0)
    return isth__fail(failure, ISTH_E_SEGMENT_MISMATCH, "the mutex has a priority protocol, which is not supported");
  if ((kind & ~(MUTEX_TYPE | MUTEX_ROBUST | MUTEX_SHARED | MUTEX_ELISION)) != 0)
    return isth__fail(failure, ISTH_E_SEGMENT_MISMATCH, "there is no mutex (its kind would be 0x%x)",
                      (unsigned int)kind);
  if ((kind & MUTEX_SHARED) == 0)
    return isth__fail(failure, ISTH_E_SEGMENT_MISMATCH,
                      "there is no mutex, or none that is process-shared (its kind would be 0x%x)", (unsigned int)kind);
  if ((kind & MUTEX_ROBUST) == 0 && isth__load_relaxed(mutex_word(guard)) > 2)
    return isth__fail(failure, ISTH_E_SEGMENT_MISMATCH, "there is no mutex (its lock is no lock)");
  return 0;
}

/* The process of a thread; a thread of another namespace, or one that is gone, stands for itself. */
static int64_t process_of_thread(int64_t thread) {
  static const char tgid[] = "Tgid:";
  char path[48], line[128];
  snprintf(path, sizeof path, "/proc/%lld/status", (long long)thread);
  FILE *file = fopen(path, "re");
  long long process = thread;
  if (file == NULL) return process;
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, tgid, sizeof tgid - 1) == 0) process = strtoll(line + sizeof tgid - 1, NULL, 10);
  fclose(file);
  return process;
}

static int mutex_fail_held(const struct isth__guard *guard, struct isth__hold *hold) {
  if (hold->failure == NULL) return ISTH_E_LOCK_TIMEOUT;
  bool robust = (mutex_kind(guard) & MUTEX_ROBUST) != 0;
  int64_t thread = robust ? (int64_t)(isth__load_relaxed(mutex_word(guard)) & FUTEX_TID_MASK)
                          : isth__load_relaxed(mutex_owner(guard));
  return isth__fail_held(hold->failure, "the mutex", thread <= 0 ? 0 : process_of_thread(thread));
}

/* Sleeps until the word is another; false when the time is over. */
static bool mutex_sleep(const struct isth__guard *guard, uint32_t word, const struct isth__patience *patience) {
  uint64_t now_ns = patience->until_ns == 0 ? 0 : isth__now_ns();
  if (now_ns >= patience->until_ns) return false;
  (void)isth__futex_wait(mutex_word(guard), word, patience->until_ns - now_ns);
  return true;
}

/* ---- plain ---- */

static int plain_take(struct isth__guard *guard, struct isth__hold *hold) {
  uint32_t word = 0;
  if (!atomic_compare_exchange_strong(mutex_word(guard), &word, 1)) {
    /* A try leaves no trace. */
    if (hold->patience.until_ns == 0) return mutex_fail_held(guard, hold);
    while (atomic_exchange(mutex_word(guard), 2) != 0)
      if (!mutex_sleep(guard, 2, &hold->patience)) return mutex_fail_held(guard, hold);
  }
  return 0;
}

static void plain_release(struct isth__guard *guard) {
  if (atomic_exchange(mutex_word(guard), 0) > 1) isth__futex_wake(mutex_word(guard));
}

/* ---- robust ---- */

/* Tells the kernel which lock this thread takes, holds or releases. */
static void robust_note(struct isth__guard *guard, struct isth__hold *hold) {
  struct robust_list_head *head = NULL;
  size_t size = 0;
  __typeof__(&mutex_of(guard)->__data.__list.__next) node = &mutex_of(guard)->__data.__list.__next;
  if (syscall(SYS_get_robust_list, 0, &head, &size) != 0 || head == NULL) return;
  if ((char *)node + head->futex_offset != (char *)mutex_word(guard)) return;
  head->list_op_pending = (struct robust_list *)(void *)node;
  hold->note = head;
  /* The kernel reads it when the thread dies: anywhere from here. */
  atomic_signal_fence(memory_order_seq_cst);
}

static int robust_take(struct isth__guard *guard, struct isth__hold *hold) {
  isth__atomic_u32 *word = mutex_word(guard);
  uint32_t own = (uint32_t)syscall(SYS_gettid), waiters = 0, old = isth__load_relaxed(word);
  robust_note(guard, hold);
  for (;;) {
    if (old == 0 || (old & FUTEX_OWNER_DIED) != 0) {
      uint32_t new = own | waiters | (old & FUTEX_WAITERS);
      bool died = old != 0;
      if (!atomic_compare_exchange_strong(word, &old, new)) continue;
      hold->owner_died = died;
      return 0;
    }
    if (hold->patience.until_ns == 0) return mutex_fail_held(guard, hold);
    if ((old & FUTEX_WAITERS) == 0 && !atomic_compare_exchange_strong(word, &old, old | FUTEX_WAITERS)) continue;
    /* Whoever has slept does not know whether others still do. */
    waiters = FUTEX_WAITERS;
    if (!mutex_sleep(guard, old | FUTEX_WAITERS, &hold->patience)) return mutex_fail_held(guard, hold);
    old = isth__load_relaxed(word);
  }
}

static void robust_release(struct isth__guard *guard) {
  isth__atomic_u32 *word = mutex_word(guard);
  if ((atomic_exchange(word, 0) & FUTEX_WAITERS) != 0) isth__futex_wake(word);
}

/* ---- either ---- */

static void mutex_unlock(struct isth__guard *guard, struct isth__hold *hold) {
  if ((mutex_kind(guard) & MUTEX_ROBUST) != 0) {
    robust_release(guard);
  } else {
    plain_release(guard);
  }
  hold->held = false;
}

static int mutex_take(struct isth__guard *guard, struct isth__hold *hold) {
  int error = mutex_look(guard, hold->failure);
  if (error != 0) return error;
  int kind = mutex_kind(guard);
  bool robust = (kind & MUTEX_ROBUST) != 0;
  error = robust ? robust_take(guard, hold) : plain_take(guard, hold);
  if (error != 0) return error;
  hold->held = true;
  if (robust && isth__load_relaxed(mutex_owner(guard)) == MUTEX_UNUSABLE) {
    mutex_unlock(guard, hold);
    return isth__fail(hold->failure, ISTH_E_LOCK_OWNER_DIED,
                      "nobody made the data consistent after that, so the mutex can never be used again");
  }
  if (robust || (kind & MUTEX_TYPE) == MUTEX_RECURSIVE) isth__store_relaxed(mutex_count(guard), 1);
  /* Said at once that it is consistent: what that means for the data is told to our caller. A dead owner's place among
   * the users is ours. */
  isth__store_relaxed(mutex_owner(guard), (int)syscall(SYS_gettid));
  if (!hold->owner_died) isth__add_relaxed(mutex_users(guard), 1);
  return 0;
}

static int mutex_release(struct isth__guard *guard, struct isth__hold *hold) {
  if ((mutex_kind(guard) & MUTEX_TYPE) == MUTEX_RECURSIVE) isth__store_relaxed(mutex_count(guard), 0);
  isth__store_relaxed(mutex_owner(guard), 0);
  isth__subtract_relaxed(mutex_users(guard), 1);
  mutex_unlock(guard, hold);
  return 0;
}

static void mutex_settle(struct isth__hold *hold) {
  struct robust_list_head *head = hold->note;
  if (head == NULL) return;
  atomic_signal_fence(memory_order_seq_cst);
  head->list_op_pending = NULL;
}

const struct isth__guard_way isth__mutex = {
    .look = mutex_look, .take = mutex_take, .release = mutex_release, .settle = mutex_settle};

#else

/* Another libc has another mutex. */
static int mutex_open(struct isth__guard *guard, const isth_guard *options, const struct isth__place *place,
                      bool writable, isth_failure *failure) {
  (void)guard;
  (void)options;
  (void)place;
  (void)writable;
  return isth__fail(failure, ISTH_E_UNSUPPORTED_PLATFORM, "only mutexes of glibc on Linux are known");
}

static int mutex_take(struct isth__guard *guard, struct isth__hold *hold) {
  (void)guard;
  return isth__fail(hold->failure, ISTH_E_UNSUPPORTED_PLATFORM, "only mutexes of glibc on Linux are known");
}

const struct isth__guard_way isth__mutex = {.open = mutex_open, .take = mutex_take, .release = mutex_take};

#endif
