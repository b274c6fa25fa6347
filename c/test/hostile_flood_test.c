/* hostile_flood_test.c: peers that send without end, or take nothing: whoever else there is gets his answers. */
#include "flood.h"

#include "client.h"

#include "fake.h"
#include "resources.h"

static void one_call(isth_client *client, uint64_t value) {
  uint64_t answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(answer, value);
}

/* ---- clients ---- */

static void a_flood_of_any_kind_keeps_no_reply_from_others(void) {
  const uint64_t calls = is_slow() ? 100 : 1000;
  for (enum flood flood = 0; flood < FLOODS; flood++) {
    struct echo_service echo;
    struct flooder flooder;
    isth_service_options options;
    isth_service_stats stats;
    isth_service_options_init(&options);
    options.max_streams = 4;
    echo_start(&echo, &options);
    isth_client *good = echo_connect(&echo, NULL);
    flood_start(&flooder, flood, echo.path);
    for (uint64_t i = 0; i < calls; i++) one_call(good, i);
    WAIT_UNTIL(atomic_load(&flooder.steps) >= 100);
    flood_stop(&flooder);
    /* It has gone, and all that it had with it. */
    WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1 && stats.streams == 0));
    if (flood != FLOOD_SCRIBBLE) CHECK_EQUAL(stats.corrupt_channels, 0);
    one_call(good, 42);
    CHECK_EQUAL(isth_client_status(good), 0);
    isth_client_close(good);
    echo_stop(&echo);
  }
}

/* Its requests wait in its own ring, and none is lost. */
static void replies_that_nobody_takes_wait(void) {
  struct echo_service echo;
  struct hostile hostile;
  struct isth__taken reply;
  echo_start(&echo, NULL);
  isth_client *good = echo_connect(&echo, NULL);
  hostile_connect(&hostile, echo.path);
  uint64_t sent = 0, taken = 0;
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = 1};
  /* The service may still be about to serve it: a client is welcomed before that. */
  CHECK(hostile_write(&hostile, &header, &sent, sizeof sent) && hostile_read(&hostile, &reply));
  sent = taken = 1;
  /* Both rings full: the service has stopped to take from it. */
  for (int full = 0; full < 100; full++) {
    header.call_id = sent + 1;
    if (hostile_write(&hostile, &header, &sent, sizeof sent)) {
      sent++;
      full = 0;
    }
    one_call(good, sent);
  }
  CHECK(sent > 2 * (ISTH__MIN_RING_BYTES / 128) - 8);
  for (; taken < sent; taken++) {
    CHECK(hostile_read(&hostile, &reply));
    CHECK_EQUAL(reply.header.call_id, taken + 1);
    CHECK(reply.size == sizeof taken && memcmp(reply.payload, &taken, sizeof taken) == 0);
  }
  one_call(good, 42);
  hostile_close(&hostile);
  isth_client_close(good);
  echo_stop(&echo);
}

/* ---- services ---- */

/* Signals, and never answers, until the client has gone. */
static void signal_without_end(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  char byte;
  (void)detail;
  take_luggage(control, &attach, descriptors);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  while (recv(control, &byte, 1, MSG_DONTWAIT) < 0) isth__wake_signal(descriptors[1]);
  for (size_t i = 0; i < 3; i++) close(descriptors[i]);
}

static void count_expired(const isth_reply *reply) {
  CHECK_EQUAL(reply->status, ISTH_E_DEADLINE_EXCEEDED);
  ++*(int *)reply->user;
}

static void a_service_that_only_signals_costs_no_call_its_deadline(void) {
  static const isth_wait waits[] = {ISTH_WAIT_BLOCK, ISTH_WAIT_ADAPTIVE};
  for (int i = 0; i < 2; i++) {
    struct fake fake;
    isth_client *client;
    isth_client_options options;
    isth_client_options_init(&options);
    options.connect_timeout_ns = PATIENT_NS;
    options.wait = waits[i];
    options.request_ring_bytes = 4096;
    fake_start(&fake, signal_without_end, NULL);
    CHECK_EQUAL(isth_client_open(&client, fake.path, &echo_schema, &options, NULL), 0);
    int sent = 0, expired = 0, error;
    isth_request request = {
        .method = ECHO, .deadline_ns = isth_now_ns() + 50000000, .callback = count_expired, .user = &expired};
    /* Nobody takes anything: the ring is full soon, and says so at once. */
    while ((error = isth_client_call(client, &request, NULL)) == 0) sent++;
    CHECK_EQUAL(error, ISTH_E_RING_FULL);
    CHECK(sent > 0);
    while (expired < sent) (void)isth_client_wait(client, PATIENT_NS);
    CHECK_EQUAL(isth_client_status(client), 0);
    isth_client_close(client);
    fake_stop(&fake);
  }
}

int main(void) {
  static const struct test_case tests[] = {
      {"a flood of any kind keeps no reply from others", a_flood_of_any_kind_keeps_no_reply_from_others},
      {"replies that nobody takes wait", replies_that_nobody_takes_wait},
      {"a service that only signals costs no call its deadline",
       a_service_that_only_signals_costs_no_call_its_deadline},
  };
  return RUN_TESTS("hostile_flood_test", tests);
}
