/* answer_test.c: what a handler can do with a call, and what its caller sees of it. */
#include "echo.h"

#include "resources.h"

#include <stdatomic.h>

enum { CUT = 1, TWICE = 2, BARE = 3, STRANGE = 4, WIDE = 5, SELF = 6, FORK = 7, PATIENT = 8, COPY = 9 };

static const isth_method methods[] = {
    {CUT, "cut", 4, 0, ISTH_REPLIES_ONE},   {TWICE, "twice", 0, 0, ISTH_REPLIES_ONE},
    {BARE, "bare", 4, 0, ISTH_REPLIES_ONE}, {STRANGE, "strange", 0, 0, ISTH_REPLIES_ONE},
    {WIDE, "wide", 0, 0, ISTH_REPLIES_ONE}, {SELF, "self", 0, 12, ISTH_REPLIES_ONE},
    {FORK, "fork", 0, 0, ISTH_REPLIES_ONE}, {PATIENT, "patient", 0, 0, ISTH_REPLIES_ONE},
    {COPY, "copy", 0, 0, ISTH_REPLIES_ONE}};
static const isth_schema schema = {"answers", {9}, NULL, methods, 9, NULL, 0};

/* Refuses with as many ASCII characters as the caller says, and then many of three bytes. */
static int on_cut(isth_call *call, void *user) {
  char text[2 * ISTH_MESSAGE_BYTES];
  size_t size, at = 0;
  (void)user;
  const uint32_t *ascii = isth_call_input(call, &size);
  for (; at < *ascii; at++) text[at] = 'a';
  for (; at + 4 < sizeof text; at += 3) memcpy(text + at, "\xe2\x82\xac", 3);
  text[at] = '\0';
  return isth_refuse(call, 5, "%s", text);
}

/* Asks for room twice: what was written before does not count. */
static int on_twice(isth_call *call, void *user) {
  (void)user;
  unsigned char *first = isth_call_output(call, 100);
  memset(first, 0xff, 100);
  unsigned char *second = isth_call_output(call, 1500);
  if (second == NULL) return ISTH_E_REPLY_TOO_LARGE;
  second[1499] = 1;
  CHECK(isth_call_output(call, SIZE_MAX) == NULL);
  CHECK(isth_call_output(call, 1985) == NULL);
  return 0;
}

/* Refuses with a code alone, or with a message that belongs to another code. */
static int on_bare(isth_call *call, void *user) {
  size_t size;
  (void)user;
  const int32_t *code = isth_call_input(call, &size);
  if (*code == 9) isth_refuse(call, 8, "of eight");
  return *code;
}

static int on_wide(isth_call *call, void *user) {
  (void)user;
  CHECK(isth_call_output(call, 5000) == NULL);
  return 0;
}

static int on_self(isth_call *call, void *user) {
  struct {
    uint64_t id;
    uint32_t thread;
  } self = {isth_call_id(call), isth_call_thread(call)};
  (void)user;
  CHECK(isth_call_remaining_ns(call) == INT64_MAX);
  memcpy(isth_call_output(call, 12), &self, 12);
  return 0;
}

/* The client's end of the socket: here it is in the same process, where a forked child would keep it open. */
static int client_control = -1;

/* Leaves a child that holds all of the service's descriptors for a while, as popen and system do for a moment. */
static int on_fork(isth_call *call, void *user) {
  (void)call;
  (void)user;
  pid_t child = fork();
  if (child == 0) {
    close(client_control);
    usleep(400000);
    _exit(0);
  }
  return child < 0 ? ISTH_E_SYSTEM : 0;
}

/* Goes on for as long as somebody waits for it. */
static atomic_int patient;
static int on_patient(isth_call *call, void *user) {
  (void)user;
  patient = 1;
  /* Its deadline may pass even before. */
  CHECK(!isth_call_cancelled(call) || isth_call_remaining_ns(call) < 0);
  while (!isth_call_cancelled(call)) usleep(1000);
  patient = 0;
  return 0;
}

/* Replies with its request, after others that then do not count. */
static int on_copy(isth_call *call, void *user) {
  size_t size;
  (void)user;
  const void *input = isth_call_input(call, &size);
  CHECK_EQUAL(isth_call_reply(call, input, SIZE_MAX), ISTH_E_REPLY_TOO_LARGE);
  memset(isth_call_output(call, 1000), 0xff, 1000);
  CHECK_EQUAL(isth_call_reply(call, NULL, 0), 0);
  if (isth_call_out(call) == NULL) return ISTH_E_OUT_OF_MEMORY;
  return isth_call_reply(call, input, size);
}

