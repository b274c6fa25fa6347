/* buffers.c: memory that JavaScript owns and native code writes. An ArrayBuffer's memory does not move while it lives. */
#include "addon.h"

bool shared_buffer_create(napi_env env, struct shared_buffer *buffer, size_t size) {
  napi_value value;
  void *bytes;
  if (napi_create_arraybuffer(env, size, &bytes, &value) != napi_ok) return false;
  if (napi_create_reference(env, value, 1, &buffer->reference) != napi_ok) return false;
  buffer->bytes = bytes;
  buffer->size = size;
  return true;
}

void shared_buffer_release(napi_env env, struct shared_buffer *buffer) {
  if (buffer->reference != NULL) napi_delete_reference(env, buffer->reference);
  *buffer = (struct shared_buffer){NULL, 0, NULL};
}

/* Makes the arena at least `size` bytes large, and names the new one on the JavaScript object. There is one even where no
 * payload has a byte: that is memory to read from, too. */
bool arena_reserve(struct channel *channel, size_t size) {
  if (channel->arena.size > 0 && size <= channel->arena.size) return true;
  size_t capacity = channel->arena.size == 0 ? 64 * 1024 : channel->arena.size;
  while (capacity < size) capacity *= 2;
  shared_buffer_release(channel->env, &channel->arena);
  napi_value object, value;
  return shared_buffer_create(channel->env, &channel->arena, capacity) &&
         napi_get_reference_value(channel->env, channel->object, &object) == napi_ok &&
         napi_get_reference_value(channel->env, channel->arena.reference, &value) == napi_ok &&
         napi_set_named_property(channel->env, object, "arena", value) == napi_ok;
}
