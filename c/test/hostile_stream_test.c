/* hostile_stream_test.c: a client that does with credit, cancellation and windows what none should: it costs its own
 * channel at most. */
#include "served.h"

#include "hostile.h"

static struct isth__header begin_tick(uint64_t call_id, uint32_t window) {
  return (struct isth__header){
      .kind = ISTH__RECORD_REQUEST, .flags = ISTH__FLAG_MANY, .method = TICK, .window = window, .call_id = call_id};
}

static struct isth__header give_credit(uint64_t call_id, uint32_t bytes) {
  return (struct isth__header){.kind = ISTH__RECORD_CREDIT, .window = bytes, .call_id = call_id};
}

static struct isth__header cancel(uint64_t call_id) {
  return (struct isth__header){.kind = ISTH__RECORD_CANCEL, .call_id = call_id};
}

static void one_call(isth_client *client) {
  uint64_t value = 42, answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, PLAIN, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(answer, 42);
}

static void records_that_break_the_protocol_cost_the_channel(void) {
  static const struct {
    struct isth__header header;
    size_t size;
  } cases[] = {
      {{.kind = 0}, 0},
      {{.kind = ISTH__RECORD_REPLY}, 8},
      {{.kind = ISTH__RECORD_REPLY_MORE}, 8},
      {{.kind = 7}, 0},
      {{.kind = UINT16_MAX}, 0},
      {{.kind = ISTH__RECORD_REQUEST, .flags = ISTH__FLAG_ONE_WAY | ISTH__FLAG_MANY, .method = TICK}, 8},
      {{.kind = ISTH__RECORD_REQUEST, .flags = 4, .method = PLAIN}, 8},
      {{.kind = ISTH__RECORD_REQUEST, .flags = 0x8000, .method = PLAIN}, 8},
      {{.kind = ISTH__RECORD_CREDIT, .call_id = 99, .window = 1}, 1},
      {{.kind = ISTH__RECORD_CREDIT, .flags = 1, .call_id = 99, .window = 1}, 0},
      {{.kind = ISTH__RECORD_CANCEL, .call_id = 99}, 1},
      {{.kind = ISTH__RECORD_CANCEL, .flags = 2, .call_id = 99}, 0},
      /* More than was sent. */
      {{.kind = ISTH__RECORD_CREDIT, .call_id = 1, .window = UINT32_MAX}, 0},
  };
  struct echo_service served;
  served_start(&served, NULL, NULL, 0);
  isth_client *good = served_connect(&served, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct hostile hostile;
    uint64_t microseconds = 1000;
    struct isth__header request = begin_tick(1, 200);
    hostile_connect(&hostile, served.path);
    /* A stream of its own runs beside it, and ends with the channel. */
    CHECK(hostile_write(&hostile, &request, &microseconds, 8));
    WAIT_UNTIL(seen.ticking == 1);
    CHECK(hostile_write(&hostile, &cases[i].header, "12345678", cases[i].size));
    CHECK(raw_closed(hostile.control, 60000));
    WAIT_UNTIL(served_stats(&served).corrupt_channels == i + 1);
    WAIT_UNTIL(seen.ticking == 0);
    CHECK_EQUAL(seen.tick_ended, ISTH_E_CANCELLED);
    hostile_close(&hostile);
    one_call(good);
  }
  isth_client_close(good);
  echo_stop(&served);
}

/* Takes all replies that are there: a service whose replies find no room takes no further records. */
static void take_all(struct hostile *hostile) {
  struct isth__taken reply;
  while (isth__consumer_take(&hostile->replies, &reply) == 1) isth__consumer_release(&hostile->replies);
}

static void credit_for_what_is_no_stream_is_ignored(void) {
  struct echo_service served;
  struct hostile hostile;
  struct isth__taken reply;
  uint64_t microseconds = 1000;
  served_start(&served, NULL, NULL, 0);
  hostile_connect(&hostile, served.path);
  /* Before there ever was one, beside one, and after one. */
  for (int round = 0; round < 3; round++) {
    const struct isth__header ignored[] = {give_credit(77, 1000), give_credit(0, 0), cancel(77), cancel(0)};
    for (size_t i = 0; i < 4; i++) CHECK(hostile_write(&hostile, &ignored[i], NULL, 0));
    struct isth__header plain = {.kind = ISTH__RECORD_REQUEST, .method = PLAIN, .call_id = 5};
    CHECK(hostile_write(&hostile, &plain, NULL, 0));
    do CHECK(hostile_read(&hostile, &reply));
    while (reply.header.kind == ISTH__RECORD_REPLY_MORE);
    CHECK_EQUAL(reply.header.kind, ISTH__RECORD_REPLY);
    CHECK_EQUAL(reply.header.call_id, 5);
    struct isth__header next = round == 0 ? begin_tick(9, 100000) : cancel(9);
    CHECK(hostile_write(&hostile, &next, &microseconds, round == 0 ? 8 : 0));
    WAIT_UNTIL((take_all(&hostile), seen.ticking == (round == 0)));
  }
  CHECK_EQUAL(served_stats(&served).corrupt_channels, 0);
  hostile_close(&hostile);
  echo_stop(&served);
}

