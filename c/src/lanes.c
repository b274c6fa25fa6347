/* lanes.c: what a serving thread does with its lanes: taken on, served in turns, let go. */
#include "worker.h"

#include <stdlib.h>

#include "failpoint.h"

enum { LANE_BUDGET = 32 }; /* what one lane may spend before the others get their turn */

void isth__worker_command(struct isth__worker *worker, struct isth__command *command) {
  pthread_mutex_lock(&worker->lock);
  struct isth__command **end = &worker->inbox;
  while (*end != NULL) end = &(*end)->next;
  command->next = NULL;
  *end = command;
  pthread_mutex_unlock(&worker->lock);
  isth__store_release(&worker->commanded, 1); /* to work and sleep_worker */
  isth__wake_signal(worker->wake[ISTH__WAKE_SIGNAL]);
}

/* After this the control thread may free the channel at any time. */
static void let_go(struct isth__worker *worker, struct isth__lane *lane) {
  const isth_service *service = worker->serving.service;
  struct isth__channel *channel = lane->channel;
  isth__lane_leave(lane);
  /* Pairs with the acquire in control.c's free_retired: our last use of the channel comes before its end. */
  isth__subtract_release(&channel->lanes_in_use, 1);
  isth__wake_signal(service->event[ISTH__WAKE_SIGNAL]);
}

static void break_channel(struct isth__worker *worker, struct isth__lane *lane) {
  lane->broken = true;
  isth__store_release(&lane->channel->broken, 1); /* to free_retired */
  isth__wake_signal(worker->serving.service->event[ISTH__WAKE_SIGNAL]);
}

static void attach_lane(struct isth__worker *worker, struct isth__lane *lane) {
  lane->outgoing = worker->outgoing;
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
  /* A client that closes its end makes this one readable for ever, and is told of once. */
  if (isth__poller_add(worker->poller, lane->wake, ISTH__POLL_SIGNALS, lane) != 0) {
    break_channel(worker, lane);
    return;
  }
  worker->lanes[worker->lane_count++] = lane;
  ISTH__FAILPOINT(lane_attached);
}

/* The client has gone. What it sent one way is served all the same: up to a ring's worth, because one that only
 * pretends may go on sending. */
static void detach_lane(struct isth__worker *worker, struct isth__lane *lane) {
  isth__lane_leave(lane);
  lane->serve_until = lane->requests.position + lane->requests.capacity;
  ISTH__FAILPOINT(lane_detached);
  for (size_t i = 0; i < worker->lane_count; i++)
    if (worker->lanes[i] == lane) return;
  /* It was never attached, for want of memory or descriptors. */
  let_go(worker, lane);
}

static void remove_lane(struct isth__worker *worker, size_t at) {
  struct isth__lane *lane = worker->lanes[at];
  worker->lanes[at] = worker->lanes[--worker->lane_count];
  isth__poller_remove(worker->poller, lane->wake);
  let_go(worker, lane);
}

void isth__lanes_obey(struct isth__worker *worker) {
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

/* Sends and serves what a lane has, up to a bound. Returns how many records that were. */
static size_t serve_lane(struct isth__worker *worker, struct isth__lane *lane) {
  size_t served = 0;
  int got = 1;
  if (lane->parcels.first != NULL) {
    got = isth__lane_pump(lane);
    if (got > 0) served += (size_t)got;
  }
  for (lane->spent = 0; got >= 0 && lane->spent < LANE_BUDGET; lane->spent++) {
    got = isth__answer(&worker->serving, lane);
    if (got <= 0) break;
    served++;
  }
  if (got < 0) break_channel(worker, lane);
  return served;
}

/* Whether a lane whose client has gone has nothing left to serve. */
static bool is_done(const struct isth__lane *lane, size_t served) {
  return lane->serve_until != 0 && (lane->broken || served == 0 || lane->requests.position >= lane->serve_until);
}

size_t isth__lanes_serve(struct isth__worker *worker) {
  size_t total = 0;
  /* Stored by isth__post_locked; what it announces is under a lock. */
  if (isth__load_relaxed(&worker->outgoing->pending)) isth__outgoing_collect(worker->outgoing);
  for (size_t i = 0; i < worker->lane_count;) {
    struct isth__lane *lane = worker->lanes[i];
    size_t served = lane->broken ? 0 : serve_lane(worker, lane);
    total += served;
    if (is_done(lane, served)) {
      remove_lane(worker, i);
    } else {
      i++;
    }
  }
  return total;
}

bool isth__lanes_have_parcels(const struct isth__worker *worker) {
  for (size_t i = 0; i < worker->lane_count; i++)
    if (worker->lanes[i]->parcels.first != NULL && !worker->lanes[i]->broken) return true;
  return false;
}
