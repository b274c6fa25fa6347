/* answer.c: one call: from the request in the ring, through the handler, to the reply in the ring. */
#include "service.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct isth_call {
  const struct isth__taken *request;
  struct isth__lane *lane;
  struct isth__record *record; /* of the reply; claimed before the handler runs */
  size_t room;                 /* payload bytes that `record` was claimed for */
  size_t output_bytes;
  unsigned int thread;
  int refusal; /* the code that the message belongs to; 0: none */
  int message_bytes;
  char message[ISTH_MESSAGE_BYTES];
};

const void *isth_call_input(const isth_call *call, size_t *size) {
  *size = call->request->size;
  return call->request->payload;
}

void *isth_call_output(isth_call *call, size_t size) {
  if (size > call->room) {
    if (size > isth__ring_max_payload(call->lane->replies.capacity)) return NULL;
    if (isth__producer_claim(&call->lane->replies, size, &call->record) != 0) return NULL;
    call->room = size;
  }
  call->output_bytes = size;
  /* Old records lie in the ring: what the handler does not write must not show them. */
  return memset(isth__record_payload(call->record), 0, size);
}

/* How much of a text that was cut at `size` to keep: a last character that the cut went through would not be UTF-8. */
static int bytes_before_cut(const char *text, int size) {
  int begin = size - 1;
  while (begin > 0 && begin > size - 4 && ((unsigned char)text[begin] & 0xc0) == 0x80) begin--;
  unsigned char first = (unsigned char)text[begin];
  int wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return begin + wanted > size ? begin : size;
}

int isth_refuse(isth_call *call, int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(call->message, sizeof call->message, format, arguments);
  va_end(arguments);
  call->refusal = code;
  call->message_bytes = length < 0 ? 0 : length;
  if (length >= ISTH_MESSAGE_BYTES) call->message_bytes = bytes_before_cut(call->message, ISTH_MESSAGE_BYTES - 1);
  return code;
}

int64_t isth_call_remaining_ns(const isth_call *call) {
  uint64_t deadline_ns = call->request->header.deadline_ns;
  if (deadline_ns == 0) return INT64_MAX;
  uint64_t now_ns = isth__now_ns();
  if (deadline_ns <= now_ns) return -1;
  uint64_t left_ns = deadline_ns - now_ns;
  return left_ns > INT64_MAX ? INT64_MAX : (int64_t)left_ns;
}

uint64_t isth_call_id(const isth_call *call) { return call->request->header.call_id; }
const isth_trace *isth_call_trace(const isth_call *call) { return &call->request->header.trace; }
unsigned int isth_call_thread(const isth_call *call) { return call->thread; }

/* Runs the method's handler and returns the reply's status. */
static int run_handler(const isth_service *service, isth_call *call) {
  uint32_t method = call->request->header.method;
  if (method >= service->handler_count || service->handlers[method].handler == NULL)
    return isth_refuse(call, ISTH_E_UNKNOWN_METHOD, "method number %u", (unsigned)method);
  const struct isth__method_handler *handler = &service->handlers[method];
  if (handler->reply_bytes > call->room)
    return isth_refuse(call, ISTH_E_REPLY_TOO_LARGE,
                       "a reply of %zu bytes; the reply ring of %u bytes allows %zu: raise reply_ring_bytes",
                       handler->reply_bytes, (unsigned)call->lane->replies.capacity,
                       isth__ring_max_payload(call->lane->replies.capacity));
  return handler->handler(call, handler->user);
}

static void send_reply(isth_call *call, int status) {
  size_t size = call->output_bytes;
  if (status != 0) {
    /* The message belongs to the code it was given with. The room was claimed for the longest message at least. */
    size = status == call->refusal ? (size_t)call->message_bytes : 0;
    memcpy(isth__record_payload(call->record), call->message, size);
  }
  struct isth__header header = {.kind = ISTH__RECORD_REPLY,
                                .status = status,
                                .method = call->request->header.method,
                                .call_id = call->request->header.call_id,
                                .trace = call->request->header.trace};
  if (isth__producer_commit(&call->lane->replies, call->record, &header, size))
    isth__wake_signal(call->lane->channel->client_wake);
}

/* The most payload that a reply of this method may need, within what the ring allows. */
static size_t reply_room(const isth_service *service, const struct isth__lane *lane, uint32_t method) {
  size_t room = ISTH_MESSAGE_BYTES;
  if (method < service->handler_count && service->handlers[method].reply_bytes > room)
    room = service->handlers[method].reply_bytes;
  size_t most = isth__ring_max_payload(lane->replies.capacity);
  return room < most ? room : most;
}

int isth__answer(const isth_service *service, struct isth__lane *lane, unsigned int thread, isth__atomic_u64 *expired) {
  /* Set again below where it still holds: a request may also have expired, or been withdrawn, before there was room. */
  lane->blocked = false;
  struct isth__taken request;
  uint64_t position = lane->requests.position;
  int got = isth__consumer_take(&lane->requests, &request);
  if (got <= 0) return got;
  if (request.header.kind != ISTH__RECORD_REQUEST) return ISTH_E_PEER_CORRUPT;

  /* The coarse clock is behind, so that it never expires a call too early. */
  if (request.header.deadline_ns != 0 && request.header.deadline_ns <= isth__coarse_now_ns()) {
    /* The caller has ended this call by itself: nobody waits for a reply. */
    isth__store_relaxed(expired, isth__load_relaxed(expired) + 1);
    isth__consumer_release(&lane->requests);
    return 1;
  }

  isth_call call;
  call.request = &request;
  call.lane = lane;
  call.room = reply_room(service, lane, request.header.method);
  call.output_bytes = 0;
  call.thread = thread;
  call.refusal = 0;
  int error = isth__producer_claim(&lane->replies, call.room, &call.record);
  if (error == ISTH_E_RING_FULL) {
    /* Back-pressure: the request stays where it is until the client has taken replies. */
    lane->requests.position = position;
    lane->blocked = true;
    return 0;
  }
  if (error != 0) return error;
  int status = run_handler(service, &call);
  /* The room is given back first, so that a caller who has its reply always finds room for the next request. */
  isth__consumer_release(&lane->requests);
  send_reply(&call, status);
  return 1;
}
