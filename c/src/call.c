/* call.c: what a handler can ask of its call, whatever its kind. */
#include "call.h"

#include <stdio.h>
#include <string.h>

#include "stream.h"

const void *isth_call_input(const isth_call *call, size_t *size) {
  *size = call->request->size;
  return call->request->payload;
}

const isth_message *isth_call_in(isth_call *call) {
  if (call->in.bytes != NULL) return &call->in;
  size_t size = call->request->size;
  unsigned char *bytes = isth__arena_room(&call->scratch->in, size);
  if (bytes == NULL) return NULL;
  memcpy(bytes, call->request->payload, size);
  call->in = (isth_message){bytes, size, size};
  return &call->in;
}

isth_message *isth_call_out(isth_call *call) {
  if (call->replies == ISTH_REPLIES_NONE) return NULL;
  if (call->out.bytes == NULL) {
    unsigned char *bytes = isth__arena_room(&call->scratch->out, call->most);
    if (bytes == NULL) return NULL;
    isth_message_init(&call->out, bytes, call->most);
  }
  call->out_counts = true;
  return &call->out;
}

/* How much of a text that was cut at `size` to keep: a last character that the cut went through would not be UTF-8. */
static size_t bytes_before_cut(const char *text, size_t size) {
  size_t begin = size - 1;
  while (begin > 0 && begin + 4 > size && ((unsigned char)text[begin] & 0xc0) == 0x80) begin--;
  unsigned char first = (unsigned char)text[begin];
  size_t wanted = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return begin + wanted > size ? begin : size;
}

size_t isth__format_message(char *message, const char *format, va_list arguments) {
  int length = vsnprintf(message, ISTH_MESSAGE_BYTES, format, arguments);
  if (length < 0) return 0;
  return length < ISTH_MESSAGE_BYTES ? (size_t)length : bytes_before_cut(message, ISTH_MESSAGE_BYTES - 1);
}

int isth_refuse(isth_call *call, int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  call->refusal = code;
  call->message_bytes = isth__format_message(call->message, format, arguments);
  va_end(arguments);
  return code;
}

int64_t isth__remaining_ns(uint64_t deadline_ns) {
  if (deadline_ns == 0) return INT64_MAX;
  uint64_t now_ns = isth__now_ns();
  if (deadline_ns <= now_ns) return -1;
  uint64_t left_ns = deadline_ns - now_ns;
  return left_ns > INT64_MAX ? INT64_MAX : (int64_t)left_ns;
}

int64_t isth_call_remaining_ns(const isth_call *call) { return isth__remaining_ns(call->request->header.deadline_ns); }

const char *isth_call_metadata(isth_call *call, isth_metadata_key key) {
  return call->metadata == NULL ? NULL : isth__metadata_text(call->metadata, key);
}

bool isth_call_cancelled(const isth_call *call) {
  if (call->stream != NULL) return isth__stream_stopped(call->stream) != 0;
  return isth__load_relaxed(&call->lane->channel->gone) != 0 || isth_call_remaining_ns(call) < 0;
}

uint64_t isth_call_id(const isth_call *call) { return call->request->header.call_id; }
const isth_trace *isth_call_trace(const isth_call *call) { return &call->request->header.trace; }
unsigned int isth_call_thread(const isth_call *call) { return call->thread; }
