/*
 * watch.c: the thread that waits until a region changes, and tells JavaScript.
 *
 * At most one call waits in the event loop, and after each wake-up the thread rests a millisecond: so a writer at full speed pays
 * for at most 1,000 wake-ups a second, and JavaScript, which reads the newest value when it is called, for as many calls.
 *
 * The thread holds the region, and nobody waits for its end: it may outlive the environment (a Worker that ends) for one slice.
 */
#include "regions.h"

#include <stdlib.h>
#include <time.h>

enum { SLICE_NS = 100 * 1000 * 1000, REST_NS = 1000 * 1000 };

struct watch {
  atomic_uint uses; /* the region's object, and the thread */
  struct region_hold *hold;
  napi_threadsafe_function changed;
  uint64_t seen; /* changes that were told */
  pthread_mutex_t mutex;
  pthread_cond_t stopped; /* waits by CLOCK_MONOTONIC */
  bool stopping;
};

static void release(struct watch *watch) {
  if (atomic_fetch_sub_explicit(&watch->uses, 1, memory_order_acq_rel) > 1) return;
  region_hold_release(watch->hold);
  pthread_cond_destroy(&watch->stopped);
  pthread_mutex_destroy(&watch->mutex);
  free(watch);
}

/* Waits for so long, or until it shall stop; returns whether it shall. */
static bool rest(struct watch *watch, uint64_t time_ns) {
  uint64_t end_ns = isth_now_ns() + time_ns;
  struct timespec end = {(time_t)(end_ns / 1000000000), (long)(end_ns % 1000000000)};
  pthread_mutex_lock(&watch->mutex);
  int late = 0;
  while (!watch->stopping && late == 0 && time_ns > 0)
    late = pthread_cond_timedwait(&watch->stopped, &watch->mutex, &end);
  bool stopping = watch->stopping;
  pthread_mutex_unlock(&watch->mutex);
  return stopping;
}

static void *execute(void *data) {
  struct watch *watch = data;
  const isth_region *region = watch->hold->region;
  napi_status told = napi_ok;
  while (told != napi_closing && !rest(watch, 0)) {
    if (isth_region_wait(region, watch->seen, SLICE_NS) != 0) continue;
    uint64_t changes = isth_region_changes(region);
    if (changes == watch->seen) continue;
    watch->seen = changes;
    /* A full queue has a call in it that was not made yet: it will see this change too. */
    told = napi_call_threadsafe_function(watch->changed, NULL, napi_tsfn_nonblocking);
    if (told != napi_closing) rest(watch, REST_NS);
  }
  /* Where it is closing, the environment is ending, and the function is not ours any more. */
  if (told != napi_closing) napi_release_threadsafe_function(watch->changed, napi_tsfn_release);
  release(watch);
  return NULL;
}

static void call_function(napi_env env, napi_value function, void *context, void *data) {
  napi_value receiver;
  (void)context;
  (void)data;
  if (env != NULL && napi_get_undefined(env, &receiver) == napi_ok)
    napi_call_function(env, receiver, function, 0, NULL, NULL);
}

static bool create_waits(struct watch *watch) {
  pthread_condattr_t attributes;
  if (pthread_condattr_init(&attributes) != 0) return false;
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  bool good = pthread_cond_init(&watch->stopped, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  if (!good) return false;
  if (pthread_mutex_init(&watch->mutex, NULL) == 0) return true;
  pthread_cond_destroy(&watch->stopped);
  return false;
}

struct watch *watch_start(napi_env env, struct region_hold *hold, napi_value function) {
  napi_value name;
  struct watch *watch = calloc(1, sizeof *watch);
  if (watch != NULL && create_waits(watch)) {
    watch->hold = hold;
    atomic_fetch_add_explicit(&hold->uses, 1, memory_order_relaxed);
    /* Before JavaScript looks: what it does not see then is a change for the thread. */
    watch->seen = isth_region_changes(hold->region);
    atomic_init(&watch->uses, 2);
    if (napi_create_string_utf8(env, "isthmus.watch", NAPI_AUTO_LENGTH, &name) == napi_ok &&
        napi_create_threadsafe_function(env, function, NULL, name, 1, 1, NULL, NULL, NULL, call_function,
                                        &watch->changed) == napi_ok) {
      napi_unref_threadsafe_function(env, watch->changed);
      if (thread_start(execute, watch, NULL) == 0) return watch;
      napi_release_threadsafe_function(watch->changed, napi_tsfn_abort);
    }
    atomic_store_explicit(&watch->uses, 1, memory_order_relaxed);
    release(watch);
  } else {
    free(watch);
  }
  throw_status(env, ISTH_E_OUT_OF_MEMORY, "a thread to watch a region");
  return NULL;
}

void watch_stop(struct watch *watch) {
  pthread_mutex_lock(&watch->mutex);
  watch->stopping = true;
  pthread_cond_signal(&watch->stopped);
  pthread_mutex_unlock(&watch->mutex);
  isth_region_interrupt(watch->hold->region);
  release(watch);
}
