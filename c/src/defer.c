/* defer.c: calls that are answered after their handler has returned, from any thread. */
#include "call.h"

#include <stdlib.h>
#include <string.h>

#include "failpoint.h"

struct isth_responder {
  struct isth__way *way;       /* referred to */
  struct isth__parcel *parcel; /* made beforehand, so that the call can always be answered, if only with an error */
  uint64_t deadline_ns;
};

isth_responder *isth_call_defer(isth_call *call) {
  if (call->replies != ISTH_REPLIES_ONE || call->kept) return NULL;
  struct isth__way *way = isth__lane_way(call->lane);
  /* Only counted up here, on the serving thread. */
  if (way == NULL || isth__load_relaxed(&way->deferred) >= way->outgoing->max_deferred) return NULL;
  struct isth__header header = isth__reply_header(&call->request->header);
  isth_responder *responder = malloc(sizeof *responder);
  struct isth__parcel *parcel = isth__parcel_create(way, &header, 0);
  if (responder == NULL || parcel == NULL) {
    if (parcel != NULL) isth__parcel_free(parcel);
    free(responder);
    return NULL;
  }
  isth__add_relaxed(&way->deferred, 1);
  *responder = (isth_responder){isth__way_retain(way), parcel, call->request->header.deadline_ns};
  call->kept = true;
  ISTH__FAILPOINT(call_deferred);
  return responder;
}

/* Makes the answer an error with a message. */
static void fail_with(isth_responder *responder, int code, const char *format, ...) ISTH_PRINTF(3, 4);
static void fail_with(isth_responder *responder, int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  isth__parcel_fail(responder->parcel, code, format, arguments);
  va_end(arguments);
}

/* Makes the answer a payload; where that is impossible, the error that it returns. */
static int fill(isth_responder *responder, const void *payload, size_t size) {
  size_t most = responder->way->most;
  if (size > most) {
    fail_with(responder, ISTH_E_REPLY_TOO_LARGE,
              "a reply of %zu bytes; the reply ring allows %zu: raise reply_ring_bytes", size, most);
    return ISTH_E_REPLY_TOO_LARGE;
  }
  if (size > ISTH_MESSAGE_BYTES) {
    struct isth__parcel *larger = isth__parcel_create(responder->way, &responder->parcel->header, size);
    if (larger == NULL) {
      fail_with(responder, ISTH_E_OUT_OF_MEMORY, "a reply of %zu bytes", size);
      return ISTH_E_OUT_OF_MEMORY;
    }
    isth__parcel_free(responder->parcel);
    responder->parcel = larger;
  }
  responder->parcel->size = size;
  if (size > 0) memcpy(responder->parcel->payload, payload, size);
  return 0;
}

static int post_answer(isth_responder *responder, uint64_t max_waiting_bytes) {
  int error = isth__post(responder->parcel, max_waiting_bytes);
  if (error == 0) responder->parcel = NULL;
  return error;
}

static void free_responder(isth_responder *responder) {
  if (responder->parcel != NULL) isth__parcel_free(responder->parcel);
  isth__subtract_relaxed(&responder->way->deferred, 1);
  isth__way_release(responder->way);
  free(responder);
}

int isth_respond(isth_responder *responder, const void *payload, size_t size) {
  uint64_t max_waiting_bytes = responder->way->outgoing->max_waiting_bytes;
  int error = fill(responder, payload, size);
  ISTH__FAILPOINT(respond_filled);
  int lost = post_answer(responder, error == 0 ? max_waiting_bytes : UINT64_MAX);
  if (lost == ISTH_E_OUT_OF_MEMORY) {
    error = lost;
    fail_with(responder, error, "%llu bytes of replies wait for room in the reply ring: raise max_waiting_bytes",
              (unsigned long long)isth__load_relaxed(&responder->way->waiting_bytes));
    lost = post_answer(responder, UINT64_MAX);
  }
  free_responder(responder);
  return lost != 0 ? lost : error;
}

int isth_respond_error(isth_responder *responder, int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  isth__parcel_fail(responder->parcel, code == 0 ? ISTH_E_HANDLER_FAULT : code, format, arguments);
  va_end(arguments);
  int lost = post_answer(responder, UINT64_MAX);
  free_responder(responder);
  return lost;
}

bool isth_responder_cancelled(const isth_responder *responder) {
  return isth__way_gone(responder->way) || isth_responder_remaining_ns(responder) < 0;
}

int64_t isth_responder_remaining_ns(const isth_responder *responder) {
  return isth__remaining_ns(responder->deadline_ns);
}
