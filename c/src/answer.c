/* answer.c: one record of a request ring: a call, from the request through the handler to the reply; or what concerns a
 * stream. */
#include "call.h"

#include <string.h>

#include "failpoint.h"
#include "stream.h"

/* Room for a reply in the ring, with whatever lay there before. NULL: there is none. */
static unsigned char *output_room(isth_call *call, size_t size) {
  if (call->replies != ISTH_REPLIES_ONE) return NULL;
  if (size > call->room) {
    if (size > call->most) return NULL;
    if (isth__producer_claim(&call->lane->replies, size, &call->record) != 0) return NULL;
    call->room = size;
  }
  call->output_bytes = size;
  call->out_counts = false;
  return isth__record_payload(call->record);
}

void *isth_call_output(isth_call *call, size_t size) {
  unsigned char *room = output_room(call, size);
  /* Old records lie in the ring: what the handler does not write must not show them. */
  return room == NULL ? NULL : memset(room, 0, size);
}

int isth_call_reply(isth_call *call, const void *bytes, size_t size) {
  if (call->replies != ISTH_REPLIES_ONE) return ISTH_E_INVALID_ARGUMENT;
  unsigned char *room = output_room(call, size);
  if (room == NULL) return ISTH_E_REPLY_TOO_LARGE;
  if (size > 0) memcpy(room, bytes, size);
  return 0;
}

static const char *name_replies(isth_replies replies) {
  return replies == ISTH_REPLIES_ONE ? "one reply" : replies == ISTH_REPLIES_MANY ? "many replies" : "no reply";
}

/* Runs the method's handler, or has it run as a stream, and returns the reply's status. */
static int run_handler(const struct isth__serving *serving, isth_call *call) {
  const isth_service *service = serving->service;
  uint32_t method = call->request->header.method;
  if (method >= service->handler_count || service->handlers[method].handler == NULL)
    return isth_refuse(call, ISTH_E_UNKNOWN_METHOD, "method number %u", (unsigned)method);
  const struct isth__method_handler *handler = &service->handlers[method];
  if (handler->replies != call->replies)
    return isth_refuse(call, ISTH_E_INVALID_ARGUMENT, "method number %u has %s, the request wants %s", (unsigned)method,
                       name_replies(handler->replies), name_replies(call->replies));
  if (call->replies == ISTH_REPLIES_MANY) return isth__stream_start(serving, call, handler);
  if (call->replies == ISTH_REPLIES_ONE && handler->reply_bytes > call->room)
    return isth_refuse(call, ISTH_E_REPLY_TOO_LARGE,
                       "a reply of %zu bytes; the reply ring of %u bytes allows %zu: raise reply_ring_bytes",
                       handler->reply_bytes, (unsigned)call->lane->replies.capacity, call->most);
  ISTH__FAILPOINT(handler_begin);
  int status = handler->handler(call, handler->user);
  ISTH__FAILPOINT(handler_end);
  return status;
}

/* Takes the request's metadata over, and runs the handler, unless that makes no sense: a handler that decides by it must
 * not get half of it. */
static int run_call(const struct isth__serving *serving, isth_call *call) {
  const struct isth__taken *request = call->request;
  if (request->header.metadata_bytes > 0) {
    isth_failure failure;
    int error =
        isth__metadata_read(&call->scratch->metadata, request->metadata, request->header.metadata_bytes, &failure);
    if (error != 0) return isth_refuse(call, error, "%s", failure.message);
    call->metadata = &call->scratch->metadata;
  }
  return run_handler(serving, call);
}

/* Publishes the claimed record. */
static void publish(struct isth__lane *lane, struct isth__record *record, const struct isth__header *header,
                    size_t size) {
  if (lane->spent == 0) isth__record_push(record, size);
  if (isth__producer_commit(&lane->replies, record, header, size)) isth__wake_signal(lane->channel->client_wake);
}

/* Sends the message of isth_call_out. It may need more than was claimed before the handler ran; if the ring has no room
 * for that, it waits in memory of its own. Returns 0, or an error: nothing was sent. */
static int send_out(isth_call *call, const struct isth__header *header) {
  struct isth__lane *lane = call->lane;
  size_t size = call->out.size;
  if (size > call->most) return isth_refuse(call, ISTH_E_HANDLER_FAULT, "a message beyond its capacity");
  if (size > call->room) {
    int error = isth__producer_claim(&lane->replies, size, &call->record);
    if (error == ISTH_E_RING_FULL) {
      struct isth__parcel *parcel = isth__parcel_create(NULL, header, size);
      if (parcel == NULL) return ISTH_E_OUT_OF_MEMORY;
      memcpy(parcel->payload, call->out.bytes, size);
      isth__lane_queue(lane, parcel);
      return 0;
    }
    if (error != 0) return error;
  }
  memcpy(isth__record_payload(call->record), call->out.bytes, size);
  ISTH__FAILPOINT(reply_written);
  publish(lane, call->record, header, size);
  return 0;
}

