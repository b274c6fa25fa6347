/* metadata_call_test.c: a request's metadata on its way to the handler, of each kind of call; and clients that send nonsense. */
#include "client.h"

#include "fake.h"
#include "hostile.h"
#include "resources.h"
#include "utf8.h"

#include <stdatomic.h>

enum { ONE = 1, LATER = 2, MANY = 3, NONE = 4 };

static const isth_method told_methods[] = {{ONE, "one", 0, 0, ISTH_REPLIES_ONE},
                                           {LATER, "later", 0, 0, ISTH_REPLIES_ONE},
                                           {MANY, "many", 0, 0, ISTH_REPLIES_MANY},
                                           {NONE, "none", 0, 0, ISTH_REPLIES_NONE}};
static const isth_schema told_schema = {"told", {9, 9}, NULL, told_methods, 4, NULL, 0};

/* What a handler was told: of each key, the text, and a line end; "-" where there is none. */
struct told {
  size_t size;
  char text[ISTH_MAX_METADATA_BYTES + 16];
};

static void add_text(struct told *told, const char *text, size_t size) {
  CHECK(told->size + size + 1 <= sizeof told->text);
  if (size > 0) memcpy(told->text + told->size, text, size);
  told->text[told->size + size] = '\n';
  told->size += size + 1;
}

static void hear(isth_call *call, struct told *told) {
  told->size = 0;
  for (int key = ISTH_METADATA_CALLER; key <= ISTH_METADATA_METHOD; key++) {
    const char *text = isth_call_metadata(call, (isth_metadata_key)key);
    if (text == NULL) text = "-";
    add_text(told, text, strlen(text));
  }
  CHECK(isth_call_metadata(call, (isth_metadata_key)0) == NULL);
  CHECK(isth_call_metadata(call, (isth_metadata_key)5) == NULL);
}

/* The request's payload comes first in each reply, so that it is seen to lie where it should. */
static size_t answer_with(isth_call *call, const struct told *told, unsigned char *answer) {
  size_t size;
  const void *input = isth_call_input(call, &size);
  CHECK_EQUAL((uintptr_t)input % 64, 0);
  memcpy(answer, input, size);
  memcpy(answer + size, told->text, told->size);
  return size + told->size;
}

static int on_one(isth_call *call, void *user) {
  struct told told;
  size_t size;
  (void)user;
  (void)isth_call_input(call, &size);
  hear(call, &told);
  unsigned char *output = isth_call_output(call, size + told.size);
  if (output == NULL) return ISTH_E_REPLY_TOO_LARGE;
  (void)answer_with(call, &told, output);
  return 0;
}

static int on_later(isth_call *call, void *user) {
  static unsigned char answer[1 << 16];
  struct told told;
  (void)user;
  isth_responder *responder = isth_call_defer(call);
  CHECK(responder != NULL);
  hear(call, &told);
  (void)isth_respond(responder, answer, answer_with(call, &told, answer));
  return 0;
}

static int on_many(isth_call *call, void *user) {
  struct told told;
  int error = 0;
  (void)user;
  /* Its caller has other calls made meanwhile, which the serving thread reads the metadata of. */
  usleep(2000);
  for (int i = 0; i < 2 && error == 0; i++) {
    isth_message *out = isth_call_out(call);
    hear(call, &told);
    error = isth_call_emit(call, out->bytes, answer_with(call, &told, out->bytes));
  }
  return error;
}

static struct told noted;
static pthread_mutex_t noted_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int notes;

static int on_none(isth_call *call, void *user) {
  (void)user;
  pthread_mutex_lock(&noted_lock);
  hear(call, &noted);
  pthread_mutex_unlock(&noted_lock);
  notes++;
  return 0;
}

static void told_start(struct echo_service *served) {
  static int number;
  isth_failure failure;
  isth_service_options options = patient_service(NULL);
  snprintf(served->path, sizeof served->path, "/tmp/isth-told-%d-%d.sock", (int)getpid(), number++);
  options.path = served->path;
  notes = 0;
  CHECK_EQUAL(isth_service_open(&served->service, &told_schema, &options, &failure), 0);
  CHECK_EQUAL(isth_service_handle(served->service, ONE, 0, on_one, NULL), 0);
  CHECK_EQUAL(isth_service_handle(served->service, LATER, 0, on_later, NULL), 0);
  CHECK_EQUAL(isth_service_handle(served->service, MANY, 0, on_many, NULL), 0);
  CHECK_EQUAL(isth_service_handle(served->service, NONE, 0, on_none, NULL), 0);
  CHECK_EQUAL(pthread_create(&served->thread, NULL, echo_run, served), 0);
}

