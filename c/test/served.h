/*
 * served.h: a service of all kinds of calls for tests, and a client's record of what came back. echo.h has the thread
 * that it runs on: struct echo_service, echo_stop.
 */
#ifndef ISTH_TEST_SERVED_H
#define ISTH_TEST_SERVED_H

#include "echo.h"

#include "resources.h"

#include <stdatomic.h>

enum { COUNT = 1, TICK = 2, NOTE = 3, LATER = 4, PLAIN = 5, STUBBORN = 6, SELF_STREAM = 7, UNSERVED = 8 };

static const isth_method served_methods[] = {{COUNT, "count", 16, 0, ISTH_REPLIES_MANY},
                                             {TICK, "tick", 8, 8, ISTH_REPLIES_MANY},
                                             {NOTE, "note", 8, 0, ISTH_REPLIES_NONE},
                                             {LATER, "later", 0, 0, ISTH_REPLIES_ONE},
                                             {PLAIN, "plain", 0, 0, ISTH_REPLIES_ONE},
                                             {STUBBORN, "stubborn", 0, 0, ISTH_REPLIES_MANY},
                                             {SELF_STREAM, "selfStream", 0, 0, ISTH_REPLIES_MANY},
                                             {UNSERVED, "unserved", 0, 0, ISTH_REPLIES_MANY}};
static const isth_schema served_schema = {"served", {7, 7}, NULL, served_methods, 8, NULL, 0};

/* What handlers saw, for tests to look at. */
static struct {
  atomic_int ticking;         /* handlers of TICK that run */
  atomic_int tick_ended;      /* why the last one ended */
  atomic_ullong ticks;        /* what they emitted */
  atomic_ullong notes, noted; /* calls of NOTE, and the sum of their values */
} seen;

struct count_request {
  uint64_t count; /* replies to emit */
  uint32_t bytes; /* of each, at least 8: its number, then as many bytes of its last digit */
  int32_t status; /* what to end with; above 0 with a message */
};

static void fill_count(unsigned char *reply, size_t bytes, uint64_t number) {
  memset(reply, (int)(number % 251), bytes);
  memcpy(reply, &number, sizeof number);
}

static int on_count(isth_call *call, void *user) {
  struct count_request request;
  (void)user;
  const isth_message *in = isth_call_in(call);
  if (in->size != sizeof request) return ISTH_E_INVALID_INPUT;
  memcpy(&request, in->bytes, sizeof request);
  for (uint64_t number = 0; number < request.count; number++) {
    isth_message *out = isth_call_out(call);
    unsigned char *reply = isth_message_begin(out, request.bytes);
    if (reply == NULL) return ISTH_E_REPLY_TOO_LARGE;
    fill_count(reply, request.bytes, number);
    int error = isth_call_emit(call, out->bytes, out->size);
    if (error != 0) return error;
  }
  return request.status > 0 ? isth_refuse(call, request.status, "counted to %llu", (unsigned long long)request.count)
                            : request.status;
}

/* Emits a number each so many microseconds until it is told to end. */
static int on_tick(isth_call *call, void *user) {
  size_t size;
  const uint64_t *microseconds = isth_call_input(call, &size);
  int error = 0;
  (void)user;
  seen.ticking++;
  for (uint64_t number = 0; error == 0; number++) {
    if (*microseconds > 0) usleep((useconds_t)*microseconds);
    error = isth_call_emit(call, &number, sizeof number);
    seen.ticks += error == 0;
  }
  seen.tick_ended = error;
  seen.ticking--;
  return error;
}

static int on_note(isth_call *call, void *user) {
  uint64_t value = 0;
  (void)user;
  const isth_message *in = isth_call_in(call);
  if (in->size == sizeof value) memcpy(&value, in->bytes, sizeof value);
  CHECK(isth_call_id(call) == 0);
  CHECK(isth_call_output(call, 8) == NULL);
  CHECK(isth_call_out(call) == NULL);
  CHECK(isth_call_defer(call) == NULL);
  CHECK_EQUAL(isth_call_emit(call, NULL, 0), ISTH_E_INVALID_ARGUMENT);
  seen.noted += value;
  seen.notes++;
  if (value >= 1000) usleep((useconds_t)value);
  return value == 0 ? isth_refuse(call, 3, "nothing to note") : 0;
}

/* Holds up the only serving thread, from when `held` is 1 until it is 2. */
static atomic_int held;
static inline int on_held(isth_call *call, void *user) {
  (void)call;
  (void)user;
  held = 1;
  while (held == 1) usleep(1000);
  return 0;
}

/* Sends nothing until it is told to end. `quiet_end` is 1 while it runs, and then why it was to end. */
static atomic_int quiet_end;
static inline int on_quiet(isth_call *call, void *user) {
  (void)user;
  quiet_end = 1;
  while (!isth_call_cancelled(call)) usleep(1000);
  int told = isth_call_emit(call, NULL, 0);
  quiet_end = told;
  return told;
}

static int on_plain(isth_call *call, void *user) {
  (void)user;
  CHECK_EQUAL(isth_call_emit(call, NULL, 0), ISTH_E_INVALID_ARGUMENT);
  return on_echo(call, user);
}

