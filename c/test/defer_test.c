/* defer_test.c: calls that are answered later, from other threads, whatever has gone meanwhile. */
#include "served.h"

#include "random.h"

/* ---- responders that handlers leave for the test ---- */

enum { MOST_HELD = 70000 };

static struct {
  pthread_mutex_t lock;
  isth_responder *responders[MOST_HELD];
  uint64_t values[MOST_HELD]; /* what the caller sent */
  size_t count;
  atomic_ulong refused; /* calls that could not be deferred */
} box = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int on_later(isth_call *call, void *user) {
  uint64_t value = 0;
  (void)user;
  const isth_message *in = isth_call_in(call);
  memcpy(&value, in->bytes, in->size < sizeof value ? in->size : sizeof value);
  isth_responder *responder = isth_call_defer(call);
  if (responder == NULL) {
    box.refused++;
    return isth_refuse(call, ISTH_E_OUT_OF_MEMORY, "too many are deferred");
  }
  CHECK(isth_call_defer(call) == NULL);
  pthread_mutex_lock(&box.lock);
  CHECK(box.count < MOST_HELD);
  box.responders[box.count] = responder;
  box.values[box.count++] = value;
  pthread_mutex_unlock(&box.lock);
  /* Ignored: it may have been answered already. */
  return isth_refuse(call, 9, "not this");
}

static size_t held_count(void) {
  pthread_mutex_lock(&box.lock);
  size_t count = box.count;
  pthread_mutex_unlock(&box.lock);
  return count;
}

/* Takes one of them, or NULL. */
static isth_responder *take_held(uint64_t at_random, uint64_t *value) {
  isth_responder *responder = NULL;
  pthread_mutex_lock(&box.lock);
  if (box.count > 0) {
    size_t at = at_random % box.count;
    responder = box.responders[at];
    *value = box.values[at];
    box.responders[at] = box.responders[--box.count];
    box.values[at] = box.values[box.count];
  }
  pthread_mutex_unlock(&box.lock);
  return responder;
}

static isth_responder *await_held(uint64_t *value) {
  isth_responder *responder = NULL;
  WAIT_UNTIL((responder = take_held(0, value)) != NULL);
  return responder;
}

static void later_start(struct echo_service *served, isth_service_options *options) {
  static const struct served_handler added[] = {{LATER, on_later, NULL}};
  served_start(served, options, added, 1);
}

struct outcome {
  int count, status;
  size_t size;
  unsigned char payload[4096];
};

static void take_outcome(const isth_reply *reply) {
  struct outcome *outcome = reply->user;
  outcome->count++;
  outcome->status = reply->status;
  outcome->size = reply->size;
  if (reply->size <= sizeof outcome->payload && reply->size > 0) memcpy(outcome->payload, reply->payload, reply->size);
}

static uint64_t call_later(isth_client *client, uint64_t value, uint64_t timeout_ns, struct outcome *outcome) {
  uint64_t id;
  isth_request request = {.method = LATER,
                          .payload = &value,
                          .size = sizeof value,
                          .deadline_ns = timeout_ns == 0 ? 0 : isth_now_ns() + timeout_ns,
                          .callback = take_outcome,
                          .user = outcome};
  outcome->count = 0;
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  return id;
}

static void await_outcome(isth_client *client, const struct outcome *outcome) {
  uint64_t until_ns = isth_now_ns() + PATIENT_NS;
  while (outcome->count == 0 && isth_now_ns() < until_ns) isth_client_wait(client, 100000000);
  CHECK_EQUAL(outcome->count, 1);
}

static bool message_is(const struct outcome *outcome, const char *text) {
  return outcome->size == strlen(text) && memcmp(outcome->payload, text, outcome->size) == 0;
}

/* ---- answers ---- */

static void an_answer_comes_from_another_thread(void) {
  for (int wait = 0; wait <= ISTH_WAIT_SPIN; wait++) {
    struct echo_service served;
    isth_service_options options;
    isth_service_options_init(&options);
    options.wait = (isth_wait)wait;
    later_start(&served, &options);
    isth_client *client = served_connect(&served, NULL);
    static const size_t sizes[] = {0, 1, 480, 481, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      struct outcome outcome;
      unsigned char payload[4096];
      uint64_t value;
      memset(payload, (int)i + 1, sizeof payload);
      (void)call_later(client, i, 0, &outcome);
      isth_responder *responder = await_held(&value);
      CHECK_EQUAL(value, i);
      CHECK(isth_responder_remaining_ns(responder) == INT64_MAX);
      CHECK(!isth_responder_cancelled(responder));
      /* The serving thread sleeps by now, unless it spins. */
      usleep(2000);
      CHECK_EQUAL(isth_client_poll(client, 0), 0);
      CHECK_EQUAL(isth_respond(responder, payload, sizes[i]), 0);
      await_outcome(client, &outcome);
      CHECK_EQUAL(outcome.status, 0);
      CHECK_EQUAL(outcome.size, sizes[i]);
      CHECK(memcmp(outcome.payload, payload, sizes[i]) == 0);
    }
    isth_client_close(client);
    echo_stop(&served);
  }
}

