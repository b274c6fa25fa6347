/* worker.c: a serving thread: polls its lanes, and sleeps when there is nothing to do. */
#include "worker.h"

#include "polls.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  WAKES = 64, /* wake-ups that are told of at once */
  /* How soon a reply ring that was full is looked at again: at first, and at last where nothing changes. */
  FIRST_RETRY_MS = 1,
  LAST_RETRY_MS = 16,
  DRAIN_NS = 100000000 /* how long stopping may take to answer what was already sent */
};

struct isth__worker *isth__worker_at(const isth_service *service, uint32_t number) {
  return &service->workers[number];
}

/* Sleeps until a client or the control thread signals; not at all if a request came meanwhile. */
static void sleep_worker(struct isth__worker *worker) {
  bool awake = false, blocked = false;
  size_t told = 0;
  for (; told < worker->lane_count && !awake; told++) {
    struct isth__lane *lane = worker->lanes[told];
    /* Not as soon as it fired, which would delay the request that it announced. But before the client may signal again, so that
     * there is room: a byte that found none would wake nobody. At end of file there is nothing to do, because the
     * control socket says when a client has gone. */
    if (lane->signalled) {
      lane->signalled = false;
      (void)isth__wake_clear(lane->wake);
    }
    if (lane->broken) continue;
    bool waiting = isth__consumer_sleep(&lane->requests);
    if (lane->blocked) {
      blocked = true;
    } else {
      awake = waiting;
    }
  }
  if (!isth__outgoing_sleep(worker->outgoing)) awake = true;
  /* From isth__worker_command. */
  if (!awake && !isth__load_acquire(&worker->commanded)) {
    void *ready[WAKES];
    int count = isth__poller_wait(worker->poller, ready, WAKES, blocked ? worker->retry_ms : -1);
    if (count == 0 && worker->retry_ms < LAST_RETRY_MS) worker->retry_ms *= 2;
    for (int i = 0; i < count; i++) {
      struct isth__lane *lane = ready[i];
      if (lane == NULL) {
        (void)isth__wake_clear(worker->wake[ISTH__WAKE_WAIT]);
      } else {
        lane->signalled = true;
      }
    }
  }
  isth__outgoing_awake(worker->outgoing);
  for (size_t i = 0; i < told; i++) isth__consumer_awake(&worker->lanes[i]->requests);
}

/* Answers what was already sent, sends what was already answered, and leaves the lanes to the control thread. */
static void drain_worker(struct isth__worker *worker) {
  uint64_t until_ns = isth__now_ns() + DRAIN_NS;
  /* There may be a client that was welcomed a moment ago. */
  isth__lanes_obey(worker);
  do {
    if (isth__lanes_serve(worker) > 0) continue;
    if (!isth__lanes_have_parcels(worker)) break;
    poll(NULL, 0, FIRST_RETRY_MS);
  } while (isth__now_ns() < until_ns);
  isth__outgoing_close(worker->outgoing);
  for (size_t i = 0; i < worker->lane_count; i++) isth__lane_leave(worker->lanes[i]);
}

static void *work(void *argument) {
  struct isth__worker *worker = argument;
  const isth_service_options *options = &worker->serving.service->options;
  struct isth__polls polls = {0};
  isth__pins_apply(&worker->serving.service->pins, worker->serving.number);
  while (!isth__load_acquire(&worker->serving.service->ending)) { /* from isth__workers_stop */
    /* From isth__worker_command. */
    if (isth__load_acquire(&worker->commanded)) isth__lanes_obey(worker);
    if (isth__lanes_serve(worker) > 0) {
      worker->retry_ms = FIRST_RETRY_MS;
      isth__polls_found(&polls);
      continue;
    }
    if (options->wait == ISTH_WAIT_SPIN) {
      isth__pause();
      continue;
    }
    if (options->wait == ISTH_WAIT_ADAPTIVE) {
      /* The bound counts from the first empty round after work. */
      if (!polls.polling) isth__polls_begin(&polls, options->spin_ns);
      if (isth__polls_go_on(&polls)) {
        isth__pause();
        continue;
      }
      isth__polls_in_vain(&polls);
    }
    sleep_worker(worker);
  }
  drain_worker(worker);
  isth__arena_free(&worker->serving.scratch.in);
  isth__arena_free(&worker->serving.scratch.out);
  return NULL;
}

