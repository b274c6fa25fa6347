/*
 * worker.c: the C program behind Gin: answers the requests in a System V segment until its parent ends, or removes the semaphores. It
 * removes them itself then: the kernel would keep them. See slots.h.
 * Usage: worker SEGMENT SEMAPHORES      ids, as shmget and semget gave them
 */
#define _GNU_SOURCE

#include "slots.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>

static volatile sig_atomic_t orphaned;

static void on_signal(int signal) {
  (void)signal;
  orphaned = 1;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void answer(slot *s) {
  const char *refusal = quote_answer(&s->request, &s->reply);
  s->refused = refusal != NULL;
  if (refusal != NULL) snprintf(s->refusal, sizeof s->refusal, "%s", refusal);
}

/* Changes a semaphore. Returns false where that was cut short, or there is none any more. */
static bool change(int semaphores, unsigned short number, short by) {
  struct sembuf operation = {.sem_num = number, .sem_op = by};
  return semop(semaphores, &operation, 1) == 0;
}

/* Answers what is there, and says so if the server sleeps. Returns whether there was anything. */
static bool serve(slots *shared, int semaphores) {
  bool any = false;
  for (size_t i = 0; i < SLOTS; i++) {
    slot *s = &shared->slots[i];
    /* Acquire: the request, which Go wrote before it stored the state. */
    if (atomic_load_explicit(&s->state, memory_order_acquire) != SLOT_REQUESTED) continue;
    answer(s);
    /* Sequentially consistent, as are the marks of who sleeps: else both could miss the other's. */
    atomic_store(&s->state, SLOT_ANSWERED);
    any = true;
  }
  /* Once for all of them: whoever wakes looks at all slots. */
  if (any && atomic_exchange(&shared->server_sleeps, 0) != 0) change(semaphores, WAKE_SERVER, 1);
  return any;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: worker SEGMENT SEMAPHORES\n");
    return 2;
  }
  int semaphores = atoi(argv[2]);
  slots *shared = shmat(atoi(argv[1]), NULL, 0);
  if ((intptr_t)shared == -1) die("shmat");
  /* No SA_RESTART, and semop is never restarted: the signal ends the wait. */
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) die("prctl");
  while (orphaned == 0) {
    if (serve(shared, semaphores)) continue;
    atomic_store(&shared->worker_sleeps, 1);
    if (serve(shared, semaphores)) continue;
    if (!change(semaphores, WAKE_WORKER, -1)) break;
  }
  semctl(semaphores, 0, IPC_RMID);
  return 0;
}
