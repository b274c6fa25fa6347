/* ping_test.c: signs of life: each serving thread answers for itself, whatever its handlers do. */
#include "served.h"

struct pong {
  int came, status;
  size_t size;
};

static void take_pong(const isth_reply *reply) {
  struct pong *pong = reply->user;
  pong->came++;
  pong->status = reply->status;
  pong->size = reply->size;
}

static uint64_t ping(isth_client *client, uint32_t lane, struct pong *pong) {
  uint64_t id = 0;
  *pong = (struct pong){0, 1, 1};
  CHECK_EQUAL(isth_client_ping(client, lane, isth_now_ns() + PATIENT_NS, take_pong, pong, &id), 0);
  CHECK(id != 0);
  return id;
}

static void await_pong(isth_client *client, struct pong *pong) {
  while (pong->came == 0) isth_client_wait(client, PATIENT_NS);
  CHECK_EQUAL(pong->came, 1);
  CHECK_EQUAL(pong->status, 0);
  CHECK_EQUAL(pong->size, 0);
}

static isth_client_stats stats_of(const isth_client *client) {
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  return stats;
}

static void every_thread_answers(void) {
  static const isth_wait modes[] = {ISTH_WAIT_ADAPTIVE, ISTH_WAIT_BLOCK, ISTH_WAIT_SPIN};
  for (size_t i = 0; i < 3; i++) {
    enum { THREADS = 3 };
    struct echo_service served;
    isth_service_options options;
    isth_client_options client_options;
    struct pong pongs[THREADS];
    isth_service_options_init(&options);
    isth_client_options_init(&client_options);
    options.threads = THREADS;
    options.wait = client_options.wait = modes[i];
    served_start(&served, &options, NULL, 0);
    isth_client *client = served_connect(&served, &client_options);
    for (uint32_t lane = 0; lane < THREADS; lane++) ping(client, lane, &pongs[lane]);
    CHECK_EQUAL(stats_of(client).in_flight, THREADS);
    for (uint32_t lane = 0; lane < THREADS; lane++) await_pong(client, &pongs[lane]);
    CHECK_EQUAL(stats_of(client).in_flight, 0);
    CHECK_EQUAL(served_stats(&served).calls, 0);
    isth_client_close(client);
    echo_stop(&served);
  }
}

static void a_service_of_any_schema_answers(void) {
  struct echo_service served;
  struct pong pong;
  isth_client *client;
  served_start(&served, NULL, NULL, 0);
  isth_client_options options = patient_client(NULL);
  CHECK_EQUAL(isth_client_open(&client, served.path, NULL, &options, NULL), 0);
  ping(client, 0, &pong);
  await_pong(client, &pong);
  isth_client_close(client);
  echo_stop(&served);
}

