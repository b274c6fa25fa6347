/* channel.c: a channel's JavaScript object, and its end. */
#include "pages.h"
#include "regions.h"

#include <stdlib.h>

enum { FIRST_SCRATCH_BYTES = 4096 };

static void set_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  napi_set_named_property(env, object, name, value);
}

static napi_value get_stats(napi_env env, napi_callback_info info) {
  napi_value object;
  struct channel *channel = channel_arguments(env, info, NULL, NULL);
  if (channel == NULL) return NULL;
  isth_client_stats stats;
  isth_client_get_stats(channel->client, &stats);
  napi_create_object(env, &object);
  set_number(env, object, "status", isth_client_status(channel->client));
  set_number(env, object, "inFlight", stats.in_flight);
  set_number(env, object, "calls", (double)stats.calls);
  set_number(env, object, "replies", (double)stats.replies);
  set_number(env, object, "lateReplies", (double)stats.late_replies);
  return object;
}

/* region(id) */
static napi_value get_region(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  uint32_t id = 0;
  isth_region *region;
  struct channel *channel = channel_arguments(env, info, &count, &value);
  if (channel == NULL) return NULL;
  napi_get_value_uint32(env, value, &id);
  const isth_region_type *type = schema_region(channel->schema, id);
  int status = type == NULL ? ISTH_E_UNKNOWN_REGION : isth_client_region(channel->client, id, &region);
  return status == 0 ? region_create(env, region, type, NULL) : throw_status(env, status, "");
}

/* close(): forgets the calls in flight. Any number of times. */
static napi_value close_object(napi_env env, napi_callback_info info) {
  void *data;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  channel_close(data);
  return NULL;
}

void channel_close(struct channel *channel) {
  if (channel->closing) return;
  channel->closing = true;
  if (!channel->in_turn) channel_finish(channel);
}

static size_t tag_bytes(const struct channel *channel) {
  return ((size_t)channel->options.max_in_flight + MAX_PINGS) * sizeof *channel->tags;
}

void channel_finish(struct channel *channel) {
  napi_env env = channel->env;
  napi_handle_scope scope;
  napi_value segment;
  napi_open_handle_scope(env, &scope);
  /* From here on the views that JavaScript has of the segment are empty; then its memory can go. */
  if (channel->segment != NULL && napi_get_reference_value(env, channel->segment, &segment) == napi_ok &&
      segment != NULL)
    napi_detach_arraybuffer(env, segment);
  loop_stop(channel);
  schema_free(channel->schema);
  parked_destroy(channel);
  isth__pages_unmap(channel->tags, tag_bytes(channel));
  struct shared_buffer *buffers[] = {&channel->control_buffer, &channel->outbox, &channel->inbox, &channel->scratch,
                                     &channel->arena};
  for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) shared_buffer_release(env, buffers[i]);
  napi_ref references[] = {channel->segment, channel->on_outcomes, channel->on_status, channel->object};
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++)
    if (references[i] != NULL) napi_delete_reference(env, references[i]);
  if (channel->context != NULL) napi_async_destroy(env, channel->context);
  napi_close_handle_scope(env, scope);
  channel->finished = true;
  channel_unmap(channel);
}

void channel_unmap(struct channel *channel) {
  if (!channel->finished || channel->lent > 0) return;
  isth_client_close(channel->client);
  channel->client = NULL;
  channel_release(channel);
}

void channel_release(struct channel *channel) {
  if (channel->open_handles > 0 || channel->client != NULL) return;
  napi_async_cleanup_hook_handle cleanup = channel->cleanup;
  channel->cleanup = NULL;
  if (cleanup != NULL) napi_remove_async_cleanup_hook(cleanup);
  if (channel->finalized) free(channel);
}

static void finalize_object(napi_env env, void *data, void *hint) {
  struct channel *channel = data;
  (void)env;
  (void)hint;
  channel->finalized = true;
  channel_release(channel);
}

/* The environment (the process, or a Worker) ends: it waits until the hook is removed. */
static void clean_up(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle;
  channel_close(data);
}

