/* drain_test.c: a service that ends without a call that fails: nobody comes in, who is there is told, and is waited for. */
#include "served.h"

#include "fake.h"

/* Waits for a service that was asked to drain to have ended by itself. */
static void join_service(struct echo_service *served) {
  pthread_join(served->thread, NULL);
  CHECK(access(served->path, F_OK) != 0);
  isth_service_close(served->service);
}

static int call_plain(isth_client *client) {
  char reply[5];
  return isth_client_call_sync(client, PLAIN, "hello", 5, reply, sizeof reply, NULL, PATIENT_NS, NULL);
}

/* ---- who is told, and how ---- */

static void a_service_without_clients_ends_at_once(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_service_drain(served.service);
  join_service(&served);
  /* And one that was asked before it ran. */
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = served.path;
  echo_open(&served, &options);
  isth_service_drain(served.service);
  isth_service_drain(served.service);
  CHECK_EQUAL(isth_service_run(served.service, NULL), 0);
  CHECK(access(served.path, F_OK) != 0);
  isth_service_close(served.service);
}

static void it_waits_for_its_clients_to_leave(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *clients[] = {served_connect(&served, NULL), served_connect(&served, NULL)};
  for (int i = 0; i < 2; i++) CHECK(!isth_client_draining(clients[i]));
  isth_service_drain(served.service);
  WAIT_UNTIL(access(served.path, F_OK) != 0);
  for (int i = 0; i < 2; i++) {
    WAIT_UNTIL((isth_client_check(clients[i]), isth_client_draining(clients[i])));
    CHECK_EQUAL(isth_client_status(clients[i]), 0);
    CHECK_EQUAL(served_stats(&served).channels, 2 - (uint64_t)i);
    isth_client_close(clients[i]);
    if (i == 0) WAIT_UNTIL(served_stats(&served).channels == 1);
  }
  join_service(&served);
}

/* No system call is needed to see it, and no poll. */
static void a_client_that_only_sends_learns_of_it(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  isth_service_drain(served.service);
  WAIT_UNTIL(isth_client_draining(client));
  isth_request request = {.method = PLAIN};
  void *payload;
  CHECK_EQUAL(isth_client_call(client, &request, NULL), ISTH_E_INSTANCE_DRAINING);
  CHECK_EQUAL(isth_client_claim(client, &request, &payload, NULL), ISTH_E_INSTANCE_DRAINING);
  CHECK_EQUAL(isth_client_ping(client, 0, 0, NULL, NULL, NULL), ISTH_E_INSTANCE_DRAINING);
  request.replies = ISTH_REPLIES_NONE;
  CHECK_EQUAL(isth_client_call(client, &request, NULL), ISTH_E_INSTANCE_DRAINING);
  isth_failure failure;
  CHECK_EQUAL(isth_client_call_sync(client, PLAIN, NULL, 0, NULL, 0, NULL, 0, &failure), ISTH_E_INSTANCE_DRAINING);
  CHECK_EQUAL(failure.error, ISTH_E_INSTANCE_DRAINING);
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.calls, 0);
  isth_client_close(client);
  join_service(&served);
}

/* An event loop sleeps on the control socket. */
static void a_client_that_sleeps_is_woken(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  struct pollfd ready = {isth_client_control_fd(client), POLLIN, 0};
  CHECK_EQUAL(poll(&ready, 1, 0), 0);
  isth_service_drain(served.service);
  CHECK_EQUAL(poll(&ready, 1, 60000), 1);
  CHECK_EQUAL(ready.revents, POLLIN);
  isth_client_check(client);
  CHECK_EQUAL(isth_client_status(client), 0);
  CHECK(isth_client_draining(client));
  /* Once: so that it can sleep again, for what it still waits for. */
  CHECK_EQUAL(poll(&ready, 1, 0), 0);
  isth_client_close(client);
  join_service(&served);
}

static void say(int control, const void *detail) {
  struct isth__welcome welcome = {.status = 0};
  const char *what = detail;
  welcome_with(control, &welcome, sizeof welcome);
  CHECK(raw_send(control, what, strlen(what), NULL, 0));
  if (strcmp(what, "D") != 0) CHECK(raw_closed(control, 60000));
}