static void answers_start(struct echo_service *answers) {
  isth_service_options options = patient_service(NULL);
  snprintf(answers->path, sizeof answers->path, "/tmp/isth-test-%d-answers.sock", (int)getpid());
  options.path = answers->path;
  CHECK_EQUAL(isth_service_open(&answers->service, &schema, &options, NULL), 0);
  static const struct {
    uint32_t method, reply_bytes;
    isth_handler handler;
  } handlers[] = {{CUT, 0, on_cut},      {TWICE, 0, on_twice}, {BARE, 0, on_bare}, {STRANGE, UINT32_MAX, on_bare},
                  {WIDE, 1984, on_wide}, {SELF, 12, on_self},  {FORK, 0, on_fork}, {PATIENT, 0, on_patient},
                  {COPY, 0, on_copy}};
  for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
    CHECK_EQUAL(
        isth_service_handle(answers->service, handlers[i].method, handlers[i].reply_bytes, handlers[i].handler, NULL),
        0);
  CHECK_EQUAL(isth_service_handle(answers->service, CUT, 0, on_cut, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth_service_handle(answers->service, 99, 0, on_cut, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(pthread_create(&answers->thread, NULL, echo_run, answers), 0);
}

static isth_client *answers_connect(const struct echo_service *answers, uint32_t reply_ring_bytes) {
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  options.reply_ring_bytes = reply_ring_bytes;
  CHECK_EQUAL(isth_client_open(&client, answers->path, &schema, &options, NULL), 0);
  return client;
}

static int call(isth_client *client, uint32_t method, const void *payload, size_t size, isth_failure *failure) {
  return isth_client_call_sync(client, method, payload, size, NULL, 0, NULL, PATIENT_NS, failure);
}

static void a_long_message_is_cut_between_characters(void) {
  struct echo_service answers;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  for (uint32_t ascii = 0; ascii < ISTH_MESSAGE_BYTES + 2; ascii++) {
    isth_failure failure;
    CHECK_EQUAL(call(client, CUT, &ascii, 4, &failure), 5);
    CHECK_EQUAL(failure.error, 5);
    CHECK(isth_text_valid(failure.message, sizeof failure.message));
    CHECK(strlen(failure.message) > ISTH_MESSAGE_BYTES - 4);
  }
  isth_client_close(client);
  echo_stop(&answers);
}

static void a_code_without_a_message_is_explained(void) {
  struct echo_service answers;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  static const int32_t codes[] = {9, 7, ISTH_E_INVALID_INPUT, -1000, INT32_MIN, INT32_MAX};
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    isth_failure failure;
    CHECK_EQUAL(call(client, BARE, &codes[i], 4, &failure), codes[i]);
    CHECK(strcmp(failure.message, isth_error_message(codes[i])) == 0);
  }
  isth_client_close(client);
  echo_stop(&answers);
}

static void output_can_be_asked_for_again(void) {
  struct echo_service answers;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  for (int i = 0; i < 100; i++) {
    unsigned char reply[1500];
    size_t size;
    CHECK_EQUAL(isth_client_call_sync(client, TWICE, NULL, 0, reply, sizeof reply, &size, PATIENT_NS, NULL), 0);
    CHECK_EQUAL(size, 1500);
    for (size_t at = 0; at < 1499; at++) CHECK_EQUAL(reply[at], 0);
    CHECK_EQUAL(reply[1499], 1);
  }
  isth_client_close(client);
  echo_stop(&answers);
}

static void a_copy_is_the_reply(void) {
  struct echo_service answers;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  for (size_t bytes = 0; bytes <= 1985; bytes += 397) {
    unsigned char sent[1985], reply[1985];
    size_t size;
    for (size_t at = 0; at < bytes; at++) sent[at] = (unsigned char)(at * 7 + bytes);
    int status = isth_client_call_sync(client, COPY, sent, bytes, reply, sizeof reply, &size, PATIENT_NS, NULL);
    CHECK_EQUAL(status, bytes > 1984 ? ISTH_E_REPLY_TOO_LARGE : 0);
    CHECK(status != 0 || (size == bytes && memcmp(reply, sent, bytes) == 0));
  }
  isth_client_close(client);
  echo_stop(&answers);
}

static void replies_that_cannot_fit_name_the_option(void) {
  struct echo_service answers;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  isth_failure failure;
  CHECK_EQUAL(call(client, STRANGE, NULL, 0, &failure), ISTH_E_REPLY_TOO_LARGE);
  CHECK(strstr(failure.message, "reply_ring_bytes") != NULL);
  CHECK_EQUAL(call(client, WIDE, NULL, 0, &failure), 0);
  isth_client_close(client);
  echo_stop(&answers);
}

static void a_handler_knows_its_call(void) {
  struct echo_service answers;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  isth_request request = {.method = SELF};
  uint64_t id, told;
  CHECK_EQUAL(isth_client_call(client, &request, &id), 0);
  isth_reply reply;
  WAIT_UNTIL(isth_client_peek(client, &reply, 1) == 1);
  CHECK_EQUAL(reply.size, 12);
  memcpy(&told, reply.payload, 8);
  CHECK_EQUAL(told, id);
  CHECK_EQUAL(reply.call_id, id);
  isth_client_release(client);
  isth_client_close(client);
  echo_stop(&answers);
}

/* The child holds the control socket open, so that closing it in the service does not end its being watched. */
static void a_handler_may_fork(void) {
  struct echo_service answers;
  isth_service_stats stats;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096);
  client_control = isth_client_control_fd(client);
  CHECK_EQUAL(call(client, FORK, NULL, 0, NULL), 0);
  isth_client_close(client);
  WAIT_UNTIL((isth_service_get_stats(answers.service, &stats), stats.channels == 0));
  uint64_t before = cpu_ns();
  usleep(200000);
  CHECK(cpu_ns() - before < 100000000);
  echo_stop(&answers);
}

static void a_handler_knows_that_nobody_waits(void) {
  struct echo_service answers;
  isth_service_stats stats;
  answers_start(&answers);
  isth_client *client = answers_connect(&answers, 4096), *other = answers_connect(&answers, 4096);
  /* Its reply may just be in time. */
  int status = isth_client_call_sync(client, PATIENT, NULL, 0, NULL, 0, NULL, 50000000, NULL);
  CHECK(status == ISTH_E_DEADLINE_EXCEEDED || status == 0);
  WAIT_UNTIL((isth_service_get_stats(answers.service, &stats), stats.calls + stats.expired == 1));
  isth_request request = {.method = PATIENT};
  CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  WAIT_UNTIL(patient == 1);
  isth_client_close(client);
  WAIT_UNTIL(patient == 0);
  CHECK_EQUAL(call(other, WIDE, NULL, 0, NULL), 0);
  isth_client_close(other);
  echo_stop(&answers);
}

/* ---- requests whose replies have no room ---- */

/* A client takes no replies until its calls have expired: then the service has nothing to wait for any more. */
static void expired_calls_do_not_keep_a_service_awake(void) {
  struct echo_service echo;
  isth_client_options options;
  isth_client_options_init(&options);
  options.reply_ring_bytes = 4096;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, &options);
  isth_request request = {.method = ECHO, .deadline_ns = isth_now_ns() + 50000000};
  for (int i = 0; i < 200; i++) CHECK_EQUAL(isth_client_call(client, &request, NULL), 0);
  isth_service_stats stats;
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.calls + stats.expired == 200));
  CHECK(stats.expired > 100);
  long before = count_sleeps();
  usleep(300000);
  /* Looking once a millisecond would be 300. */
  CHECK(count_sleeps() - before < 100);
  isth_client_close(client);
  echo_stop(&echo);
}