static int start_worker(isth_service *service, unsigned int number, isth_failure *failure) {
  struct isth__worker *worker = &service->workers[number];
  worker->poller = isth__poller_create();
  if (worker->poller == NULL || isth__wake_create(worker->wake) != 0 ||
      isth__poller_add(worker->poller, worker->wake[ISTH__WAKE_WAIT], ISTH__POLL_SIGNALS, NULL) != 0)
    return isth__fail(failure, ISTH_E_SYSTEM, "a serving thread's descriptors: %s", strerror(errno));
  worker->outgoing->signal = worker->wake[ISTH__WAKE_SIGNAL];
  int error = pthread_create(&worker->thread, NULL, work, worker);
  if (error != 0) return isth__fail(failure, ISTH_E_SYSTEM, "pthread_create: %s", strerror(error));
  worker->started = true;
  return 0;
}

int isth__workers_create(isth_service *service, isth_failure *failure) {
  service->workers = calloc(service->options.threads, sizeof *service->workers);
  if (service->workers == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "the serving threads");
  int error = 0;
  for (uint32_t i = 0; i < service->options.threads; i++) {
    struct isth__worker *worker = &service->workers[i];
    worker->serving.service = service;
    worker->serving.number = i;
    worker->retry_ms = FIRST_RETRY_MS;
    worker->wake[ISTH__WAKE_WAIT] = worker->wake[ISTH__WAKE_SIGNAL] = -1;
    pthread_mutex_init(&worker->lock, NULL);
    worker->outgoing = isth__outgoing_create(service->options.max_waiting_bytes, service->options.max_deferred);
    if (worker->outgoing == NULL) error = ISTH_E_OUT_OF_MEMORY;
  }
  return error == 0 ? 0 : isth__fail(failure, error, "the serving threads");
}

int isth__workers_start(isth_service *service, isth_failure *failure) {
  /* Signals are the control thread's, or the program's: never a serving thread's, where they would interrupt a handler. */
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGBUS); /* src/fault.c */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  for (uint32_t i = 0; i < service->options.threads && error == 0; i++) error = start_worker(service, i, failure);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

void isth__workers_stop(isth_service *service) {
  isth__store_release(&service->ending, 1); /* to work */
  for (uint32_t i = 0; i < service->options.threads; i++) {
    struct isth__worker *worker = &service->workers[i];
    if (!worker->started) continue;
    isth__wake_signal(worker->wake[ISTH__WAKE_SIGNAL]);
    pthread_join(worker->thread, NULL);
    worker->started = false;
  }
}

void isth__workers_destroy(isth_service *service) {
  for (uint32_t i = 0; service->workers != NULL && i < service->options.threads; i++) {
    struct isth__worker *worker = &service->workers[i];
    isth__poller_free(worker->poller);
    isth__wake_close(worker->wake);
    isth__outgoing_release(worker->outgoing);
    pthread_mutex_destroy(&worker->lock);
    free(worker->lanes);
  }
  free(service->workers);
}

void isth__workers_count(const isth_service *service, isth_service_stats *stats) {
  stats->calls = stats->expired = stats->one_way_failures = 0;
  for (uint32_t i = 0; i < service->options.threads; i++) {
    const struct isth__serving *serving = &service->workers[i].serving;
    stats->calls += isth__load_relaxed(&serving->calls);
    stats->expired += isth__load_relaxed(&serving->expired);
    stats->one_way_failures += isth__load_relaxed(&serving->one_way_failures);
  }
}
