/* connect_test.c: the client's side of the handshake, against services that get it wrong, by mistake or on purpose. */
#include "fake.h"

#include "resources.h"

/* Patient, but where it is silence that is expected. */
static int open_fake(const struct fake *fake, int error, isth_client **client, isth_failure *failure) {
  isth_client_options options = patient_client(NULL);
  if (error == ISTH_E_HANDSHAKE_TIMEOUT) options.connect_timeout_ns = 150000000;
  return isth_client_open(client, fake->path, &echo_schema, &options, failure);
}

/* Connects to a fake, expects the error, and that nothing stays open. */
static void expect_error(void (*serve)(int control, const void *detail), const void *detail, int error,
                         const char *because) {
  struct fake fake;
  isth_client *client;
  isth_failure failure = {0, ""};
  size_t before = count_descriptors();
  fake_start(&fake, serve, detail);
  CHECK_EQUAL(open_fake(&fake, error, &client, &failure), error);
  CHECK(client == NULL);
  CHECK_EQUAL(failure.error, error);
  if (strstr(failure.message, because) == NULL) fprintf(stderr, "the message is: %s\n", failure.message);
  CHECK(strstr(failure.message, because) != NULL);
  fake_stop(&fake);
  CHECK_EQUAL(count_descriptors(), before);
  CHECK_EQUAL(count_segments(), 0);
}

static void offer_and_wait(int control, const void *detail) {
  read_hello(control);
  CHECK(raw_send(control, detail, sizeof(struct isth__offer), NULL, 0));
  CHECK(raw_closed(control, 60000));
}

static void offers_that_make_no_sense_are_refused(void) {
  struct isth__offer offer = good_offer();
  offer.magic++;
  expect_error(offer_and_wait, &offer, ISTH_E_NOT_ISTHMUS, "magic");
  offer = good_offer();
  offer.version = 9;
  expect_error(offer_and_wait, &offer, ISTH_E_PROTOCOL_MISMATCH, "version 4 here, 9 in the instance");
  offer = good_offer();
  offer.hash[0] = 0xcd;
  expect_error(offer_and_wait, &offer, ISTH_E_SCHEMA_MISMATCH, "cd02030000000000");
  /* A service that does not end its name. */
  memset(offer.service, 'x', sizeof offer.service);
  expect_error(offer_and_wait, &offer, ISTH_E_SCHEMA_MISMATCH, "xxx with hash cd02030000000000");
  static const uint32_t lanes[] = {0, 65, 1000, UINT32_MAX};
  for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
    offer = good_offer();
    offer.lanes = lanes[i];
    expect_error(offer_and_wait, &offer, ISTH_E_NOT_ISTHMUS, "lanes");
  }
  offer = good_offer();
  offer.max_segment_bytes = 0;
  expect_error(offer_and_wait, &offer, ISTH_E_SEGMENT_REFUSED, "max_segment_bytes of 0");
}

static void every_status_of_an_offer_is_an_error(void) {
  static const int32_t negative[] = {ISTH_E_CHANNEL_LIMIT, ISTH_E_SCHEMA_MISMATCH, ISTH_E_PROTOCOL_MISMATCH, -1000,
                                     INT32_MIN};
  for (size_t i = 0; i < sizeof negative / sizeof negative[0]; i++) {
    struct isth__offer offer = good_offer();
    offer.status = negative[i];
    expect_error(offer_and_wait, &offer, negative[i], "fake");
  }
  static const int32_t positive[] = {1, 64, INT32_MAX};
  for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++) {
    struct isth__offer offer = good_offer();
    offer.status = positive[i];
    expect_error(offer_and_wait, &offer, ISTH_E_NOT_ISTHMUS, "makes no sense");
  }
}

static void say_nothing(int control, const void *detail) {
  (void)detail;
  CHECK(raw_closed(control, 60000));
}

static void offer_in_part(int control, const void *detail) {
  struct isth__offer offer = good_offer();
  read_hello(control);
  (void)raw_send(control, &offer, *(const size_t *)detail, NULL, 0); /* by then the client may have had enough */
  CHECK(raw_closed(control, 60000));
}