static void a_client_believes_nothing_else(void) {
  static const struct {
    const char *said;
    int status;
  } cases[] = {{"DD", ISTH_E_PEER_CORRUPT}, {"d", ISTH_E_PEER_CORRUPT}, {"D", ISTH_E_INSTANCE_LOST}};
  for (size_t i = 0; i < 3; i++) {
    struct fake fake;
    isth_client *client;
    isth_client_options options = patient_client(NULL);
    fake_start(&fake, say, cases[i].said);
    CHECK_EQUAL(isth_client_open(&client, fake.path, &echo_schema, &options, NULL), 0);
    WAIT_UNTIL((isth_client_check(client), isth_client_status(client) != 0));
    CHECK_EQUAL(isth_client_status(client), cases[i].status);
    isth_request request = {.method = ECHO};
    CHECK_EQUAL(isth_client_call(client, &request, NULL), cases[i].status);
    isth_client_close(client);
    fake_stop(&fake);
  }
}

/* ---- who comes too late ---- */

static void guests_are_sent_away(void) {
  struct echo_service served;
  struct isth__offer offer;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  int silent = raw_connect(served.path), greeted = raw_connect(served.path);
  struct isth__hello hello = raw_hello();
  memcpy(hello.hash, served_schema.hash, sizeof hello.hash);
  CHECK(raw_send(greeted, &hello, sizeof hello, NULL, 0));
  CHECK_EQUAL(raw_receive(greeted, &offer, sizeof offer, 60000), sizeof offer);
  CHECK_EQUAL(offer.status, 0);
  isth_service_drain(served.service);
  CHECK(raw_closed(silent, 60000));
  CHECK(raw_closed(greeted, 60000));
  WAIT_UNTIL(served_stats(&served).refused == 2);
  isth_client *late;
  CHECK_EQUAL(isth_client_open(&late, served.path, &served_schema, NULL, NULL), ISTH_E_NO_INSTANCE);
  CHECK_EQUAL(served_stats(&served).channels_total, 1);
  close(silent);
  close(greeted);
  isth_client_close(client);
  join_service(&served);
}

/* In the queue of the listener, where nobody has looked yet. */
static void who_waits_to_be_let_in_finds_no_instance(void) {
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  snprintf(echo.path, sizeof echo.path, "/tmp/isth-test-%d-drain.sock", (int)getpid());
  options.path = echo.path;
  echo_open(&echo, &options);
  int waiting = raw_connect(echo.path);
  isth_service_drain(echo.service);
  CHECK_EQUAL(isth_service_run(echo.service, NULL), 0);
  CHECK(raw_closed(waiting, 60000));
  close(waiting);
  isth_service_close(echo.service);
}

/* Clients come all the time while it begins: each is served, or finds no instance. */
static void *keep_connecting(void *path) {
  long served = 0;
  for (;;) {
    isth_client *client;
    isth_client_options options = patient_client(NULL);
    int error = isth_client_open(&client, path, &served_schema, &options, NULL);
    if (error == 0) {
      error = call_plain(client);
      if (error != 0) CHECK_EQUAL(error, ISTH_E_INSTANCE_DRAINING);
      isth_client_close(client);
      served++;
    } else {
      CHECK_EQUAL(error, ISTH_E_NO_INSTANCE);
      if (access(path, F_OK) != 0) return (void *)served;
    }
  }
}

static void clients_that_come_meanwhile_are_served_or_find_none(void) {
  enum { THREADS = 3 };
  for (int round = is_slow() ? 3 : 20; round > 0; round--) {
    struct echo_service served;
    pthread_t threads[THREADS];
    served_start(&served, NULL, NULL, 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, keep_connecting, served.path), 0);
    WAIT_UNTIL(served_stats(&served).channels_total >= THREADS);
    isth_service_drain(served.service);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    join_service(&served);
  }
}

/* ---- what is in flight ---- */

static isth_responder *_Atomic deferred;

static int on_deferred(isth_call *call, void *user) {
  (void)user;
  deferred = isth_call_defer(call);
  return 0;
}