/* Returns 0 or ISTH_E_PEER_CORRUPT. */
static int send_reply(isth_call *call, int status) {
  struct isth__header header = isth__reply_header(&call->request->header);
  if (status == 0 && call->out_counts) {
    status = send_out(call, &header);
    if (status == 0 || status == ISTH_E_PEER_CORRUPT) return status;
  }
  size_t size = call->output_bytes;
  if (status != 0) {
    /* The message belongs to the code it was given with. The room was claimed for the longest message at least. */
    size = status == call->refusal ? call->message_bytes : 0;
    memcpy(isth__record_payload(call->record), call->message, size);
  }
  header.status = status;
  publish(call->lane, call->record, &header, size);
  return 0;
}

/* The most payload that a reply of this method may need, within what the ring allows. */
static size_t reply_room(const isth_service *service, uint32_t method, size_t most) {
  size_t room = ISTH_MESSAGE_BYTES;
  if (method < service->handler_count && service->handlers[method].reply_bytes > room)
    room = service->handlers[method].reply_bytes;
  return room < most ? room : most;
}

static void count_one(isth__atomic_u64 *counter) { isth__store_relaxed(counter, isth__load_relaxed(counter) + 1); }

/* What a request's flags ask for; false if they make no sense. */
static bool wanted_replies(uint16_t flags, isth_replies *replies) {
  *replies = flags == 0 ? ISTH_REPLIES_ONE : flags == ISTH__FLAG_MANY ? ISTH_REPLIES_MANY : ISTH_REPLIES_NONE;
  return flags == 0 || flags == ISTH__FLAG_MANY || flags == ISTH__FLAG_ONE_WAY;
}

/* Answers a request, or has it answered. Returns 0, RING_FULL if there is no room for its reply: nothing happened, or
 * PEER_CORRUPT. */
static int serve_request(struct isth__serving *serving, struct isth__lane *lane, const struct isth__taken *request,
                         isth_replies replies) {
  isth_call call;
  isth__call_begin(&call, request, replies, serving->number);
  call.scratch = &serving->scratch;
  call.most = isth__ring_max_payload(lane->replies.capacity);
  call.lane = lane;
  call.room = 0;
  call.output_bytes = 0;
  call.out_counts = false;
  call.kept = false;
  if (replies != ISTH_REPLIES_NONE) {
    call.room = reply_room(serving->service, request->header.method, call.most);
    int error = isth__producer_claim(&lane->replies, call.room, &call.record);
    if (error != 0) return error;
  }
  int status = run_call(serving, &call);
  /* The room is given back first, so that a caller who has its reply always finds room for the next request. */
  isth__consumer_release(&lane->requests);
  count_one(&serving->calls);
  ISTH__FAILPOINT(call_released);
  int error = 0;
  if (replies == ISTH_REPLIES_NONE) {
    if (status != 0) count_one(&serving->one_way_failures);
  } else if (!call.kept) {
    error = send_reply(&call, status);
  }
  if (call.in.bytes != NULL) isth__arena_trim(&serving->scratch.in, call.in.size);
  if (call.out.bytes != NULL) isth__arena_trim(&serving->scratch.out, call.out.size);
  return error;
}

/* Answers a ping. Returns 0, RING_FULL or PEER_CORRUPT, as serve_request. */
static int answer_ping(struct isth__lane *lane, const struct isth__header *ping) {
  struct isth__record *record;
  int error = isth__producer_claim(&lane->replies, 0, &record);
  if (error != 0) return error;
  isth__consumer_release(&lane->requests);
  struct isth__header header = isth__reply_header(ping);
  publish(lane, record, &header, 0);
  return 0;
}

int isth__answer(struct isth__serving *serving, struct isth__lane *lane) {
  /* While a reply waits for room, others may not take it away. Set again below where that holds for a request: it may
   * also have expired, or been withdrawn, before there was room. */
  lane->blocked = lane->parcels.first != NULL;
  if (lane->blocked) return 0;
  struct isth__taken request;
  uint64_t position = lane->requests.position;
  int got = isth__consumer_take(&lane->requests, &request);
  if (got <= 0) return got;
  if (request.header.kind != ISTH__RECORD_REQUEST) {
    int error = isth__stream_control(lane, &request);
    isth__consumer_release(&lane->requests);
    return error == 0 ? 1 : error;
  }
  isth_replies replies;
  if (!wanted_replies(request.header.flags, &replies)) return ISTH_E_PEER_CORRUPT;
  ISTH__FAILPOINT(call_taken);
  bool ping = request.header.method == ISTH__METHOD_PING && replies == ISTH_REPLIES_ONE;

  /* The coarse clock is behind, so that it never expires a call too early. */
  bool expired = request.header.deadline_ns != 0 && request.header.deadline_ns <= isth__coarse_now_ns();
  if (expired || (lane->serve_until != 0 && replies != ISTH_REPLIES_NONE)) {
    /* The caller has ended this call by itself, or gone: nobody waits for a reply. */
    if (expired && !ping) count_one(&serving->expired);
    isth__consumer_release(&lane->requests);
    return 1;
  }
  int error = ping ? answer_ping(lane, &request.header) : serve_request(serving, lane, &request, replies);
  if (error != ISTH_E_RING_FULL) return error == 0 ? 1 : error;
  /* Back-pressure: the request stays where it is until the client has taken replies. */
  lane->requests.position = position;
  lane->blocked = true;
  return 0;
}