static void silence_times_out(void) {
  static const size_t parts[] = {1, 16, sizeof(struct isth__offer) - 1, sizeof(struct isth__offer)};
  uint64_t begin = isth_now_ns();
  expect_error(say_nothing, NULL, ISTH_E_HANDSHAKE_TIMEOUT, "in time");
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    expect_error(offer_in_part, &parts[i], ISTH_E_HANDSHAKE_TIMEOUT, "in time");
  uint64_t took = isth_now_ns() - begin;
  CHECK(took >= 5 * UINT64_C(150000000) && took < UINT64_C(40000000000));
}

static void close_at_once(int control, const void *detail) {
  (void)control;
  (void)detail;
}

static void close_after_the_hello(int control, const void *detail) {
  (void)detail;
  read_hello(control);
}

static void close_within_the_offer(int control, const void *detail) {
  struct isth__offer offer = good_offer();
  (void)detail;
  read_hello(control);
  CHECK(raw_send(control, &offer, 100, NULL, 0));
}

static void close_after_the_offer(int control, const void *detail) {
  struct isth__offer offer = good_offer();
  (void)detail;
  read_hello(control);
  CHECK(raw_send(control, &offer, sizeof offer, NULL, 0));
}

static void close_within_the_welcome(int control, const void *detail) {
  struct isth__welcome welcome = {.status = 0};
  welcome_with(control, &welcome, *(const size_t *)detail);
}

/* An instance that stops or restarts does that: it is gone, but it may come back. */
static void an_instance_that_closes_early_has_gone(void) {
  static const size_t parts[] = {0, 1, sizeof(struct isth__welcome) - 1};
  expect_error(close_at_once, NULL, ISTH_E_NO_INSTANCE, "closed the connection");
  expect_error(close_after_the_hello, NULL, ISTH_E_NO_INSTANCE, "closed the connection");
  expect_error(close_within_the_offer, NULL, ISTH_E_NO_INSTANCE, "closed the connection");
  expect_error(close_after_the_offer, NULL, ISTH_E_NO_INSTANCE, "closed the connection");
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    expect_error(close_within_the_welcome, &parts[i], ISTH_E_NO_INSTANCE, "closed the connection");
}

static void welcome_whole(int control, const void *detail) {
  welcome_with(control, detail, sizeof(struct isth__welcome));
}

static void every_status_of_a_welcome_is_an_error(void) {
  struct isth__welcome welcome = {.status = ISTH_E_CHANNEL_LIMIT, .message = "too many"};
  expect_error(welcome_whole, &welcome, ISTH_E_CHANNEL_LIMIT, "too many");
  welcome.status = INT32_MIN;
  expect_error(welcome_whole, &welcome, INT32_MIN, "too many");
  welcome.status = 3;
  expect_error(welcome_whole, &welcome, ISTH_E_NOT_ISTHMUS, "makes no sense");
  /* A message that is not ended. */
  welcome.status = ISTH_E_SEGMENT_REFUSED;
  memset(welcome.message, 'm', sizeof welcome.message);
  expect_error(welcome_whole, &welcome, ISTH_E_SEGMENT_REFUSED, "mmmm");
}

static void bring_descriptors(int control, const void *detail) {
  struct isth__offer offer = good_offer();
  int pipes[2];
  (void)detail;
  read_hello(control);
  CHECK_EQUAL(pipe(pipes), 0);
  CHECK(raw_send(control, &offer, sizeof offer, pipes, 2));
  close(pipes[0]);
  close(pipes[1]);
  CHECK(raw_closed(control, 60000));
}

static void descriptors_from_a_service_are_not_kept(void) {
  expect_error(bring_descriptors, NULL, ISTH_E_NOT_ISTHMUS, "descriptors");
}

