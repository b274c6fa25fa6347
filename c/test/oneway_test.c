/* oneway_test.c: calls without a reply: nothing comes back, and none that was written is lost while the service
 * lives. */
#include "worker.h"

#include "served.h"

#include "hostile.h"

static int send_note(isth_client *client, uint64_t value) {
  isth_request request = {.method = NOTE, .payload = &value, .size = sizeof value, .replies = ISTH_REPLIES_NONE};
  return isth_client_call(client, &request, NULL);
}

static void never(const isth_reply *reply) {
  fprintf(stderr, "a one-way call has an outcome: %d\n", reply->status);
  exit(1);
}

static void nothing_comes_back(void) {
  for (int wait = 0; wait <= ISTH_WAIT_SPIN; wait++) {
    struct echo_service served;
    isth_service_options options;
    isth_service_options_init(&options);
    options.wait = (isth_wait)wait;
    options.threads = 2;
    served_start(&served, &options, NULL, 0);
    isth_client *client = served_connect(&served, NULL);
    uint64_t sum = 0;
    for (uint64_t value = 1; value <= 500; value++) {
      uint64_t id = 1;
      isth_request request = {
          .method = NOTE, .payload = &value, .size = sizeof value, .callback = never, .replies = ISTH_REPLIES_NONE};
      CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
      CHECK_EQUAL(id, 0);
      sum += value;
    }
    isth_client_stats stats;
    isth_client_get_stats(client, &stats);
    CHECK_EQUAL(stats.calls, 500);
    CHECK_EQUAL(stats.in_flight, 0);
    WAIT_UNTIL(seen.notes == 500);
    CHECK_EQUAL(seen.noted, sum);
    CHECK_EQUAL(isth_client_call_sync(client, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
    isth_client_get_stats(client, &stats);
    CHECK_EQUAL(stats.replies, 1);
    CHECK_EQUAL(stats.late_replies, 0);
    WAIT_UNTIL(served_stats(&served).calls == 501);
    CHECK_EQUAL(served_stats(&served).one_way_failures, 0);
    isth_client_close(client);
    echo_stop(&served);
  }
}

static void failures_are_counted(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  static const uint32_t methods[] = {NOTE, PLAIN, COUNT, 99, UNSERVED};
  for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
    /* The first is refused by its handler, the others before there is one. */
    isth_request request = {.method = methods[i], .replies = ISTH_REPLIES_NONE};
    CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    WAIT_UNTIL(served_stats(&served).one_way_failures == i + 1);
  }
  CHECK_EQUAL(seen.notes, 1);
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void expired_ones_are_skipped(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, NULL);
  isth_request request = {.method = NOTE, .deadline_ns = 1, .replies = ISTH_REPLIES_NONE};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(served_stats(&served).expired == 1);
  CHECK_EQUAL(seen.notes, 0);
  CHECK_EQUAL(served_stats(&served).one_way_failures, 0);
  isth_client_close(client);
  echo_stop(&served);
}

/* A full reply ring stops calls that have replies, and those behind them. */
static void they_need_no_room_for_a_reply(void) {
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  served_start(&served, NULL, NULL, 0);
  isth_client *client = served_connect(&served, &options);
  isth_reply reply;
  isth_request request = {.method = PLAIN, .payload = "", .size = 0};
  /* As much as the ring holds beside the room that each handler may need. */
  for (int i = 0; i < 20; i++) CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(served_stats(&served).calls == 20);
  for (int i = 0; i < 1000; i++) CHECK_EQUAL(send_note(client, 1), 0);
  WAIT_UNTIL(seen.notes == 1000);
  CHECK_EQUAL(isth_client_peek(client, &reply, 1), 1);
  isth_client_release(client);
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- the client goes at once ---- */

static void what_a_closed_client_sent_is_served(void) {
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  uint64_t sent = 0;
  for (int round = is_slow() ? 10 : 100; round > 0; round--) {
    isth_client *client = served_connect(&served, NULL);
    isth_request other = {.method = PLAIN};
    for (int i = 0; i < 50; i++, sent++) {
      CHECK_EQUAL(send_note(client, 1), 0);
      /* Nobody waits for these any more. */
      if (i % 7 == 0) CHECK_EQUAL(isth_client_call(client, &other, NULL), 0);
    }
    isth_client_close(client);
  }
  WAIT_UNTIL(seen.notes == sent);
  WAIT_UNTIL(served_stats(&served).channels == 0);
  CHECK_EQUAL(seen.noted, sent);
  CHECK_EQUAL(served_stats(&served).one_way_failures, 0);
  echo_stop(&served);
}

/* Holds up the only serving thread until it has been told that the client has gone. */
static int on_left(isth_call *call, void *user) {
  const struct echo_service *served = user;
  held = 1;
  while (!isth_call_cancelled(call) || !isth__load_acquire(&isth__worker_at(served->service, 0)->commanded))
    usleep(1000);
  return 0;
}

/* Of the calls that a client leaves behind, only those are run for which nobody had to wait. */
static void calls_that_nobody_waits_for_are_not_run(void) {
  enum { CALLS = 200, NOTES = 50, BUDGET = 32 };
  struct echo_service served;
  const struct served_handler added[] = {{LATER, on_left, &served}};
  held = 0;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  isth_request holder = {.method = LATER}, plain = {.method = PLAIN};
  isth_request stream = {.method = TICK, .replies = ISTH_REPLIES_MANY};
  CHECK_EQUAL(isth_client_call(client, &holder, NULL), 0);
  for (int i = 0; i < CALLS; i++) CHECK_EQUAL(isth_client_call(client, &plain, NULL), 0);
  for (int i = 0; i < CALLS; i++) CHECK_EQUAL(isth_client_call(client, &stream, NULL), 0);
  for (int i = 0; i < NOTES; i++) CHECK_EQUAL(send_note(client, 1), 0);
  WAIT_UNTIL(held == 1);
  isth_client_close(client);
  WAIT_UNTIL(served_stats(&served).channels == 0);
  CHECK_EQUAL(seen.notes, NOTES);
  /* What was taken at once with the first one is run: a client's turn is so long. */
  CHECK(served_stats(&served).calls <= BUDGET + NOTES);
  echo_stop(&served);
}

static char path[64];

static void what_a_killed_client_sent_is_served(void) {
  int done[2];
  CHECK_EQUAL(pipe(done), 0);
  pid_t child = fork_child();
  if (child == 0) {
    isth_client *client = NULL;
    isth_client_options client_options = patient_client(NULL);
    WAIT_UNTIL(isth_client_open(&client, path, &served_schema, &client_options, NULL) == 0);
    for (int i = 0; i < 300; i++) CHECK_EQUAL(send_note(client, 1), 0);
    CHECK_EQUAL(write(done[1], "!", 1), 1);
    for (;;) pause();
  }
  struct echo_service served;
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = path;
  served_start(&served, &options, NULL, 0);
  char byte;
  CHECK_EQUAL(read(done[0], &byte, 1), 1);
  kill_child(child);
  /* The client is welcomed before it is counted. */
  WAIT_UNTIL(served_stats(&served).channels_total == 1 && served_stats(&served).channels == 0);
  CHECK_EQUAL(seen.notes, 300);
  close(done[0]);
  close(done[1]);
  echo_stop(&served);
}

static void what_was_sent_before_a_stop_is_served(void) {
  enum { NOTES = 200, BOUND_NS = 100000000 /* of how long stopping serves */ };
  int attempts = 0;
  do {
    struct echo_service served;
    served_start(&served, NULL, NULL, 0);
    isth_client *client = served_connect(&served, NULL);
    for (int i = 0; i < NOTES; i++) CHECK_EQUAL(send_note(client, 1), 0);
    uint64_t begin_ns = isth_now_ns();
    echo_stop(&served);
    /* Again only where the machine held it up for as long as that. */
    CHECK(seen.notes == NOTES || (isth_now_ns() - begin_ns >= BOUND_NS && ++attempts < 20));
    isth_client_close(client);
  } while (seen.notes != NOTES);
}

/* It says that it goes, and goes on sending faster than it is served. How much that is, is bounded all the same. */
static void a_client_that_only_pretends_to_go_is_let_go(void) {
  struct echo_service served;
  struct hostile hostile;
  served_start(&served, NULL, NULL, 0);
  hostile_connect(&hostile, served.path);
  uint64_t sent = 0, value = 1000, until_ns = isth_now_ns() + PATIENT_NS;
  bool gone = false;
  while (!gone && isth_now_ns() < until_ns) {
    struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .flags = ISTH__FLAG_ONE_WAY, .method = NOTE};
    if (!hostile_write(&hostile, &header, &value, sizeof value)) {
      usleep(100);
    } else if (++sent == 100) {
      CHECK_EQUAL(shutdown(hostile.control, SHUT_RDWR), 0);
    }
    gone = sent > 100 && served_stats(&served).channels_total == 1 && served_stats(&served).channels == 0;
  }
  CHECK(gone);
  CHECK(seen.notes >= 100);
  hostile_close(&hostile);
  echo_stop(&served);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/isth-test-%d-oneway.sock", (int)getpid());
  static const struct test_case tests[] = {
      {"what a killed client sent is served", what_a_killed_client_sent_is_served},
      {"nothing comes back", nothing_comes_back},
      {"failures are counted", failures_are_counted},
      {"expired ones are skipped", expired_ones_are_skipped},
      {"they need no room for a reply", they_need_no_room_for_a_reply},
      {"what a closed client sent is served", what_a_closed_client_sent_is_served},
      {"calls that nobody waits for are not run", calls_that_nobody_waits_for_are_not_run},
      {"what was sent before a stop is served", what_was_sent_before_a_stop_is_served},
      {"a client that only pretends to go is let go", a_client_that_only_pretends_to_go_is_let_go},
  };
  return RUN_TESTS("oneway_test", tests);
}
