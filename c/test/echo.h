/* echo.h: a service for tests, on a thread of its own: method 1 echoes, the others do what their names say. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef ISTH_TEST_ECHO_H
#define ISTH_TEST_ECHO_H

#include "check.h"
#include "patient.h"

#include <isthmus/isthmus.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { ECHO = 1, REFUSE = 2, SLEEP = 3, REMAINING = 4, TRACE = 5, BIG = 6, MISSING = 7, STREAM = 8, FORGET = 9 };

static const isth_method echo_methods[] = {
    {ECHO, "echo", 0, 0, ISTH_REPLIES_ONE},       {REFUSE, "refuse", 0, 0, ISTH_REPLIES_ONE},
    {SLEEP, "sleep", 8, 0, ISTH_REPLIES_ONE},     {REMAINING, "remaining", 0, 8, ISTH_REPLIES_ONE},
    {TRACE, "trace", 0, 24, ISTH_REPLIES_ONE},    {BIG, "big", 8, 0, ISTH_REPLIES_ONE},
    {MISSING, "missing", 0, 0, ISTH_REPLIES_ONE}, {STREAM, "stream", 0, 0, ISTH_REPLIES_MANY},
    {FORGET, "forget", 0, 0, ISTH_REPLIES_NONE}};
static const char *const echo_text[] = {"service echo\n", "method echo 1\n", NULL};
static const isth_schema echo_schema = {"echo", {1, 2, 3}, echo_text, echo_methods, 9, NULL, 0};

static int on_echo(isth_call *call, void *user) {
  size_t size;
  const void *input = isth_call_input(call, &size);
  void *output = isth_call_output(call, size);
  (void)user;
  if (output == NULL) return isth_refuse(call, ISTH_E_REPLY_TOO_LARGE, "%zu bytes", size);
  memcpy(output, input, size);
  return 0;
}

static int on_refuse(isth_call *call, void *user) {
  (void)user;
  return isth_refuse(call, 7, "refused with %s", "seven");
}

static int on_sleep(isth_call *call, void *user) {
  size_t size;
  const uint64_t *microseconds = isth_call_input(call, &size);
  (void)user;
  if (size != sizeof *microseconds) return ISTH_E_INVALID_INPUT;
  usleep((useconds_t)*microseconds);
  return 0;
}

static int on_remaining(isth_call *call, void *user) {
  int64_t left = isth_call_remaining_ns(call);
  (void)user;
  memcpy(isth_call_output(call, sizeof left), &left, sizeof left);
  return 0;
}

static int on_trace(isth_call *call, void *user) {
  (void)user;
  memcpy(isth_call_output(call, sizeof(isth_trace)), isth_call_trace(call), sizeof(isth_trace));
  return 0;
}

static int on_big(isth_call *call, void *user) {
  size_t size;
  const uint64_t *wanted = isth_call_input(call, &size);
  (void)user;
  if (isth_call_output(call, *wanted) == NULL) return ISTH_E_REPLY_TOO_LARGE;
  return 0;
}

/* Sends the input back, once for each of its bytes; the first one's value says when to look at whether it should
 * end. */
static int on_stream(isth_call *call, void *user) {
  const isth_message *in = isth_call_in(call);
  int error = 0;
  (void)user;
  for (size_t i = 0; i < in->size && error == 0; i++) {
    if (i == in->bytes[0] && isth_call_cancelled(call)) return ISTH_E_CANCELLED;
    error = isth_call_emit(call, in->bytes, in->size);
  }
  return error;
}

static int on_forget(isth_call *call, void *user) {
  (void)user;
  return isth_call_in(call)->size == 0 ? ISTH_E_INVALID_INPUT : 0;
}

struct echo_service {
  isth_service *service;
  pthread_t thread;
  char path[64];
};

static void *echo_run(void *argument) {
  struct echo_service *echo = argument;
  isth_failure failure;
  CHECK_EQUAL(isth_service_run(echo->service, &failure), 0);
  return NULL;
}

/* Listens on options->path and registers the handlers; isth_service_run is left to the caller. */
static inline void echo_open(struct echo_service *echo, const isth_service_options *options) {
  isth_failure failure;
  isth_service_options patient = patient_service(options);
  int error = isth_service_open(&echo->service, &echo_schema, &patient, &failure);
  if (error != 0) fprintf(stderr, "open: %s\n", failure.message);
  CHECK_EQUAL(error, 0);
  CHECK_EQUAL(isth_service_handle(echo->service, ECHO, 0, on_echo, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, REFUSE, 0, on_refuse, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, SLEEP, 0, on_sleep, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, REMAINING, 8, on_remaining, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, TRACE, 24, on_trace, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, BIG, 0, on_big, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, STREAM, 0, on_stream, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo->service, FORGET, 0, on_forget, NULL), 0);
}

static inline void echo_start(struct echo_service *echo, isth_service_options *options) {
  static int number;
  isth_service_options defaults;
  if (options == NULL) {
    isth_service_options_init(&defaults);
    options = &defaults;
  }
  snprintf(echo->path, sizeof echo->path, "/tmp/isth-test-%d-%d.sock", (int)getpid(), number++);
  options->path = echo->path;
  echo_open(echo, options);
  CHECK_EQUAL(pthread_create(&echo->thread, NULL, echo_run, echo), 0);
}

static inline void echo_stop(struct echo_service *echo) {
  isth_service_stop(echo->service);
  pthread_join(echo->thread, NULL);
  CHECK(access(echo->path, F_OK) != 0);
  isth_service_close(echo->service);
}

static inline isth_client *echo_connect(const struct echo_service *echo, const isth_client_options *options) {
  isth_client *client;
  isth_failure failure = {0, ""};
  isth_client_options patient = patient_client(options);
  int error = isth_client_open(&client, echo->path, &echo_schema, &patient, &failure);
  if (error != 0) fprintf(stderr, "connect: %s: %s\n", isth_error_name(error), failure.message);
  CHECK_EQUAL(error, 0);
  return client;
}

#endif