static void an_answer_may_be_an_error(void) {
  struct echo_service served;
  later_start(&served, NULL);
  isth_client *client = served_connect(&served, NULL);
  struct outcome outcome;
  uint64_t value;
  (void)call_later(client, 1, 0, &outcome);
  CHECK_EQUAL(isth_respond_error(await_held(&value), 5, "five of %d", 6), 0);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.status, 5);
  CHECK(message_is(&outcome, "five of 6"));
  (void)call_later(client, 1, 0, &outcome);
  CHECK_EQUAL(isth_respond_error(await_held(&value), 0, "%s", ""), 0);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.status, ISTH_E_HANDLER_FAULT);
  char text[2 * ISTH_MESSAGE_BYTES];
  memset(text, 'a', sizeof text);
  text[sizeof text - 1] = '\0';
  (void)call_later(client, 1, 0, &outcome);
  CHECK_EQUAL(isth_respond_error(await_held(&value), ISTH_E_INVALID_INPUT, "%s", text), 0);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.status, ISTH_E_INVALID_INPUT);
  CHECK_EQUAL(outcome.size, ISTH_MESSAGE_BYTES - 1);
  isth_client_close(client);
  echo_stop(&served);
}

static void an_answer_that_cannot_fit_is_an_error_for_both(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  later_start(&served, NULL);
  isth_client *client = served_connect(&served, &options);
  static unsigned char payload[4096];
  struct outcome outcome;
  uint64_t value;
  (void)call_later(client, 1, 0, &outcome);
  CHECK_EQUAL(isth_respond(await_held(&value), payload, 1984), 0);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.size, 1984);
  (void)call_later(client, 1, 0, &outcome);
  CHECK_EQUAL(isth_respond(await_held(&value), payload, 1985), ISTH_E_REPLY_TOO_LARGE);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.status, ISTH_E_REPLY_TOO_LARGE);
  CHECK(message_is(&outcome, "a reply of 1985 bytes; the reply ring allows 1984: raise reply_ring_bytes"));
  isth_client_close(client);
  echo_stop(&served);
}

