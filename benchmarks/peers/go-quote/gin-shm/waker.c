#include "waker.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/sem.h>

typedef struct waker {
  int semaphores;
  unsigned short number;
  int eventfd;
} waker;

static void *run(void *argument) {
  waker w = *(waker *)argument;
  free(argument);
  struct sembuf take = {.sem_num = w.number, .sem_op = -1};
  while (semop(w.semaphores, &take, 1) == 0 || errno == EINTR) eventfd_write(w.eventfd, 1);
  return NULL;
}

int waker_start(int semaphores, unsigned short number, int eventfd) {
  waker *w = malloc(sizeof *w);
  if (w == NULL) return ENOMEM;
  *w = (waker){semaphores, number, eventfd};
  pthread_t thread;
  int error = pthread_create(&thread, NULL, run, w);
  if (error != 0) {
    free(w);
    return error;
  }
  pthread_detach(thread);
  return 0;
}
