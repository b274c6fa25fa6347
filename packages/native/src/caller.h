/* caller.h: calling JavaScript from a thread of our own, which may outlive the environment (a Worker that ends, a process that
 * exits). */
#ifndef ISTHMUS_CALLER_H
#define ISTHMUS_CALLER_H

#include "addon.h"

struct caller;

/* For one thread. `function` may be NULL; `call` is called on the environment's thread for each of the thread's calls, without an
 * environment where that has ended first. At most `most` calls wait for that; 0: any number. NULL: there is no memory. */
struct caller *caller_create(napi_env env, const char *name, napi_value function, size_t most,
                             napi_threadsafe_function_call_js call);

/* On the environment's thread: it does not keep the event loop alive. */
void caller_unref(napi_env env, struct caller *caller);

/* On the thread: napi_ok, napi_queue_full, or napi_closing: the environment is ending. `data` is still the thread's then. */
napi_status caller_call(struct caller *caller, void *data);

/* On the thread, at its end; on the environment's where no thread was started. */
void caller_release(struct caller *caller);

#endif
