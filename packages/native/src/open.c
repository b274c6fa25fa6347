/* open.c: connecting blocks, so it is a job, which does not keep the event loop alive: who waits for it does. */
#include "job.h"
#include "regions.h"

#include <stdlib.h>

/* What the job keeps. */
enum { ON_OUTCOMES, ON_STATUS };

/* A connection being made, or a description being asked for. */
struct opening {
  struct job job;
  char path[256];
  struct schema *schema; /* NULL: any */
  isth_client_options options;
  bool copy, describe;
  uint64_t timeout_ns;
  isth_client *client;
  char *text;
};

static void discard(napi_env env, struct job *job) {
  struct opening *opening = (struct opening *)(void *)job;
  (void)env;
  isth_client_close(opening->client);
  isth_free(opening->text);
  schema_free(opening->schema);
  free(opening);
}

static void execute(struct job *job) {
  struct opening *opening = (struct opening *)(void *)job;
  if (opening->describe) {
    job->status = isth_describe(opening->path, opening->timeout_ns, &opening->text, &job->failure);
  } else {
    const isth_schema *schema = opening->schema == NULL ? NULL : &opening->schema->schema;
    job->status = isth_client_open(&opening->client, opening->path, schema, &opening->options, &job->failure);
  }
}

static napi_value make_channel(napi_env env, struct opening *opening) {
  napi_value on_outcomes, on_status;
  napi_get_reference_value(env, opening->job.kept[ON_OUTCOMES], &on_outcomes);
  napi_get_reference_value(env, opening->job.kept[ON_STATUS], &on_status);
  isth_client *client = opening->client;
  struct schema *schema = opening->schema;
  opening->client = NULL;
  opening->schema = NULL;
  return channel_create(env, client, schema, &opening->options, on_outcomes, on_status, opening->copy);
}

static napi_value settle(napi_env env, struct job *job) {
  struct opening *opening = (struct opening *)(void *)job;
  napi_value text = NULL;
  if (!opening->describe) return make_channel(env, opening);
  napi_create_string_utf8(env, opening->text, NAPI_AUTO_LENGTH, &text);
  return text;
}

static struct opening *opening_create(napi_env env) {
  struct opening *opening = calloc(1, sizeof *opening);
  if (opening == NULL) {
    throw_status(env, ISTH_E_OUT_OF_MEMORY, "a connection");
    return NULL;
  }
  opening->job = (struct job){.execute = execute, .settle = settle, .discard = discard};
  return opening;
}

/* open(path, schema | undefined, options, onOutcomes, onStatus): a promise of a channel object. `schema`: see schema.c; any if
 * undefined. Options, numbers all: requestRingBytes, replyRingBytes, maxInFlight, wait, spinNs, connectTimeoutMs, streamWindowBytes,
 * copy. */
napi_value open_channel(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value values[5];
  napi_valuetype given = napi_undefined;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  struct opening *opening = opening_create(env);
  if (opening == NULL) return NULL;
  napi_get_value_string_utf8(env, values[0], opening->path, sizeof opening->path, NULL);
  napi_typeof(env, values[1], &given);
  if (given == napi_object && (opening->schema = schema_create(env, values[1])) == NULL) {
    job_drop(env, &opening->job);
    return NULL;
  }
  isth_client_options *options = &opening->options;
  isth_client_options_init(options);
  options->request_ring_bytes =
      (uint32_t)number_option(env, values[2], "requestRingBytes", options->request_ring_bytes);
  options->reply_ring_bytes = (uint32_t)number_option(env, values[2], "replyRingBytes", options->reply_ring_bytes);
  options->max_in_flight = (uint32_t)number_option(env, values[2], "maxInFlight", options->max_in_flight);
  options->wait = (isth_wait)(int)number_option(env, values[2], "wait", ISTH_WAIT_ADAPTIVE);
  options->spin_ns = (uint64_t)number_option(env, values[2], "spinNs", (double)options->spin_ns);
  options->connect_timeout_ns =
      (uint64_t)(number_option(env, values[2], "connectTimeoutMs", (double)options->connect_timeout_ns / 1e6) * 1e6);
  options->stream_window_bytes =
      (uint32_t)number_option(env, values[2], "streamWindowBytes", options->stream_window_bytes);
  opening->copy = number_option(env, values[2], "copy", 0) != 0;
  if (napi_create_reference(env, values[3], 1, &opening->job.kept[ON_OUTCOMES]) != napi_ok ||
      napi_create_reference(env, values[4], 1, &opening->job.kept[ON_STATUS]) != napi_ok) {
    job_drop(env, &opening->job);
    return throw_status(env, ISTH_E_INVALID_ARGUMENT, "the callbacks are not functions");
  }
  return job_start(env, &opening->job, "isthmus.connect", false);
}

/* describe(path, timeoutMs): a promise of the text of the instance's schema. */
napi_value describe_instance(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value values[2];
  double timeout_ms = 0;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  struct opening *opening = opening_create(env);
  if (opening == NULL) return NULL;
  napi_get_value_string_utf8(env, values[0], opening->path, sizeof opening->path, NULL);
  napi_get_value_double(env, values[1], &timeout_ms);
  opening->describe = true;
  opening->timeout_ns = (uint64_t)(timeout_ms * 1e6);
  return job_start(env, &opening->job, "isthmus.connect", false);
}
