#include "outgoing.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "failpoint.h"
#include "stream.h"

static void push_parcel(struct isth__parcels *parcels, struct isth__parcel *parcel) {
  parcel->next = NULL;
  if (parcels->first == NULL) {
    parcels->first = parcel;
  } else {
    parcels->last->next = parcel;
  }
  parcels->last = parcel;
}

static struct isth__parcel *pop_parcel(struct isth__parcels *parcels) {
  struct isth__parcel *parcel = parcels->first;
  if (parcel != NULL) parcels->first = parcel->next;
  return parcel;
}

/* ---- the queue ---- */

struct isth__outgoing *isth__outgoing_create(uint64_t max_waiting_bytes, uint32_t max_deferred) {
  struct isth__outgoing *outgoing = calloc(1, sizeof *outgoing);
  if (outgoing == NULL) return NULL;
  isth__store_relaxed(&outgoing->references, 1);
  pthread_mutex_init(&outgoing->lock, NULL);
  outgoing->max_waiting_bytes = max_waiting_bytes;
  outgoing->max_deferred = max_deferred;
  outgoing->signal = -1;
  return outgoing;
}

void isth__outgoing_close(struct isth__outgoing *outgoing) {
  pthread_mutex_lock(&outgoing->lock);
  struct isth__parcels parcels = outgoing->parcels;
  outgoing->parcels.first = NULL;
  outgoing->closed = true;
  pthread_mutex_unlock(&outgoing->lock);
  /* Without the lock: to free the last parcel of a way may end the way. */
  for (struct isth__parcel *parcel; (parcel = pop_parcel(&parcels)) != NULL;) isth__parcel_free(parcel);
}

void isth__outgoing_release(struct isth__outgoing *outgoing) {
  if (outgoing == NULL || isth__subtract_acquire_release(&outgoing->references, 1) != 1) return;
  pthread_mutex_destroy(&outgoing->lock);
  free(outgoing);
}

bool isth__outgoing_sleep(struct isth__outgoing *outgoing) {
  /* Sleep / notify; the partner is isth__post_locked. */
  isth__store_relaxed(&outgoing->sleeping, 1);
  isth__fence();
  return isth__load_relaxed(&outgoing->pending) == 0;
}

void isth__outgoing_awake(struct isth__outgoing *outgoing) { isth__store_relaxed(&outgoing->sleeping, 0); }

void isth__outgoing_collect(struct isth__outgoing *outgoing) {
  if (!isth__load_relaxed(&outgoing->pending)) return;
  struct isth__parcels stray = {NULL, NULL};
  pthread_mutex_lock(&outgoing->lock);
  isth__store_relaxed(&outgoing->pending, 0);
  for (struct isth__parcel *parcel; (parcel = pop_parcel(&outgoing->parcels)) != NULL;) {
    if (parcel->way->lane == NULL) {
      push_parcel(&stray, parcel);
    } else {
      isth__lane_queue(parcel->way->lane, parcel);
    }
  }
  pthread_mutex_unlock(&outgoing->lock);
  ISTH__FAILPOINT(outgoing_collected);
  for (struct isth__parcel *parcel; (parcel = pop_parcel(&stray)) != NULL;) isth__parcel_free(parcel);
}

/* ---- ways ---- */

struct isth__way *isth__lane_way(struct isth__lane *lane) {
  if (lane->way != NULL) return lane->way;
  struct isth__way *way = calloc(1, sizeof *way);
  if (way == NULL) return NULL;
  isth__store_relaxed(&way->references, 1);
  isth__add_relaxed(&lane->outgoing->references, 1);
  way->outgoing = lane->outgoing;
  way->most = isth__ring_max_payload(lane->replies.capacity);
  way->lane = lane;
  lane->way = way;
  return way;
}

struct isth__way *isth__way_retain(struct isth__way *way) {
  isth__add_relaxed(&way->references, 1);
  return way;
}

void isth__way_release(struct isth__way *way) {
  if (isth__subtract_acquire_release(&way->references, 1) != 1) return;
  isth__outgoing_release(way->outgoing);
  free(way);
}

