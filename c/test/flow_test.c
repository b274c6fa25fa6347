/* flow_test.c: a client's calls against a service by hand: what it writes, and what it does not believe. */
#include "client.h"

#include "fake.h"
#include "resources.h"

/* The service's end of the only lane, for the test's own thread to serve. */
struct hand {
  struct fake fake;
  isth_client *client;
  unsigned char *segment;
  size_t segment_bytes;
  int wake;
  struct isth__consumer requests;
  struct isth__producer replies;
};

/* Welcomes the client, leaves the lane to the test, and stays until the client goes. */
static void hand_over(int control, const void *detail) {
  struct hand *hand = (struct hand *)(uintptr_t)detail;
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  take_luggage(control, &attach, descriptors);
  struct isth__shape shape = {attach.lanes, attach.request_bytes, attach.reply_bytes};
  hand->segment_bytes = attach.segment_bytes;
  hand->segment = mmap(NULL, attach.segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptors[0], 0);
  CHECK(hand->segment != MAP_FAILED);
  hand->wake = descriptors[1];
  isth__lane_service(hand->segment, &shape, 0, &hand->requests, &hand->replies);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  CHECK(raw_closed(control, 60000));
  for (int i = 0; i < 3; i++) close(descriptors[i]);
}

static void hand_start(struct hand *hand, const isth_client_options *options) {
  fake_start(&hand->fake, hand_over, hand);
  CHECK_EQUAL(isth_client_open(&hand->client, hand->fake.path, &echo_schema, options, NULL), 0);
}

static void hand_stop(struct hand *hand) {
  isth_client_close(hand->client);
  fake_stop(&hand->fake);
  munmap(hand->segment, hand->segment_bytes);
}

static isth_client_options with_window(uint32_t bytes) {
  isth_client_options options = patient_client(NULL);
  options.request_ring_bytes = options.reply_ring_bytes = 4096;
  options.stream_window_bytes = bytes;
  return options;
}

static void hand_reply(struct hand *hand, uint16_t kind, uint64_t call_id, size_t size) {
  struct isth__record *record;
  struct isth__header header = {.kind = kind, .method = BIG, .call_id = call_id};
  CHECK_EQUAL(isth__producer_claim(&hand->replies, size, &record), 0);
  memset(isth__record_payload(record), 0, size);
  if (isth__producer_commit(&hand->replies, record, &header, size)) isth__wake_signal(hand->wake);
}

/* The next record that the client wrote; kind 0: there is none. */
static struct isth__header hand_take(struct hand *hand) {
  struct isth__taken taken;
  if (isth__consumer_take(&hand->requests, &taken) != 1) return (struct isth__header){.kind = 0};
  isth__consumer_release(&hand->requests);
  if (taken.header.kind != ISTH__RECORD_REQUEST) CHECK_EQUAL(taken.size, 0);
  return taken.header;
}

struct heard {
  int more, ends, status;
};

static void hear(const isth_reply *reply) {
  struct heard *heard = reply->user;
  heard->more += reply->more;
  heard->ends += !reply->more;
  if (!reply->more) heard->status = reply->status;
}

/* Begins a call, which the service takes. */
static uint64_t hand_call(struct hand *hand, isth_replies replies, uint64_t timeout_ns, struct heard *heard) {
  uint64_t id;
  isth_request request = {.method = BIG,
                          .deadline_ns = timeout_ns == 0 ? 0 : isth_now_ns() + timeout_ns,
                          .callback = hear,
                          .user = heard,
                          .replies = replies};
  *heard = (struct heard){.ends = 0};
  CHECK_EQUAL(isth_client_call(hand->client, &request, &id), 0);
  CHECK_EQUAL(hand_take(hand).kind, ISTH__RECORD_REQUEST);
  return id;
}

/* ---- what it writes ---- */