static isth_client *told_connect(const struct echo_service *served, uint32_t ring_bytes) {
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  options.request_ring_bytes = ring_bytes;
  CHECK_EQUAL(isth_client_open(&client, served->path, &told_schema, &options, NULL), 0);
  return client;
}

static isth_service_stats told_stats(const struct echo_service *served) {
  isth_service_stats stats;
  isth_service_get_stats(served->service, &stats);
  return stats;
}

/* What a call should have been answered with, and how often it was. */
struct expected {
  unsigned char answer[1 << 14];
  size_t size;
  int answers, ends, status;
};

static void expect(struct expected *expected, const void *payload, size_t size, const isth_metadata *metadata,
                   size_t count) {
  struct told told = {.size = 0};
  for (unsigned int key = 1; key <= 4; key++) {
    const isth_metadata *found = NULL;
    for (size_t i = 0; i < count; i++)
      if (metadata[i].key == key) found = &metadata[i];
    add_text(&told, found == NULL ? "-" : found->text, found == NULL ? 1 : found->size);
  }
  CHECK(size + told.size <= sizeof expected->answer);
  memcpy(expected->answer, payload, size);
  memcpy(expected->answer + size, told.text, told.size);
  expected->size = size + told.size;
  expected->answers = expected->ends = 0;
}

static void take_expected(const isth_reply *reply) {
  struct expected *expected = reply->user;
  CHECK_EQUAL(expected->ends, 0);
  if (!reply->more) {
    expected->ends++;
    expected->status = reply->status;
    if (reply->size == 0 || reply->status != 0) return;
  }
  CHECK_EQUAL(reply->size, expected->size);
  CHECK(memcmp(reply->payload, expected->answer, expected->size) == 0);
  expected->answers++;
}

static int start_call(isth_client *client, uint32_t method, const void *payload, size_t size,
                      const isth_metadata *metadata, size_t count, struct expected *expected) {
  isth_request request = {.method = method,
                          .payload = payload,
                          .size = size,
                          .deadline_ns = isth_now_ns() + PATIENT_NS,
                          .metadata = metadata,
                          .metadata_count = count,
                          .callback = take_expected,
                          .user = expected,
                          .replies = told_methods[method - 1].replies};
  expect(expected, payload, size, metadata, count);
  return isth_client_call(client, &request, NULL);
}

static void await_expected(isth_client *client, const struct expected *expected) {
  WAIT_UNTIL((isth_client_poll(client, 0), expected->ends == 1));
  CHECK_EQUAL(expected->status, 0);
}

static void handlers_of_every_kind_are_told(void) {
  static struct expected expected;
  struct echo_service served;
  told_start(&served);
  isth_client *client = told_connect(&served, 0);
  static const isth_metadata full[] = {{ISTH_METADATA_METHOD, "jwt", 3},
                                       {ISTH_METADATA_CALLER, "\xc3\x84nne", 5},
                                       {ISTH_METADATA_SCOPES, "call:pricing.* docs", 19},
                                       {ISTH_METADATA_TENANT, "", 0}};
  for (size_t count = 4; count <= 4; count--) {
    for (uint32_t method = ONE; method <= MANY; method++) {
      CHECK_EQUAL(start_call(client, method, "payload", 7, full, count, &expected), 0);
      await_expected(client, &expected);
      CHECK_EQUAL(expected.answers, method == MANY ? 2 : 1);
    }
    int before = notes;
    CHECK_EQUAL(start_call(client, NONE, "payload", 7, full, count, &expected), 0);
    WAIT_UNTIL(notes == before + 1);
    pthread_mutex_lock(&noted_lock);
    CHECK_EQUAL(noted.size, expected.size - 7);
    CHECK(memcmp(noted.text, expected.answer + 7, noted.size) == 0);
    pthread_mutex_unlock(&noted_lock);
  }
  isth_client_close(client);
  echo_stop(&served);
}

