/* calls.c: what JavaScript calls for single calls: sending, cancelling, giving credit, asking; and pings. */
#include "addon.h"

/* flush(): sends the outbox; returns how many inbox entries tell of requests that could not be sent, and of one-way calls. */
napi_value flush(napi_env env, napi_callback_info info) {
  napi_value result;
  struct channel *channel = channel_arguments(env, info, NULL, NULL);
  if (channel == NULL) return NULL;
  uint32_t outcomes = flush_outbox(channel, isth_now_ns());
  loop_wait_anew(channel);
  napi_create_uint32(env, outcomes, &result);
  return result;
}

/* send(slot, method, replies, bytes, timeoutMs, trace | undefined, metadata | undefined): one request of any size, past the
 * outbox. Returns the status. */
napi_value send_bytes(napi_env env, napi_callback_info info) {
  size_t count = 7, trace_size = 0;
  napi_value values[7], result;
  struct channel *channel = channel_arguments(env, info, &count, values);
  if (channel == NULL) return NULL;
  struct outgoing outgoing = {0};
  uint32_t replies = 0;
  void *payload = NULL, *trace = NULL;
  bool has_trace = false;
  napi_get_value_uint32(env, values[0], &outgoing.slot);
  napi_get_value_uint32(env, values[1], &outgoing.method);
  napi_get_value_uint32(env, values[2], &replies);
  napi_get_value_double(env, values[4], &outgoing.timeout_ms);
  if (napi_get_typedarray_info(env, values[3], NULL, &outgoing.size, &payload, NULL, NULL) != napi_ok)
    return throw_status(env, ISTH_E_INVALID_ARGUMENT, "the payload is not a Uint8Array");
  napi_is_typedarray(env, values[5], &has_trace);
  if (has_trace) napi_get_typedarray_info(env, values[5], NULL, &trace_size, &trace, NULL, NULL);
  outgoing.replies = (isth_replies)replies;
  outgoing.payload = payload;
  outgoing.trace = trace_size == sizeof(isth_trace) ? (const isth_trace *)trace : NULL;
  metadata_argument(env, values[6], &outgoing.metadata, &outgoing.metadata_bytes);
  int status = send_request(channel, &outgoing, isth_now_ns());
  loop_wait_anew(channel);
  napi_create_int32(env, status, &result);
  return result;
}

/* The tag of the slot that a function's first argument names; NULL, with an exception, if there is none. */
static struct call_tag *tag_argument(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  struct channel *channel = channel_arguments(env, info, &count, values);
  if (channel == NULL) return NULL;
  uint32_t slot = UINT32_MAX;
  napi_get_value_uint32(env, values[0], &slot);
  if (slot >= channel->options.max_in_flight) {
    throw_status(env, ISTH_E_INVALID_ARGUMENT, "there is no such slot");
    return NULL;
  }
  struct call_tag *tag = &channel->tags[slot];
  tag->channel = channel;
  return tag;
}

/* cancel(slot): true if the call was in flight; then nothing comes of it any more. */
napi_value cancel(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  struct call_tag *tag = tag_argument(env, info, 1, values);
  if (tag == NULL) return NULL;
  struct channel *channel = tag->channel;
  bool cancelled = isth_client_cancel(channel->client, tag->call_id);
  if (cancelled) {
    channel->calls--;
    channel->cancelled = true;
    unpark(channel, (uint32_t)(tag - channel->tags));
  }
  if (!channel->in_turn) loop_wait(channel);
  napi_get_boolean(env, cancelled, &result);
  return result;
}

/* credit(slot, bytes): of the call's many replies, so much was consumed. */
napi_value credit(napi_env env, napi_callback_info info) {
  napi_value values[2];
  struct call_tag *tag = tag_argument(env, info, 2, values);
  if (tag == NULL) return NULL;
  double bytes = 0;
  napi_get_value_double(env, values[1], &bytes);
  int error = isth_client_credit(tag->channel->client, tag->call_id, (size_t)bytes);
  if (error != 0) return throw_status(env, error, "credit for more than was taken");
  /* It may have found no room, and then has to be tried again. */
  if (!tag->channel->in_turn) loop_wait(tag->channel);
  return NULL;
}

/* callId(slot): the id of the call that was last sent in this slot. */
napi_value call_id(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  struct call_tag *tag = tag_argument(env, info, 1, values);
  if (tag == NULL) return NULL;
  napi_create_bigint_uint64(env, tag->call_id, &result);
  return result;
}

/* leftMs(slot): how long the call that was last sent in this slot had until its deadline, in ms; 0 or less: none. */
napi_value left_ms(napi_env env, napi_callback_info info) {
  napi_value values[1], result;
  struct call_tag *tag = tag_argument(env, info, 1, values);
  if (tag == NULL) return NULL;
  napi_create_double(env, ((double)tag->deadline_ns - (double)isth_now_ns()) / 1e6, &result);
  return result;
}

/* waitAnew(): somebody waits again for a call that was idle. */
napi_value wait_anew(napi_env env, napi_callback_info info) {
  struct channel *channel = channel_arguments(env, info, NULL, NULL);
  if (channel != NULL) loop_wait_anew(channel);
  return NULL;
}

/* ping(number, lane, timeoutMs): its outcome has the slot maxInFlight + number. Returns the status; if 0, `number` is taken until
 * then. */
napi_value ping(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value values[3], result;
  struct channel *channel = channel_arguments(env, info, &count, values);
  if (channel == NULL) return NULL;
  uint32_t number = MAX_PINGS, lane = UINT32_MAX;
  double timeout_ms = 0;
  napi_get_value_uint32(env, values[0], &number);
  napi_get_value_uint32(env, values[1], &lane);
  napi_get_value_double(env, values[2], &timeout_ms);
  if (number >= MAX_PINGS) return throw_status(env, ISTH_E_INVALID_ARGUMENT, "there is no such ping");
  struct call_tag *tag = &channel->tags[channel->options.max_in_flight + number];
  tag->channel = channel;
  tag->deadline_ns = isth_now_ns() + (uint64_t)(timeout_ms * 1e6);
  int status = isth_client_ping(channel->client, lane, tag->deadline_ns, park_reply, tag, &tag->call_id);
  if (status == 0) channel->calls++;
  loop_wait_anew(channel);
  napi_create_int32(env, status, &result);
  return result;
}
