/*
 * owner.c: a service of this process that has regions, and answers no calls. Opening and running it block, so both happen on one
 * thread of its own. It keeps the event loop alive until it has ended, as a server does.
 *
 * Whoever uses the service counts: the JavaScript side until the thread has ended, and each region. When the environment ends
 * first (a Worker that is terminated), its cleanup hook stops the service and waits for the thread, so that the socket is removed;
 * nothing that the thread does then takes long, since there are no handlers. process.exit runs no such hooks: JavaScript calls
 * end() then.
 */
#include "regions.h"

#include <stdlib.h>
#include <string.h>

struct owner {
  atomic_uint uses;  /* of the service */
  atomic_uint users; /* of this: those together, and the JavaScript object */
  struct schema *schema;
  char path[256];
  unsigned int mode;

  pthread_t thread;
  pthread_mutex_t mutex; /* of the two below, until the thread has opened the service */
  isth_service *service;
  bool stopping;

  napi_env env;
  napi_threadsafe_function tell; /* calls told() on the environment's thread: once it is open, and once it has ended */
  napi_deferred deferred;        /* until it is open */
  napi_ref on_ended;
  bool opened; /* the promise was settled */
  bool joined;
  int status; /* of opening, then of running */
  isth_failure failure;
};

static void drop(struct owner *owner) {
  if (atomic_fetch_sub_explicit(&owner->users, 1, memory_order_acq_rel) > 1) return;
  pthread_mutex_destroy(&owner->mutex);
  free(owner);
}

void owner_release(struct owner *owner) {
  if (atomic_fetch_sub_explicit(&owner->uses, 1, memory_order_acq_rel) > 1) return;
  pthread_mutex_lock(&owner->mutex);
  isth_service *service = owner->service;
  owner->service = NULL;
  pthread_mutex_unlock(&owner->mutex);
  isth_service_close(service);
  schema_free(owner->schema);
  drop(owner);
}

static void stop(struct owner *owner) {
  pthread_mutex_lock(&owner->mutex);
  owner->stopping = true;
  if (owner->service != NULL) isth_service_stop(owner->service);
  pthread_mutex_unlock(&owner->mutex);
}

/* Returns the error, with which it has ended. */
static int open_service(struct owner *owner) {
  isth_service *service;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = owner->path;
  options.mode = owner->mode;
  /* Nobody calls it. */
  options.wait = ISTH_WAIT_BLOCK;
  int status = isth_service_open(&service, &owner->schema->schema, &options, &owner->failure);
  if (status != 0) return status;
  pthread_mutex_lock(&owner->mutex);
  owner->service = service;
  if (owner->stopping) isth_service_stop(service);
  pthread_mutex_unlock(&owner->mutex);
  return 0;
}

static void *execute(void *data) {
  struct owner *owner = data;
  napi_threadsafe_function tell = owner->tell;
  owner->status = open_service(owner);
  napi_status told = napi_ok;
  if (owner->status == 0) {
    told = napi_call_threadsafe_function(tell, owner, napi_tsfn_blocking);
    /* What failed is read by whoever is told of the end: from here on that is the only one. */
    int status = isth_service_run(owner->service, &owner->failure);
    owner->status = status;
  }
  if (told != napi_closing) told = napi_call_threadsafe_function(tell, NULL, napi_tsfn_blocking);
  if (told != napi_closing) napi_release_threadsafe_function(tell, napi_tsfn_release);
  return NULL;
}

/* Waits for the thread, which is ending. */
static void join(struct owner *owner) {
  if (!owner->joined) pthread_join(owner->thread, NULL);
  owner->joined = true;
}

static void clean_up(void *data) {
  struct owner *owner = data;
  stop(owner);
  join(owner);
  napi_delete_reference(owner->env, owner->on_ended);
  owner_release(owner);
}

/* region(id) */
static napi_value get_region(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  void *data = NULL;
  uint32_t id = 0;
  napi_get_cb_info(env, info, &count, &value, NULL, &data);
  struct owner *owner = data;
  napi_get_value_uint32(env, value, &id);
  /* Schema and service may have gone by then. */
  if (owner->joined) return throw_status(env, ISTH_E_CLOSED, "");
  const isth_region_type *type = schema_region(owner->schema, id);
  isth_region *region = isth_service_region(owner->service, id);
  if (type == NULL || region == NULL) return throw_status(env, ISTH_E_UNKNOWN_REGION, "");
  atomic_fetch_add_explicit(&owner->uses, 1, memory_order_relaxed);
  return region_create(env, region, type, owner);
}

