/*
 * fault.c: the handler for SIGBUS.
 *
 * The handler of a signal belongs to the whole process, so this file has what no other has: variables of the process
 * and of the thread. A thread that touches such memory says so in `landing`, where to come back to and which memory it
 * is. The handler jumps there if the kernel (and no kill()) raised the signal in this very thread, for an address in
 * that memory. Everything else is somebody else's.
 */
#include "fault.h"

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>

struct landing {
  sigjmp_buf place;
  const struct isth__range *ranges;
  size_t count;
  const unsigned char *address; /* of the fault */
};

/* A handler must not allocate, which the first use of a thread's variable in a shared library else may do with
 * glibc. */
#ifdef __GLIBC__
#define FAULT_TLS __attribute__((tls_model("initial-exec")))
#else
#define FAULT_TLS
#endif
static _Thread_local struct landing *volatile landing FAULT_TLS;

static struct sigaction previous_action;
static atomic_bool previous_was_called;
static pthread_once_t install_once = PTHREAD_ONCE_INIT;

static bool landing_covers(const struct landing *at, const unsigned char *address) {
  /* As numbers: a range of no bytes may begin at NULL, and what lies before one wraps to beyond it. */
  for (size_t i = 0; i < at->count; i++)
    if ((uintptr_t)address - (uintptr_t)at->ranges[i].begin < at->ranges[i].bytes) return true;
  return false;
}

/* What the system would have done without us. */
static void pass_on(int signal, siginfo_t *info, void *context) {
  bool is_fault = info->si_code > 0, has_function = (previous_action.sa_flags & SA_SIGINFO) != 0;
  if (!has_function && previous_action.sa_handler == SIG_IGN && !is_fault) return;
  has_function = has_function || (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN);
  bool is_over = atomic_exchange(&previous_was_called, true) && (previous_action.sa_flags & (int)SA_RESETHAND) != 0;
  if (!has_function || is_over) {
    /* A fault comes again as soon as this returns, and then ends the process, as it does one that ignores SIGBUS. */
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(signal, &standard, NULL);
    if (!is_fault) raise(signal);
    return;
  }
  /* The mask of before comes back when our handler returns. */
  sigset_t mask = previous_action.sa_mask;
  if ((previous_action.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  pthread_sigmask(SIG_BLOCK, &mask, NULL);
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
  } else {
    previous_action.sa_handler(signal);
  }
}

static void handle_fault(int signal, siginfo_t *info, void *context) {
  struct landing *at = landing;
  if (at != NULL && info->si_code > 0 && landing_covers(at, info->si_addr)) {
    at->address = info->si_addr;
    siglongjmp(at->place, 1);
  }
  if (info->si_code > 0 && isth__memory_mend(info->si_addr)) return;
  pass_on(signal, info, context);
}

static void install_handler(void) {
  struct sigaction ours = {.sa_sigaction = handle_fault, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  sigemptyset(&ours.sa_mask);
  /* Known before ours can run. */
  sigaction(SIGBUS, NULL, &previous_action);
  sigaction(SIGBUS, &ours, NULL);
}

void isth__fault_install(void) { pthread_once(&install_once, install_handler); }

/* Only this function is come back to by a jump: it keeps nothing in variables of its own. */
static bool land(struct landing *here, void (*act)(void *), void *argument) {
  if (sigsetjmp(here->place, 0) != 0) {
    landing = NULL;
    return false;
  }
  landing = here;
  atomic_signal_fence(memory_order_seq_cst);
  act(argument);
  atomic_signal_fence(memory_order_seq_cst);
  landing = NULL;
  return true;
}

bool isth__touch(const struct isth__range *ranges, size_t count, void (*act)(void *), void *argument,
                 const unsigned char **place) {
  struct landing here = {.ranges = ranges, .count = count};
  /* A blocked signal of the kernel's own ends the process. */
  sigset_t fault, before;
  sigemptyset(&fault);
  sigaddset(&fault, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &fault, &before);
  bool done = land(&here, act, argument);
  /* The handler was left by a jump, and another one that passed the signal on to it may have blocked more. */
  if (!done || sigismember(&before, SIGBUS)) pthread_sigmask(SIG_SETMASK, &before, NULL);
  *place = here.address;
  return done;
}