static bool share_segment(struct channel *channel, napi_value object, bool copy) {
  napi_value segment;
  channel->segment_bytes = isth_client_segment(channel->client, &channel->segment_size);
  if (copy) return true;
  /* Replies are only ever read, whatever JavaScript could do: external memory has no read-only form. */
  napi_status status = napi_create_external_arraybuffer(channel->env, (void *)(uintptr_t)channel->segment_bytes,
                                                        channel->segment_size, NULL, NULL, &segment);
  if (status == napi_no_external_buffers_allowed) return true;
  return status == napi_ok && napi_create_reference(channel->env, segment, 1, &channel->segment) == napi_ok &&
         napi_set_named_property(channel->env, object, "segment", segment) == napi_ok;
}

/* After the segment, which tells whether the runtime allows external memory. */
static bool share_buffers(struct channel *channel, napi_value object) {
  static const struct {
    const char *name;
    size_t offset, size;
    bool large; /* of most channels little of it is ever used */
  } buffers[] = {{"control", offsetof(struct channel, control_buffer), CONTROL_WORDS * sizeof(int32_t), false},
                 {"outbox", offsetof(struct channel, outbox), OUTBOX_BYTES, true},
                 {"inbox", offsetof(struct channel, inbox), INBOX_ENTRIES * sizeof(struct inbox_entry), true},
                 {"scratch", offsetof(struct channel, scratch), FIRST_SCRATCH_BYTES, false}};
  for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
    struct shared_buffer *buffer = (struct shared_buffer *)(void *)((char *)channel + buffers[i].offset);
    bool paged = buffers[i].large && channel->segment != NULL;
    bool made = paged ? shared_pages_create(channel->env, buffer, buffers[i].size)
                      : shared_buffer_create(channel->env, buffer, buffers[i].size);
    napi_value value;
    if (!made || napi_get_reference_value(channel->env, buffer->reference, &value) != napi_ok ||
        napi_set_named_property(channel->env, object, buffers[i].name, value) != napi_ok)
      return false;
  }
  channel->control = (int32_t *)(void *)channel->control_buffer.bytes;
  return true;
}

static bool share_functions(struct channel *channel, napi_value object) {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {{"flush", flush},        {"send", send_bytes},    {"cancel", cancel},
                   {"credit", credit},      {"callId", call_id},     {"leftMs", left_ms},
                   {"waitAnew", wait_anew}, {"callSync", call_sync}, {"growScratch", grow_scratch},
                   {"stats", get_stats},    {"region", get_region},  {"close", close_object},
                   {"ping", ping},          {"next", next_outcomes}, {"lend", lend}};
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    napi_value function;
    if (napi_create_function(channel->env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, channel,
                             &function) != napi_ok ||
        napi_set_named_property(channel->env, object, functions[i].name, function) != napi_ok)
      return false;
  }
  isth_client_stats stats;
  isth_client_get_stats(channel->client, &stats);
  set_number(channel->env, object, "lanes", stats.lanes);
  set_number(channel->env, object, "pid", isth_client_pid(channel->client));
  return true;
}

napi_value channel_create(napi_env env, isth_client *client, struct schema *schema, const isth_client_options *options,
                          napi_value on_outcomes, napi_value on_status, bool copy) {
  struct channel *channel = calloc(1, sizeof *channel);
  if (channel == NULL) {
    isth_client_close(client);
    schema_free(schema);
    return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a channel");
  }
  channel->env = env;
  channel->client = client;
  channel->schema = schema;
  channel->options = *options;
  channel->tags = isth__pages_map(tag_bytes(channel));
  bool good = parked_create(channel) && channel->tags != NULL;

  napi_value object, name;
  good = good && napi_create_object(env, &object) == napi_ok &&
         napi_add_finalizer(env, object, channel, finalize_object, NULL, NULL) == napi_ok;
  channel->finalized = !good;
  good = good && napi_create_reference(env, object, 1, &channel->object) == napi_ok &&
         napi_create_reference(env, on_outcomes, 1, &channel->on_outcomes) == napi_ok &&
         napi_create_reference(env, on_status, 1, &channel->on_status) == napi_ok &&
         napi_create_string_utf8(env, "isthmus", NAPI_AUTO_LENGTH, &name) == napi_ok &&
         napi_async_init(env, object, name, &channel->context) == napi_ok && share_segment(channel, object, copy) &&
         share_buffers(channel, object) && share_functions(channel, object) && loop_start(channel) &&
         napi_add_async_cleanup_hook(env, clean_up, channel, &channel->cleanup) == napi_ok;
  if (good) return object;
  channel->closing = true;
  channel_finish(channel);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a channel's buffers or handles");
}
