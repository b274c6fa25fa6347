/* message.c: messages with tails: how they are made and read. tails.c checks those of others. */
#include "platform.h"

#include <string.h>

#include <isthmus/message.h>

void isth_message_init(isth_message *message, void *memory, size_t capacity) {
  *message = (isth_message){memory, 0, capacity};
}

void *isth_message_begin(isth_message *message, size_t fixed_bytes) {
  message->size = 0;
  if (fixed_bytes > message->capacity) return NULL;
  message->size = fixed_bytes;
  return memset(message->bytes, 0, fixed_bytes);
}

/* Room for `bytes` at the next multiple of `align`, and where it begins. The gap before it is zeroed, so that nothing
 * old that lies in the memory is sent. */
static void *make_room(isth_message *message, uint64_t bytes, size_t align, size_t *offset) {
  if (align == 0 || (align & (align - 1)) != 0 || align > 64) return NULL;
  /* size is at most capacity, which is real memory: no sum here wraps around. */
  uint64_t begin = ((uint64_t)message->size + align - 1) & ~((uint64_t)align - 1);
  if (begin > message->capacity || bytes > message->capacity - begin || begin > UINT32_MAX) return NULL;
  memset(message->bytes + message->size, 0, (size_t)begin - message->size);
  message->size = (size_t)(begin + bytes);
  *offset = (size_t)begin;
  return message->bytes + begin;
}

void *isth_message_append(isth_message *message, isth_span *span, size_t count, size_t element_bytes, size_t align) {
  if (count == 0) {
    *span = (isth_span){0, 0};
    return message->bytes + message->size;
  }
  if (element_bytes == 0 || count > UINT32_MAX || count > SIZE_MAX / element_bytes) return NULL;
  size_t offset;
  void *elements = make_room(message, (uint64_t)count * element_bytes, align, &offset);
  if (elements == NULL) return NULL;
  *span = (isth_span){(uint32_t)offset, (uint32_t)count};
  return memset(elements, 0, count * element_bytes);
}

bool isth_message_append_text(isth_message *message, isth_span *span, const char *text, size_t length) {
  if (length == 0) {
    *span = (isth_span){0, 0};
    return true;
  }
  if (length > UINT32_MAX) return false;
  size_t offset;
  char *bytes = make_room(message, (uint64_t)length + 1, 1, &offset);
  if (bytes == NULL) return false;
  memcpy(bytes, text, length);
  bytes[length] = '\0';
  *span = (isth_span){(uint32_t)offset, (uint32_t)length};
  return true;
}

bool isth_message_append_bytes(isth_message *message, isth_span *span, const void *data, size_t length) {
  if (length == 0) {
    *span = (isth_span){0, 0};
    return true;
  }
  if (length > UINT32_MAX) return false;
  size_t offset;
  void *bytes = make_room(message, length, 1, &offset);
  if (bytes == NULL) return false;
  memcpy(bytes, data, length);
  *span = (isth_span){(uint32_t)offset, (uint32_t)length};
  return true;
}

bool isth_message_write(isth_message *message, const void *data, size_t size) {
  if (size > message->capacity - message->size) return false;
  if (size > 0) memcpy(message->bytes + message->size, data, size);
  message->size += size;
  return true;
}

const void *isth_message_tail(const isth_message *message, isth_span span, size_t element_bytes) {
  if (span.length == 0 || span.offset > message->size) return NULL;
  if (element_bytes > 0 && span.length > (message->size - span.offset) / element_bytes) return NULL;
  return message->bytes + span.offset;
}

isth_text isth_message_text(const isth_message *message, isth_span span) {
  const char *bytes = isth_message_tail(message, span, 1);
  if (bytes == NULL || span.length == message->size - span.offset || bytes[span.length] != '\0')
    return (isth_text){"", 0};
  return (isth_text){bytes, span.length};
}

isth_bytes isth_message_bytes(const isth_message *message, isth_span span) {
  const uint8_t *data = isth_message_tail(message, span, 1);
  return (isth_bytes){data, data == NULL ? 0 : span.length};
}