struct served_handler {
  uint32_t method;
  isth_handler handler;
  void *user;
};

/* Starts a service with on_count, on_tick, on_note, on_plain and what the test adds; on a path of its own, unless one
 * is given. */
static inline void served_start(struct echo_service *served, isth_service_options *options,
                                const struct served_handler *added, size_t count) {
  static const struct served_handler handlers[] = {
      {COUNT, on_count, NULL}, {TICK, on_tick, NULL}, {NOTE, on_note, NULL}, {PLAIN, on_plain, NULL}};
  static int number;
  isth_service_options defaults;
  isth_failure failure;
  if (options == NULL) {
    isth_service_options_init(&defaults);
    options = &defaults;
  }
  if (options->path == NULL) {
    snprintf(served->path, sizeof served->path, "/tmp/isth-served-%d-%d.sock", (int)getpid(), number++);
    options->path = served->path;
  } else {
    snprintf(served->path, sizeof served->path, "%s", options->path);
  }
  seen.ticks = seen.notes = seen.noted = 0;
  isth_service_options patient = patient_service(options);
  CHECK_EQUAL(isth_service_open(&served->service, &served_schema, &patient, &failure), 0);
  for (size_t i = 0; i < sizeof handlers / sizeof handlers[0] + count; i++) {
    const struct served_handler *at = i < count ? &added[i] : &handlers[i - count];
    CHECK_EQUAL(isth_service_handle(served->service, at->method, 0, at->handler, at->user), 0);
  }
  CHECK_EQUAL(pthread_create(&served->thread, NULL, echo_run, served), 0);
}

static inline isth_client *served_connect(const struct echo_service *served, const isth_client_options *options) {
  isth_client *client;
  isth_failure failure = {0, ""};
  isth_client_options patient = patient_client(options);
  int error = isth_client_open(&client, served->path, &served_schema, &patient, &failure);
  if (error != 0) fprintf(stderr, "connect: %s: %s\n", isth_error_name(error), failure.message);
  CHECK_EQUAL(error, 0);
  return client;
}

static inline isth_service_stats served_stats(const struct echo_service *served) {
  isth_service_stats stats;
  isth_service_get_stats(served->service, &stats);
  return stats;
}

/* What came of one call of COUNT or TICK: replies must be numbered from 0 without a gap. */
struct came {
  uint64_t replies, bytes;
  int ends, status;
  char message[ISTH_MESSAGE_BYTES];
};

static inline void take_came(const isth_reply *reply) {
  struct came *came = reply->user;
  CHECK_EQUAL(came->ends, 0);
  if (reply->more) {
    uint64_t number;
    const unsigned char *bytes = reply->payload;
    CHECK_EQUAL(reply->status, 0);
    CHECK(reply->size >= sizeof number);
    CHECK_EQUAL(reply->credit, reply->size + 64);
    memcpy(&number, bytes, sizeof number);
    CHECK_EQUAL(number, came->replies);
    if (reply->size > 8) CHECK_EQUAL(bytes[reply->size - 1], number % 251);
    came->replies++;
    came->bytes += reply->size;
    return;
  }
  CHECK_EQUAL(reply->credit, 0);
  came->ends++;
  came->status = reply->status;
  CHECK(reply->size < sizeof came->message);
  if (reply->size > 0) memcpy(came->message, reply->payload, reply->size);
  came->message[reply->size] = '\0';
}

static inline uint64_t start_count(isth_client *client, const struct count_request *count, uint64_t timeout_ns,
                                   struct came *came) {
  uint64_t id;
  isth_request request = {.method = COUNT,
                          .payload = count,
                          .size = sizeof *count,
                          .deadline_ns = timeout_ns == 0 ? 0 : isth_now_ns() + timeout_ns,
                          .callback = take_came,
                          .user = came,
                          .replies = ISTH_REPLIES_MANY};
  *came = (struct came){.ends = 0};
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  CHECK(id != 0);
  return id;
}

static inline uint64_t start_tick(isth_client *client, uint64_t microseconds, uint64_t timeout_ns, struct came *came) {
  uint64_t id;
  isth_request request = {.method = TICK,
                          .payload = &microseconds,
                          .size = sizeof microseconds,
                          .deadline_ns = timeout_ns == 0 ? 0 : isth_now_ns() + timeout_ns,
                          .callback = take_came,
                          .user = came,
                          .replies = ISTH_REPLIES_MANY};
  *came = (struct came){.ends = 0};
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  return id;
}

/* Takes what comes until the call has ended. */
static inline void await_end(isth_client *client, const struct came *came) {
  uint64_t until_ns = isth_now_ns() + 20000000000u;
  while (came->ends == 0 && isth_now_ns() < until_ns) isth_client_wait(client, 100000000);
  CHECK_EQUAL(came->ends, 1);
}

static inline void await_replies(isth_client *client, const struct came *came, uint64_t count) {
  uint64_t until_ns = isth_now_ns() + 20000000000u;
  while (came->replies < count && came->ends == 0 && isth_now_ns() < until_ns) isth_client_wait(client, 100000000);
  CHECK(came->replies >= count);
}

#endif