static void welcome_and_more(int control, const void *detail) {
  struct isth__welcome welcome = {.status = 0};
  (void)detail;
  welcome_with(control, &welcome, sizeof welcome);
  CHECK(raw_send(control, "more", 4, NULL, 0));
  CHECK(raw_closed(control, 60000));
}

static void count_status(const isth_reply *reply) { ++*(int *)reply->user; }

static void garbage_after_the_welcome_is_corruption(void) {
  struct fake fake;
  isth_client *client;
  fake_start(&fake, welcome_and_more, NULL);
  CHECK_EQUAL(open_fake(&fake, 0, &client, NULL), 0);
  int outcomes = 0;
  isth_request request = {.method = 1, .callback = count_status, .user = &outcomes};
  int error = isth_client_call(client, &request, NULL);
  CHECK(error == 0 || error == ISTH_E_PEER_CORRUPT);
  WAIT_UNTIL((isth_client_check(client), isth_client_status(client) != 0));
  CHECK_EQUAL(isth_client_status(client), ISTH_E_PEER_CORRUPT);
  isth_client_poll(client, 0);
  CHECK_EQUAL(outcomes, error == 0 ? 1 : 0);
  isth_client_close(client);
  fake_stop(&fake);
}

static void welcome_and_close(int control, const void *detail) {
  struct isth__welcome welcome = {.status = 0};
  (void)detail;
  welcome_with(control, &welcome, sizeof welcome);
}

static void an_instance_that_leaves_ends_a_waiting_call(void) {
  struct fake fake;
  isth_client *client;
  isth_failure failure;
  fake_start(&fake, welcome_and_close, NULL);
  CHECK_EQUAL(open_fake(&fake, 0, &client, NULL), 0);
  uint64_t begin = isth_now_ns();
  CHECK_EQUAL(isth_client_call_sync(client, 1, NULL, 0, NULL, 0, NULL, PATIENT_NS, &failure), ISTH_E_INSTANCE_LOST);
  CHECK(isth_now_ns() - begin < PATIENT_NS / 2);
  isth_client_close(client);
  fake_stop(&fake);
}

/* ---- describe ---- */

static void describe_over_the_limit(int control, const void *detail) {
  struct isth__offer offer = good_offer();
  offer.text_bytes = *(const uint32_t *)detail;
  read_hello(control);
  CHECK(raw_send(control, &offer, sizeof offer, NULL, 0));
  (void)raw_send(control, "short", 5, NULL, 0); /* by then the client may have had enough */
}

static void texts_have_a_limit(void) {
  static const uint32_t sizes[] = {ISTH__MAX_TEXT_BYTES + 1, UINT32_MAX, 6, ISTH__MAX_TEXT_BYTES};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct fake fake;
    char *text;
    isth_failure failure;
    fake_start(&fake, describe_over_the_limit, &sizes[i]);
    int error = isth_describe(fake.path, PATIENT_NS, &text, &failure);
    CHECK_EQUAL(error, sizes[i] > ISTH__MAX_TEXT_BYTES ? ISTH_E_NOT_ISTHMUS : ISTH_E_NO_INSTANCE);
    CHECK(text == NULL);
    fake_stop(&fake);
  }
  const uint32_t right = 5;
  struct fake fake;
  char *text;
  fake_start(&fake, describe_over_the_limit, &right);
  CHECK_EQUAL(isth_describe(fake.path, UINT64_MAX, &text, NULL), 0);
  CHECK(strcmp(text, "short") == 0);
  isth_free(text);
  fake_stop(&fake);
}

/* ---- before a word is said ---- */

