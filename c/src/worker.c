/* worker.c: a serving thread: polls its lanes, and sleeps when there is nothing to do. */
#include "service.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
  WAKES = 64,           /* wake-ups that are told of at once */
  LANE_BUDGET = 32,     /* records of one lane before the others get their turn */
  SPINS_PER_CLOCK = 32, /* empty rounds between two looks at the clock */
  BLOCKED_RETRY_MS = 1, /* how soon a reply ring that was full is looked at again */
  DRAIN_NS = 100000000  /* how long stopping may take to answer what was already sent */
};

struct isth__worker {
  isth_service *service;
  unsigned int number;
  pthread_t thread;
  bool started;
  int epoll;
  int wake[2]; /* the control thread signals it */
  struct isth__lane **lanes;
  size_t lane_count, lane_capacity;
  /* Written by the control thread under the lock; `commanded` says that there is something. */
  pthread_mutex_t lock;
  struct isth__command *inbox;
  isth__atomic_u32 commanded;
  isth__atomic_u64 calls, expired;
};

struct isth__worker *isth__worker_at(const isth_service *service, uint32_t number) {
  return &service->workers[number];
}

void isth__worker_command(struct isth__worker *worker, struct isth__command *command) {
  pthread_mutex_lock(&worker->lock);
  struct isth__command **end = &worker->inbox;
  while (*end != NULL) end = &(*end)->next;
  command->next = NULL;
  *end = command;
  pthread_mutex_unlock(&worker->lock);
  isth__store_release(&worker->commanded, 1);
  isth__wake_signal(worker->wake[ISTH__WAKE_SIGNAL]);
}

/* After this the control thread may free the channel at any time. */
static void let_go(struct isth__worker *worker, struct isth__channel *channel) {
  isth_service *service = worker->service;
  /* Pairs with the acquire in control.c's free_retired: our last use of the channel comes before its end. */
  isth__subtract_release(&channel->lanes_in_use, 1);
  isth__wake_signal(service->event[ISTH__WAKE_SIGNAL]);
}

static void break_channel(struct isth__worker *worker, struct isth__lane *lane) {
  lane->broken = true;
  isth__store_release(&lane->channel->broken, 1);
  isth__wake_signal(worker->service->event[ISTH__WAKE_SIGNAL]);
}

static void attach_lane(struct isth__worker *worker, struct isth__lane *lane) {
  if (worker->lane_count == worker->lane_capacity) {
    size_t capacity = worker->lane_capacity == 0 ? 16 : worker->lane_capacity * 2;
    struct isth__lane **lanes = realloc(worker->lanes, capacity * sizeof(struct isth__lane *));
    if (lanes == NULL) {
      break_channel(worker, lane);
      return;
    }
    worker->lanes = lanes;
    worker->lane_capacity = capacity;
  }
  /* Edge-triggered: a client that closes its end makes this one readable for ever, and is told of once. Nothing is lost by
   * it, because each signal is an event of its own, whether or not the ones before were taken. */
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = lane};
  if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, lane->wake, &event) != 0) {
    break_channel(worker, lane);
    return;
  }
  worker->lanes[worker->lane_count++] = lane;
}

static void detach_lane(struct isth__worker *worker, struct isth__lane *lane) {
  for (size_t i = 0; i < worker->lane_count; i++) {
    if (worker->lanes[i] != lane) continue;
    worker->lanes[i] = worker->lanes[--worker->lane_count];
    epoll_ctl(worker->epoll, EPOLL_CTL_DEL, lane->wake, NULL);
    break;
  }
  let_go(worker, lane->channel);
}

static void obey(struct isth__worker *worker) {
  isth__store_relaxed(&worker->commanded, 0);
  pthread_mutex_lock(&worker->lock);
  struct isth__command *command = worker->inbox;
  worker->inbox = NULL;
  pthread_mutex_unlock(&worker->lock);
  while (command != NULL) {
    struct isth__command *next = command->next;
    if (command->attach) {
      attach_lane(worker, command->lane);
    } else {
      detach_lane(worker, command->lane);
    }
    command = next;
  }
}

/* One round over all lanes; returns how many requests were dealt with. */
static size_t serve_round(struct isth__worker *worker) {
  size_t served = 0;
  uint64_t expired = isth__load_relaxed(&worker->expired);
  for (size_t i = 0; i < worker->lane_count; i++) {
    struct isth__lane *lane = worker->lanes[i];
    if (lane->broken) continue;
    for (int budget = LANE_BUDGET; budget > 0; budget--) {
      int got = isth__answer(worker->service, lane, worker->number, &worker->expired);
      if (got < 0) break_channel(worker, lane);
      if (got <= 0) break;
      served++;
    }
  }
  if (served > 0) {
    uint64_t handled = served - (isth__load_relaxed(&worker->expired) - expired);
    isth__store_relaxed(&worker->calls, isth__load_relaxed(&worker->calls) + handled);
  }
  return served;
}

