/* sync.c: a call that waits inside one crossing. */
#include "addon.h"

#include <string.h>

/* callSync(method, size, timeoutMs): the payload lies in the scratch buffer, and the reply, or the message of a failure, comes
 * to lie there. Returns the status; the control word says how many bytes, or that nothing was sent. */
napi_value call_sync(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value values[3], result;
  struct channel *channel = channel_arguments(env, info, &count, values);
  if (channel == NULL) return NULL;
  uint32_t method = 0, size = 0;
  double timeout_ms = 0;
  napi_get_value_uint32(env, values[0], &method);
  napi_get_value_uint32(env, values[1], &size);
  napi_get_value_double(env, values[2], &timeout_ms);
  if (size > channel->scratch.size) return throw_status(env, ISTH_E_INVALID_ARGUMENT, "the scratch buffer is smaller");

  /* Known to be lost, only nobody was told yet. Said here because an instance may also be lost during the call. */
  int lost = isth_client_status(channel->client);
  if (lost != 0) {
    channel->control[CONTROL_SYNC_BYTES] = -1;
    napi_create_int32(env, lost, &result);
    return result;
  }

  /* Waiting arms and disarms by itself. */
  loop_disarm(channel);
  isth_failure failure; /* only read if the call fails, which fills it in: clearing it would cost as much as encoding */
  size_t reply_size = 0;
  int status = isth_client_call_sync(channel->client, method, channel->scratch.bytes, size, channel->scratch.bytes,
                                     channel->scratch.size, &reply_size, (uint64_t)(timeout_ms * 1e6), &failure);
  if (status != 0) {
    reply_size = strlen(failure.message);
    memcpy(channel->scratch.bytes, failure.message, reply_size);
  }
  channel->control[CONTROL_SYNC_BYTES] = (int32_t)reply_size;
  if (!channel->in_turn) loop_wait(channel);
  napi_create_int32(env, status, &result);
  return result;
}
