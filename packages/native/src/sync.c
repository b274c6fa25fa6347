/* sync.c: a call that waits inside one crossing. */
#include "addon.h"

#include <string.h>

/* Makes the scratch buffer at least so large. What is in it is lost. */
static bool reserve_scratch(struct channel *channel, size_t size) {
  if (size <= channel->scratch.size) return true;
  shared_buffer_release(channel->env, &channel->scratch);
  return shared_buffer_create(channel->env, &channel->scratch, size);
}

/* growScratch(bytes): makes the scratch buffer at least so large and returns it. */
napi_value grow_scratch(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  struct channel *channel = channel_arguments(env, info, &count, &value);
  if (channel == NULL) return NULL;
  double wanted = 0;
  napi_get_value_double(env, value, &wanted);
  if (!reserve_scratch(channel, (size_t)wanted)) return throw_status(env, ISTH_E_OUT_OF_MEMORY, "");
  napi_get_reference_value(env, channel->scratch.reference, &value);
  return value;
}

struct sync_call {
  struct channel *channel;
  int status;
  size_t size;
};

static void set_outcome(struct sync_call *call, int status, const void *bytes, size_t size) {
  struct channel *channel = call->channel;
  call->status = status;
  call->size = 0;
  if (size == 0) return;
  if (!reserve_scratch(channel, size)) {
    /* Not OUT_OF_MEMORY, which says that the call was not executed. */
    call->status = ISTH_E_REPLY_TOO_LARGE;
    return;
  }
  memcpy(channel->scratch.bytes, bytes, size);
  call->size = size;
}

static void take_outcome(const isth_reply *reply) {
  struct sync_call *call = reply->user;
  set_outcome(call, reply->status, reply->payload, reply->size);
}

/* callSync(method, size, timeoutMs, metadata?): the payload lies in the scratch buffer, and the reply, or the message of a failure, comes
 * to lie there; the buffer is another one if it had no room. Returns the status; the control word says how many bytes, or that
 * nothing was sent because the instance has gone, or takes no new calls. */
napi_value call_sync(napi_env env, napi_callback_info info) {
  size_t count = 4, metadata_bytes = 0, entry_count = 0;
  const unsigned char *metadata = NULL;
  isth_metadata entries[METADATA_ENTRIES];
  napi_value values[4], result;
  struct channel *channel = channel_arguments(env, info, &count, values);
  if (channel == NULL) return NULL;
  uint32_t method = 0, size = 0;
  double timeout_ms = 0;
  napi_get_value_uint32(env, values[0], &method);
  napi_get_value_uint32(env, values[1], &size);
  napi_get_value_double(env, values[2], &timeout_ms);
  if (count > 3) metadata_argument(env, values[3], &metadata, &metadata_bytes);
  if (metadata_entries(metadata, metadata_bytes, entries, &entry_count) != 0)
    return throw_status(env, ISTH_E_INVALID_ARGUMENT, "the metadata is not a block of a record");
  if (size > channel->scratch.size) return throw_status(env, ISTH_E_INVALID_ARGUMENT, "the scratch buffer is smaller");

  /* Waiting arms and disarms by itself, and takes replies: those of a turn that this happens in were read already. */
  loop_disarm(channel);
  if (channel->in_turn) isth_client_release(channel->client);
  struct sync_call call = {.channel = channel};
  isth_request request = {.method = method,
                          .payload = channel->scratch.bytes,
                          .size = size,
                          .deadline_ns = isth_deadline_ns((uint64_t)(timeout_ms * 1e6)),
                          .metadata = entries,
                          .metadata_count = entry_count,
                          .callback = take_outcome,
                          .user = &call};
  int error = isth_client_call_wait(channel->client, &request);
  if (error != 0) set_outcome(&call, error, NULL, 0);
  /* Not where the instance was lost during the call, which it may have executed. */
  bool unusable = error != 0 && (error == ISTH_E_INSTANCE_DRAINING || error == isth_client_status(channel->client));
  channel->control[CONTROL_SYNC_BYTES] = unusable ? -1 : (int32_t)call.size;
  if (!channel->in_turn) loop_wait(channel);
  napi_create_int32(env, call.status, &result);
  return result;
}