static void a_request_says_what_it_expects(void) {
  static const struct {
    isth_replies replies;
    uint16_t flags;
    uint32_t window;
  } cases[] = {{ISTH_REPLIES_ONE, 0, 0},
               {ISTH_REPLIES_MANY, ISTH__FLAG_MANY, 12345},
               {ISTH_REPLIES_NONE, ISTH__FLAG_ONE_WAY, 0}};
  struct hand hand;
  isth_client_options options = with_window(12345);
  hand_start(&hand, &options);
  for (size_t i = 0; i < 3; i++) {
    uint64_t id = 77;
    isth_request request = {.method = BIG, .deadline_ns = 5, .replies = cases[i].replies};
    CHECK_EQUAL(isth_client_call(hand.client, &request, &id), 0);
    struct isth__header header = hand_take(&hand);
    CHECK_EQUAL(header.kind, ISTH__RECORD_REQUEST);
    CHECK_EQUAL(header.flags, cases[i].flags);
    CHECK_EQUAL(header.window, cases[i].window);
    CHECK_EQUAL(header.method, BIG);
    CHECK_EQUAL(header.call_id, id);
    CHECK_EQUAL(header.deadline_ns, 5);
    CHECK_EQUAL(id == 0, cases[i].replies == ISTH_REPLIES_NONE);
  }
  hand_stop(&hand);
}

static void credit_comes_by_halves_of_the_window(void) {
  struct hand hand;
  struct heard heard;
  isth_client_options options = with_window(1000);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &heard);
  /* 164 bytes each, so that the fourth passes 500. */
  for (int i = 1; i <= 20; i++) {
    hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 100);
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 1);
    CHECK_EQUAL(heard.more, i);
    struct isth__header header = hand_take(&hand);
    CHECK_EQUAL(header.kind, i % 4 == 0 ? ISTH__RECORD_CREDIT : 0);
    if (i % 4 != 0) continue;
    CHECK_EQUAL(header.window, 4 * 164);
    CHECK_EQUAL(header.call_id, id);
    CHECK_EQUAL(header.flags, 0);
  }
  hand_reply(&hand, ISTH__RECORD_REPLY, id, 0);
  CHECK_EQUAL(isth_client_poll(hand.client, 0), 1);
  CHECK_EQUAL(heard.ends, 1);
  CHECK_EQUAL(hand_take(&hand).kind, 0);
  hand_stop(&hand);
}

static void a_cancellation_is_written_once(void) {
  struct hand hand;
  struct heard heard;
  isth_client_stats stats;
  isth_client_options options = with_window(1000);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &heard);
  CHECK(isth_client_cancel(hand.client, id));
  CHECK(!isth_client_cancel(hand.client, id));
  struct isth__header header = hand_take(&hand);
  CHECK_EQUAL(header.kind, ISTH__RECORD_CANCEL);
  CHECK_EQUAL(header.call_id, id);
  CHECK_EQUAL(hand_take(&hand).kind, 0);
  /* What the service sent before it knew is late. */
  hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 100);
  hand_reply(&hand, ISTH__RECORD_REPLY, id, 0);
  CHECK_EQUAL(isth_client_poll(hand.client, 0), 0);
  isth_client_get_stats(hand.client, &stats);
  CHECK_EQUAL(stats.late_replies, 2);
  CHECK_EQUAL(stats.in_flight, 0);
  CHECK_EQUAL(heard.more + heard.ends, 0);
  /* A call with one reply is only forgotten. */
  id = hand_call(&hand, ISTH_REPLIES_ONE, 0, &heard);
  CHECK(isth_client_cancel(hand.client, id));
  CHECK_EQUAL(hand_take(&hand).kind, 0);
  hand_stop(&hand);
}

static void a_deadline_cancels(void) {
  struct hand hand;
  struct heard heard;
  isth_client_options options = with_window(1000);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 20000000, &heard);
  uint64_t until_ns = isth_now_ns() + PATIENT_NS;
  while (heard.ends == 0 && isth_now_ns() < until_ns) isth_client_wait(hand.client, 100000000);
  CHECK_EQUAL(heard.status, ISTH_E_DEADLINE_EXCEEDED);
  struct isth__header header = hand_take(&hand);
  CHECK_EQUAL(header.kind, ISTH__RECORD_CANCEL);
  CHECK_EQUAL(header.call_id, id);
  hand_stop(&hand);
}

/* ---- a request ring without room ---- */

static void fill_requests(struct hand *hand) {
  isth_request request = {.method = BIG, .replies = ISTH_REPLIES_NONE};
  while (isth_client_call(hand->client, &request, NULL) == 0) continue;
}

static struct isth__header skip_requests(struct hand *hand) {
  struct isth__header header;
  do header = hand_take(hand);
  while (header.kind == ISTH__RECORD_REQUEST);
  return header;
}

