/* limits_test.c: what a service takes on for its clients at most, where its options say so. */
#include "raw.h"
#include "served.h"

/* ---- memory ---- */

/* A client with rings of so many bytes, or NULL: `*error` says why not. */
static isth_client *client_with(const struct echo_service *served, uint32_t ring_bytes, int *error,
                                isth_failure *failure) {
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  options.request_ring_bytes = options.reply_ring_bytes = ring_bytes;
  *error = isth_client_open(&client, served->path, &served_schema, &options, failure);
  return client;
}

static void the_memory_of_all_clients_is_bounded(void) {
  enum { RING = 1 << 16, CLIENTS = 3 };
  struct isth__shape shape = {1, RING, RING};
  struct echo_service served;
  isth_client *clients[CLIENTS];
  isth_failure failure;
  isth_service_options options;
  int error;
  isth_service_options_init(&options);
  options.max_total_bytes = CLIENTS * isth__segment_bytes(&shape) + 4096;
  served_start(&served, &options, NULL, 0);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < CLIENTS; i++) {
      clients[i] = client_with(&served, RING, &error, &failure);
      CHECK_EQUAL(error, 0);
    }
    /* One that would take less than the others does not fit either. */
    for (uint32_t bytes = RING; bytes >= 4096; bytes /= 4) {
      CHECK(client_with(&served, bytes, &error, &failure) == NULL);
      CHECK_EQUAL(error, ISTH_E_CHANNEL_LIMIT);
      CHECK(strstr(failure.message, "max_total_bytes") != NULL);
    }
    CHECK_EQUAL(served_stats(&served).refused, (uint64_t)(round + 1) * 3);
    for (int i = 0; i < CLIENTS; i++) isth_client_close(clients[i]);
    /* Counted until the memory is given back. */
    WAIT_UNTIL(served_stats(&served).channels == 0);
  }
  echo_stop(&served);
}

static void a_segment_beyond_all_memory_is_never_brought(void) {
  struct isth__shape shape = {1, 1 << 16, 1 << 16};
  struct echo_service served;
  isth_failure failure;
  isth_service_options options;
  int error;
  isth_service_options_init(&options);
  options.max_total_bytes = isth__segment_bytes(&shape);
  served_start(&served, &options, NULL, 0);
  /* That cannot become better by waiting, and the client is told before it makes one. */
  CHECK(client_with(&served, 1 << 17, &error, &failure) == NULL);
  CHECK_EQUAL(error, ISTH_E_SEGMENT_REFUSED);
  isth_client *client = client_with(&served, 1 << 16, &error, &failure);
  CHECK_EQUAL(error, 0);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- deferred calls ---- */

static isth_responder *held_responders[8];
static atomic_int held_count, not_deferred;

static int on_later(isth_call *call, void *user) {
  (void)user;
  isth_responder *responder = isth_call_defer(call);
  if (responder == NULL) {
    not_deferred++;
    return ISTH_E_TOO_MANY_CALLS;
  }
  held_responders[held_count] = responder;
  held_count++;
  return 0;
}

static int last_status;
static void take_status(const isth_reply *reply) {
  last_status = reply->status;
  ++*(int *)reply->user;
}

static void call_later(isth_client *client, int *outcomes) {
  isth_request request = {.method = LATER, .callback = take_status, .user = outcomes};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
}

static void deferred_calls_are_bounded_for_each_client(void) {
  enum { MOST = 3 };
  static const struct served_handler added[] = {{LATER, on_later, NULL}};
  struct echo_service served;
  isth_service_options options;
  int outcomes = 0, others = 0;
  isth_service_options_init(&options);
  options.max_deferred = MOST;
  served_start(&served, &options, added, 1);
  isth_client *client = served_connect(&served, NULL), *other = served_connect(&served, NULL);
  for (int i = 0; i < MOST + 1; i++) call_later(client, &outcomes);
  WAIT_UNTIL((isth_client_poll(client, 0), outcomes == 1));
  CHECK_EQUAL(last_status, ISTH_E_TOO_MANY_CALLS);
  CHECK_EQUAL(held_count, MOST);
  CHECK_EQUAL(not_deferred, 1);
  /* Another client has its own. */
  call_later(other, &others);
  WAIT_UNTIL(held_count == MOST + 1);
  /* Answered is answered: there is room for another one. */
  CHECK_EQUAL(isth_respond(held_responders[0], NULL, 0), 0);
  call_later(client, &outcomes);
  WAIT_UNTIL(held_count == MOST + 2);
  CHECK_EQUAL(not_deferred, 1);
  for (int i = 1; i < MOST + 2; i++) CHECK_EQUAL(isth_respond(held_responders[i], NULL, 0), 0);
  WAIT_UNTIL((isth_client_poll(client, 0), outcomes == MOST + 2));
  WAIT_UNTIL((isth_client_poll(other, 0), others == 1));
  CHECK_EQUAL(last_status, 0);
  isth_client_close(client);
  isth_client_close(other);
  echo_stop(&served);
}

/* ---- options ---- */

static int open_with(const isth_service_options *options, isth_failure *failure) {
  isth_service *service;
  int error = isth_service_open(&service, &served_schema, options, failure);
  isth_service_close(service);
  return error;
}

static void limits_have_limits(void) {
  isth_failure failure;
  isth_service_options options;
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-limits-%d.sock", (int)getpid());
  isth_service_options_init(&options);
  CHECK_EQUAL(options.max_deferred, 65536);
  CHECK(options.max_total_bytes == UINT64_C(4) << 30);
  options.path = path;
  options.max_deferred = 65537;
  CHECK_EQUAL(open_with(&options, &failure), ISTH_E_INVALID_ARGUMENT);
  CHECK(strstr(failure.message, "max_deferred is at most 65536") != NULL);
  options.max_deferred = 65536;
  CHECK_EQUAL(open_with(&options, &failure), 0);
  /* 0: the defaults. */
  options.max_deferred = 0;
  options.max_total_bytes = 0;
  CHECK_EQUAL(open_with(&options, &failure), 0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"the memory of all clients is bounded", the_memory_of_all_clients_is_bounded},
      {"a segment beyond all memory is never brought", a_segment_beyond_all_memory_is_never_brought},
      {"deferred calls are bounded for each client", deferred_calls_are_bounded_for_each_client},
      {"limits have limits", limits_have_limits},
  };
  alarm(240);
  return RUN_TESTS("limits_test", tests);
}
