/* open.c: connecting blocks, so it happens on a thread of the pool, and gives a promise. */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

/* A connection being made, or a description being asked for. */
struct opening {
  napi_async_work work;
  napi_deferred deferred;
  napi_ref on_outcomes, on_lost;
  char path[256];
  char name[ISTH_NAME_BYTES];
  isth_schema schema;
  isth_client_options options;
  bool any_schema, copy, describe;
  uint64_t timeout_ns;
  int status;
  isth_failure failure;
  isth_client *client;
  char *text;
};

static void execute(napi_env env, void *data) {
  struct opening *opening = data;
  (void)env;
  if (opening->describe) {
    opening->status = isth_describe(opening->path, opening->timeout_ns, &opening->text, &opening->failure);
  } else {
    opening->status = isth_client_open(&opening->client, opening->path, opening->any_schema ? NULL : &opening->schema,
                                       &opening->options, &opening->failure);
  }
}

static napi_value make_channel(napi_env env, struct opening *opening) {
  napi_value on_outcomes, on_lost;
  napi_get_reference_value(env, opening->on_outcomes, &on_outcomes);
  napi_get_reference_value(env, opening->on_lost, &on_lost);
  isth_client *client = opening->client;
  opening->client = NULL;
  return channel_create(env, client, &opening->options, on_outcomes, on_lost, opening->copy);
}

static void complete(napi_env env, napi_status work_status, void *data) {
  struct opening *opening = data;
  napi_value value = NULL;
  if (work_status == napi_ok) {
    if (opening->status != 0) {
      napi_reject_deferred(env, opening->deferred, make_error(env, opening->status, opening->failure.message));
    } else {
      if (opening->describe) {
        napi_create_string_utf8(env, opening->text, NAPI_AUTO_LENGTH, &value);
      } else {
        value = make_channel(env, opening);
      }
      napi_value error;
      if (value != NULL) {
        napi_resolve_deferred(env, opening->deferred, value);
      } else if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
        napi_reject_deferred(env, opening->deferred, error);
      }
    }
  }
  isth_client_close(opening->client);
  isth_free(opening->text);
  if (opening->on_outcomes != NULL) napi_delete_reference(env, opening->on_outcomes);
  if (opening->on_lost != NULL) napi_delete_reference(env, opening->on_lost);
  napi_delete_async_work(env, opening->work);
  free(opening);
}

static napi_value start(napi_env env, struct opening *opening) {
  napi_value name, promise;
  if (napi_create_string_utf8(env, "isthmus.connect", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, NULL, name, execute, complete, opening, &opening->work) == napi_ok &&
      napi_create_promise(env, &opening->deferred, &promise) == napi_ok &&
      napi_queue_async_work(env, opening->work) == napi_ok)
    return promise;
  free(opening);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a connection");
}

static double number_option(napi_env env, napi_value options, const char *name) {
  napi_value value;
  double number = 0;
  if (napi_get_named_property(env, options, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number;
}

/* open(path, name, hash | undefined, options, onOutcomes, onLost): a promise of a channel object. `hash`: any schema if
 * undefined. Options, numbers all: requestRingBytes, replyRingBytes, maxInFlight, wait, spinNs, connectTimeoutMs, copy. */
napi_value open_channel(napi_env env, napi_callback_info info) {
  size_t count = 6, hash_size = 0;
  napi_value values[6];
  void *hash = NULL;
  bool has_hash = false;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  struct opening *opening = calloc(1, sizeof *opening);
  if (opening == NULL) return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a connection");
  napi_get_value_string_utf8(env, values[0], opening->path, sizeof opening->path, NULL);
  napi_get_value_string_utf8(env, values[1], opening->name, sizeof opening->name, NULL);
  napi_is_typedarray(env, values[2], &has_hash);
  if (has_hash) napi_get_typedarray_info(env, values[2], NULL, &hash_size, &hash, NULL, NULL);
  opening->any_schema = hash_size != sizeof opening->schema.hash;
  if (!opening->any_schema) memcpy(opening->schema.hash, hash, hash_size);
  opening->schema.name = opening->name;
  isth_client_options *options = &opening->options;
  isth_client_options_init(options);
  options->request_ring_bytes = (uint32_t)number_option(env, values[3], "requestRingBytes");
  options->reply_ring_bytes = (uint32_t)number_option(env, values[3], "replyRingBytes");
  options->max_in_flight = (uint32_t)number_option(env, values[3], "maxInFlight");
  options->wait = (isth_wait)(int)number_option(env, values[3], "wait");
  options->spin_ns = (uint64_t)number_option(env, values[3], "spinNs");
  options->connect_timeout_ns = (uint64_t)(number_option(env, values[3], "connectTimeoutMs") * 1e6);
  opening->copy = number_option(env, values[3], "copy") != 0;
  if (napi_create_reference(env, values[4], 1, &opening->on_outcomes) != napi_ok ||
      napi_create_reference(env, values[5], 1, &opening->on_lost) != napi_ok) {
    free(opening);
    return throw_status(env, ISTH_E_INVALID_ARGUMENT, "the callbacks are not functions");
  }
  return start(env, opening);
}

/* describe(path, timeoutMs): a promise of the text of the instance's schema. */
napi_value describe_instance(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2];
  double timeout_ms = 0;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  struct opening *opening = calloc(1, sizeof *opening);
  if (opening == NULL) return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a connection");
  napi_get_value_string_utf8(env, values[0], opening->path, sizeof opening->path, NULL);
  napi_get_value_double(env, values[1], &timeout_ms);
  opening->describe = true;
  opening->timeout_ns = (uint64_t)(timeout_ms * 1e6);
  return start(env, opening);
}