static void nobody_there_is_no_instance(void) {
  isth_client *client;
  isth_failure failure;
  char path[200];
  CHECK_EQUAL(isth_client_open(&client, "/tmp/isth-test-nobody.sock", NULL, NULL, &failure), ISTH_E_NO_INSTANCE);
  CHECK(client == NULL && strstr(failure.message, "/tmp/isth-test-nobody.sock") != NULL);
  CHECK_EQUAL(isth_client_open(&client, "/tmp/isth-test-no-folder/x.sock", NULL, NULL, NULL), ISTH_E_NO_INSTANCE);
  memset(path, 'x', sizeof path - 1);
  path[sizeof path - 1] = '\0';
  CHECK_EQUAL(isth_client_open(&client, path, NULL, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
  path[108] = '\0';
  CHECK_EQUAL(isth_client_open(&client, path, NULL, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
  path[107] = '\0';
  CHECK_EQUAL(isth_client_open(&client, path, NULL, NULL, NULL), ISTH_E_NO_INSTANCE);
  CHECK_EQUAL(isth_client_open(&client, "", NULL, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_client_open(&client, NULL, NULL, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
}

static void a_full_queue_times_out(void) {
  struct sockaddr_un address;
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-fake-%d-full.sock", (int)getpid());
  CHECK(isth__socket_address(&address, path));
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), queued[2];
  CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(listener, 0), 0);
  for (size_t i = 0; i < 1; i++) queued[i] = raw_connect(path);
  isth_client *client;
  isth_client_options options;
  isth_client_options_init(&options);
  options.connect_timeout_ns = 100000000;
  CHECK_EQUAL(isth_client_open(&client, path, NULL, &options, NULL), ISTH_E_HANDSHAKE_TIMEOUT);
  close(queued[0]);
  close(listener);
  unlink(path);
}

static void options_are_checked(void) {
  struct echo_service echo;
  isth_client *client;
  isth_client_options options;
  echo_start(&echo, NULL);
  static const uint32_t wrong[] = {1, 4095, 4097, 3 << 20, 1u << 31, UINT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    options = patient_client(NULL);
    options.request_ring_bytes = wrong[i];
    CHECK_EQUAL(isth_client_open(&client, echo.path, NULL, &options, NULL), ISTH_E_INVALID_ARGUMENT);
    options = patient_client(NULL);
    options.reply_ring_bytes = wrong[i];
    CHECK_EQUAL(isth_client_open(&client, echo.path, NULL, &options, NULL), ISTH_E_INVALID_ARGUMENT);
  }
  isth_client_options_init(&options);
  options.max_in_flight = 65537;
  CHECK_EQUAL(isth_client_open(&client, echo.path, NULL, &options, NULL), ISTH_E_INVALID_ARGUMENT);
  isth_client_options_init(&options);
  options.wait = (isth_wait)3;
  CHECK_EQUAL(isth_client_open(&client, echo.path, NULL, &options, NULL), ISTH_E_INVALID_ARGUMENT);
  /* Zeros are the defaults, and the end of time is a time. */
  options = (isth_client_options){.connect_timeout_ns = UINT64_MAX, .max_in_flight = 65536, .spin_ns = UINT64_MAX};
  CHECK_EQUAL(isth_client_open(&client, echo.path, NULL, &options, NULL), 0);
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, UINT64_MAX, NULL), 0);
  CHECK_EQUAL(isth_client_pid(client), is_linux_only("an instance's process") ? 0 : getpid());
  isth_client_close(client);
  isth_client_close(NULL);
  echo_stop(&echo);
}

int main(void) {
  static const struct test_case tests[] = {
      {"offers that make no sense are refused", offers_that_make_no_sense_are_refused},
      {"every status of an offer is an error", every_status_of_an_offer_is_an_error},
      {"silence times out", silence_times_out},
      {"an instance that closes early has gone", an_instance_that_closes_early_has_gone},
      {"every status of a welcome is an error", every_status_of_a_welcome_is_an_error},
      {"descriptors from a service are not kept", descriptors_from_a_service_are_not_kept},
      {"garbage after the welcome is corruption", garbage_after_the_welcome_is_corruption},
      {"an instance that leaves ends a waiting call", an_instance_that_leaves_ends_a_waiting_call},
      {"texts have a limit", texts_have_a_limit},
      {"nobody there is no instance", nobody_there_is_no_instance},
      {"a full queue times out", a_full_queue_times_out},
      {"options are checked", options_are_checked},
  };
  return RUN_TESTS("connect_test", tests);
}
