/*
 * scribble_test.c: a peer that writes whatever it likes, wherever it can, while we use the same memory. It costs its own
 * channel and nothing else. ISTH_TEST_SECONDS makes it run for longer than a second each way.
 */
#include "client.h"

#include "forge.h"
#include "resources.h"

static char path[64];

static uint64_t end_of_test_ns(void) {
  const char *seconds = getenv("ISTH_TEST_SECONDS");
  return isth_now_ns() + (seconds == NULL ? 1 : strtoull(seconds, NULL, 10)) * 1000000000u;
}

/* ---- a hostile client ---- */

static void abuse_service(struct random *random) {
  isth_client *client;
  isth_client_options options;
  isth_client_options_init(&options);
  options.request_ring_bytes = 4096u << random_below(random, 3);
  options.reply_ring_bytes = 4096u << random_below(random, 3);
  while (isth_client_open(&client, path, &echo_schema, &options, NULL) != 0) usleep(1000);
  unsigned char *segment = client->connection.segment;
  uint64_t last_id = 0;
  for (uint64_t rounds = 1 + random_below(random, 400); rounds > 0 && client->status == 0; rounds--) {
    struct isth__client_lane *lane = &client->lanes[random_below(random, client->lane_count)];
    isth_request request = {.method = (uint32_t)random_below(random, 10),
                            .payload = path,
                            .size = sizeof path,
                            .replies = (isth_replies)random_below(random, 3)};
    if (random_below(random, 2) == 0) request.method = request.replies == ISTH_REPLIES_MANY ? STREAM : FORGET;
    uint16_t kind = random_below(random, 3) == 0 ? ISTH__RECORD_CREDIT : ISTH__RECORD_REQUEST;
    switch (random_below(random, 12)) {
    case 0: forge_bytes(random, segment, client->connection.segment_bytes); break;
    case 1: forge_control(random, lane->requests.control, lane->requests.position); break;
    case 2: forge_control(random, lane->replies.control, lane->replies.position); break;
    case 3:
    case 4:
      forge_record(random, lane->requests.data, lane->requests.capacity, lane->requests.position, kind,
                   last_id + random_below(random, 2));
      break;
    case 5: isth_client_check(client); break;
    case 6: (void)isth_client_poll(client, 0); break;
    case 7: (void)isth_client_cancel(client, last_id); break;
    default: (void)isth_client_call(client, &request, &last_id); break;
    }
    isth__wake_signal(lane->wake);
    if (random_below(random, 16) == 0) usleep(100);
  }
  isth_client_close(client);
}

static void a_hostile_client_costs_only_its_own_channel(void) {
  enum { HOSTILE = 2 };
  pid_t hostile[HOSTILE];
  for (uint64_t i = 0; i < HOSTILE; i++) {
    hostile[i] = fork_child();
    if (hostile[i] != 0) continue;
    struct random random = random_start(i + 1);
    for (;;) abuse_service(&random);
  }
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = path;
  options.threads = 2;
  CHECK_EQUAL(isth_service_open(&echo.service, &echo_schema, &options, NULL), 0);
  /* Not those that believe what they are told: how long to sleep, how much to write. */
  CHECK_EQUAL(isth_service_handle(echo.service, ECHO, 0, on_echo, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo.service, REFUSE, 0, on_refuse, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo.service, REMAINING, 8, on_remaining, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo.service, TRACE, 24, on_trace, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo.service, STREAM, 0, on_stream, NULL), 0);
  CHECK_EQUAL(isth_service_handle(echo.service, FORGET, 0, on_forget, NULL), 0);
  snprintf(echo.path, sizeof echo.path, "%s", path);
  CHECK_EQUAL(pthread_create(&echo.thread, NULL, echo_run, &echo), 0);

  isth_client *good = echo_connect(&echo, NULL);
  struct random random = random_start(99);
  uint64_t until_ns = end_of_test_ns(), calls = 0, slowest_ns = 0;
  isth_service_stats stats;
  do {
    unsigned char sent[1000], answer[1000];
    size_t size = random_below(&random, sizeof sent), came;
    for (size_t i = 0; i < size; i++) sent[i] = (unsigned char)(calls + i);
    uint64_t begin_ns = isth_now_ns();
    CHECK_EQUAL(isth_client_call_sync(good, ECHO, sent, size, answer, sizeof answer, &came, PATIENT_NS, NULL), 0);
    if (isth_now_ns() - begin_ns > slowest_ns) slowest_ns = isth_now_ns() - begin_ns;
    CHECK_EQUAL(came, size);
    CHECK(memcmp(sent, answer, size) == 0);
    calls++;
    isth_service_get_stats(echo.service, &stats);
  } while (isth_now_ns() < until_ns || stats.corrupt_channels < 20);
  if (getenv("ISTH_TEST_VERBOSE") != NULL)
    fprintf(stderr, "  %llu calls beside %llu channels, %llu of them corrupt; the slowest took %llu us\n",
            (unsigned long long)calls, (unsigned long long)stats.channels_total,
            (unsigned long long)stats.corrupt_channels, (unsigned long long)slowest_ns / 1000);
  for (int i = 0; i < HOSTILE; i++) kill_child(hostile[i]);
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1 && stats.streams == 0));
  CHECK_EQUAL(isth_client_status(good), 0);
  WAIT_UNTIL(count_segments() == 2); /* one may just have been let in, and is counted then */
  isth_client_close(good);
  echo_stop(&echo);
}

