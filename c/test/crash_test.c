/* crash_test.c: either side is killed, or stopped, in the middle of its work: the other one carries on and holds nothing. */
#include "echo.h"

#include "random.h"
#include "resources.h"

static char path[64];

/* An echo service in a process of its own, until it is killed. */
static pid_t start_service(unsigned int threads) {
  pid_t child = fork_child();
  if (child != 0) return child;
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = path;
  options.threads = threads;
  echo_open(&echo, &options);
  echo_run(&echo);
  isth_service_close(echo.service);
  _exit(0);
}

static isth_client *connect_when_up(void) {
  isth_client *client = NULL;
  isth_client_options options;
  isth_client_options_init(&options);
  options.wait = ISTH_WAIT_BLOCK;
  options.connect_timeout_ns = PATIENT_NS;
  WAIT_UNTIL(isth_client_open(&client, path, &echo_schema, &options, NULL) == 0);
  return client;
}

/* ---- every call has exactly one outcome ---- */

enum { MOST_CALLS = 4096 };

struct ledger {
  struct entry {
    uint64_t deadline_ns;
    uint32_t outcomes;
    struct ledger *ledger;
  } entries[MOST_CALLS];
  uint64_t sent, ended, answered, lost, expired, latest_ns;
};

static void enter(const isth_reply *reply) {
  struct entry *entry = reply->user;
  struct ledger *ledger = entry->ledger;
  CHECK_EQUAL(++entry->outcomes, 1);
  ledger->ended++;
  ledger->answered += reply->status == 0;
  ledger->lost += reply->status == ISTH_E_INSTANCE_LOST;
  ledger->expired += reply->status == ISTH_E_DEADLINE_EXCEEDED;
  CHECK(reply->status == 0 || reply->status == ISTH_E_INSTANCE_LOST || reply->status == ISTH_E_DEADLINE_EXCEEDED);
  uint64_t now_ns = isth_now_ns();
  if (entry->deadline_ns != 0 && now_ns > entry->deadline_ns && now_ns - entry->deadline_ns > ledger->latest_ns)
    ledger->latest_ns = now_ns - entry->deadline_ns;
}

/* Sends calls until the ledger is full or the client will not take any more; every fourth sleeps in its handler. */
static int send_calls(isth_client *client, struct ledger *ledger, uint64_t timeout_ns) {
  int error = 0;
  while (error == 0 && ledger->sent < MOST_CALLS) {
    struct entry *entry = &ledger->entries[ledger->sent];
    uint64_t microseconds = 100;
    *entry = (struct entry){.deadline_ns = isth_now_ns() + timeout_ns, .ledger = ledger};
    isth_request request = {.method = ledger->sent % 4 == 0 ? SLEEP : ECHO,
                            .payload = &microseconds,
                            .size = 8,
                            .deadline_ns = entry->deadline_ns,
                            .callback = enter,
                            .user = entry};
    error = isth_client_call(client, &request, NULL);
    if (error == 0) ledger->sent++;
  }
  return error;
}

static void kill_the_service(unsigned int threads, uint64_t delay_us) {
  size_t descriptors = count_descriptors();
  pid_t service = start_service(threads);
  isth_client *client = connect_when_up();
  static struct ledger ledger;
  ledger = (struct ledger){.sent = 0};
  uint64_t timeout_ns = PATIENT_NS, kill_at_ns = isth_now_ns() + delay_us * 1000;
  bool killed = false;
  while (isth_client_status(client) == 0) {
    if (!killed && isth_now_ns() >= kill_at_ns) {
      CHECK_EQUAL(kill(service, SIGKILL), 0);
      killed = true;
    }
    /* The table of calls is used over and over. */
    if (ledger.ended == ledger.sent) ledger = (struct ledger){.sent = 0};
    int error = send_calls(client, &ledger, timeout_ns);
    CHECK(error == 0 || error == ISTH_E_RING_FULL || error == ISTH_E_INSTANCE_LOST || error == ISTH_E_TOO_MANY_CALLS);
    isth_client_wait(client, 1000000);
    /* The end of file is there at once, long before any deadline. */
    CHECK(isth_now_ns() < kill_at_ns + timeout_ns / 2);
  }
  CHECK(killed);
  CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
  while (isth_client_poll(client, 0) > 0) continue;
  CHECK_EQUAL(ledger.ended, ledger.sent);
  CHECK_EQUAL(ledger.expired, 0);
  isth_client_stats stats;
  isth_client_get_stats(client, &stats);
  CHECK_EQUAL(stats.in_flight, 0);
  isth_request request = {.method = ECHO};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), ISTH_E_INSTANCE_LOST);
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
  CHECK_EQUAL(waitpid(service, NULL, 0), service);
  CHECK_EQUAL(count_descriptors(), descriptors);
  CHECK_EQUAL(count_segments(), 0);
}

