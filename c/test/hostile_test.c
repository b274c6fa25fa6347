/* hostile_test.c: a peer that does its worst with the wake-ups: the other side neither blocks nor spins. */
#include "client.h"

#include "fake.h"
#include "hostile.h"
#include "resources.h"

#include <fcntl.h>

/* What a peer can do to the ends that it holds: calls that block, and not a byte more of room. */
static void spoil(int fd) {
  int small = 1;
  CHECK_EQUAL(fcntl(fd, F_SETFL, 0), 0);
  CHECK_EQUAL(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
  while (send(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1) continue;
}

/* ---- a hostile client ---- */

/* Calls, and asks to be woken by the reply. */
static void hostile_send(struct hostile *hostile) {
  struct isth__record *record;
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = 1};
  isth__store_relaxed(&hostile->replies.control->sleeping, 1);
  CHECK_EQUAL(isth__producer_claim(&hostile->requests, 8, &record), 0);
  (void)isth__producer_commit(&hostile->requests, record, &header, 8);
  isth__wake_signal(hostile->luggage.lane_signals);
}

/* Returns once the service has found that it must wake it. */
static void hostile_take(struct hostile *hostile) {
  struct isth__taken reply;
  WAIT_UNTIL(isth__load_relaxed(&hostile->replies.control->sleeping) == 0);
  CHECK_EQUAL(isth__consumer_take(&hostile->replies, &reply), 1);
  isth__consumer_release(&hostile->replies);
}

static void one_call(isth_client *client) {
  uint64_t value = 42, answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(answer, 42);
}

static void a_client_that_never_reads_blocks_no_thread(void) {
  static const isth_wait waits[] = {ISTH_WAIT_BLOCK, ISTH_WAIT_ADAPTIVE};
  for (int i = 0; i < 2; i++) {
    struct echo_service echo;
    struct hostile hostile;
    isth_service_options options;
    isth_service_options_init(&options);
    options.wait = waits[i];
    echo_start(&echo, &options);
    isth_client *good = echo_connect(&echo, NULL);
    hostile_connect(&hostile, echo.path);
    spoil(hostile.luggage.descriptors[1]);
    for (int round = 0; round < 200; round++) {
      hostile_send(&hostile);
      hostile_take(&hostile);
      /* Served by the same thread, which has just found no room to wake the other one. */
      one_call(good);
    }
    hostile_close(&hostile);
    one_call(good);
    isth_client_close(good);
    echo_stop(&echo);
  }
}

/* It holds the end that the lane waits on as well, and takes away what the service was told is there. */
static void a_client_that_takes_its_signals_back_blocks_no_thread(void) {
  struct echo_service echo;
  struct hostile hostile;
  isth_service_options options;
  isth_service_options_init(&options);
  options.wait = ISTH_WAIT_BLOCK;
  echo_start(&echo, &options);
  isth_client *good = echo_connect(&echo, NULL);
  hostile_connect(&hostile, echo.path);
  for (int round = 0; round < 2000; round++) {
    isth__wake_signal(hostile.luggage.lane_signals);
    while (isth__wake_clear(hostile.luggage.descriptors[2]) && errno != EAGAIN) errno = 0;
    if (round % 20 == 0) one_call(good);
  }
  hostile_close(&hostile);
  isth_client_close(good);
  echo_stop(&echo);
}

static void a_client_that_closes_its_ends_makes_no_thread_spin(void) {
  struct echo_service echo;
  struct hostile hostile;
  isth_service_options options;
  isth_service_options_init(&options);
  options.wait = ISTH_WAIT_BLOCK;
  echo_start(&echo, &options);
  isth_client *good = echo_connect(&echo, NULL);
  hostile_connect(&hostile, echo.path);
  CHECK_EQUAL(shutdown(hostile.luggage.lane_signals, SHUT_RDWR), 0);
  CHECK_EQUAL(shutdown(hostile.luggage.client_waits, SHUT_RDWR), 0);
  hostile_send(&hostile);
  one_call(good); /* wakes the thread, which looks at all lanes */
  hostile_take(&hostile);
  uint64_t before = cpu_ns();
  usleep(300000);
  CHECK(cpu_ns() - before < 150000000); /* of 300 ms */
  one_call(good);
  hostile_close(&hostile);
  isth_client_close(good);
  echo_stop(&echo);
}

/* ---- a hostile service ---- */

static void spoil_and_wait(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  (void)detail;
  take_luggage(control, &attach, descriptors);
  spoil(descriptors[1]);
  spoil(descriptors[2]);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  CHECK(raw_closed(control, 60000));
  for (size_t i = 0; i < 3; i++) close(descriptors[i]);
}

static isth_client *connect_to(const struct fake *fake, isth_wait wait) {
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  options.wait = wait;
  CHECK_EQUAL(isth_client_open(&client, fake->path, &echo_schema, &options, NULL), 0);
  return client;
}

static void count_expired(const isth_reply *reply) {
  CHECK_EQUAL(reply->status, ISTH_E_DEADLINE_EXCEEDED);
  ++*(int *)reply->user;
}

static void a_service_that_never_reads_blocks_no_client(void) {
  enum { CALLS = 2000 };
  struct fake fake;
  fake_start(&fake, spoil_and_wait, NULL);
  isth_client *client = connect_to(&fake, ISTH_WAIT_BLOCK);
  int expired = 0;
  uint64_t begin_ns = isth_now_ns();
  isth_request request = {
      .method = ECHO, .deadline_ns = begin_ns + 50000000, .callback = count_expired, .user = &expired};
  for (int i = 0; i < CALLS; i++) {
    /* As the service would write it, so that every call signals: far more than there is room for. */
    isth__store_relaxed(&client->lanes[0].requests.control->sleeping, 1);
    CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  }
  /* Its own wake-up was filled before the first call. */
  while (expired < CALLS) isth_client_wait(client, 10000000);
  CHECK(isth_now_ns() - begin_ns < 20000000000u);
  uint64_t before = cpu_ns();
  CHECK_EQUAL(isth_client_wait(client, 300000000), 0);
  CHECK(cpu_ns() - before < 150000000); /* of 300 ms */
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_client_close(client);
  fake_stop(&fake);
}

/* Closes the end that signals the client, or ends it, and stays otherwise. */
static void never_signal(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  take_luggage(control, &attach, descriptors);
  if (*(const int *)detail == 0) {
    close(descriptors[1]);
  } else {
    CHECK_EQUAL(shutdown(descriptors[1], SHUT_WR), 0);
  }
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  CHECK(raw_closed(control, 60000));
  if (*(const int *)detail != 0) close(descriptors[1]);
  close(descriptors[0]);
  close(descriptors[2]);
}

static void a_service_that_cannot_signal_any_more_is_lost(void) {
  for (int way = 0; way < 2; way++) {
    struct fake fake;
    fake_start(&fake, never_signal, &way);
    isth_client *client = connect_to(&fake, ISTH_WAIT_BLOCK);
    uint64_t begin_ns = isth_now_ns();
    CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, 30000000000u, NULL), ISTH_E_INSTANCE_LOST);
    CHECK(isth_now_ns() - begin_ns < 20000000000u);
    isth_client_close(client);
    fake_stop(&fake);

    /* The same for an event loop, which would be told again and again. */
    fake_start(&fake, never_signal, &way);
    client = connect_to(&fake, ISTH_WAIT_ADAPTIVE);
    CHECK(isth_client_arm(client));
    struct pollfd ready = {isth_client_event_fd(client), POLLIN, 0};
    CHECK_EQUAL(poll(&ready, 1, 60000), 1);
    isth_client_clear_event(client);
    CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
    isth_client_close(client);
    fake_stop(&fake);
  }
}

int main(void) {
  static const struct test_case tests[] = {
      {"a client that never reads blocks no thread", a_client_that_never_reads_blocks_no_thread},
      {"a client that takes its signals back blocks no thread", a_client_that_takes_its_signals_back_blocks_no_thread},
      {"a client that closes its ends makes no thread spin", a_client_that_closes_its_ends_makes_no_thread_spin},
      {"a service that never reads blocks no client", a_service_that_never_reads_blocks_no_client},
      {"a service that cannot signal any more is lost", a_service_that_cannot_signal_any_more_is_lost},
  };
  alarm(120); /* a call that blocks would do so for ever */
  return RUN_TESTS("hostile_test", tests);
}