/* Each way in which a program may come back to its client sends what found no room. */
static void what_found_no_room_is_sent_by_whatever_comes_next(void) {
  enum { POLL, PEEK, CALL, WAIT, CHECK_CLOCK, CANCEL_OTHER, WAYS };
  for (int way = 0; way < WAYS; way++) {
    struct hand hand;
    struct heard given_up, kept, other;
    isth_reply reply;
    isth_client_stats stats;
    isth_request request = {.method = BIG, .replies = ISTH_REPLIES_NONE};
    isth_client_options options = with_window(1000);
    hand_start(&hand, &options);
    uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &given_up);
    uint64_t kept_id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &kept);
    uint64_t other_id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &other);
    hand_reply(&hand, ISTH__RECORD_REPLY_MORE, kept_id, 936);
    fill_requests(&hand);
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 1); /* its credit finds no room */
    CHECK(isth_client_cancel(hand.client, id));
    isth_client_get_stats(hand.client, &stats);
    CHECK_EQUAL(stats.in_flight, 2);
    uint64_t due_ns = isth_client_next_deadline_ns(hand.client);
    CHECK(due_ns <= isth_now_ns() + 1000000);
    /* Replies to it are late already. */
    hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 0);
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 0);
    CHECK_EQUAL(skip_requests(&hand).kind, 0);
    switch (way) {
    case POLL: CHECK_EQUAL(isth_client_poll(hand.client, 0), 0); break;
    case PEEK: CHECK_EQUAL(isth_client_peek(hand.client, &reply, 1), 0); break;
    case CALL: CHECK_EQUAL(isth_client_call(hand.client, &request, NULL), 0); break;
    case WAIT: CHECK_EQUAL(isth_client_wait(hand.client, 1), 0); break;
    case CHECK_CLOCK: isth_client_check(hand.client); break;
    default:
      CHECK(isth_client_cancel(hand.client, other_id)); /* sent at once, and the others with the next poll */
      CHECK_EQUAL(skip_requests(&hand).call_id, other_id);
      CHECK_EQUAL(isth_client_poll(hand.client, 0), 0);
    }
    int cancelled = 0, credited = 0;
    for (struct isth__header header; (header = skip_requests(&hand)).kind != 0;) {
      cancelled += header.kind == ISTH__RECORD_CANCEL && header.call_id == id;
      credited += header.kind == ISTH__RECORD_CREDIT && header.call_id == kept_id && header.window == 1000;
    }
    CHECK_EQUAL(cancelled, 1);
    CHECK_EQUAL(credited, 1);
    isth_client_get_stats(hand.client, &stats);
    CHECK_EQUAL(stats.in_flight, way == CANCEL_OTHER ? 1 : 2);
    hand_stop(&hand);
  }
}

/* A service that takes no requests any more, and so no credit: its calls end at their deadlines all the same. */
static void a_service_that_takes_no_credit_is_not_waited_for(void) {
  struct hand hand;
  struct heard heard;
  isth_client_options options = with_window(1000);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 100000000, &heard);
  fill_requests(&hand);
  hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 936);
  uint64_t until_ns = isth_now_ns() + PATIENT_NS;
  while (heard.ends == 0 && isth_now_ns() < until_ns) isth_client_wait(hand.client, 10000000);
  CHECK_EQUAL(heard.more, 1);
  CHECK_EQUAL(heard.ends, 1);
  CHECK_EQUAL(heard.status, ISTH_E_DEADLINE_EXCEEDED);
  hand_stop(&hand);
}

/* A slot that owes something can be used again once its call has ended by itself: the debt is not the next call's. */
static void a_debt_ends_with_its_call(void) {
  struct hand hand;
  struct heard heard;
  isth_client_options options = with_window(1000);
  options.max_in_flight = 1;
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &heard);
  hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 936);
  fill_requests(&hand);
  CHECK_EQUAL(isth_client_poll(hand.client, 0), 1);
  hand_reply(&hand, ISTH__RECORD_REPLY, id, 0);
  CHECK_EQUAL(isth_client_poll(hand.client, 0), 1);
  CHECK_EQUAL(heard.ends, 1);
  CHECK_EQUAL(skip_requests(&hand).kind, 0);
  for (int i = 0; i < 3; i++) {
    isth_replies replies = i == 1 ? ISTH_REPLIES_ONE : ISTH_REPLIES_MANY;
    id = hand_call(&hand, replies, 0, &heard);
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 0);
    CHECK_EQUAL(hand_take(&hand).kind, 0);
    hand_reply(&hand, ISTH__RECORD_REPLY, id, 0);
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 1);
  }
  CHECK_EQUAL(isth_client_status(hand.client), 0);
  hand_stop(&hand);
}