static void what_was_sent_is_answered(void) {
  static const struct served_handler added[] = {{LATER, on_deferred, NULL}};
  struct echo_service served;
  struct came counting, later = {.ends = 0};
  isth_client_options narrow;
  isth_client_options_init(&narrow);
  narrow.stream_window_bytes = 1024;
  deferred = NULL;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, &narrow);
  struct count_request request = {20000, 100, 0};
  (void)start_count(client, &request, 0, &counting);
  isth_request call = {.method = LATER, .callback = take_came, .user = &later};
  CHECK_EQUAL(isth_client_call(client, &call, NULL), 0);
  WAIT_UNTIL(deferred != NULL);
  isth_service_drain(served.service);
  WAIT_UNTIL(isth_client_draining(client));
  CHECK_EQUAL(isth_client_call(client, &call, NULL), ISTH_E_INSTANCE_DRAINING);
  /* Credit is no new call. */
  await_end(client, &counting);
  CHECK_EQUAL(counting.replies, request.count);
  CHECK_EQUAL(counting.status, 0);
  CHECK_EQUAL(later.ends, 0);
  CHECK_EQUAL(isth_respond(deferred, "so", 2), 0);
  await_end(client, &later);
  CHECK_EQUAL(later.status, 0);
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_client_close(client);
  join_service(&served);
}

/* What nobody waits for is executed too, also where the client leaves at once. */
static void one_way_calls_that_were_sent_are_executed(void) {
  static const struct served_handler added[] = {{LATER, on_held, NULL}};
  enum { NOTES = 500 };
  struct echo_service served;
  isth_request hold = {.method = LATER};
  uint64_t value = 1;
  isth_request note = {.method = NOTE, .payload = &value, .size = sizeof value, .replies = ISTH_REPLIES_NONE};
  held = 0;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  CHECK_EQUAL(isth_client_call(client, &hold, NULL), 0);
  WAIT_UNTIL(held == 1);
  for (int i = 0; i < NOTES; i++) CHECK_EQUAL(isth_client_call(client, &note, NULL), 0);
  isth_service_drain(served.service);
  WAIT_UNTIL(isth_client_draining(client));
  isth_client_close(client);
  held = 2;
  join_service(&served);
  CHECK_EQUAL(seen.notes, NOTES);
}

struct caller {
  const char *path;
  isth_wait wait;
  uint64_t answered;
  atomic_bool began;
};

/* Calls without pause until it is told; nothing else may come of a call but its answer. */
static void *keep_calling(void *argument) {
  struct caller *caller = argument;
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  options.wait = caller->wait;
  CHECK_EQUAL(isth_client_open(&client, caller->path, &served_schema, &options, NULL), 0);
  int error;
  while ((error = call_plain(client)) == 0) {
    caller->answered++;
    caller->began = true;
  }
  CHECK_EQUAL(error, ISTH_E_INSTANCE_DRAINING);
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_client_close(client);
  return NULL;
}

static void no_call_fails_under_load(void) {
  static const isth_wait modes[] = {ISTH_WAIT_ADAPTIVE, ISTH_WAIT_BLOCK, ISTH_WAIT_SPIN};
  for (int round = is_slow() ? 1 : 5; round > 0; round--) {
    struct echo_service served;
    struct caller callers[3];
    pthread_t threads[3];
    isth_service_options options;
    isth_service_options_init(&options);
    options.threads = 2;
    served_start(&served, &options, NULL, 0);
    for (int i = 0; i < 3; i++) {
      callers[i] = (struct caller){.path = served.path, .wait = modes[i]};
      CHECK_EQUAL(pthread_create(&threads[i], NULL, keep_calling, &callers[i]), 0);
    }
    for (int i = 0; i < 3; i++) WAIT_UNTIL(callers[i].began);
    isth_service_drain(served.service);
    uint64_t answered = 0;
    for (int i = 0; i < 3; i++) {
      pthread_join(threads[i], NULL);
      answered += callers[i].answered;
    }
    pthread_join(served.thread, NULL);
    CHECK_EQUAL(served_stats(&served).calls, answered);
    isth_service_close(served.service);
  }
}

/* ---- how it ends ---- */

