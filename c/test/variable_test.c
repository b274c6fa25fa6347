/* variable_test.c: requests as private copies, and replies of any size that are made in private memory. */
#include "served.h"

#include "random.h"

enum { LARGEST = (1 << 19) - 64 }; /* half of the default ring less the header */

/* Answers with as many bytes as the request says, each the last digit of its place. */
static int on_bytes(isth_call *call, void *user) {
  (void)user;
  uint64_t size;
  const isth_message *in = isth_call_in(call);
  if (in->size != sizeof size) return ISTH_E_INVALID_INPUT;
  memcpy(&size, in->bytes, sizeof size);
  isth_message *out = isth_call_out(call);
  CHECK_EQUAL((uintptr_t)out->bytes % 64, 0);
  unsigned char *bytes = isth_message_begin(out, size);
  if (bytes == NULL) return isth_refuse(call, ISTH_E_REPLY_TOO_LARGE, "%zu is the most", out->capacity);
  for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 7);
  return 0;
}

static void check_bytes(const void *payload, size_t size) {
  const unsigned char *bytes = payload;
  for (size_t i = 0; i < size; i++) CHECK_EQUAL(bytes[i], (unsigned char)(i * 7));
}

static void replies_have_any_size(void) {
  static const struct served_handler added[] = {{LATER, on_bytes, NULL}};
  struct echo_service served;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  static unsigned char reply[LARGEST + 1];
  static const uint64_t sizes[] = {0, 1, 479, 480, 481, 4096, 65537, LARGEST, LARGEST + 1, UINT64_MAX, 5};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    size_t size;
    isth_failure failure;
    int error = isth_client_call_sync(client, LATER, &sizes[i], 8, reply, sizeof reply, &size, PATIENT_NS, &failure);
    CHECK_EQUAL(error, sizes[i] > LARGEST ? ISTH_E_REPLY_TOO_LARGE : 0);
    if (error == 0) {
      CHECK_EQUAL(size, sizes[i]);
      check_bytes(reply, size);
    } else {
      CHECK(strcmp(failure.message, "524224 is the most") == 0);
    }
  }
  isth_client_close(client);
  echo_stop(&served);
}

struct sized {
  uint64_t size;
  int outcomes;
};

static void take_sized(const isth_reply *reply) {
  struct sized *sized = reply->user;
  CHECK_EQUAL(reply->status, 0);
  CHECK_EQUAL(reply->size, sized->size);
  check_bytes(reply->payload, reply->size);
  sized->outcomes++;
}

