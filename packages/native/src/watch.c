/*
 * watch.c: the thread that waits until a region changes, and tells JavaScript.
 *
 * At most one call waits in the event loop, and after each the thread rests, for a millisecond or as long as JavaScript says: so a
 * writer at full speed pays for at most 1,000 wake-ups a second, and JavaScript, which reads the newest value when it is called, for
 * as many calls.
 *
 * The thread holds the region, and nobody waits for its end: it may outlive the environment (a Worker that ends) for one slice.
 */
#include "caller.h"
#include "regions.h"

#include <stdlib.h>
#include <time.h>

enum { SLICE_NS = 100 * 1000 * 1000, LEAST_REST_NS = 1000 * 1000 };

struct watch {
  atomic_uint uses; /* the region's object, and the thread */
  struct region_hold *hold;
  struct caller *changed;
  uint64_t seen; /* changes that were told */
  pthread_mutex_t mutex;
  pthread_cond_t told; /* something of what follows is new; waits by CLOCK_MONOTONIC */
  uint32_t rest_ns;
  bool stopping;
};

static void release(struct watch *watch) {
  if (atomic_fetch_sub_explicit(&watch->uses, 1, memory_order_acq_rel) > 1) return;
  region_hold_release(watch->hold);
  pthread_cond_destroy(&watch->told);
  pthread_mutex_destroy(&watch->mutex);
  free(watch);
}

static bool shall_stop(struct watch *watch) {
  pthread_mutex_lock(&watch->mutex);
  bool stopping = watch->stopping;
  pthread_mutex_unlock(&watch->mutex);
  return stopping;
}

/* Until it is time for the next call, or to stop. How long that is may change meanwhile. */
static void rest(struct watch *watch) {
  uint64_t begin_ns = isth_now_ns();
  int late = 0;
  pthread_mutex_lock(&watch->mutex);
  while (!watch->stopping && late == 0) {
    uint64_t end_ns = begin_ns + watch->rest_ns;
    struct timespec end = {(time_t)(end_ns / 1000000000), (long)(end_ns % 1000000000)};
    late = pthread_cond_timedwait(&watch->told, &watch->mutex, &end);
  }
  pthread_mutex_unlock(&watch->mutex);
}

static void *execute(void *data) {
  struct watch *watch = data;
  const isth_region *region = watch->hold->region;
  napi_status told = napi_ok;
  while (told != napi_closing && !shall_stop(watch)) {
    if (isth_region_wait(region, watch->seen, SLICE_NS) != 0) continue;
    uint64_t changes = isth_region_changes(region);
    if (changes == watch->seen) continue;
    watch->seen = changes;
    /* A full queue has a call in it that was not made yet: it will see this change too. */
    told = caller_call(watch->changed, NULL);
    if (told != napi_closing) rest(watch);
  }
  caller_release(watch->changed);
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
  bool good = pthread_cond_init(&watch->told, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  if (!good) return false;
  if (pthread_mutex_init(&watch->mutex, NULL) == 0) return true;
  pthread_cond_destroy(&watch->told);
  return false;
}

struct watch *watch_start(napi_env env, struct region_hold *hold, napi_value function) {
  struct watch *watch = calloc(1, sizeof *watch);
  if (watch != NULL && create_waits(watch)) {
    watch->hold = hold;
    watch->rest_ns = LEAST_REST_NS;
    atomic_fetch_add_explicit(&hold->uses, 1, memory_order_relaxed);
    /* Before JavaScript looks: what it does not see then is a change for the thread. */
    watch->seen = isth_region_changes(hold->region);
    atomic_init(&watch->uses, 2);
    watch->changed = caller_create(env, "isthmus.watch", function, 1, call_function);
    if (watch->changed != NULL) {
      caller_unref(env, watch->changed);
      if (thread_start(execute, watch, NULL) == 0) return watch;
      caller_release(watch->changed);
    }
    atomic_store_explicit(&watch->uses, 1, memory_order_relaxed);
    release(watch);
  } else {
    free(watch);
  }
  throw_status(env, ISTH_E_OUT_OF_MEMORY, "a thread to watch a region");
  return NULL;
}

void watch_set_rest(struct watch *watch, uint32_t rest_ns) {
  pthread_mutex_lock(&watch->mutex);
  watch->rest_ns = rest_ns > LEAST_REST_NS ? rest_ns : LEAST_REST_NS;
  pthread_cond_signal(&watch->told);
  pthread_mutex_unlock(&watch->mutex);
}

void watch_stop(struct watch *watch) {
  pthread_mutex_lock(&watch->mutex);
  watch->stopping = true;
  pthread_cond_signal(&watch->told);
  pthread_mutex_unlock(&watch->mutex);
  isth_region_interrupt(watch->hold->region);
  release(watch);
}