/* ---- a hostile service ---- */

static void serve_badly(int listener) {
  struct random random = random_start(5);
  for (;;) {
    int control = accept(listener, NULL, NULL);
    CHECK(control >= 0);
    forge_service(control, echo_schema.hash, &random);
  }
}

struct outcome_count {
  const unsigned char *segment;
  size_t segment_bytes;
  uint32_t outcomes;
};

static unsigned char last_byte;

static void count_outcome(const isth_reply *reply) {
  struct outcome_count *count = reply->user;
  count->outcomes += !reply->more;
  const unsigned char *payload = reply->payload;
  if (reply->size == 0) return;
  CHECK(payload >= count->segment && reply->size <= count->segment_bytes);
  CHECK(payload + reply->size <= count->segment + count->segment_bytes);
  for (size_t i = 0; i < reply->size; i++) last_byte ^= payload[i];
}

static void call_until_it_breaks(struct random *random) {
  enum { CALLS = 64 };
  struct outcome_count counts[CALLS];
  isth_client *client;
  isth_client_options options;
  isth_client_options_init(&options);
  options.request_ring_bytes = options.reply_ring_bytes = 4096;
  options.wait = (isth_wait)random_below(random, 2);
  if (isth_client_open(&client, path, &echo_schema, &options, NULL) != 0) return;
  size_t segment_bytes;
  const unsigned char *segment = isth_client_segment(client, &segment_bytes);
  while (isth_client_status(client) == 0) {
    uint64_t sent = 0, deadline_ns = isth_now_ns() + 5000000;
    for (; sent < CALLS; sent++) {
      counts[sent] = (struct outcome_count){segment, segment_bytes, 0};
      isth_request request = {.method = ECHO,
                              .payload = path,
                              .size = sizeof path,
                              .deadline_ns = deadline_ns,
                              .callback = count_outcome,
                              .user = &counts[sent],
                              .replies = (isth_replies)random_below(random, 2)};
      if (isth_client_call(client, &request, NULL) != 0) break;
    }
    isth_client_stats stats;
    do {
      isth_client_wait(client, 1000000);
      isth_client_get_stats(client, &stats);
      /* Generous: the deadline is 5 ms away. */
      CHECK(isth_now_ns() < deadline_ns + 20000000000u);
    } while (stats.in_flight > 0);
    for (uint64_t i = 0; i < sent; i++) CHECK_EQUAL(counts[i].outcomes, 1);
    unsigned char reply[50];
    isth_failure failure;
    (void)isth_client_call_sync(client, ECHO, path, 10, reply, sizeof reply, NULL, 2000000, &failure);
    CHECK(isth_now_ns() < deadline_ns + 20000000000u);
  }
  isth_client_close(client);
}

static void a_hostile_service_cannot_harm_a_client(void) {
  struct sockaddr_un address;
  CHECK(isth__socket_address(&address, path));
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(listener, 8), 0);
  pid_t hostile = fork_child();
  if (hostile == 0) serve_badly(listener);
  size_t descriptors = count_descriptors();
  struct random random = random_start(6);
  uint64_t until_ns = end_of_test_ns(), clients = 0;
  while (isth_now_ns() < until_ns || clients < 10) {
    call_until_it_breaks(&random);
    clients++;
  }
  if (getenv("ISTH_TEST_VERBOSE") != NULL) fprintf(stderr, "  %llu clients\n", (unsigned long long)clients);
  CHECK_EQUAL(waitpid(hostile, NULL, WNOHANG), 0);
  kill_child(hostile);
  CHECK_EQUAL(count_descriptors(), descriptors);
  CHECK_EQUAL(count_segments(), 0);
  close(listener);
  unlink(path);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/isth-test-%d-scribble.sock", (int)getpid());
  static const struct test_case tests[] = {
      {"a hostile client costs only its own channel", a_hostile_client_costs_only_its_own_channel},
      {"a hostile service cannot harm a client", a_hostile_service_cannot_harm_a_client},
  };
  return RUN_TESTS("scribble_test", tests);
}