/* Replies larger than what is free in the ring wait in the service, and come whole once there is room. */
static void replies_wait_for_room(void) {
  enum { CALLS = 200 };
  static const struct served_handler added[] = {{LATER, on_bytes, NULL}};
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, &options), *other = served_connect(&served, NULL);
  struct random random = random_start(8);
  for (int round = is_slow() ? 2 : 20; round > 0; round--) {
    struct sized sized[CALLS];
    for (int i = 0; i < CALLS; i++) {
      sized[i] = (struct sized){random_below(&random, 4) == 0 ? 1984 : random_below(&random, 1985), 0};
      isth_request request = {
          .method = LATER, .payload = &sized[i].size, .size = 8, .callback = take_sized, .user = &sized[i]};
      CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    }
    /* Nobody else waits for that. */
    CHECK_EQUAL(isth_client_call_sync(other, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
    for (int i = 0; i < CALLS; i++) {
      uint64_t until_ns = isth_now_ns() + PATIENT_NS;
      while (sized[i].outcomes == 0 && isth_now_ns() < until_ns) isth_client_wait(client, 10000000);
      CHECK_EQUAL(sized[i].outcomes, 1);
    }
  }
  isth_client_close(other);
  isth_client_close(client);
  echo_stop(&served);
}

/* Clients go while replies of theirs wait. */
static void a_client_may_go_while_its_replies_wait(void) {
  static const struct served_handler added[] = {{LATER, on_bytes, NULL}};
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  served_start(&served, NULL, added, 1);
  uint64_t size = 1900;
  for (int round = 0; round < 10; round++) {
    uint64_t calls = served_stats(&served).calls;
    isth_client *client = served_connect(&served, &options);
    isth_request request = {.method = LATER, .payload = &size, .size = 8};
    for (int i = 0; i < 20; i++) CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
    WAIT_UNTIL(served_stats(&served).calls >= calls + 2);
    isth_client_close(client);
    WAIT_UNTIL(served_stats(&served).channels == 0);
  }
  echo_stop(&served);
}

/* ---- what a handler does with its messages ---- */

/* Overwrites the request in the ring as its client could, and sees that the copy does not change. */
static int on_private(isth_call *call, void *user) {
  (void)user;
  size_t size;
  unsigned char *shared = (unsigned char *)(uintptr_t)isth_call_input(call, &size);
  const isth_message *in = isth_call_in(call);
  if (in->size != size || memcmp(in->bytes, shared, size) != 0) return __LINE__;
  memset(shared, 0xff, size);
  if (in->size != size || in->bytes[0] != 'k' || isth_call_in(call) != in) return __LINE__;
  if ((uintptr_t)in->bytes % 64 != 0 || in->bytes == shared) return __LINE__;
  return 0;
}

/* Makes several replies of which the last counts; the request's first byte says how. */
static int on_several(isth_call *call, void *user) {
  (void)user;
  isth_message *out = isth_call_out(call);
  if (!isth_message_write(out, "first", 5)) return __LINE__;
  switch (isth_call_in(call)->bytes[0]) {
  case 'a': /* the same message, begun anew */
    if (isth_call_out(call) != out || out->size != 5 || isth_message_begin(out, 0) == NULL) return __LINE__;
    return isth_message_write(out, "second", 6) ? 0 : __LINE__;
  case 'b': /* in the ring instead */ memcpy(isth_call_output(call, 3), "out", 3); return 0;
  case 'c': /* and back */
    memcpy(isth_call_output(call, 3), "out", 3);
    if (isth_message_begin(isth_call_out(call), 4) == NULL) return __LINE__;
    memcpy(out->bytes, "back", 4);
    return 0;
  case 'd': /* nothing of it where the call is refused */ return isth_refuse(call, 4, "no");
  default: /* a size that it cannot have */ out->size = out->capacity + 1; return 0;
  }
}

static int call_text(isth_client *client, const char *payload, char text[ISTH_MESSAGE_BYTES]) {
  size_t size = 0;
  isth_failure failure = {0, ""};
  int error = isth_client_call_sync(client, LATER, payload, strlen(payload), text, ISTH_MESSAGE_BYTES - 1, &size,
                                    PATIENT_NS, &failure);
  text[size] = '\0';
  if (error != 0) memcpy(text, failure.message, ISTH_MESSAGE_BYTES);
  return error;
}

static void a_request_is_private(void) {
  static const struct served_handler added[] = {{LATER, on_private, NULL}};
  struct echo_service served;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  char text[ISTH_MESSAGE_BYTES];
  for (int i = 0; i < 3; i++) CHECK_EQUAL(call_text(client, "keep this", text), 0);
  isth_client_close(client);
  echo_stop(&served);
}

static void the_reply_asked_for_last_counts(void) {
  static const struct served_handler added[] = {{LATER, on_several, NULL}};
  static const struct {
    const char *payload, *text;
    int status;
  } cases[] = {{"a", "second", 0},
               {"b", "out", 0},
               {"c", "back", 0},
               {"d", "no", 4},
               {"e", "a message beyond its capacity", ISTH_E_HANDLER_FAULT}};
  struct echo_service served;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, NULL);
  for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
    size_t at = i % (sizeof cases / sizeof cases[0]);
    char text[ISTH_MESSAGE_BYTES];
    CHECK_EQUAL(call_text(client, cases[at].payload, text), cases[at].status);
    CHECK(strcmp(text, cases[at].text) == 0);
  }
  isth_client_close(client);
  echo_stop(&served);
}

/* One large message does not stay in memory. */
static void large_messages_are_given_back(void) {
  enum { LARGE = 32 << 20 };
  static const struct served_handler added[] = {{LATER, on_bytes, NULL}};
  struct echo_service served;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4 * LARGE;
  served_start(&served, NULL, added, 1);
  isth_client *client = served_connect(&served, &options);
  uint64_t size = LARGE;
  long before = resident_kib();
  isth_reply reply;
  isth_request request = {.method = LATER, .payload = &size, .size = 8};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(isth_client_peek(client, &reply, 1) == 1);
  CHECK_EQUAL(reply.size, LARGE);
  isth_client_release(client);
  CHECK_EQUAL(isth_client_call_sync(client, PLAIN, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  /* The ring keeps its pages, of which only the service has touched those of the payload; its message would be as
   * many. */
  long grown = resident_kib() - before;
  isth_client_close(client);
  echo_stop(&served);
  if (!is_slow()) CHECK(grown < 3 * (LARGE >> 10) / 2);
}

int main(void) {
  static const struct test_case tests[] = {
      {"replies have any size", replies_have_any_size},
      {"replies wait for room", replies_wait_for_room},
      {"a client may go while its replies wait", a_client_may_go_while_its_replies_wait},
      {"a request is private", a_request_is_private},
      {"the reply asked for last counts", the_reply_asked_for_last_counts},
      {"large messages are given back", large_messages_are_given_back},
  };
  return RUN_TESTS("variable_test", tests);
}
