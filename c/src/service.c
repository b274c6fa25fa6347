#include "service.h"

#include <isthmus/region.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failpoint.h"
#include "seats.h"

enum {
  MAX_METHOD_ID = 65535,
  MAX_STREAMS = 4096,
  /* As many as a client can have in flight: by default none that keeps to its limit is ever refused. */
  MAX_DEFERRED = 1 << 16
};

void isth_service_options_init(isth_service_options *options) {
  *options = (isth_service_options){.mode = 0600,
                                    .threads = 1,
                                    .wait = ISTH_WAIT_ADAPTIVE,
                                    .spin_ns = 50000,
                                    .max_channels = 256,
                                    .max_segment_bytes = UINT64_C(256) << 20,
                                    .handshake_timeout_ns = 2000000000,
                                    .parent_fd = -1,
                                    .max_streams = 64,
                                    .stall_timeout_ns = UINT64_C(30000000000),
                                    .max_waiting_bytes = UINT64_C(64) << 20,
                                    .max_total_bytes = UINT64_C(4) << 30,
                                    .max_deferred = MAX_DEFERRED,
                                    .drain_timeout_ns = UINT64_C(10000000000)};
}

static int fill_service_options(isth_service_options *options, const isth_service_options *given,
                                isth_failure *failure) {
  isth_service_options defaults;
  isth_service_options_init(&defaults);
  *options = given == NULL ? defaults : *given;
  if (options->path == NULL) options->path = getenv("ISTHMUS_SOCKET");
  if (options->mode == 0) options->mode = defaults.mode;
  if (options->threads == 0) options->threads = defaults.threads;
  if (options->spin_ns == 0) options->spin_ns = defaults.spin_ns;
  if (options->max_channels == 0) options->max_channels = defaults.max_channels;
  if (options->max_segment_bytes == 0) options->max_segment_bytes = defaults.max_segment_bytes;
  if (options->handshake_timeout_ns == 0) options->handshake_timeout_ns = defaults.handshake_timeout_ns;
  if (options->max_streams == 0) options->max_streams = defaults.max_streams;
  if (options->stall_timeout_ns == 0) options->stall_timeout_ns = defaults.stall_timeout_ns;
  if (options->max_waiting_bytes == 0) options->max_waiting_bytes = defaults.max_waiting_bytes;
  if (options->max_total_bytes == 0) options->max_total_bytes = defaults.max_total_bytes;
  if (options->max_segment_bytes > options->max_total_bytes) options->max_segment_bytes = options->max_total_bytes;
  if (options->max_deferred == 0) options->max_deferred = defaults.max_deferred;
  if (options->drain_timeout_ns == 0) options->drain_timeout_ns = defaults.drain_timeout_ns;
  if (options->threads > ISTH_MAX_LANES)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "threads is at most %d", ISTH_MAX_LANES);
  if (options->max_streams > MAX_STREAMS)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "max_streams is at most %d", MAX_STREAMS);
  if (options->max_deferred > MAX_DEFERRED)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "max_deferred is at most %d", MAX_DEFERRED);
  if (options->wait > ISTH_WAIT_SPIN) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "there is no such wait mode");
  if ((options->mode & ~0777u) != 0)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "mode %o is not a socket's", options->mode);
  return 0;
}

/* Joins the pieces of the schema's text, and makes room for a handler for each method. */
static int take_schema(isth_service *service, isth_failure *failure) {
  const isth_schema *schema = service->schema;
  size_t bytes = 0;
  for (const char *const *piece = schema->text; piece != NULL && *piece != NULL; piece++) bytes += strlen(*piece);
  if (bytes > ISTH__MAX_TEXT_BYTES || schema->name == NULL || strlen(schema->name) >= ISTH_NAME_BYTES)
    return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "its text is over 1 MiB, or its name over %d bytes",
                      ISTH_NAME_BYTES - 1);
  uint32_t last = 0;
  for (size_t i = 0; i < schema->method_count; i++) {
    uint32_t id = schema->methods[i].id;
    if (id == 0 || id > MAX_METHOD_ID)
      return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "method numbers are 1 to %d", MAX_METHOD_ID);
    if (schema->methods[i].replies > ISTH_REPLIES_NONE)
      return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "method number %u has no such number of replies", (unsigned)id);
    if (id > last) last = id;
  }
  service->text = malloc(bytes + 1);
  service->handlers = calloc((size_t)last + 1, sizeof *service->handlers);
  if (service->text == NULL || service->handlers == NULL)
    return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "a schema of %zu bytes", bytes);
  service->handler_count = last + 1;
  service->text[0] = '\0';
  char *end = service->text;
  for (const char *const *piece = schema->text; piece != NULL && *piece != NULL; piece++) {
    size_t length = strlen(*piece);
    memcpy(end, *piece, length);
    end += length;
  }
  service->text_bytes = (uint32_t)bytes;
  return 0;
}