static void a_killed_service_ends_every_call_once(void) {
  struct random random = random_start(3);
  for (int round = is_slow() ? 4 : 30; round > 0; round--)
    kill_the_service(round % 2 == 0 ? 1 : 3, random_below(&random, 20000));
}

static void a_stopped_service_lets_calls_end_at_their_deadlines(void) {
  pid_t service = start_service(1);
  isth_client *client = connect_when_up();
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  int status;
  CHECK_EQUAL(kill(service, SIGSTOP), 0);
  CHECK_EQUAL(waitpid(service, &status, WUNTRACED), service);
  CHECK(WIFSTOPPED(status));
  static struct ledger ledger;
  ledger = (struct ledger){.sent = 0};
  /* The client sleeps in between: its sleep ends with the earliest deadline. */
  for (uint64_t i = 1; i <= 5; i++) {
    while (ledger.sent < i * 10) {
      struct entry *entry = &ledger.entries[ledger.sent++];
      *entry = (struct entry){.deadline_ns = isth_now_ns() + i * 20000000, .ledger = &ledger};
      isth_request request = {.method = ECHO, .deadline_ns = entry->deadline_ns, .callback = enter, .user = entry};
      CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    }
  }
  uint64_t until_ns = isth_now_ns() + PATIENT_NS;
  while (ledger.ended < ledger.sent && isth_now_ns() < until_ns) isth_client_wait(client, PATIENT_NS);
  CHECK_EQUAL(ledger.expired, 50);
  /* Generous, for a machine that does other things: 5 ms is what is promised of a quiet one. */
  CHECK(ledger.latest_ns < PATIENT_NS / 4);
  /* It goes on, and what it answers now is late. */
  CHECK_EQUAL(kill(service, SIGCONT), 0);
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_client_close(client);
  kill_child(service);
}

/* ---- the other way round ---- */

/* A client that calls as fast as it can, until it is killed. */
static pid_t start_client(void) {
  pid_t child = fork_child();
  if (child != 0) return child;
  isth_client *client = connect_when_up();
  isth_request request = {.method = ECHO, .payload = path, .size = sizeof path};
  for (uint64_t i = 0;; i++) {
    int error = isth_client_call(client, &request, NULL);
    CHECK(error == 0 || error == ISTH_E_RING_FULL || error == ISTH_E_TOO_MANY_CALLS);
    /* At times it lets replies pile up, so that it is also killed with its reply ring full. */
    if (error != 0 && i % 3 != 0) isth_client_wait(client, 1000000);
  }
}

static void killed_clients_leave_nothing_in_the_service(void) {
  enum { CLIENTS = 4 };
  pid_t clients[CLIENTS];
  for (int i = 0; i < CLIENTS; i++) clients[i] = start_client();
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = path;
  options.threads = 2;
  echo_open(&echo, &options);
  CHECK_EQUAL(pthread_create(&echo.thread, NULL, echo_run, &echo), 0);
  snprintf(echo.path, sizeof echo.path, "%s", path);
  isth_client *witness = connect_when_up();
  isth_service_stats stats;
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == CLIENTS + 1 && stats.calls > 5000));
  size_t full = count_descriptors();
  CHECK_EQUAL(count_segments(), CLIENTS + 2); /* the witness's segment is mapped on both sides */
  for (int i = 0; i < CLIENTS; i++) {
    kill_child(clients[i]);
    for (uint64_t value = 0; value < 200; value++) {
      uint64_t answer = ~value;
      CHECK_EQUAL(isth_client_call_sync(witness, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
      CHECK_EQUAL(answer, value);
    }
  }
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1));
  /* Of each: the control socket, the client's wake-up and one for each of two lanes. */
  WAIT_UNTIL(count_descriptors() == full - CLIENTS * 4);
  CHECK_EQUAL(count_segments(), 2);
  CHECK_EQUAL(stats.corrupt_channels, 0);
  isth_client_close(witness);
  echo_stop(&echo);
  CHECK_EQUAL(count_segments(), 0);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/isth-test-%d-crash.sock", (int)getpid());
  static const struct test_case tests[] = {
      {"a killed service ends every call once", a_killed_service_ends_every_call_once},
      {"a stopped service lets calls end at their deadlines", a_stopped_service_lets_calls_end_at_their_deadlines},
      {"killed clients leave nothing in the service", killed_clients_leave_nothing_in_the_service},
  };
  return RUN_TESTS("crash_test", tests);
}