/* Also where the metadata is claimed with room, and the payload written after it. */
static void a_claimed_request_has_metadata(void) {
  static struct expected expected;
  struct echo_service served;
  told_start(&served);
  isth_client *client = told_connect(&served, 0);
  const isth_metadata entry = {ISTH_METADATA_CALLER, "bob", 3};
  isth_request request = {.method = ONE,
                          .size = 100,
                          .metadata = &entry,
                          .metadata_count = 1,
                          .callback = take_expected,
                          .user = &expected};
  for (int round = 0; round < 3; round++) {
    void *payload;
    CHECK_EQUAL(isth_client_claim(client, &request, &payload, NULL), 0);
    if (round == 1) {
      isth_client_abandon(client);
      continue;
    }
    CHECK_EQUAL((uintptr_t)payload % 64, 0);
    memset(payload, 'p', 100);
    expect(&expected, payload, 100, &entry, 1);
    isth_client_commit(client);
    await_expected(client, &expected);
  }
  isth_client_close(client);
  echo_stop(&served);
}

static void metadata_counts_for_the_size_of_a_record(void) {
  enum { RING = 16384 };
  static unsigned char payload[RING];
  static struct expected expected;
  static char text[ISTH_MAX_METADATA_BYTES];
  struct echo_service served;
  memset(text, 't', sizeof text);
  told_start(&served);
  isth_client *client = told_connect(&served, RING);
  for (size_t size = 0; size < sizeof text - 4; size += size < 140 ? 1 : 501) {
    const isth_metadata entry = {ISTH_METADATA_CALLER, text, size};
    size_t room = (4 + (size + 3) / 4 * 4 + 63) / 64 * 64, most = RING / 2 - 64 - room;
    uint64_t sent = told_stats(&served).calls;
    CHECK_EQUAL(start_call(client, ONE, payload, most + 1, &entry, 1, &expected), ISTH_E_RECORD_TOO_LARGE);
    isth_request endless = {
        .method = ONE, .payload = payload, .size = SIZE_MAX - 63, .metadata = &entry, .metadata_count = 1};
    CHECK_EQUAL(isth_client_call(client, &endless, NULL), ISTH_E_RECORD_TOO_LARGE);
    CHECK_EQUAL(start_call(client, ONE, payload, most, &entry, 1, &expected), 0);
    await_expected(client, &expected);
    CHECK_EQUAL(told_stats(&served).calls, sent + 1);
  }
  isth_client_close(client);
  /* A ring whose largest record the metadata alone is too large for. */
  client = told_connect(&served, 4096);
  const isth_metadata entry = {ISTH_METADATA_CALLER, text, 2000};
  CHECK_EQUAL(start_call(client, ONE, payload, 0, &entry, 1, &expected), ISTH_E_RECORD_TOO_LARGE);
  isth_client_close(client);
  echo_stop(&served);
}

static void bad_metadata_is_refused_and_nothing_sent(void) {
  static struct expected expected;
  struct echo_service served;
  told_start(&served);
  isth_client *client = told_connect(&served, 0);
  static const isth_metadata bad[][2] = {{{(isth_metadata_key)9, "a", 1}, {ISTH_METADATA_CALLER, "a", 1}},
                                         {{ISTH_METADATA_CALLER, "a", 1}, {ISTH_METADATA_CALLER, "a", 1}},
                                         {{ISTH_METADATA_CALLER, "a", 1}, {ISTH_METADATA_TENANT, "\xff", 1}}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    isth_client_stats stats;
    isth_request request = {.method = ONE, .metadata = bad[i], .metadata_count = 2, .callback = take_expected};
    CHECK_EQUAL(isth_client_call(client, &request, NULL), ISTH_E_INVALID_ARGUMENT);
    isth_client_get_stats(client, &stats);
    CHECK_EQUAL(stats.calls, 0);
    CHECK_EQUAL(stats.in_flight, 0);
  }
  /* What was refused leaves nothing behind. */
  CHECK_EQUAL(start_call(client, ONE, "x", 1, NULL, 0, &expected), 0);
  await_expected(client, &expected);
  isth_client_close(client);
  echo_stop(&served);
}

