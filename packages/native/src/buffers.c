/* buffers.c: memory that JavaScript owns and native code writes, which does not move while the ArrayBuffer lives; and memory of the
 * segment that is lent to JavaScript. */
#include "addon.h"

#include "pages.h"

bool shared_buffer_create(napi_env env, struct shared_buffer *buffer, size_t size) {
  napi_value value;
  void *bytes;
  if (napi_create_arraybuffer(env, size, &bytes, &value) != napi_ok) return false;
  if (napi_create_reference(env, value, 1, &buffer->reference) != napi_ok) return false;
  buffer->bytes = bytes;
  buffer->size = size;
  return true;
}

static void unmap_pages(napi_env env, void *pages, void *size) {
  (void)env;
  isth__pages_unmap(pages, (size_t)(uintptr_t)size);
}

bool shared_pages_create(napi_env env, struct shared_buffer *buffer, size_t size) {
  napi_value value;
  void *bytes = isth__pages_map(size);
  if (bytes == NULL) return false;
  /* Where that fails, nothing tells whether the finalizer will run all the same: better lost than freed twice. */
  if (napi_create_external_arraybuffer(env, bytes, size, unmap_pages, (void *)(uintptr_t)size, &value) != napi_ok ||
      napi_create_reference(env, value, 1, &buffer->reference) != napi_ok)
    return false;
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

static void take_back(napi_env env, void *data, void *hint) {
  struct channel *channel = hint;
  (void)env;
  (void)data;
  channel->lent--;
  channel_unmap(channel);
}

/* lend(offset, size): so much of the segment as an ArrayBuffer of its own, which JavaScript can detach without the others. Only where
 * there is a segment. Whoever transfers it has it for longer than he should: so the memory stays where it is until it was freed. */
napi_value lend(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2], buffer;
  double offset = -1, size = 0;
  struct channel *channel = channel_arguments(env, info, &count, values);
  if (channel == NULL) return NULL;
  napi_get_value_double(env, values[0], &offset);
  napi_get_value_double(env, values[1], &size);
  double room = channel->segment == NULL ? 0 : (double)channel->segment_size;
  if (!(offset >= 0 && size > 0 && offset + size <= room))
    return throw_status(env, ISTH_E_INVALID_ARGUMENT, "this is not in the segment");
  void *bytes = (void *)(uintptr_t)(channel->segment_bytes + (size_t)offset);
  if (napi_create_external_arraybuffer(env, bytes, (size_t)size, take_back, channel, &buffer) != napi_ok)
    return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a borrowed reply");
  channel->lent++;
  return buffer;
}
