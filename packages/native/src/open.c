/*
 * open.c: connecting blocks, so it happens on a thread of its own, and gives a promise. Not on a thread of libuv's pool: a few
 * peers that accept and say nothing would occupy all four for seconds, and with them every file operation of the process.
 *
 * The thread does not keep the event loop alive, and may outlive the environment (a Worker that ends): then it finds its
 * function closing and drops what it has. The addon is linked with `nodelete`, so that its code stays for as long.
 */
#include "addon.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* A connection being made, or a description being asked for. */
struct opening {
  napi_threadsafe_function finished; /* calls complete() on the environment's thread */
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

static void discard(struct opening *opening) {
  isth_client_close(opening->client);
  isth_free(opening->text);
  free(opening);
}

static void *execute(void *data) {
  struct opening *opening = data;
  napi_threadsafe_function finished = opening->finished;
  if (opening->describe) {
    opening->status = isth_describe(opening->path, opening->timeout_ns, &opening->text, &opening->failure);
  } else {
    opening->status = isth_client_open(&opening->client, opening->path, opening->any_schema ? NULL : &opening->schema,
                                       &opening->options, &opening->failure);
  }
  if (napi_call_threadsafe_function(finished, opening, napi_tsfn_nonblocking) == napi_ok) {
    napi_release_threadsafe_function(finished, napi_tsfn_release);
  } else {
    /* The environment is ending, and its references and its promise with it. */
    discard(opening);
  }
  return NULL;
}

static napi_value make_channel(napi_env env, struct opening *opening) {
  napi_value on_outcomes, on_lost;
  napi_get_reference_value(env, opening->on_outcomes, &on_outcomes);
  napi_get_reference_value(env, opening->on_lost, &on_lost);
  isth_client *client = opening->client;
  opening->client = NULL;
  return channel_create(env, client, &opening->options, on_outcomes, on_lost, opening->copy);
}

static void delete_references(napi_env env, struct opening *opening) {
  if (opening->on_outcomes != NULL) napi_delete_reference(env, opening->on_outcomes);
  if (opening->on_lost != NULL) napi_delete_reference(env, opening->on_lost);
}

static void complete(napi_env env, napi_value function, void *context, void *data) {
  struct opening *opening = data;
  napi_value value = NULL, error;
  (void)function;
  (void)context;
  /* Without an environment there is nobody to tell any more. */
  if (env != NULL) {
    if (opening->status != 0) {
      napi_reject_deferred(env, opening->deferred, make_error(env, opening->status, opening->failure.message));
    } else {
      if (opening->describe) {
        napi_create_string_utf8(env, opening->text, NAPI_AUTO_LENGTH, &value);
      } else {
        value = make_channel(env, opening);
      }
      if (value != NULL) {
        napi_resolve_deferred(env, opening->deferred, value);
      } else if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
        napi_reject_deferred(env, opening->deferred, error);
      }
    }
    delete_references(env, opening);
  }
  discard(opening);
}

static int start_thread(struct opening *opening) {
  pthread_t thread;
  pthread_attr_t attributes;
  sigset_t all, before;
  if (pthread_attr_init(&attributes) != 0) return ISTH_E_OUT_OF_MEMORY;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  /* Signals are the program's own threads'. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, &attributes, execute, opening);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return error == 0 ? 0 : ISTH_E_OUT_OF_MEMORY;
}

static napi_value start(napi_env env, struct opening *opening) {
  napi_value name, promise;
  if (napi_create_string_utf8(env, "isthmus.connect", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_promise(env, &opening->deferred, &promise) == napi_ok &&
      napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, complete, &opening->finished) ==
          napi_ok) {
    napi_unref_threadsafe_function(env, opening->finished);
    if (start_thread(opening) == 0) return promise;
    napi_release_threadsafe_function(opening->finished, napi_tsfn_abort);
  }
  delete_references(env, opening);
  discard(opening);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a thread to connect on");
}

/* `fallback`: where the option is 0 or no number. */
static double number_option(napi_env env, napi_value options, const char *name, double fallback) {
  napi_value value;
  double number = 0;
  if (napi_get_named_property(env, options, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number == 0 ? fallback : number;
}

/* open(path, name, hash | undefined, options, onOutcomes, onLost): a promise of a channel object. `hash`: any schema if
 * undefined. Options, numbers all: requestRingBytes, replyRingBytes, maxInFlight, wait, spinNs, connectTimeoutMs, streamWindowBytes,
 * copy. */
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
  options->request_ring_bytes =
      (uint32_t)number_option(env, values[3], "requestRingBytes", options->request_ring_bytes);
  options->reply_ring_bytes = (uint32_t)number_option(env, values[3], "replyRingBytes", options->reply_ring_bytes);
  options->max_in_flight = (uint32_t)number_option(env, values[3], "maxInFlight", options->max_in_flight);
  options->wait = (isth_wait)(int)number_option(env, values[3], "wait", ISTH_WAIT_ADAPTIVE);
  options->spin_ns = (uint64_t)number_option(env, values[3], "spinNs", (double)options->spin_ns);
  options->connect_timeout_ns =
      (uint64_t)(number_option(env, values[3], "connectTimeoutMs", (double)options->connect_timeout_ns / 1e6) * 1e6);
  options->stream_window_bytes =
      (uint32_t)number_option(env, values[3], "streamWindowBytes", options->stream_window_bytes);
  opening->copy = number_option(env, values[3], "copy", 0) != 0;
  if (napi_create_reference(env, values[4], 1, &opening->on_outcomes) != napi_ok ||
      napi_create_reference(env, values[5], 1, &opening->on_lost) != napi_ok) {
    delete_references(env, opening);
    discard(opening);
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