/* Streams read theirs while the serving thread reads those of other calls. */
static void no_call_sees_the_metadata_of_another(void) {
  enum { CALLS = 24 };
  static struct expected expected[CALLS];
  static char texts[CALLS][2][700];
  struct echo_service served;
  struct random random = random_start(21);
  told_start(&served);
  isth_client *client = told_connect(&served, 0);
  for (int round = is_slow() ? 3 : 40; round > 0; round--) {
    for (size_t i = 0; i < CALLS; i++) {
      isth_metadata entries[2] = {{ISTH_METADATA_CALLER, texts[i][0], random_utf8(&random, texts[i][0], 700)},
                                  {ISTH_METADATA_SCOPES, texts[i][1], random_utf8(&random, texts[i][1], 700)}};
      uint32_t method = ONE + (uint32_t)random_below(&random, 3);
      CHECK_EQUAL(start_call(client, method, &i, sizeof i, entries, random_below(&random, 3), &expected[i]), 0);
    }
    for (size_t i = 0; i < CALLS; i++) await_expected(client, &expected[i]);
  }
  isth_client_close(client);
  echo_stop(&served);
}

/* ---- peers that send nonsense ---- */

/* Publishes a request with a block by hand, and wakes the service. */
static void hostile_request(struct hostile *hostile, struct isth__header header, const void *block, size_t bytes) {
  struct isth__record *record;
  size_t room = isth__metadata_room((uint32_t)bytes);
  header.metadata_bytes = (uint32_t)bytes;
  CHECK_EQUAL(isth__producer_claim(&hostile->requests, room + 8, &record), 0);
  memcpy(isth__record_payload(record), block, bytes);
  memset((unsigned char *)isth__record_payload(record) + room, 0, 8);
  if (isth__producer_commit(&hostile->requests, record, &header, 8)) isth__wake_signal(hostile->luggage.lane_signals);
}

static void check_malformed(struct hostile *hostile, uint64_t call_id) {
  struct isth__taken reply;
  CHECK(hostile_read(hostile, &reply));
  CHECK_EQUAL(reply.header.kind, ISTH__RECORD_REPLY);
  CHECK_EQUAL(reply.header.call_id, call_id);
  CHECK_EQUAL(reply.header.status, ISTH_E_MALFORMED_MESSAGE);
  char message[ISTH_MESSAGE_BYTES] = "";
  memcpy(message, reply.payload, reply.size);
  CHECK(strstr(message, "the request's metadata at byte") != NULL);
}

static void malformed_metadata_is_refused_and_no_handler_runs(void) {
  static const unsigned char unknown[] = {9, 0, 1, 0, 'a', 0, 0, 0}, cut[] = {1, 0, 9, 0, 'a', 0, 0, 0};
  static const unsigned char odd[] = {1, 0, 1, 0, 'a'}, good[] = {1, 0, 1, 0, 'a', 0, 0, 0};
  static const struct {
    const void *block;
    size_t bytes;
  } cases[] = {{unknown, sizeof unknown}, {cut, sizeof cut}, {odd, sizeof odd}};
  struct echo_service served;
  struct hostile hostile;
  told_start(&served);
  hostile_connect(&hostile, served.path);
  uint64_t call_id = 0, failures = 0;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (uint32_t method = ONE; method <= MANY; method++) {
      struct isth__header header = {.kind = ISTH__RECORD_REQUEST,
                                    .flags = method == MANY ? ISTH__FLAG_MANY : 0,
                                    .method = method,
                                    .window = 4096,
                                    .call_id = ++call_id};
      hostile_request(&hostile, header, cases[i].block, cases[i].bytes);
      check_malformed(&hostile, call_id);
    }
    struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .flags = ISTH__FLAG_ONE_WAY, .method = NONE};
    hostile_request(&hostile, header, cases[i].block, cases[i].bytes);
    failures++;
    WAIT_UNTIL(told_stats(&served).one_way_failures == failures);
  }
  CHECK_EQUAL(notes, 0);
  /* It is the request that is refused, not the client. */
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ONE, .call_id = ++call_id};
  struct isth__taken reply;
  hostile_request(&hostile, header, good, sizeof good);
  CHECK(hostile_read(&hostile, &reply));
  CHECK_EQUAL(reply.header.status, 0);
  CHECK_EQUAL(reply.size, 8 + 8);
  CHECK(memcmp(reply.payload + 8, "a\n-\n-\n-\n", 8) == 0);
  hostile_close(&hostile);
  echo_stop(&served);
}

