/*
 * job.c: not on a thread of libuv's pool: a few peers that accept and say nothing, or locks that nobody releases, would occupy all
 * four for seconds, and with them every file operation of the process.
 *
 * The thread may outlive the environment (a Worker that ends): then it finds its function closing and drops what it has. The
 * addon is linked with `nodelete`, so that its code stays for as long.
 */
#include "job.h"

static void *execute(void *data) {
  struct job *job = data;
  napi_threadsafe_function finished = job->finished;
  job->execute(job);
  if (napi_call_threadsafe_function(finished, job, napi_tsfn_nonblocking) == napi_ok) {
    napi_release_threadsafe_function(finished, napi_tsfn_release);
  } else {
    /* The environment is ending, and its promise with it. */
    job->discard(NULL, job);
  }
  return NULL;
}

static void complete(napi_env env, napi_value function, void *context, void *data) {
  struct job *job = data;
  napi_value value, error;
  (void)function;
  (void)context;
  /* Without an environment there is nobody to tell any more. */
  if (env != NULL) {
    if (job->status != 0) {
      napi_reject_deferred(env, job->deferred, make_error(env, job->status, job->failure.message));
    } else if ((value = job->settle(env, job)) != NULL) {
      napi_resolve_deferred(env, job->deferred, value);
    } else if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
      napi_reject_deferred(env, job->deferred, error);
    }
  }
  job->discard(env, job);
}

napi_value job_start(napi_env env, struct job *job, const char *name, bool keeps_alive) {
  napi_value text, promise;
  if (napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text) == napi_ok &&
      napi_create_promise(env, &job->deferred, &promise) == napi_ok &&
      napi_create_threadsafe_function(env, NULL, NULL, text, 0, 1, NULL, NULL, NULL, complete, &job->finished) ==
          napi_ok) {
    if (!keeps_alive) napi_unref_threadsafe_function(env, job->finished);
    if (thread_start(execute, job, NULL) == 0) return promise;
    napi_release_threadsafe_function(job->finished, napi_tsfn_abort);
  }
  job->discard(env, job);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a thread of its own");
}