/* Sleeps until a client or the control thread signals; not at all if a request came meanwhile. */
static void sleep_worker(struct isth__worker *worker) {
  bool awake = false, blocked = false;
  size_t told = 0;
  for (; told < worker->lane_count && !awake; told++) {
    struct isth__lane *lane = worker->lanes[told];
    if (lane->broken) continue;
    /* Not as soon as it fired, which would delay the request that it announced. But before the client may signal again, so that
     * there is room: a byte that found none would wake nobody. At end of file there is nothing to do, because the
     * control socket says when a client has gone. */
    if (lane->signalled) {
      lane->signalled = false;
      (void)isth__wake_clear(lane->wake);
    }
    bool waiting = isth__consumer_sleep(&lane->requests);
    if (lane->blocked) {
      blocked = true;
    } else {
      awake = waiting;
    }
  }
  if (!awake && !isth__load_acquire(&worker->commanded)) {
    struct epoll_event events[WAKES];
    int count = epoll_wait(worker->epoll, events, WAKES, blocked ? BLOCKED_RETRY_MS : -1);
    for (int i = 0; i < count; i++) {
      struct isth__lane *lane = events[i].data.ptr;
      if (lane == NULL) {
        (void)isth__wake_clear(worker->wake[ISTH__WAKE_WAIT]);
      } else {
        lane->signalled = true;
      }
    }
  }
  for (size_t i = 0; i < told; i++) isth__consumer_awake(&worker->lanes[i]->requests);
}

static void drain_worker(struct isth__worker *worker) {
  uint64_t until_ns = isth__now_ns() + DRAIN_NS;
  while (serve_round(worker) > 0 && isth__now_ns() < until_ns) {
  }
}

static void *work(void *argument) {
  struct isth__worker *worker = argument;
  const isth_service_options *options = &worker->service->options;
  uint64_t spin_until_ns = 0;
  uint32_t empty = 0;
  if (options->cpu >= 0) isth__pin_thread((unsigned int)options->cpu + worker->number);
  while (!isth__load_acquire(&worker->service->stopping)) {
    if (isth__load_acquire(&worker->commanded)) obey(worker);
    if (serve_round(worker) > 0) {
      empty = 0;
      continue;
    }
    if (options->wait == ISTH_WAIT_SPIN) {
      isth__pause();
      continue;
    }
    if (options->wait == ISTH_WAIT_ADAPTIVE) {
      /* The bound counts from the first empty round after work. */
      if (empty == 0) spin_until_ns = isth__after_ns(options->spin_ns);
      if (++empty % SPINS_PER_CLOCK != 0 || isth__now_ns() < spin_until_ns) {
        isth__pause();
        continue;
      }
      empty = 0;
    }
    sleep_worker(worker);
  }
  drain_worker(worker);
  return NULL;
}

static int start_worker(isth_service *service, unsigned int number, isth_failure *failure) {
  struct isth__worker *worker = &service->workers[number];
  worker->service = service;
  worker->number = number;
  worker->epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  if (worker->epoll < 0 || isth__wake_create(worker->wake) != 0 ||
      epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->wake[ISTH__WAKE_WAIT], &event) != 0)
    return isth__fail(failure, ISTH_E_SYSTEM, "a serving thread's descriptors: %s", strerror(errno));
  int error = pthread_create(&worker->thread, NULL, work, worker);
  if (error != 0) return isth__fail(failure, ISTH_E_SYSTEM, "pthread_create: %s", strerror(error));
  worker->started = true;
  return 0;
}

int isth__workers_create(isth_service *service, isth_failure *failure) {
  service->workers = calloc(service->options.threads, sizeof *service->workers);
  if (service->workers == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "the serving threads");
  for (uint32_t i = 0; i < service->options.threads; i++) {
    struct isth__worker *worker = &service->workers[i];
    worker->epoll = worker->wake[ISTH__WAKE_WAIT] = worker->wake[ISTH__WAKE_SIGNAL] = -1;
    pthread_mutex_init(&worker->lock, NULL);
  }
  return 0;
}

int isth__workers_start(isth_service *service, isth_failure *failure) {
  /* Signals are the control thread's, or the program's: never a serving thread's, where they would interrupt a handler. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  for (uint32_t i = 0; i < service->options.threads && error == 0; i++) error = start_worker(service, i, failure);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

void isth__workers_stop(isth_service *service) {
  isth__store_release(&service->stopping, 1);
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
    if (worker->epoll >= 0) close(worker->epoll);
    isth__wake_close(worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker->lanes);
  }
  free(service->workers);
}

uint64_t isth__workers_calls(const isth_service *service, uint64_t *expired) {
  uint64_t calls = 0;
  *expired = 0;
  for (uint32_t i = 0; i < service->options.threads; i++) {
    *expired += isth__load_relaxed(&service->workers[i].expired);
    calls += isth__load_relaxed(&service->workers[i].calls);
  }
  return calls;
}
