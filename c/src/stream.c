#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "failpoint.h"
#include "seats.h"

/* Of its lane's turn, which it ends: waking the thread that runs it takes as long as many a call. */
enum { BEGIN_COST = 32 };

struct isth__stream {
  isth_call call;
  struct isth__taken request; /* its payload lies behind this struct */
  struct isth__method_handler handler;
  struct isth__seat *seat;
  struct isth__way *way;    /* referred to */
  struct isth__parcel *end; /* the reply that ends the call: made beforehand, so that it can always be sent */
  uint64_t allowance_ns;    /* for each reply; 0: no deadline */
  uint64_t stall_timeout_ns;
  /* Under the lock of the way's outgoing queue. */
  struct isth__stream *next; /* of the same way */
  pthread_cond_t resumed;    /* there is credit, or it is to end */
  uint64_t window, in_flight;
  int stopped; /* why it is to end; 0: it is not */
  bool told;   /* its handler knows that; only its own thread uses this */
};

static void lock_way(const struct isth__way *way) { pthread_mutex_lock(&way->outgoing->lock); }
static void unlock_way(const struct isth__way *way) { pthread_mutex_unlock(&way->outgoing->lock); }

/* ---- begin and end ---- */

static struct isth__stream *create_stream(const struct isth__serving *serving, const isth_call *call,
                                          const struct isth__method_handler *handler, struct isth__seat *seat) {
  const struct isth__taken *request = call->request;
  size_t own_bytes = (size_t)isth__align(sizeof(struct isth__stream));
  struct isth__way *way = isth__lane_way(call->lane);
  if (way == NULL) return NULL;
  struct isth__stream *stream = aligned_alloc(ISTH__RECORD_ALIGN, own_bytes + (size_t)isth__align(request->size));
  struct isth__header end = isth__reply_header(&request->header);
  struct isth__parcel *parcel = isth__parcel_create(way, &end, 0);
  if (stream == NULL || parcel == NULL) {
    if (parcel != NULL) isth__parcel_free(parcel);
    free(stream);
    return NULL;
  }
  unsigned char *payload = (unsigned char *)stream + own_bytes;
  memcpy(payload, request->payload, request->size);
  uint64_t deadline_ns = request->header.deadline_ns, now_ns = deadline_ns == 0 ? 0 : isth__now_ns();
  uint32_t window = request->header.window;
  *stream = (struct isth__stream){.request = {.header = request->header, .payload = payload, .size = request->size},
                                  .handler = *handler,
                                  .seat = seat,
                                  .way = isth__way_retain(way),
                                  .end = parcel,
                                  .allowance_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0,
                                  .stall_timeout_ns = serving->service->options.stall_timeout_ns,
                                  .window = window < ISTH__MAX_WINDOW ? window : ISTH__MAX_WINDOW};
  isth__condition_init(&stream->resumed);
  isth__call_begin(&stream->call, &stream->request, ISTH_REPLIES_MANY, isth__seat_number(seat));
  stream->call.scratch = isth__seat_scratch(seat);
  if (call->metadata != NULL) {
    /* Nobody else uses the scratch of a seat that was taken and whose stream has not begun. */
    stream->call.scratch->metadata = *call->metadata;
    stream->call.metadata = &stream->call.scratch->metadata;
  }
  stream->call.in = (isth_message){payload, request->size, request->size};
  stream->call.most = call->most;
  stream->call.stream = stream;
  return stream;
}

void isth__stream_free(struct isth__stream *stream) {
  if (stream->end != NULL) isth__parcel_free(stream->end);
  pthread_cond_destroy(&stream->resumed);
  isth__way_release(stream->way);
  free(stream);
}

static void link_stream(struct isth__stream *stream) {
  lock_way(stream->way);
  stream->next = stream->way->streams;
  stream->way->streams = stream;
  unlock_way(stream->way);
}

/* Returns why it was to end, if it was: from here on nothing of its client reaches it. */
static int unlink_stream(struct isth__stream *stream) {
  lock_way(stream->way);
  struct isth__stream **at = &stream->way->streams;
  while (*at != stream) at = &(*at)->next;
  *at = stream->next;
  int stopped = stream->stopped;
  unlock_way(stream->way);
  return stopped;
}

int isth__stream_start(const struct isth__serving *serving, isth_call *call,
                       const struct isth__method_handler *handler) {
  const isth_service *service = serving->service;
  struct isth__seat *seat = isth__seat_take(service->seats);
  if (seat == NULL) return isth_refuse(call, ISTH_E_TOO_MANY_CALLS, "max_streams is %u", service->options.max_streams);
  struct isth__stream *stream = create_stream(serving, call, handler, seat);
  if (stream == NULL) {
    isth__seat_leave(seat);
    return isth_refuse(call, ISTH_E_OUT_OF_MEMORY, "a request of %zu bytes", call->request->size);
  }
  link_stream(stream);
  int error = isth__seat_begin(seat, stream);
  if (error != 0) {
    (void)unlink_stream(stream);
    isth__stream_free(stream);
    isth__seat_leave(seat);
    /* Nothing of it was executed: another instance may do it. */
    return error == ISTH_E_CLOSED ? isth_refuse(call, ISTH_E_INSTANCE_DRAINING, "the instance stops")
                                  : isth_refuse(call, error, "a thread for the handler");
  }
  call->kept = true;
  ISTH__FAILPOINT(stream_started);
  call->lane->spent += BEGIN_COST;
  return 0;
}

