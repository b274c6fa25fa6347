/* thread.c: threads of the addon's own. */
#include "addon.h"

#include <signal.h>

int thread_start(void *(*run)(void *data), void *data, pthread_t *thread) {
  pthread_t started;
  pthread_attr_t attributes;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return ISTH_E_OUT_OF_MEMORY;
  if (thread == NULL) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  /* Signals are the program's own threads'. But a fault is the thread's that makes it, and would end the process if it were
   * blocked: segment.h tells what becomes of SIGBUS. */
  sigfillset(&all);
  sigdelset(&all, SIGBUS);
  sigdelset(&all, SIGSEGV);
  sigdelset(&all, SIGILL);
  sigdelset(&all, SIGFPE);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&started, &attributes, run, data);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (error != 0) return ISTH_E_OUT_OF_MEMORY;
  if (thread != NULL) *thread = started;
  return 0;
}