/* The service goes while something is owed: each call that had not been given up ends, once. */
static void a_lost_channel_settles_all_debts(void) {
  struct hand hand;
  struct heard given_up, kept;
  isth_client_stats stats;
  isth_client_options options = with_window(1000);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &given_up);
  (void)hand_call(&hand, ISTH_REPLIES_MANY, 0, &kept);
  fill_requests(&hand);
  CHECK(isth_client_cancel(hand.client, id));
  /* Nothing that a service may send. */
  hand_reply(&hand, ISTH__RECORD_CREDIT, id, 0);
  while (isth_client_poll(hand.client, 0) > 0) continue;
  CHECK_EQUAL(isth_client_status(hand.client), ISTH_E_PEER_CORRUPT);
  CHECK_EQUAL(given_up.ends, 0);
  CHECK_EQUAL(kept.ends, 1);
  CHECK_EQUAL(kept.status, ISTH_E_PEER_CORRUPT);
  isth_client_get_stats(hand.client, &stats);
  CHECK_EQUAL(stats.in_flight, 0);
  CHECK_EQUAL(isth_client_next_deadline_ns(hand.client), 0);
  hand_stop(&hand);
}

/* ---- what comes first ---- */

/* Replies that lie in the ring come before a call ends in another way. */
static void replies_come_before_other_ends(void) {
  for (int lost = 0; lost < 2; lost++) {
    struct hand hand;
    struct heard heard;
    isth_client_options options = with_window(100000);
    hand_start(&hand, &options);
    uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, lost ? 0 : 20000000, &heard);
    for (int i = 0; i < 3; i++) hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 8);
    hand_reply(&hand, ISTH__RECORD_REPLY, id, 0);
    if (lost) {
      isth__client_lose(hand.client, ISTH_E_INSTANCE_LOST);
    } else {
      usleep(30000);
      isth_client_check(hand.client);
    }
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 4);
    CHECK_EQUAL(heard.more, 3);
    CHECK_EQUAL(heard.ends, 1);
    CHECK_EQUAL(heard.status, 0);
    hand_stop(&hand);
  }
}

static struct hand *answering;

/* For each reply there is another one at once. */
static void ask_for_more(const isth_reply *reply) { hand_reply(answering, ISTH__RECORD_REPLY_MORE, reply->call_id, 8); }

static void a_poll_ends_although_replies_do_not(void) {
  struct hand hand;
  uint64_t id;
  isth_request request = {.method = BIG, .callback = ask_for_more, .replies = ISTH_REPLIES_MANY};
  isth_client_options options = with_window(100000);
  hand_start(&hand, &options);
  answering = &hand;
  CHECK_EQUAL(isth_client_call(hand.client, &request, &id), 0);
  hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 8);
  CHECK_EQUAL(isth_client_poll(hand.client, 0), 1024);
  CHECK_EQUAL(isth_client_poll(hand.client, 10), 10);
  CHECK_EQUAL(isth_client_poll(hand.client, 2000), 2000);
  hand_stop(&hand);
}

/* ---- what it does not believe ---- */

