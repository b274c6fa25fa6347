/* server.h: what a server in C does beside its answers: it says that it is ready, and ends with its stdin. */
#ifndef HOP_SERVER_H
#define HOP_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static inline void *hop_watch_stdin(void *unused) {
  char ignored[64];
  (void)unused;
  while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  _exit(0);
}

/* From now on the process ends once its stdin has, whatever it does then. False: it cannot. */
static inline bool hop_end_with_stdin(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, hop_watch_stdin, NULL) == 0;
}

static inline void hop_ready(void) {
  printf("ready\n");
  fflush(stdout);
}

#endif
