/* job.h: work that blocks, on a thread of its own, and a promise of what comes of it. */
#ifndef ISTHMUS_JOB_H
#define ISTHMUS_JOB_H

#include "caller.h"

/* The first member of a structure that has what the work needs. */
struct job {
  void (*execute)(struct job *job); /* on the thread; sets status and failure */
  /* On the environment's thread, where the status is 0: the promise's value, or NULL after something was thrown. */
  napi_value (*settle)(napi_env env, struct job *job);
  /* Frees it, after all else. `env` is NULL where the environment has ended, maybe on another thread than its own. */
  void (*discard)(napi_env env, struct job *job);
  napi_ref kept[2]; /* values that stay while it runs; NULL: none. They are let go of before it is discarded. */
  int status;
  isth_failure failure;
  napi_env env;
  struct caller *finished;
  napi_deferred deferred;
};

/* Starts a job, which is not the caller's any more, even if that fails (NULL, and an exception). `keeps_alive`: the process does
 * not end while it runs. */
napi_value job_start(napi_env env, struct job *job, const char *name, bool keeps_alive);

/* Discards one that was not started. */
void job_drop(napi_env env, struct job *job);

#endif