static void there_is_no_answer_from_a_lane_that_is_not_there(void) {
  struct echo_service served;
  struct pong pong = {0, 0, 0};
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  CHECK_EQUAL(isth_client_ping(client, 1, 0, take_pong, &pong, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_client_ping(client, UINT32_MAX, 0, take_pong, &pong, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(stats_of(client).calls, 0);
  echo_stop(&served);
  while (isth_client_status(client) == 0) isth_client_check(client);
  CHECK_EQUAL(isth_client_ping(client, 0, 0, take_pong, &pong, NULL), ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
}

static void start_held(struct echo_service *served, unsigned int threads) {
  static const struct served_handler added[] = {{LATER, on_held, NULL}};
  isth_service_options options;
  isth_service_options_init(&options);
  options.threads = threads;
  held = 0;
  served_start(served, &options, added, 1);
}

/* Keeps one serving thread busy until `held` is 2. */
static void hold(isth_client *client, struct came *came) {
  isth_request request = {.method = LATER, .callback = take_came, .user = came};
  *came = (struct came){.ends = 0};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(held == 1);
}

static void a_thread_that_is_busy_answers_later(void) {
  struct echo_service served;
  struct pong pongs[2];
  struct came came;
  start_held(&served, 2);
  isth_client *client = served_connect(&served, NULL);
  hold(client, &came);
  for (uint32_t lane = 0; lane < 2; lane++) ping(client, lane, &pongs[lane]);
  while (pongs[0].came + pongs[1].came == 0) isth_client_wait(client, PATIENT_NS);
  usleep(20000);
  isth_client_poll(client, 0);
  CHECK_EQUAL(pongs[0].came + pongs[1].came, 1);
  held = 2;
  for (uint32_t lane = 0; lane < 2; lane++) await_pong(client, &pongs[lane]);
  await_end(client, &came);
  isth_client_close(client);
  echo_stop(&served);
}

static void a_thread_that_is_stuck_does_not_answer_in_time(void) {
  struct echo_service served;
  struct pong pong = {0, 0, 0};
  struct came came;
  start_held(&served, 1);
  isth_client *client = served_connect(&served, NULL);
  hold(client, &came);
  CHECK_EQUAL(isth_client_ping(client, 0, isth_now_ns() + 20000000, take_pong, &pong, NULL), 0);
  while (pong.came == 0) isth_client_wait(client, PATIENT_NS);
  CHECK_EQUAL(pong.status, ISTH_E_DEADLINE_EXCEEDED);
  held = 2;
  await_end(client, &came);
  ping(client, 0, &pong);
  await_pong(client, &pong);
  /* It was no call, and so none that expired. */
  CHECK_EQUAL(served_stats(&served).expired, 0);
  CHECK_EQUAL(served_stats(&served).calls, 1);
  isth_client_close(client);
  echo_stop(&served);
}

static void an_answer_that_nobody_waits_for_is_dropped(void) {
  struct echo_service served;
  struct pong pong, second;
  struct came came;
  start_held(&served, 1);
  isth_client *client = served_connect(&served, NULL);
  hold(client, &came);
  uint64_t id = ping(client, 0, &pong);
  CHECK(isth_client_cancel(client, id));
  held = 2;
  ping(client, 0, &second);
  await_pong(client, &second);
  CHECK_EQUAL(pong.came, 0);
  CHECK_EQUAL(stats_of(client).late_replies, 1);
  CHECK_EQUAL(stats_of(client).in_flight, 0);
  await_end(client, &came);
  isth_client_close(client);
  echo_stop(&served);
}

/* The smallest rings: a few requests fill the one, a few replies the other. */
static isth_client *connect_narrowly(const struct echo_service *served) {
  isth_client_options options;
  isth_client_options_init(&options);
  options.request_ring_bytes = options.reply_ring_bytes = 4096;
  return served_connect(served, &options);
}

static void count_reply(const isth_reply *reply) {
  CHECK_EQUAL(reply->status, 0);
  ++*(int *)reply->user;
}

static void full_rings_hold_it_up_like_any_request(void) {
  static const unsigned char payload[1000];
  struct echo_service served;
  struct pong pong = {0, 1, 1};
  struct came came;
  int sent = 0, echoes = 0, error;
  isth_request request = {
      .method = PLAIN, .payload = payload, .size = sizeof payload, .callback = count_reply, .user = &echoes};
  start_held(&served, 1);
  isth_client *client = connect_narrowly(&served);
  hold(client, &came);
  while ((error = isth_client_call(client, &request, NULL)) == 0) sent++;
  CHECK_EQUAL(error, ISTH_E_RING_FULL);
  request.size = 0;
  while ((error = isth_client_call(client, &request, NULL)) == 0) sent++;
  CHECK_EQUAL(error, ISTH_E_RING_FULL);
  CHECK_EQUAL(isth_client_ping(client, 0, 0, take_pong, &pong, NULL), ISTH_E_RING_FULL);
  CHECK_EQUAL(pong.came, 0);
  /* Nobody takes the replies, which fill their ring as well: the ping waits behind them, and comes through when they are
   * taken. */
  held = 2;
  WAIT_UNTIL(isth_client_ping(client, 0, isth_now_ns() + PATIENT_NS, take_pong, &pong, NULL) == 0);
  await_pong(client, &pong);
  CHECK_EQUAL(echoes, sent);
  CHECK_EQUAL(came.ends, 1);
  isth_client_close(client);
  echo_stop(&served);
}

static void only_a_request_of_one_reply_is_a_ping(void) {
  struct echo_service served;
  struct came came = {.ends = 0};
  isth_request request = {.method = 0, .callback = take_came, .user = &came, .replies = ISTH_REPLIES_MANY};
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  await_end(client, &came);
  CHECK_EQUAL(came.status, ISTH_E_UNKNOWN_METHOD);
  request.replies = ISTH_REPLIES_NONE;
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(served_stats(&served).one_way_failures == 1);
  isth_client_close(client);
  echo_stop(&served);
}

int main(void) {
  static const struct test_case tests[] = {
      {"every thread answers", every_thread_answers},
      {"a service of any schema answers", a_service_of_any_schema_answers},
      {"there is no answer from a lane that is not there", there_is_no_answer_from_a_lane_that_is_not_there},
      {"a thread that is busy answers later", a_thread_that_is_busy_answers_later},
      {"a thread that is stuck does not answer in time", a_thread_that_is_stuck_does_not_answer_in_time},
      {"an answer that nobody waits for is dropped", an_answer_that_nobody_waits_for_is_dropped},
      {"full rings hold it up like any request", full_rings_hold_it_up_like_any_request},
      {"only a request of one reply is a ping", only_a_request_of_one_reply_is_a_ping},
  };
  return RUN_TESTS("ping_test", tests);
}
