/* polls_test.c: when it pays to poll before sleeping. */
#include "echo.h"

#include "resources.h"

#include "polls.h"

/* So long that no poll of a test takes it by itself. */
static const uint64_t LONG_NS = UINT64_MAX;

static bool poll_in_vain(struct isth__polls *polls) {
  bool polled = isth__polls_begin(polls, LONG_NS);
  CHECK(isth__polls_go_on(polls) == polled);
  isth__polls_in_vain(polls);
  CHECK(!isth__polls_go_on(polls));
  return polled;
}

static void wait_fruitlessly(struct isth__polls *polls) {
  for (int i = 0; i < ISTH__FRUITLESS_POLLS; i++) CHECK(poll_in_vain(polls));
}

static void polls_that_find_nothing_become_rare(void) {
  struct isth__polls polls = {0};
  wait_fruitlessly(&polls);
  for (int i = 0; i < 1000; i++) CHECK(!poll_in_vain(&polls));
}

static void they_come_back_after_a_while(void) {
  enum { SHORT_NS = 1000, PAUSE_US = SHORT_NS * ISTH__SPARING / 1000 };
  struct isth__polls polls = {0};
  for (int i = 0; i < ISTH__FRUITLESS_POLLS * 2; i++) {
    CHECK(isth__polls_begin(&polls, SHORT_NS));
    isth__polls_in_vain(&polls);
    usleep(PAUSE_US);
  }
}

/* Whatever the time is until then. */
static void poll_again(struct isth__polls *polls) {
  polls->next_ns = 0;
  CHECK(isth__polls_begin(polls, LONG_NS));
}

static void one_that_finds_something_brings_them_back(void) {
  struct isth__polls polls = {0};
  wait_fruitlessly(&polls);
  poll_again(&polls);
  isth__polls_found(&polls);
  wait_fruitlessly(&polls);
  CHECK(!poll_in_vain(&polls));
}

static void what_comes_in_sleep_says_nothing_of_polling(void) {
  struct isth__polls polls = {0};
  for (int i = 0; i < ISTH__FRUITLESS_POLLS; i++) {
    CHECK(poll_in_vain(&polls));
    isth__polls_found(&polls);
  }
  CHECK(!poll_in_vain(&polls));
}

/* As it is found by a thread that did not run for a while. */
static void what_comes_after_a_poll_is_not_its_merit(void) {
  enum { SHORT_NS = 1 };
  struct isth__polls polls = {0};
  for (int i = 0; i < ISTH__FRUITLESS_POLLS; i++) {
    CHECK(isth__polls_begin(&polls, SHORT_NS));
    while (isth__polls_go_on(&polls)) continue;
    isth__polls_found(&polls);
  }
  CHECK_EQUAL(polls.fruitless, ISTH__FRUITLESS_POLLS);
}

static void a_wait_within_a_poll_goes_on_with_it(void) {
  struct isth__polls polls = {0};
  wait_fruitlessly(&polls);
  poll_again(&polls);
  for (int i = 0; i < 100; i++) CHECK(isth__polls_begin(&polls, LONG_NS));
  isth__polls_in_vain(&polls);
  CHECK(!isth__polls_begin(&polls, LONG_NS));
}

/* Where nothing ever comes while one polls, all of that is wasted: a poll for each call, for as long as it polls in vain. In the end most
 * calls go without. Not by a certain call: a thread that is held up may find something while it polls, and then learns anew. */
static void learns_not_to_poll(isth_wait service_wait, isth_wait client_wait) {
  enum { CALLS = ISTH__FRUITLESS_POLLS, ROUNDS = 30 };
  static const uint64_t spin_ns = 4000000, apart_us = 12000;
  struct echo_service echo;
  isth_service_options options;
  isth_client_options client_options;
  isth_service_options_init(&options);
  isth_client_options_init(&client_options);
  options.wait = service_wait;
  client_options.wait = client_wait;
  options.spin_ns = client_options.spin_ns = spin_ns;
  echo_start(&echo, &options);
  isth_client *client = echo_connect(&echo, &client_options);
  uint64_t used_ns = UINT64_MAX;
  for (int round = 0; used_ns > CALLS * spin_ns / 2; round++) {
    CHECK(round < ROUNDS);
    uint64_t before_ns = cpu_ns();
    for (int i = 0; i < CALLS; i++) {
      CHECK_EQUAL(isth_client_call_sync(client, SLEEP, &apart_us, sizeof apart_us, NULL, 0, NULL, PATIENT_NS, NULL), 0);
      usleep((useconds_t)apart_us);
    }
    used_ns = cpu_ns() - before_ns;
  }
  isth_client_close(client);
  echo_stop(&echo);
}

static void who_polls_in_vain_stops_polling(void) {
  learns_not_to_poll(ISTH_WAIT_ADAPTIVE, ISTH_WAIT_BLOCK);
  learns_not_to_poll(ISTH_WAIT_BLOCK, ISTH_WAIT_ADAPTIVE);
}

static void a_client_says_until_when_to_poll(void) {
  enum { SPIN_NS = 1000000000 };
  static const isth_wait waits[] = {ISTH_WAIT_SPIN, ISTH_WAIT_BLOCK, ISTH_WAIT_ADAPTIVE, ISTH_WAIT_ADAPTIVE};
  static const uint64_t spins_ns[] = {SPIN_NS, SPIN_NS, SPIN_NS, UINT64_MAX};
  for (int i = 0; i < 4; i++) {
    struct echo_service echo;
    isth_client_options options;
    isth_client_options_init(&options);
    options.wait = waits[i];
    options.spin_ns = spins_ns[i];
    echo_start(&echo, NULL);
    isth_client *client = echo_connect(&echo, &options);
    for (int wait = 0; wait <= ISTH__FRUITLESS_POLLS; wait++) {
      bool polls = waits[i] == ISTH_WAIT_SPIN || (waits[i] == ISTH_WAIT_ADAPTIVE && wait < ISTH__FRUITLESS_POLLS);
      bool for_ever = waits[i] == ISTH_WAIT_SPIN || spins_ns[i] == UINT64_MAX;
      uint64_t before_ns = isth_now_ns();
      uint64_t until_ns = isth_client_poll_until_ns(client);
      uint64_t after_ns = isth_now_ns();
      if (polls && for_ever) {
        CHECK(until_ns == UINT64_MAX);
      } else {
        uint64_t poll_ns = polls ? SPIN_NS : 0;
        CHECK(until_ns >= before_ns + poll_ns && until_ns <= after_ns + poll_ns);
      }
      CHECK(isth_client_arm(client));
      isth_client_disarm(client);
    }
    isth_client_close(client);
    echo_stop(&echo);
  }
}

int main(void) {
  static const struct test_case tests[] = {
      {"polls that find nothing become rare", polls_that_find_nothing_become_rare},
      {"they come back after a while", they_come_back_after_a_while},
      {"one that finds something brings them back", one_that_finds_something_brings_them_back},
      {"what comes in sleep says nothing of polling", what_comes_in_sleep_says_nothing_of_polling},
      {"what comes after a poll is not its merit", what_comes_after_a_poll_is_not_its_merit},
      {"a wait within a poll goes on with it", a_wait_within_a_poll_goes_on_with_it},
      {"who polls in vain stops polling", who_polls_in_vain_stops_polling},
      {"a client says until when to poll", a_client_says_until_when_to_poll},
  };
  return RUN_TESTS("polls_test", tests);
}