bool isth__way_gone(const struct isth__way *way) {
  pthread_mutex_lock(&way->outgoing->lock);
  bool gone = way->lane == NULL;
  pthread_mutex_unlock(&way->outgoing->lock);
  return gone;
}

/* ---- parcels ---- */

struct isth__parcel *isth__parcel_create(struct isth__way *way, const struct isth__header *header, size_t size) {
  struct isth__parcel *parcel = malloc(sizeof *parcel + (size > ISTH_MESSAGE_BYTES ? size : ISTH_MESSAGE_BYTES));
  if (parcel == NULL) return NULL;
  parcel->way = way == NULL ? NULL : isth__way_retain(way);
  parcel->header = *header;
  parcel->size = size;
  parcel->posted = false;
  return parcel;
}

void isth__parcel_free(struct isth__parcel *parcel) {
  if (parcel->posted) isth__subtract_relaxed(&parcel->way->waiting_bytes, isth__reply_cost(parcel->size));
  if (parcel->way != NULL) isth__way_release(parcel->way);
  free(parcel);
}

void isth__parcel_fail(struct isth__parcel *parcel, int status, const char *format, va_list arguments) {
  parcel->header.status = status;
  parcel->size = isth__format_message((char *)parcel->payload, format, arguments);
}

int isth__post_locked(struct isth__parcel *parcel, uint64_t max_waiting_bytes) {
  struct isth__way *way = parcel->way;
  struct isth__outgoing *outgoing = way->outgoing;
  if (outgoing->closed) return ISTH_E_CLOSED;
  if (way->lane == NULL) return ISTH_E_CANCELLED;
  uint64_t waiting = isth__load_relaxed(&way->waiting_bytes), cost = isth__reply_cost(parcel->size);
  if (waiting > 0 && (waiting > max_waiting_bytes || cost > max_waiting_bytes - waiting)) return ISTH_E_OUT_OF_MEMORY;
  isth__add_relaxed(&way->waiting_bytes, cost);
  parcel->posted = true;
  push_parcel(&outgoing->parcels, parcel);
  isth__store_relaxed(&outgoing->pending, 1);
  ISTH__FAILPOINT(outgoing_posted);
  /* Sleep / notify; the partner is isth__outgoing_sleep. */
  isth__fence();
  if (isth__load_relaxed(&outgoing->sleeping) != 0 && isth__exchange_relaxed(&outgoing->sleeping, 0) != 0)
    isth__wake_signal(outgoing->signal);
  return 0;
}

int isth__post(struct isth__parcel *parcel, uint64_t max_waiting_bytes) {
  struct isth__outgoing *outgoing = parcel->way->outgoing;
  pthread_mutex_lock(&outgoing->lock);
  int error = isth__post_locked(parcel, max_waiting_bytes);
  pthread_mutex_unlock(&outgoing->lock);
  return error;
}

/* ---- lanes ---- */

void isth__lane_queue(struct isth__lane *lane, struct isth__parcel *parcel) { push_parcel(&lane->parcels, parcel); }

int isth__lane_pump(struct isth__lane *lane) {
  int sent = 0;
  for (; lane->parcels.first != NULL; sent++) {
    struct isth__record *record;
    int error = isth__producer_claim(&lane->replies, lane->parcels.first->size, &record);
    if (error == ISTH_E_RING_FULL) break;
    if (error != 0) return error;
    struct isth__parcel *parcel = pop_parcel(&lane->parcels);
    memcpy(isth__record_payload(record), parcel->payload, parcel->size);
    ISTH__FAILPOINT(parcel_written);
    if (isth__producer_commit(&lane->replies, record, &parcel->header, parcel->size))
      isth__wake_signal(lane->channel->client_wake);
    isth__parcel_free(parcel);
  }
  return sent;
}

void isth__lane_leave(struct isth__lane *lane) {
  for (struct isth__parcel *parcel; (parcel = pop_parcel(&lane->parcels)) != NULL;) isth__parcel_free(parcel);
  struct isth__way *way = lane->way;
  if (way == NULL) return;
  lane->way = NULL;
  pthread_mutex_lock(&way->outgoing->lock);
  way->lane = NULL;
  isth__streams_lose(way);
  pthread_mutex_unlock(&way->outgoing->lock);
  isth__way_release(way);
}
