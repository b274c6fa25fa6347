#include "seats.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "stream.h"

/* How long stopping waits for handlers: what isth_service_run promises. */
enum { STOP_SECONDS = 2 };

struct isth__seat {
  struct isth__seats *seats; /* referred to while the thread runs */
  uint32_t number;
  struct isth__scratch scratch; /* the thread's */
  /* Under the lock. */
  pthread_t thread;
  bool started, ended;
  struct isth__stream *stream; /* that it runs; NULL: none */
  pthread_cond_t begun;
};

struct isth__seats {
  isth__atomic_u32 references;
  uint32_t count;
  struct isth__cpus cpus;
  pthread_mutex_t lock;
  /* Under the lock. */
  bool closed;
  uint32_t running; /* threads that have not ended */
  pthread_cond_t ended;
  uint32_t free_count;
  struct isth__seat **free; /* a stack, so that few threads are made */
  struct isth__seat seats[];
};

struct isth__seats *isth__seats_create(uint32_t count, uint32_t first_number) {
  struct isth__seats *seats = calloc(1, sizeof *seats + count * sizeof seats->seats[0]);
  struct isth__seat **stack = calloc(count, sizeof(struct isth__seat *));
  if (seats == NULL || stack == NULL) {
    free(seats);
    free(stack);
    return NULL;
  }
  isth__store_relaxed(&seats->references, 1);
  seats->count = seats->free_count = count;
  isth__cpus_get(&seats->cpus);
  seats->free = stack;
  pthread_mutex_init(&seats->lock, NULL);
  isth__condition_init(&seats->ended);
  for (uint32_t i = 0; i < count; i++) {
    struct isth__seat *seat = &seats->seats[i];
    seat->seats = seats;
    seat->number = first_number + i;
    isth__condition_init(&seat->begun);
    stack[count - 1 - i] = seat;
  }
  return seats;
}

void isth__seats_release(struct isth__seats *seats) {
  if (seats == NULL || isth__subtract_acquire_release(&seats->references, 1) != 1) return;
  for (uint32_t i = 0; i < seats->count; i++) pthread_cond_destroy(&seats->seats[i].begun);
  pthread_cond_destroy(&seats->ended);
  pthread_mutex_destroy(&seats->lock);
  free(seats->free);
  free(seats);
}

struct isth__seat *isth__seat_take(struct isth__seats *seats) {
  pthread_mutex_lock(&seats->lock);
  struct isth__seat *seat = seats->free_count == 0 ? NULL : seats->free[--seats->free_count];
  pthread_mutex_unlock(&seats->lock);
  return seat;
}

void isth__seat_leave(struct isth__seat *seat) {
  struct isth__seats *seats = seat->seats;
  pthread_mutex_lock(&seats->lock);
  seats->free[seats->free_count++] = seat;
  pthread_mutex_unlock(&seats->lock);
}

static void *occupy(void *argument) {
  struct isth__seat *seat = argument;
  struct isth__seats *seats = seat->seats;
  isth__cpus_use(&seats->cpus);
  pthread_mutex_lock(&seats->lock);
  for (;;) {
    while (seat->stream == NULL && !seats->closed) pthread_cond_wait(&seat->begun, &seats->lock);
    struct isth__stream *stream = seat->stream;
    if (stream == NULL) break;
    pthread_mutex_unlock(&seats->lock);
    isth__stream_run(stream);
    pthread_mutex_lock(&seats->lock);
    /* Freed only when nobody can find it any more. */
    seat->stream = NULL;
    pthread_mutex_unlock(&seats->lock);
    isth__stream_free(stream);
    pthread_mutex_lock(&seats->lock);
    seats->free[seats->free_count++] = seat;
  }
  isth__arena_free(&seat->scratch.in);
  isth__arena_free(&seat->scratch.out);
  seat->ended = true;
  seats->running--;
  pthread_cond_signal(&seats->ended);
  pthread_mutex_unlock(&seats->lock);
  isth__seats_release(seats);
  return NULL;
}

static int start_thread(struct isth__seat *seat) {
  struct isth__seats *seats = seat->seats;
  isth__add_relaxed(&seats->references, 1);
  if (pthread_create(&seat->thread, NULL, occupy, seat) != 0) {
    isth__subtract_relaxed(&seats->references, 1);
    return ISTH_E_SYSTEM;
  }
  seat->started = true;
  seats->running++;
  return 0;
}

int isth__seat_begin(struct isth__seat *seat, struct isth__stream *stream) {
  struct isth__seats *seats = seat->seats;
  pthread_mutex_lock(&seats->lock);
  int error = seats->closed ? ISTH_E_CLOSED : 0;
  if (error == 0 && !seat->started) error = start_thread(seat);
  if (error == 0) {
    seat->stream = stream;
    pthread_cond_signal(&seat->begun);
  }
  pthread_mutex_unlock(&seats->lock);
  return error;
}

void isth__seats_stop(struct isth__seats *seats) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += STOP_SECONDS;
  pthread_mutex_lock(&seats->lock);
  seats->closed = true;
  for (uint32_t i = 0; i < seats->count; i++) {
    struct isth__seat *seat = &seats->seats[i];
    if (seat->stream != NULL) isth__stream_stop(seat->stream);
    pthread_cond_signal(&seat->begun);
  }
  while (seats->running > 0 && pthread_cond_timedwait(&seats->ended, &seats->lock, &until) != ETIMEDOUT) continue;
  for (uint32_t i = 0; i < seats->count; i++) {
    struct isth__seat *seat = &seats->seats[i];
    if (!seat->started) continue;
    seat->started = false;
    if (seat->ended) {
      pthread_join(seat->thread, NULL);
    } else {
      pthread_detach(seat->thread);
    }
  }
  pthread_mutex_unlock(&seats->lock);
}

uint32_t isth__seats_taken(struct isth__seats *seats) {
  pthread_mutex_lock(&seats->lock);
  uint32_t taken = seats->count - seats->free_count;
  pthread_mutex_unlock(&seats->lock);
  return taken;
}

struct isth__scratch *isth__seat_scratch(struct isth__seat *seat) {
  return &seat->scratch;
}
unsigned int isth__seat_number(const struct isth__seat *seat) { return seat->number; }