static void start_with_timeout(struct echo_service *served, uint64_t drain_timeout_ns) {
  isth_service_options options;
  isth_service_options_init(&options);
  CHECK_EQUAL(options.drain_timeout_ns, 10000000000u);
  options.drain_timeout_ns = drain_timeout_ns;
  served_start(served, &options, NULL, 0);
}

static void await_loss(isth_client *client) {
  WAIT_UNTIL((isth_client_check(client), isth_client_status(client) != 0));
  CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
}

static void clients_that_stay_are_not_waited_for_for_ever(void) {
  struct echo_service served;
  struct came came;
  start_with_timeout(&served, 100000000);
  isth_client *client = served_connect(&served, NULL);
  (void)start_tick(client, 1000, 0, &came);
  await_replies(client, &came, 1);
  uint64_t begin_ns = isth_now_ns();
  isth_service_drain(served.service);
  join_service(&served);
  CHECK(isth_now_ns() - begin_ns >= 100000000);
  await_loss(client);
  /* As by a stop: its handler was told, and what it said still came. */
  await_end(client, &came);
  CHECK_EQUAL(came.status, ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
}

static void a_stop_ends_it_at_once(void) {
  struct echo_service served;
  start_with_timeout(&served, UINT64_MAX);
  isth_client *client = served_connect(&served, NULL);
  isth_service_drain(served.service);
  WAIT_UNTIL(isth_client_draining(client));
  isth_service_drain(served.service);
  isth_client_check(client);
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_service_stop(served.service);
  join_service(&served);
  await_loss(client);
  isth_client_close(client);
}

static void a_client_that_has_gone_need_not_be_told(void) {
  struct echo_service served;
  for (int round = is_slow() ? 5 : 50; round > 0; round--) {
    served_start(&served, NULL, NULL, 0);
    isth_client *client = served_connect(&served, NULL);
    isth_client_close(client);
    isth_service_drain(served.service);
    join_service(&served);
  }
}

static void count_stop(void *user) { ++*(atomic_int *)user; }

/* What the program ends with its service, such as the thread that writes a region, goes on until then. */
static void it_stops_only_once_it_has_drained(void) {
  struct echo_service echo;
  atomic_int stops = 0;
  isth_service_options options;
  isth_service_options_init(&options);
  snprintf(echo.path, sizeof echo.path, "/tmp/isth-test-%d-drain.sock", (int)getpid());
  options.path = echo.path;
  echo_open(&echo, &options);
  CHECK_EQUAL(isth_service_on_stop(echo.service, count_stop, &stops), 0);
  CHECK_EQUAL(pthread_create(&echo.thread, NULL, echo_run, &echo), 0);
  isth_client *client = echo_connect(&echo, NULL);
  isth_service_drain(echo.service);
  WAIT_UNTIL(isth_client_draining(client));
  usleep(20000);
  CHECK_EQUAL(stops, 0);
  isth_client_close(client);
  join_service(&echo);
  CHECK_EQUAL(stops, 1);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a service without clients ends at once", a_service_without_clients_ends_at_once},
      {"it waits for its clients to leave", it_waits_for_its_clients_to_leave},
      {"a client that only sends learns of it", a_client_that_only_sends_learns_of_it},
      {"a client that sleeps is woken", a_client_that_sleeps_is_woken},
      {"a client believes nothing else", a_client_believes_nothing_else},
      {"guests are sent away", guests_are_sent_away},
      {"who waits to be let in finds no instance", who_waits_to_be_let_in_finds_no_instance},
      {"clients that come meanwhile are served or find none", clients_that_come_meanwhile_are_served_or_find_none},
      {"what was sent is answered", what_was_sent_is_answered},
      {"one-way calls that were sent are executed", one_way_calls_that_were_sent_are_executed},
      {"no call fails under load", no_call_fails_under_load},
      {"clients that stay are not waited for for ever", clients_that_stay_are_not_waited_for_for_ever},
      {"a stop ends it at once", a_stop_ends_it_at_once},
      {"a client that has gone need not be told", a_client_that_has_gone_need_not_be_told},
      {"it stops only once it has drained", it_stops_only_once_it_has_drained},
  };
  return RUN_TESTS("drain_test", tests);
}
