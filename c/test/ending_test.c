/* ending_test.c: calls with many replies whose client dies, or whose service stops, in the middle of them. */
#include "served.h"

#include <fcntl.h>

/* ---- the client goes ---- */

static void a_closed_client_ends_its_streams(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client_close(served_connect(&served, NULL));
  WAIT_UNTIL(served_stats(&served).channels_total == 1 && served_stats(&served).channels == 0);
  size_t descriptors = count_descriptors();
  for (int round = 0; round < 3; round++) {
    isth_client *client = served_connect(&served, NULL);
    struct came came[3];
    /* One that waits for credit, one that emits now and then, one that has just begun. */
    (void)start_tick(client, 0, 0, &came[0]);
    (void)start_tick(client, 2000, 0, &came[1]);
    WAIT_UNTIL(seen.ticking == 2 && seen.ticks > 3600);
    (void)start_tick(client, 50000, 0, &came[2]);
    WAIT_UNTIL(seen.ticking == 3);
    isth_client_close(client);
    WAIT_UNTIL(seen.ticking == 0);
    CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
    WAIT_UNTIL(served_stats(&served).streams == 0);
    WAIT_UNTIL(served_stats(&served).channels == 0);
    CHECK_EQUAL(count_descriptors(), descriptors);
    CHECK_EQUAL(count_segments(), 0);
    seen.ticks = 0;
  }
  echo_stop(&served);
}

static char path[64];

/* A client in a process of its own, which takes replies until it is killed. */
static pid_t start_client(void) {
  pid_t child = fork_child();
  if (child != 0) return child;
  isth_client *client = NULL;
  struct came came;
  isth_client_options options = patient_client(NULL);
  WAIT_UNTIL(isth_client_open(&client, path, &served_schema, &options, NULL) == 0);
  (void)start_tick(client, 0, 0, &came);
  for (;;) isth_client_wait(client, 1000000000);
}

