/*
 * caller.c: a thread-safe function of Node-API that can be used although the environment has ended.
 *
 * Node before 24.14 frees it with the environment, whoever still has it (https://github.com/nodejs/node/issues/55706). So it is let go
 * of by a cleanup hook of ours, which runs before Node's own since that was added first, and the thread finds it gone.
 */
#include "caller.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct caller {
  atomic_uint uses; /* the environment, and the thread */
  pthread_mutex_t mutex;
  napi_threadsafe_function function; /* NULL: let go of */
  bool ended;                        /* the environment has; only its thread looks */
};

static void drop(struct caller *caller) {
  if (atomic_fetch_sub_explicit(&caller->uses, 1, memory_order_acq_rel) > 1) return;
  pthread_mutex_destroy(&caller->mutex);
  free(caller);
}

static void let_go(struct caller *caller, napi_threadsafe_function_release_mode mode) {
  pthread_mutex_lock(&caller->mutex);
  if (caller->function != NULL) napi_release_threadsafe_function(caller->function, mode);
  caller->function = NULL;
  pthread_mutex_unlock(&caller->mutex);
}

static void end(void *data) {
  struct caller *caller = data;
  caller->ended = true;
  let_go(caller, napi_tsfn_abort);
}

static void finalize_function(napi_env env, void *data, void *hint) {
  struct caller *caller = data;
  (void)hint;
  if (!caller->ended) napi_remove_env_cleanup_hook(env, end, caller);
  drop(caller);
}

struct caller *caller_create(napi_env env, const char *name, napi_value function, size_t most,
                             napi_threadsafe_function_call_js call) {
  napi_value text;
  struct caller *caller = calloc(1, sizeof *caller);
  if (caller == NULL || pthread_mutex_init(&caller->mutex, NULL) != 0) {
    free(caller);
    return NULL;
  }
  atomic_init(&caller->uses, 2);
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text) == napi_ok &&
      napi_create_threadsafe_function(env, function, NULL, text, most, 1, caller, finalize_function, NULL, call,
                                      &caller->function) == napi_ok) {
    napi_add_env_cleanup_hook(env, end, caller);
    return caller;
  }
  pthread_mutex_destroy(&caller->mutex);
  free(caller);
  return NULL;
}

void caller_unref(napi_env env, struct caller *caller) { napi_unref_threadsafe_function(env, caller->function); }

napi_status caller_call(struct caller *caller, void *data) {
  pthread_mutex_lock(&caller->mutex);
  napi_status status = napi_closing;
  if (caller->function != NULL) status = napi_call_threadsafe_function(caller->function, data, napi_tsfn_nonblocking);
  /* Told so by Node: it has let go of the function for us. */
  if (status == napi_closing) caller->function = NULL;
  pthread_mutex_unlock(&caller->mutex);
  return status;
}

void caller_release(struct caller *caller) {
  let_go(caller, napi_tsfn_release);
  drop(caller);
}