/* stop(): the service ends, which onEnded tells. Any number of times. */
static napi_value stop_owner(napi_env env, napi_callback_info info) {
  void *data = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  stop(data);
  return NULL;
}

/* end(): the same, and waits for it. */
static napi_value end_owner(napi_env env, napi_callback_info info) {
  void *data = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  stop(data);
  join(data);
  return NULL;
}

static void finalize_object(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  drop(data);
}

/* Its functions may be called after the end. */
static napi_value make_object(napi_env env, struct owner *owner) {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {{"region", get_region}, {"stop", stop_owner}, {"end", end_owner}};
  napi_value object, function;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  if (napi_add_finalizer(env, object, owner, finalize_object, NULL, NULL) != napi_ok) return NULL;
  atomic_fetch_add_explicit(&owner->users, 1, memory_order_relaxed);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, owner, &function) !=
            napi_ok ||
        napi_set_named_property(env, object, functions[i].name, function) != napi_ok)
      return NULL;
  }
  return object;
}

static void take_opened(napi_env env, struct owner *owner) {
  napi_value object = make_object(env, owner);
  owner->opened = true;
  if (object != NULL) {
    napi_resolve_deferred(env, owner->deferred, object);
    return;
  }
  stop(owner);
  napi_reject_deferred(env, owner->deferred, make_error(env, ISTH_E_OUT_OF_MEMORY, "an owner's object"));
}

static void take_ended(napi_env env, struct owner *owner) {
  napi_value receiver, function, error;
  napi_remove_env_cleanup_hook(env, clean_up, owner);
  join(owner);
  if (!owner->opened) {
    napi_reject_deferred(env, owner->deferred, make_error(env, owner->status, owner->failure.message));
  } else {
    napi_get_undefined(env, &receiver);
    error = owner->status == 0 ? receiver : make_error(env, owner->status, owner->failure.message);
    if (napi_get_reference_value(env, owner->on_ended, &function) == napi_ok)
      napi_call_function(env, receiver, function, 1, &error, NULL);
  }
  napi_delete_reference(env, owner->on_ended);
  owner_release(owner);
}

/* `data`: the owner, once it is open; NULL once it has ended. */
static void told(napi_env env, napi_value function, void *context, void *data) {
  (void)function;
  /* Without an environment the cleanup hook does what is left to do. */
  if (env == NULL) return;
  if (data != NULL) {
    take_opened(env, context);
  } else {
    take_ended(env, context);
  }
}

static napi_value start(napi_env env, struct owner *owner, napi_value on_ended) {
  napi_value name, promise;
  owner->env = env;
  if (napi_create_reference(env, on_ended, 1, &owner->on_ended) == napi_ok &&
      napi_create_string_utf8(env, "isthmus.own", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_promise(env, &owner->deferred, &promise) == napi_ok &&
      napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, owner, told, &owner->tell) == napi_ok) {
    if (thread_start(execute, owner, &owner->thread) == 0) {
      napi_add_env_cleanup_hook(env, clean_up, owner);
      return promise;
    }
    napi_release_threadsafe_function(owner->tell, napi_tsfn_abort);
  }
  if (owner->on_ended != NULL) napi_delete_reference(env, owner->on_ended);
  owner_release(owner);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a thread to own regions on");
}

/* ownRegions(path, schema, mode, onEnded): a promise of { region(id), stop() }. */
napi_value own_regions(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value values[4];
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
  struct owner *owner = calloc(1, sizeof *owner);
  if (owner == NULL || pthread_mutex_init(&owner->mutex, NULL) != 0) {
    free(owner);
    return throw_status(env, ISTH_E_OUT_OF_MEMORY, "an owner");
  }
  atomic_init(&owner->uses, 1);
  atomic_init(&owner->users, 1);
  owner->schema = schema_create(env, values[1]);
  if (owner->schema == NULL) {
    owner_release(owner);
    return NULL;
  }
  napi_get_value_string_utf8(env, values[0], owner->path, sizeof owner->path, NULL);
  napi_get_value_uint32(env, values[2], &owner->mode);
  return start(env, owner, values[3]);
}
