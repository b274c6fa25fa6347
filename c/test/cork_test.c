/* cork_test.c: many requests, one wake-up; and that nobody waits for a service that nobody wakes. */
#include "fake.h"

#include "client.h"
#include "patient.h"

#include <sys/socket.h>

/* The ends of the lane's wake-up that the service waits on, for the test to look at. */
struct sleeper {
  struct fake fake;
  int wake;
  isth_client *client;
};

static void hand_over(int control, const void *detail) {
  struct sleeper *sleeper = (struct sleeper *)(uintptr_t)detail;
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  take_luggage(control, &attach, descriptors);
  sleeper->wake = descriptors[2];
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  CHECK(raw_closed(control, 60000));
  close(descriptors[0]);
  close(descriptors[1]);
}

static void sleeper_start(struct sleeper *sleeper) {
  isth_client_options options = patient_client(NULL);
  fake_start(&sleeper->fake, hand_over, sleeper);
  CHECK_EQUAL(isth_client_open(&sleeper->client, sleeper->fake.path, &echo_schema, &options, NULL), 0);
}

static void sleeper_stop(struct sleeper *sleeper) {
  isth_client_close(sleeper->client);
  fake_stop(&sleeper->fake);
  close(sleeper->wake);
}

/* As the service does before it waits. */
static void fall_asleep(const struct sleeper *sleeper) {
  isth__store_relaxed(&sleeper->client->lanes[0].requests.control->sleeping, 1);
}

/* How often the service was woken since the last look. */
static int wakes(const struct sleeper *sleeper) {
  char bytes[64];
  ssize_t got = recv(sleeper->wake, bytes, sizeof bytes, MSG_DONTWAIT);
  return got < 0 ? 0 : (int)got;
}

static void send_one(const struct sleeper *sleeper) {
  isth_request request = {.method = ECHO, .deadline_ns = isth_now_ns() + PATIENT_NS};
  CHECK_EQUAL(isth_client_call(sleeper->client, &request, NULL), 0);
}

static void without_it_each_sleep_is_ended_by_the_next_request(void) {
  struct sleeper sleeper;
  sleeper_start(&sleeper);
  for (int i = 0; i < 3; i++) {
    fall_asleep(&sleeper);
    send_one(&sleeper);
    CHECK_EQUAL(wakes(&sleeper), 1);
  }
  sleeper_stop(&sleeper);
}

static void many_requests_wake_once(void) {
  struct sleeper sleeper;
  sleeper_start(&sleeper);
  for (int round = 0; round < 3; round++) {
    isth_client_cork(sleeper.client);
    for (int i = 0; i < 5; i++) {
      /* It may also have woken by itself meanwhile, and slept again. */
      fall_asleep(&sleeper);
      send_one(&sleeper);
    }
    CHECK_EQUAL(wakes(&sleeper), 0);
    isth_client_uncork(sleeper.client);
    CHECK_EQUAL(wakes(&sleeper), 1);
  }
  isth_client_uncork(sleeper.client);
  CHECK_EQUAL(wakes(&sleeper), 0);
  fall_asleep(&sleeper);
  send_one(&sleeper);
  CHECK_EQUAL(wakes(&sleeper), 1);
  sleeper_stop(&sleeper);
}

static void who_polls_is_not_woken(void) {
  struct sleeper sleeper;
  sleeper_start(&sleeper);
  isth_client_cork(sleeper.client);
  send_one(&sleeper);
  isth_client_uncork(sleeper.client);
  CHECK_EQUAL(wakes(&sleeper), 0);
  sleeper_stop(&sleeper);
}

static void waiting_uncorks(void) {
  struct sleeper sleeper;
  sleeper_start(&sleeper);
  for (int way = 0; way < 2; way++) {
    isth_client_cork(sleeper.client);
    fall_asleep(&sleeper);
    send_one(&sleeper);
    if (way == 0) CHECK_EQUAL(isth_client_wait(sleeper.client, 0), 0);
    if (way == 1 && isth_client_arm(sleeper.client)) isth_client_disarm(sleeper.client);
    CHECK_EQUAL(wakes(&sleeper), 1);
  }
  sleeper_stop(&sleeper);
}

static void a_call_that_is_waited_for_ends_in_spite_of_it(void) {
  struct echo_service served;
  isth_service_options options;
  isth_service_options_init(&options);
  options.wait = ISTH_WAIT_BLOCK;
  echo_start(&served, &options);
  isth_client *client = echo_connect(&served, NULL);
  for (int i = 0; i < 20; i++) {
    char reply[8];
    size_t size;
    isth_client_cork(client);
    CHECK_EQUAL(isth_client_call_sync(client, ECHO, "12345678", 8, reply, sizeof reply, &size, PATIENT_NS, NULL), 0);
    CHECK_EQUAL(size, 8);
  }
  isth_client_close(client);
  echo_stop(&served);
}

int main(void) {
  static const struct test_case tests[] = {
      {"without it each sleep is ended by the next request", without_it_each_sleep_is_ended_by_the_next_request},
      {"many requests wake once", many_requests_wake_once},
      {"who polls is not woken", who_polls_is_not_woken},
      {"waiting uncorks", waiting_uncorks},
      {"a call that is waited for ends in spite of it", a_call_that_is_waited_for_ends_in_spite_of_it},
  };
  return RUN_TESTS("cork_test", tests);
}
