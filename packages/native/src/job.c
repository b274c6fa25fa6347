/*
 * job.c: not on a thread of libuv's pool: a few peers that accept and say nothing, or locks that nobody releases, would occupy all
 * four for seconds, and with them every file operation of the process.
 *
 * The thread may outlive the environment (a Worker that ends): then it finds that nobody can be told, and drops what it has. The
 * addon is linked with `nodelete`, so that its code stays for as long.
 */
#include "job.h"

static void *execute(void *data) {
  struct job *job = data;
  struct caller *finished = job->finished;
  job->execute(job);
  /* Where that fails, the environment is ending, and its promise with it. */
  if (caller_call(finished, job) != napi_ok) job->discard(NULL, job);
  caller_release(finished);
  return NULL;
}

/* Node does not do that for us at the environment's end. */
static void let_go(void *data) {
  struct job *job = data;
  for (size_t i = 0; i < sizeof job->kept / sizeof job->kept[0]; i++) {
    if (job->kept[i] != NULL) napi_delete_reference(job->env, job->kept[i]);
    job->kept[i] = NULL;
  }
}

void job_drop(napi_env env, struct job *job) {
  job->env = env;
  let_go(job);
  job->discard(env, job);
}

static void complete(napi_env env, napi_value function, void *context, void *data) {
  struct job *job = data;
  napi_value value, error;
  (void)function;
  (void)context;
  /* Without an environment there is nobody to tell any more. */
  if (env == NULL) {
    job->discard(NULL, job);
    return;
  }
  if (job->status != 0) {
    napi_reject_deferred(env, job->deferred, make_error(env, job->status, job->failure.message));
  } else if ((value = job->settle(env, job)) != NULL) {
    napi_resolve_deferred(env, job->deferred, value);
  } else if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_reject_deferred(env, job->deferred, error);
  }
  napi_remove_env_cleanup_hook(env, let_go, job);
  job_drop(env, job);
}

napi_value job_start(napi_env env, struct job *job, const char *name, bool keeps_alive) {
  napi_value promise;
  job->env = env;
  if (napi_create_promise(env, &job->deferred, &promise) == napi_ok &&
      (job->finished = caller_create(env, name, NULL, 0, complete)) != NULL) {
    if (!keeps_alive) caller_unref(env, job->finished);
    /* The last hook is the first to run: the thread discards the job only after the caller's has. */
    napi_add_env_cleanup_hook(env, let_go, job);
    if (thread_start(execute, job, NULL) == 0) return promise;
    napi_remove_env_cleanup_hook(env, let_go, job);
    caller_release(job->finished);
  }
  job_drop(env, job);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a thread of its own");
}