static void a_responder_knows_its_deadline(void) {
  struct echo_service served;
  later_start(&served, NULL);
  isth_client *client = served_connect(&served, NULL);
  struct outcome outcome;
  uint64_t value;
  (void)call_later(client, 1, PATIENT_NS, &outcome);
  isth_responder *responder = await_held(&value);
  int64_t left = isth_responder_remaining_ns(responder);
  CHECK(left > 0 && left <= (int64_t)PATIENT_NS);
  CHECK_EQUAL(isth_respond(responder, NULL, 0), 0);
  await_outcome(client, &outcome);
  /* Again where the service comes to it too late. */
  uint64_t sent = 1;
  do {
    (void)call_later(client, 1, 100000000, &outcome);
    await_outcome(client, &outcome);
    CHECK_EQUAL(outcome.status, ISTH_E_DEADLINE_EXCEEDED);
    CHECK(++sent < 100);
    WAIT_UNTIL(served_stats(&served).calls + served_stats(&served).expired == sent);
  } while ((responder = take_held(0, &value)) == NULL);
  CHECK(isth_responder_remaining_ns(responder) <= 0);
  CHECK(isth_responder_cancelled(responder));
  /* It goes out all the same, and comes too late. */
  CHECK_EQUAL(isth_respond(responder, "x", 1), 0);
  CHECK_EQUAL(isth_client_call_sync(client, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  isth_client_stats stats;
  WAIT_UNTIL((isth_client_poll(client, 0), isth_client_get_stats(client, &stats), stats.late_replies == 1));
  CHECK_EQUAL(outcome.count, 1);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- what has gone meanwhile ---- */

static void the_client_may_have_gone(void) {
  struct echo_service served;
  later_start(&served, NULL);
  isth_client *client = served_connect(&served, NULL);
  struct outcome outcome;
  uint64_t value;
  isth_responder *responders[3];
  for (uint64_t i = 0; i < 3; i++) {
    (void)call_later(client, i, 0, &outcome);
    responders[i] = await_held(&value);
  }
  isth_client_close(client);
  WAIT_UNTIL(isth_responder_cancelled(responders[0]));
  WAIT_UNTIL(served_stats(&served).channels == 0);
  CHECK_EQUAL(isth_respond(responders[0], "late", 4), ISTH_E_CANCELLED);
  CHECK_EQUAL(isth_respond_error(responders[1], 1, "late"), ISTH_E_CANCELLED);
  static unsigned char large[100000];
  CHECK_EQUAL(isth_respond(responders[2], large, sizeof large), ISTH_E_CANCELLED);
  echo_stop(&served);
}

static void the_service_may_have_gone(void) {
  struct echo_service served;
  later_start(&served, NULL);
  isth_client *client = served_connect(&served, NULL);
  struct outcome outcomes[4];
  uint64_t value;
  for (uint64_t i = 0; i < 4; i++) (void)call_later(client, i, 0, &outcomes[i]);
  WAIT_UNTIL(held_count() == 4);
  /* What is answered before it stops is sent. */
  CHECK_EQUAL(isth_respond(take_held(0, &value), "early", 5), 0);
  echo_stop(&served);
  await_outcome(client, &outcomes[value]);
  CHECK_EQUAL(outcomes[value].status, 0);
  isth_responder *responder = take_held(0, &value);
  CHECK(isth_responder_cancelled(responder));
  CHECK(isth_responder_remaining_ns(responder) == INT64_MAX);
  CHECK_EQUAL(isth_respond(responder, "late", 4), ISTH_E_CLOSED);
  await_outcome(client, &outcomes[value]);
  CHECK_EQUAL(outcomes[value].status, ISTH_E_INSTANCE_LOST);
  CHECK_EQUAL(isth_respond_error(take_held(0, &value), 1, "late"), ISTH_E_CLOSED);
  isth_client_close(client);
  CHECK_EQUAL(isth_respond(take_held(0, &value), "later", 5), ISTH_E_CLOSED);
}

/* ---- bounds ---- */

static void answers_that_nobody_takes_are_bounded(void) {
  enum { CALLS = 40 };
  struct echo_service served;
  isth_service_options service_options;
  isth_client_options options;
  isth_service_options_init(&service_options);
  isth_client_options_init(&options);
  service_options.max_waiting_bytes = 10000;
  options.reply_ring_bytes = 4096;
  later_start(&served, &service_options);
  isth_client *client = served_connect(&served, &options);
  static struct outcome outcomes[CALLS];
  static unsigned char payload[1500];
  uint64_t value;
  int good = 0;
  for (uint64_t i = 0; i < CALLS; i++) (void)call_later(client, i, 0, &outcomes[i]);
  /* All of them, because requests wait as well once replies do. */
  WAIT_UNTIL(held_count() == CALLS);
  for (int i = 0; i < CALLS; i++) {
    int error = isth_respond(await_held(&value), payload, sizeof payload);
    CHECK(error == 0 || error == ISTH_E_OUT_OF_MEMORY);
    good += error == 0;
  }
  /* One or two in the ring, six that wait; less those of the errors that came between them. */
  CHECK(good >= 6 && good <= 8);
  int came = 0;
  for (int i = 0; i < CALLS; i++) {
    await_outcome(client, &outcomes[i]);
    came += outcomes[i].status == 0;
    if (outcomes[i].status == 0) continue;
    CHECK_EQUAL(outcomes[i].status, ISTH_E_OUT_OF_MEMORY);
    CHECK(memmem(outcomes[i].payload, outcomes[i].size, "max_waiting_bytes", 17) != NULL);
  }
  CHECK_EQUAL(came, good);
  /* There is room again. */
  (void)call_later(client, 0, 0, &outcomes[0]);
  CHECK_EQUAL(isth_respond(await_held(&value), payload, sizeof payload), 0);
  await_outcome(client, &outcomes[0]);
  isth_client_close(client);
  echo_stop(&served);
}

static void calls_that_nobody_answers_are_bounded(void) {
  enum { MOST = 65536 };
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.max_in_flight = MOST;
  later_start(&served, NULL);
  isth_client *client = served_connect(&served, &options);
  static struct outcome outcome;
  uint64_t value;
  box.refused = 0;
  for (uint64_t i = 0; i < MOST; i++) {
    isth_request request = {.method = LATER};
    uint64_t id;
    WAIT_UNTIL(isth_client_call(client, &request, &id) == 0);
    /* A client that forgets its calls can make more of them. */
    CHECK(isth_client_cancel(client, id));
  }
  WAIT_UNTIL(held_count() == MOST);
  (void)call_later(client, 0, 0, &outcome);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.status, ISTH_E_OUT_OF_MEMORY);
  CHECK_EQUAL(box.refused, 1);
  CHECK_EQUAL(isth_respond(take_held(0, &value), NULL, 0), 0);
  (void)call_later(client, 0, 0, &outcome);
  WAIT_UNTIL(held_count() == MOST);
  for (isth_responder *responder; (responder = take_held(MOST - 1, &value)) != NULL;)
    CHECK_EQUAL(isth_respond(responder, NULL, 0), 0);
  await_outcome(client, &outcome);
  CHECK_EQUAL(outcome.status, 0);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- many threads ---- */

static atomic_int answering;

/* Answers at random until told to end: with payloads of all sizes that begin with what the caller sent, or with an
 * error. */
static void *answer(void *argument) {
  struct random random = random_start(*(const uint64_t *)argument);
  static const unsigned char filler[4096];
  while (answering == 1) {
    uint64_t value;
    isth_responder *responder = take_held(random_next(&random), &value);
    if (responder == NULL) {
      usleep(100);
      continue;
    }
    unsigned char payload[4096];
    memcpy(payload, filler, sizeof payload);
    memcpy(payload, &value, sizeof value);
    int error = random_below(&random, 5) == 0
                    ? isth_respond_error(responder, 1 + (int)(value % 100), "%llu", (unsigned long long)value)
                    : isth_respond(responder, payload, 8 + random_below(&random, 1900));
    CHECK(error == 0 || error == ISTH_E_CANCELLED || error == ISTH_E_CLOSED);
  }
  return NULL;
}

struct expected {
  uint64_t value;
  uint32_t outcomes;
};

static void take_expected(const isth_reply *reply) {
  struct expected *expected = reply->user;
  CHECK_EQUAL(++expected->outcomes, 1);
  if (reply->status == 0) {
    uint64_t value;
    memcpy(&value, reply->payload, sizeof value);
    CHECK_EQUAL(value, expected->value);
  } else if (reply->status > 0) {
    CHECK_EQUAL(reply->status, 1 + (int)(expected->value % 100));
  } else {
    CHECK_EQUAL(reply->status, ISTH_E_INSTANCE_LOST);
  }
}

static void every_call_is_answered_once(void) {
  enum { ANSWERERS = 3, CALLS = 600 };
  pthread_t threads[ANSWERERS];
  uint64_t seeds[ANSWERERS];
  answering = 1;
  for (uint64_t i = 0; i < ANSWERERS; i++) {
    seeds[i] = i + 1;
    CHECK_EQUAL(pthread_create(&threads[i], NULL, answer, &seeds[i]), 0);
  }
  for (int round = is_slow() ? 3 : 30; round > 0; round--) {
    struct echo_service served;
    isth_service_options options;
    isth_client_options client_options;
    isth_service_options_init(&options);
    isth_client_options_init(&client_options);
    options.threads = 1 + (unsigned int)round % 3;
    client_options.reply_ring_bytes = 4096u << round % 3;
    later_start(&served, &options);
    isth_client *client = served_connect(&served, &client_options), *other = served_connect(&served, &client_options);
    static struct expected expected[CALLS];
    /* In the middle of it one client goes, and in some rounds the service stops. */
    bool stops = round % 3 == 0;
    uint64_t sent = 0;
    for (; sent < CALLS; sent++) {
      expected[sent] = (struct expected){sent, 0};
      isth_request request = {.method = LATER,
                              .payload = &expected[sent].value,
                              .size = 8,
                              .callback = take_expected,
                              .user = &expected[sent]};
      CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
      if (sent < CALLS / 4) CHECK_EQUAL(isth_client_call(other, &(isth_request){.method = LATER}, NULL), 0);
      if (sent == CALLS / 2) isth_client_close(other);
      if (sent % 10 == 0) isth_client_poll(client, 0);
    }
    if (stops) isth_service_stop(served.service);
    isth_client_stats stats;
    /* All may be answered before the service stops. */
    WAIT_UNTIL((isth_client_wait(client, 1000000), isth_client_check(client), isth_client_get_stats(client, &stats),
                stats.in_flight == 0 && (!stops || isth_client_status(client) != 0)));
    for (uint64_t i = 0; i < sent; i++) CHECK_EQUAL(expected[i].outcomes, 1);
    CHECK_EQUAL(isth_client_status(client), stops ? ISTH_E_INSTANCE_LOST : 0);
    isth_client_close(client);
    echo_stop(&served);
  }
  WAIT_UNTIL(held_count() == 0);
  answering = 0;
  for (int i = 0; i < ANSWERERS; i++) pthread_join(threads[i], NULL);
}

int main(void) {
  static const struct test_case tests[] = {
      {"an answer comes from another thread", an_answer_comes_from_another_thread},
      {"an answer may be an error", an_answer_may_be_an_error},
      {"an answer that cannot fit is an error for both", an_answer_that_cannot_fit_is_an_error_for_both},
      {"a responder knows its deadline", a_responder_knows_its_deadline},
      {"the client may have gone", the_client_may_have_gone},
      {"the service may have gone", the_service_may_have_gone},
      {"answers that nobody takes are bounded", answers_that_nobody_takes_are_bounded},
      {"calls that nobody answers are bounded", calls_that_nobody_answers_are_bounded},
      {"every call is answered once", every_call_is_answered_once},
  };
  return RUN_TESTS("defer_test", tests);
}