static void a_window_of_nothing_lets_one_through_at_a_time(void) {
  struct echo_service served;
  struct hostile hostile;
  struct isth__taken reply;
  uint64_t microseconds = 0;
  served_start(&served, NULL, NULL, 0);
  hostile_connect(&hostile, served.path);
  struct isth__header request = begin_tick(3, 0);
  CHECK(hostile_write(&hostile, &request, &microseconds, 8));
  for (uint64_t i = 0; i < 5; i++) {
    struct isth__header credit = give_credit(3, 72);
    CHECK(hostile_read(&hostile, &reply));
    CHECK_EQUAL(reply.header.kind, ISTH__RECORD_REPLY_MORE);
    WAIT_UNTIL(seen.ticks > i);
    usleep(10000);
    CHECK_EQUAL(seen.ticks, i + 1);
    CHECK(hostile_write(&hostile, &credit, NULL, 0));
  }
  hostile_close(&hostile);
  WAIT_UNTIL(seen.ticking == 0);
  echo_stop(&served);
}

/* Whatever window it asks for, what waits for it in the service is bounded. */
static void a_window_without_bound_is_bounded(void) {
  struct echo_service served;
  struct hostile hostile;
  uint64_t microseconds = 0;
  served_start(&served, NULL, NULL, 0);
  hostile_connect(&hostile, served.path);
  struct isth__header request = begin_tick(3, UINT32_MAX);
  CHECK(hostile_write(&hostile, &request, &microseconds, 8));
  WAIT_UNTIL(seen.ticks >= (4 << 20) / 72);
  usleep(100000);
  CHECK(seen.ticks <= (4 << 20) / 72 + 1);
  hostile_close(&hostile);
  WAIT_UNTIL(seen.ticking == 0);
  echo_stop(&served);
}

static void floods_hold_up_nobody_else(void) {
  struct echo_service served;
  struct hostile hostile;
  isth_service_options options;
  isth_service_options_init(&options);
  options.max_streams = 4;
  served_start(&served, &options, NULL, 0);
  isth_client *good = served_connect(&served, NULL);
  hostile_connect(&hostile, served.path);
  uint64_t microseconds = 100, refused = 0, written = 0;
  const uint64_t total = is_slow() ? 5000 : 100000;
  while (written < total) {
    /* Calls with the same few ids, over and over, of which most find no thread; and cancellations of them. */
    struct isth__header header = written % 3 == 0 ? begin_tick(1 + written % 7, 1000) : cancel(1 + written % 11);
    if (hostile_write(&hostile, &header, &microseconds, written % 3 == 0 ? 8 : 0)) {
      written++;
    } else {
      struct isth__taken reply;
      while (isth__consumer_take(&hostile.replies, &reply) == 1) {
        refused += reply.header.status == ISTH_E_TOO_MANY_CALLS;
        isth__consumer_release(&hostile.replies);
      }
    }
    if (written % 1000 == 0) one_call(good);
  }
  CHECK(refused > 0);
  CHECK(seen.ticking <= 4);
  CHECK_EQUAL(served_stats(&served).corrupt_channels, 0);
  hostile_close(&hostile);
  WAIT_UNTIL(served_stats(&served).streams == 0);
  one_call(good);
  isth_client_close(good);
  echo_stop(&served);
}

int main(void) {
  static const struct test_case tests[] = {
      {"records that break the protocol cost the channel", records_that_break_the_protocol_cost_the_channel},
      {"credit for what is no stream is ignored", credit_for_what_is_no_stream_is_ignored},
      {"a window of nothing lets one through at a time", a_window_of_nothing_lets_one_through_at_a_time},
      {"a window without bound is bounded", a_window_without_bound_is_bounded},
      {"floods hold up nobody else", floods_hold_up_nobody_else},
  };
  return RUN_TESTS("hostile_stream_test", tests);
}