static void replies_that_break_the_protocol_end_the_channel(void) {
  static const struct {
    isth_replies replies;
    struct isth__header header;
    size_t before; /* bytes of a good reply that comes first; 0: none */
  } cases[] = {
      {ISTH_REPLIES_ONE, {.kind = ISTH__RECORD_REPLY_MORE}, 0},
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_REPLY_MORE, .status = 1}, 0},
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_REPLY_MORE, .status = -1}, 0},
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_REPLY_MORE, .flags = 1}, 0},
      {ISTH_REPLIES_ONE, {.kind = ISTH__RECORD_REPLY, .flags = 2}, 0},
      {ISTH_REPLIES_MANY, {.kind = 0}, 0},
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_REQUEST}, 0},
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_CREDIT}, 0},
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_CANCEL}, 0},
      {ISTH_REPLIES_MANY, {.kind = 7}, 0},
      {ISTH_REPLIES_MANY, {.kind = UINT16_MAX}, 0},
      /* The window is used up, and nothing was given back. */
      {ISTH_REPLIES_MANY, {.kind = ISTH__RECORD_REPLY_MORE}, 936},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct hand hand;
    struct heard heard;
    isth_reply replies[4];
    struct isth__record *record;
    isth_client_options options = with_window(1000);
    hand_start(&hand, &options);
    struct isth__header header = cases[i].header;
    header.call_id = hand_call(&hand, cases[i].replies, 0, &heard);
    size_t good = cases[i].before == 0 ? 0 : 1;
    if (good == 1) hand_reply(&hand, ISTH__RECORD_REPLY_MORE, header.call_id, cases[i].before);
    CHECK_EQUAL(isth__producer_claim(&hand.replies, 8, &record), 0);
    (void)isth__producer_commit(&hand.replies, record, &header, 8);
    /* What was good before it still comes; the call then ends with the channel. */
    CHECK_EQUAL(isth_client_peek(hand.client, replies, 4), good + 1);
    CHECK_EQUAL(replies[good].status, ISTH_E_PEER_CORRUPT);
    CHECK(!replies[good].more);
    CHECK_EQUAL(isth_client_status(hand.client), ISTH_E_PEER_CORRUPT);
    hand_stop(&hand);
  }
}

static void one_reply_may_always_be_under_way(void) {
  struct hand hand;
  struct heard heard;
  isth_client_options options = with_window(1);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &heard);
  for (int i = 1; i <= 10; i++) {
    hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id, 1984);
    CHECK_EQUAL(isth_client_poll(hand.client, 0), 1);
    CHECK_EQUAL(heard.more, i);
    struct isth__header header = hand_take(&hand);
    CHECK_EQUAL(header.kind, ISTH__RECORD_CREDIT);
    CHECK_EQUAL(header.window, 2048);
  }
  CHECK_EQUAL(isth_client_status(hand.client), 0);
  hand_stop(&hand);
}

static void replies_for_other_calls_are_late(void) {
  struct hand hand;
  struct heard heard;
  isth_client_stats stats;
  isth_client_options options = with_window(1000);
  hand_start(&hand, &options);
  uint64_t id = hand_call(&hand, ISTH_REPLIES_MANY, 0, &heard);
  static const uint64_t none[] = {0, 1, UINT64_MAX, 1 << 16};
  for (size_t i = 0; i < 4; i++)
    if (none[i] != id) hand_reply(&hand, ISTH__RECORD_REPLY_MORE, none[i], 8);
  hand_reply(&hand, ISTH__RECORD_REPLY_MORE, id + 65536, 8);
  CHECK_EQUAL(isth_client_poll(hand.client, 0), 0);
  isth_client_get_stats(hand.client, &stats);
  CHECK(stats.late_replies >= 4);
  CHECK_EQUAL(isth_client_status(hand.client), 0);
  CHECK_EQUAL(heard.more + heard.ends, 0);
  hand_stop(&hand);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a request says what it expects", a_request_says_what_it_expects},
      {"credit comes by halves of the window", credit_comes_by_halves_of_the_window},
      {"a cancellation is written once", a_cancellation_is_written_once},
      {"a deadline cancels", a_deadline_cancels},
      {"what found no room is sent by whatever comes next", what_found_no_room_is_sent_by_whatever_comes_next},
      {"a service that takes no credit is not waited for", a_service_that_takes_no_credit_is_not_waited_for},
      {"a debt ends with its call", a_debt_ends_with_its_call},
      {"a lost channel settles all debts", a_lost_channel_settles_all_debts},
      {"replies come before other ends", replies_come_before_other_ends},
      {"a poll ends although replies do not", a_poll_ends_although_replies_do_not},
      {"replies that break the protocol end the channel", replies_that_break_the_protocol_end_the_channel},
      {"one reply may always be under way", one_reply_may_always_be_under_way},
      {"replies for other calls are late", replies_for_other_calls_are_late},
  };
  return RUN_TESTS("flow_test", tests);
}