static void killed_clients_end_their_streams(void) {
  enum { CLIENTS = 3 };
  pid_t clients[CLIENTS];
  struct echo_service served;
  isth_service_options options;
  isth_service_options_init(&options);
  for (int i = 0; i < CLIENTS; i++) clients[i] = start_client();
  options.path = path;
  options.threads = 2;
  served_start(&served, &options, NULL, 0);
  WAIT_UNTIL(seen.ticking == CLIENTS && seen.ticks > 10000);
  isth_client *witness = served_connect(&served, NULL);
  for (int i = 0; i < CLIENTS; i++) {
    kill_child(clients[i]);
    WAIT_UNTIL(served_stats(&served).streams == (uint64_t)(CLIENTS - 1 - i));
    CHECK_EQUAL(isth_client_call_sync(witness, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  }
  CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
  WAIT_UNTIL(served_stats(&served).channels == 1);
  CHECK_EQUAL(served_stats(&served).corrupt_channels, 0);
  isth_client_close(witness);
  echo_stop(&served);
}

/* ---- the service stops ---- */

static void a_stopped_service_ends_its_streams(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct came waiting, ticking;
  (void)start_tick(client, 0, 0, &waiting);
  (void)start_tick(client, 1000, 0, &ticking);
  WAIT_UNTIL(seen.ticking == 2 && seen.ticks > 3600);
  echo_stop(&served);
  /* Told at once, and none was left behind. */
  CHECK_EQUAL(seen.ticking, 0);
  CHECK_EQUAL(seen.tick_ended, ISTH_E_INSTANCE_LOST);
  /* All that was emitted is there, and how each ended. */
  await_end(client, &waiting);
  await_end(client, &ticking);
  CHECK_EQUAL(waiting.replies + ticking.replies, seen.ticks);
  CHECK_EQUAL(waiting.status, ISTH_E_INSTANCE_LOST);
  CHECK_EQUAL(ticking.status, ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
}

static atomic_int polite, leave;

/* Looks whether it should end, and then says that all is well, whether it was told or not. */
static int on_polite(isth_call *call, void *user) {
  (void)user;
  polite++;
  while (!isth_call_cancelled(call) && leave == 0) usleep(1000);
  polite--;
  return 0;
}

static void a_stream_that_was_cut_short_does_not_end_well(void) {
  static const struct served_handler added[] = {{SELF_STREAM, on_polite, NULL}};
  for (int told = 0; told < 2; told++) {
    struct echo_service served;
    struct came came = {.ends = 0};
    isth_request request = {.method = SELF_STREAM, .callback = take_came, .user = &came, .replies = ISTH_REPLIES_MANY};
    served_start(&served, NULL, added, 1);
    leave = 0;
    isth_client *client = served_connect(&served, NULL);
    CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    WAIT_UNTIL(polite == 1);
    leave = 1 - told;
    if (leave == 1) WAIT_UNTIL(polite == 0);
    echo_stop(&served);
    await_end(client, &came);
    CHECK_EQUAL(came.status, told ? ISTH_E_INSTANCE_LOST : 0);
    isth_client_close(client);
  }
}

/* Does not look, and does not end for a while. */
static atomic_int stubborn, emitted;
static int on_stubborn(isth_call *call, void *user) {
  (void)user;
  stubborn = 1;
  while (stubborn == 1) usleep(1000);
  /* Its service has gone: all that it may still ask for works, and comes to nothing. */
  isth_message *out = isth_call_out(call);
  CHECK(out != NULL && isth_message_write(out, "late", 4));
  emitted = isth_call_emit(call, out->bytes, out->size);
  CHECK(isth_call_cancelled(call));
  CHECK_EQUAL(isth_call_in(call)->size, 0);
  stubborn = 0;
  return 0;
}

static void a_handler_that_does_not_end_is_left_behind(void) {
  static const struct served_handler added[] = {{STUBBORN, on_stubborn, NULL}};
  struct echo_service served;
  struct came came = {.ends = 0};
  size_t threads = count_threads();
  isth_request request = {.method = STUBBORN, .callback = take_came, .user = &came, .replies = ISTH_REPLIES_MANY};
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(stubborn == 1);
  uint64_t begin_ns = isth_now_ns();
  echo_stop(&served);
  uint64_t took_ns = isth_now_ns() - begin_ns;
  CHECK(took_ns > 1900000000 && took_ns < PATIENT_NS / 2);
  await_end(client, &came);
  CHECK_EQUAL(came.status, ISTH_E_INSTANCE_LOST);
  stubborn = 2;
  WAIT_UNTIL(stubborn == 0);
  CHECK_EQUAL(emitted, ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
  WAIT_UNTIL(count_threads() <= threads); /* its thread frees the last of the service's memory */
}

/* Clients begin streams without end while the service stops: each call ends one way or the other. */
static void streams_that_begin_while_it_stops_end_too(void) {
  for (int round = is_slow() ? 5 : 40; round > 0; round--) {
    enum { STREAMS = 20 };
    struct echo_service served;
    isth_service_options options;
    isth_service_options_init(&options);
    options.max_streams = 5;
    options.threads = 2;
    served_start(&served, &options, NULL, 0);
    isth_client *client = served_connect(&served, NULL);
    struct came came[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
      (void)start_tick(client, i % 2 == 0 ? 0 : 100, 0, &came[i]);
      if (i == STREAMS / 2) isth_service_stop(served.service);
    }
    for (int i = 0; i < STREAMS; i++) {
      await_end(client, &came[i]);
      CHECK(came[i].status == ISTH_E_INSTANCE_LOST || came[i].status == ISTH_E_TOO_MANY_CALLS ||
            came[i].status == ISTH_E_INSTANCE_DRAINING);
    }
    echo_stop(&served);
    CHECK_EQUAL(seen.ticking, 0);
    isth_client_close(client);
  }
}

/* ---- what else uses the service ---- */

static void count_stop(void *user) { ++*(int *)user; }

static void who_asked_is_told_once_that_it_stops(void) {
  struct echo_service served;
  isth_service_options options;
  int stops = 0;
  isth_service_options_init(&options);
  options.path = path;
  CHECK_EQUAL(isth_service_open(&served.service, &served_schema, &options, NULL), 0);
  CHECK_EQUAL(isth_service_on_stop(served.service, NULL, &stops), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_service_on_stop(served.service, count_stop, &stops), 0);
  CHECK_EQUAL(isth_service_on_stop(served.service, count_stop, &stops), ISTH_E_INVALID_ARGUMENT);
  isth_service_stop(served.service);
  CHECK_EQUAL(stops, 0);
  CHECK_EQUAL(isth_service_run(served.service, NULL), 0);
  CHECK_EQUAL(stops, 1);
  CHECK_EQUAL(isth_service_on_stop(served.service, count_stop, &stops), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_service_run(served.service, NULL), ISTH_E_INVALID_ARGUMENT);
  isth_service_close(served.service);
  CHECK_EQUAL(stops, 1);
  /* Where it cannot start. */
  options.parent_fd = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(isth_service_open(&served.service, &served_schema, &options, NULL), 0);
  CHECK_EQUAL(isth_service_on_stop(served.service, count_stop, &stops), 0);
  CHECK_EQUAL(isth_service_run(served.service, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(stops, 2);
  isth_service_close(served.service);
  close(options.parent_fd);
  /* And where it never did. */
  options.parent_fd = -1;
  CHECK_EQUAL(isth_service_open(&served.service, &served_schema, &options, NULL), 0);
  CHECK_EQUAL(isth_service_on_stop(served.service, count_stop, &stops), 0);
  isth_service_close(served.service);
  CHECK_EQUAL(stops, 2);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/isth-test-%d-ending.sock", (int)getpid());
  static const struct test_case tests[] = {
      {"killed clients end their streams", killed_clients_end_their_streams},
      {"a closed client ends its streams", a_closed_client_ends_its_streams},
      {"a stopped service ends its streams", a_stopped_service_ends_its_streams},
      {"a stream that was cut short does not end well", a_stream_that_was_cut_short_does_not_end_well},
      {"a handler that does not end is left behind", a_handler_that_does_not_end_is_left_behind},
      {"streams that begin while it stops end too", streams_that_begin_while_it_stops_end_too},
      {"who asked is told once that it stops", who_asked_is_told_once_that_it_stops},
  };
  return RUN_TESTS("ending_test", tests);
}