void isth__stream_run(struct isth__stream *stream) {
  isth_call *call = &stream->call;
  ISTH__FAILPOINT(stream_begun);
  int status = stream->handler.handler(call, stream->handler.user);
  if (call->out.bytes != NULL) isth__arena_trim(&call->scratch->out, call->most);
  int stopped = unlink_stream(stream);
  /* A caller that cancelled, or has gone, waits for nothing. */
  if (stopped == ISTH_E_CANCELLED) return;
  /* A handler that ended because it knew that the service stops has not sent all that it would have. */
  if (status == 0 && stream->told) status = stopped;
  struct isth__parcel *end = stream->end;
  end->header.status = status;
  if (status != 0 && status == call->refusal) {
    end->size = call->message_bytes;
    memcpy(end->payload, call->message, end->size);
  }
  if (isth__post(end, UINT64_MAX) == 0) stream->end = NULL;
  ISTH__FAILPOINT(stream_ended);
}

/* ---- what reaches it from outside, under the lock ---- */

static void stop_stream(struct isth__stream *stream, int cause) {
  if (stream->stopped == 0) stream->stopped = cause;
  pthread_cond_signal(&stream->resumed);
}

void isth__stream_stop(struct isth__stream *stream) {
  lock_way(stream->way);
  stop_stream(stream, ISTH_E_INSTANCE_LOST);
  unlock_way(stream->way);
}

void isth__streams_lose(struct isth__way *way) {
  for (struct isth__stream *stream = way->streams; stream != NULL; stream = stream->next)
    stop_stream(stream, ISTH_E_CANCELLED);
}

static int credit_stream(struct isth__stream *stream, uint32_t bytes) {
  if (bytes > stream->in_flight) return ISTH_E_PEER_CORRUPT;
  stream->in_flight -= bytes;
  pthread_cond_signal(&stream->resumed);
  return 0;
}

int isth__stream_control(struct isth__lane *lane, const struct isth__taken *record) {
  const struct isth__header *header = &record->header;
  bool credit = header->kind == ISTH__RECORD_CREDIT;
  if ((!credit && header->kind != ISTH__RECORD_CANCEL) || header->flags != 0 || header->metadata_bytes != 0 ||
      record->size != 0)
    return ISTH_E_PEER_CORRUPT;
  struct isth__way *way = lane->way;
  if (way == NULL) return 0;
  int error = 0;
  lock_way(way);
  struct isth__stream *stream = way->streams;
  while (stream != NULL && stream->request.header.call_id != header->call_id) stream = stream->next;
  if (stream != NULL && credit) error = credit_stream(stream, header->window);
  if (stream != NULL && !credit) stop_stream(stream, ISTH_E_CANCELLED);
  ISTH__FAILPOINT(stream_controlled);
  unlock_way(way);
  return error;
}

/* ---- inside the handler ---- */

int isth__stream_stopped(struct isth__stream *stream) {
  lock_way(stream->way);
  int stopped = stream->stopped;
  unlock_way(stream->way);
  stream->told = stopped != 0;
  return stopped;
}

/* Waits until the window has room, under the lock. One reply may always be under way. Returns 0 or why not to go on. */
static int await_window(struct isth__stream *stream) {
  uint64_t until_ns = 0;
  bool late = false;
  while (stream->stopped == 0 && stream->in_flight > 0 && stream->in_flight >= stream->window) {
    if (late) return ISTH_E_DEADLINE_EXCEEDED;
    if (until_ns == 0) until_ns = isth__after_ns(stream->stall_timeout_ns);
    const struct timespec until = {(time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u)};
    late = pthread_cond_timedwait(&stream->resumed, &stream->way->outgoing->lock, &until) == ETIMEDOUT;
  }
  return stream->stopped;
}

int isth_call_emit(isth_call *call, const void *payload, size_t size) {
  struct isth__stream *stream = call->stream;
  if (stream == NULL) return ISTH_E_INVALID_ARGUMENT;
  if (size > call->most) return ISTH_E_REPLY_TOO_LARGE;
  struct isth__header header = stream->end->header;
  header.kind = ISTH__RECORD_REPLY_MORE;
  struct isth__parcel *parcel = isth__parcel_create(stream->way, &header, size);
  if (parcel == NULL) return ISTH_E_OUT_OF_MEMORY;
  if (size > 0) memcpy(parcel->payload, payload, size);
  ISTH__FAILPOINT(emit_filled);
  lock_way(stream->way);
  int error = await_window(stream);
  if (stream->stopped != 0) stream->told = true;
  if (error == 0) error = isth__post_locked(parcel, UINT64_MAX);
  if (error == 0) stream->in_flight += isth__reply_cost(size);
  unlock_way(stream->way);
  if (error != 0) {
    isth__parcel_free(parcel);
    return error;
  }
  ISTH__FAILPOINT(emit_posted);
  if (stream->allowance_ns != 0) stream->request.header.deadline_ns = isth__after_ns(stream->allowance_ns);
  return 0;
}