/* Makes the memory of the regions, and the service's own access to each. */
static int make_regions(isth_service *service, isth_failure *failure) {
  const isth_schema *schema = service->schema;
  if (schema->region_count == 0) return 0;
  int error = isth__regions_create(&service->regions, schema, failure);
  if (error != 0) return error;
  service->region_handles = calloc(schema->region_count, sizeof(isth_region *));
  if (service->region_handles == NULL)
    return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "%zu regions", schema->region_count);
  ISTH__FAILPOINT(regions_made);
  for (uint32_t i = 0; i < schema->region_count && error == 0; i++)
    error = isth__regions_open(service->regions, i + 1, &service->region_handles[i]);
  return error == 0 ? 0 : isth__fail(failure, error, "%s", isth_error_message(error));
}

isth_region *isth_service_region(isth_service *service, uint32_t id) {
  return id >= 1 && id <= service->schema->region_count ? service->region_handles[id - 1] : NULL;
}

int isth_service_open(isth_service **opened, const isth_schema *schema, const isth_service_options *options,
                      isth_failure *failure) {
  *opened = NULL;
  if (schema == NULL) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a service needs a schema");
  isth_service *service = calloc(1, sizeof *service);
  if (service == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "a service");
  service->schema = schema;
  service->listener = service->spare = -1;
  int error = isth__wake_create(service->event);
  if (error != 0) error = isth__fail(failure, ISTH_E_SYSTEM, "socketpair: %s", strerror(-error));
  if (error == 0) error = fill_service_options(&service->options, options, failure);
  if (error == 0) error = isth__pins_take(&service->pins, &service->options, failure);
  if (error == 0) error = isth__allowed_take(&service->allowed, &service->options, failure);
  if (error == 0) error = take_schema(service, failure);
  if (error == 0) error = make_regions(service, failure);
  if (error == 0) {
    service->seats = isth__seats_create(service->options.max_streams, service->options.threads);
    if (service->seats == NULL) error = isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "the streams");
  }
  if (error == 0) error = isth__workers_create(service, failure);
  if (error == 0) error = isth__listen(service, failure);
  if (error != 0) {
    isth_service_close(service);
    return error;
  }
  *opened = service;
  return 0;
}

int isth_service_handle(isth_service *service, uint32_t method, uint32_t reply_bytes, isth_handler handler,
                        void *user) {
  if (handler == NULL || service->running) return ISTH_E_INVALID_ARGUMENT;
  for (size_t i = 0; i < service->schema->method_count; i++) {
    if (service->schema->methods[i].id != method) continue;
    if (service->handlers[method].handler != NULL) return ISTH_E_INVALID_ARGUMENT;
    service->handlers[method] =
        (struct isth__method_handler){handler, user, reply_bytes, service->schema->methods[i].replies};
    return 0;
  }
  return ISTH_E_INVALID_ARGUMENT;
}

int isth_service_on_stop(isth_service *service, void (*stop)(void *user), void *user) {
  if (stop == NULL || service->on_stop != NULL || service->running) return ISTH_E_INVALID_ARGUMENT;
  service->on_stop = stop;
  service->on_stop_user = user;
  return 0;
}

int isth_service_run(isth_service *service, isth_failure *failure) {
  if (service->running) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a service runs once");
  service->running = true;
  int error = isth__control_run(service, failure);
  isth__unlisten(service);
  if (service->on_stop != NULL) service->on_stop(service->on_stop_user);
  return error;
}

void isth_service_stop(isth_service *service) {
  isth__store_release(&service->stopping, 1); /* to serve_control */
  isth__wake_signal(service->event[ISTH__WAKE_SIGNAL]);
}

void isth_service_drain(isth_service *service) {
  /* Pairs with the acquire in control.c's serve_control. */
  isth__store_release(&service->drain_asked, 1);
  isth__wake_signal(service->event[ISTH__WAKE_SIGNAL]);
}

void isth_service_close(isth_service *service) {
  if (service == NULL) return;
  isth__unlisten(service);
  isth__workers_destroy(service);
  isth__seats_release(service->seats);
  isth__wake_close(service->event);
  for (size_t i = 0; service->region_handles != NULL && i < service->schema->region_count; i++)
    isth_region_close(service->region_handles[i]);
  free(service->region_handles);
  isth__regions_release(service->regions);
  free(service->handlers);
  free(service->text);
  free(service);
}

void isth_service_get_stats(const isth_service *service, isth_service_stats *stats) {
  stats->channels = isth__load_relaxed(&service->open_channels);
  stats->channels_total = isth__load_relaxed(&service->channels_total);
  stats->refused = isth__load_relaxed(&service->refused);
  stats->corrupt_channels = isth__load_relaxed(&service->corrupt_channels);
  stats->streams = isth__seats_taken(service->seats);
  isth__workers_count(service, stats);
}