static void expired_calls_are_not_counted_as_handled(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  isth_request request = {.method = ECHO, .deadline_ns = 1};
  uint64_t sent = 0;
  for (int round = is_slow() ? 100 : 2000; round > 0; round--) {
    for (int i = 0; i < 20; i++) sent += isth_client_call(client, &request, NULL) == 0;
    isth_service_stats stats;
    do {
      isth_service_get_stats(echo.service, &stats);
      CHECK_EQUAL(stats.calls, 0);
      /* valgrind runs one thread at a time: without a pause, this one. */
      if (is_slow()) usleep(100);
    } while (stats.expired < sent);
    isth_client_check(client);
    isth_client_poll(client, 0);
  }
  isth_client_close(client);
  echo_stop(&echo);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a handler may fork", a_handler_may_fork},
      {"a long message is cut between characters", a_long_message_is_cut_between_characters},
      {"a code without a message is explained", a_code_without_a_message_is_explained},
      {"output can be asked for again", output_can_be_asked_for_again},
      {"a copy is the reply", a_copy_is_the_reply},
      {"replies that cannot fit name the option", replies_that_cannot_fit_name_the_option},
      {"a handler knows its call", a_handler_knows_its_call},
      {"a handler knows that nobody waits", a_handler_knows_that_nobody_waits},
      {"expired calls do not keep a service awake", expired_calls_do_not_keep_a_service_awake},
      {"expired calls are not counted as handled", expired_calls_are_not_counted_as_handled},
  };
  return RUN_TESTS("answer_test", tests);
}