static void metadata_beyond_its_limit_is_refused(void) {
  enum { BYTES = ISTH_MAX_METADATA_BYTES + 4 };
  struct echo_service served;
  told_start(&served);
  isth_client *client = told_connect(&served, 0);
  /* As no client would write it. */
  struct isth__client_lane *lane = &client->lanes[0];
  struct isth__record *record;
  struct isth__header header = {
      .kind = ISTH__RECORD_REQUEST, .flags = ISTH__FLAG_ONE_WAY, .method = NONE, .metadata_bytes = BYTES};
  size_t room = isth__metadata_room(BYTES);
  CHECK_EQUAL(isth__producer_claim(&lane->requests, room, &record), 0);
  memset(isth__record_payload(record), 0, room);
  if (isth__producer_commit(&lane->requests, record, &header, 0)) isth__wake_signal(lane->wake);
  WAIT_UNTIL(told_stats(&served).one_way_failures == 1);
  CHECK_EQUAL(notes, 0);
  CHECK_EQUAL(isth_client_status(client), 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void only_requests_have_metadata(void) {
  static const uint16_t kinds[] = {ISTH__RECORD_CREDIT, ISTH__RECORD_CANCEL};
  struct echo_service served;
  told_start(&served);
  for (size_t i = 0; i < 2; i++) {
    struct hostile hostile;
    struct isth__record *record;
    struct isth__header header = {.kind = kinds[i], .call_id = 5, .metadata_bytes = 8};
    hostile_connect(&hostile, served.path);
    CHECK_EQUAL(isth__producer_claim(&hostile.requests, 64, &record), 0);
    memset(isth__record_payload(record), 0, 64);
    if (isth__producer_commit(&hostile.requests, record, &header, 0)) isth__wake_signal(hostile.luggage.lane_signals);
    CHECK(raw_closed(hostile.control, 60000));
    WAIT_UNTIL(told_stats(&served).corrupt_channels == i + 1);
    hostile_close(&hostile);
  }
  echo_stop(&served);
}

/* Answers one call with metadata in the reply. */
static void reply_with_metadata(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  struct isth__producer replies;
  struct isth__consumer requests;
  struct isth__taken taken;
  struct isth__record *record;
  int descriptors[3];
  (void)detail;
  take_luggage(control, &attach, descriptors);
  struct isth__shape shape = {attach.lanes, attach.request_bytes, attach.reply_bytes};
  unsigned char *segment = mmap(NULL, attach.segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptors[0], 0);
  CHECK(segment != MAP_FAILED);
  isth__lane_service(segment, &shape, 0, &requests, &replies);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  WAIT_UNTIL(isth__consumer_take(&requests, &taken) == 1);
  struct isth__header header = {.kind = ISTH__RECORD_REPLY, .call_id = taken.header.call_id, .metadata_bytes = 8};
  CHECK_EQUAL(isth__producer_claim(&replies, 64, &record), 0);
  memset(isth__record_payload(record), 0, 64);
  if (isth__producer_commit(&replies, record, &header, 0)) isth__wake_signal(descriptors[1]);
  CHECK(raw_closed(control, 60000));
  munmap(segment, attach.segment_bytes);
  for (int i = 0; i < 3; i++) close(descriptors[i]);
}

static void a_reply_with_metadata_ends_the_channel(void) {
  struct fake fake;
  isth_client *client;
  fake_start(&fake, reply_with_metadata, NULL);
  isth_client_options options = patient_client(NULL);
  CHECK_EQUAL(isth_client_open(&client, fake.path, &echo_schema, &options, NULL), 0);
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), ISTH_E_PEER_CORRUPT);
  isth_client_close(client);
  fake_stop(&fake);
}

int main(void) {
  static const struct test_case tests[] = {
      {"handlers of every kind are told", handlers_of_every_kind_are_told},
      {"a claimed request has metadata", a_claimed_request_has_metadata},
      {"metadata counts for the size of a record", metadata_counts_for_the_size_of_a_record},
      {"bad metadata is refused and nothing sent", bad_metadata_is_refused_and_nothing_sent},
      {"no call sees the metadata of another", no_call_sees_the_metadata_of_another},
      {"malformed metadata is refused and no handler runs", malformed_metadata_is_refused_and_no_handler_runs},
      {"metadata beyond its limit is refused", metadata_beyond_its_limit_is_refused},
      {"only requests have metadata", only_requests_have_metadata},
      {"a reply with metadata ends the channel", a_reply_with_metadata_ends_the_channel},
  };
  alarm(240);
  return RUN_TESTS("metadata_call_test", tests);
}
