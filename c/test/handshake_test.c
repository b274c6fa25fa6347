/* handshake_test.c: guests that get the handshake wrong, by mistake or on purpose, against a service that stays well. */
#include "raw.h"

#include "resources.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void still_serves(const struct echo_service *echo) {
  isth_client *client = echo_connect(echo, NULL);
  uint64_t value = 42, answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(answer, 42);
  isth_client_close(client);
}

/* How many descriptors are open once the service runs and nobody is connected. */
static size_t settled_descriptors(const struct echo_service *echo) {
  isth_service_stats stats;
  still_serves(echo);
  WAIT_UNTIL((isth_service_get_stats(echo->service, &stats), stats.channels == 0));
  return count_descriptors();
}

static uint64_t refused(const struct echo_service *echo) {
  isth_service_stats stats;
  isth_service_get_stats(echo->service, &stats);
  return stats.refused;
}

/* ---- hello ---- */

static void a_wrong_magic_gets_no_answer(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  struct isth__hello hello = raw_hello();
  hello.magic++;
  int control = raw_connect(echo.path);
  char byte;
  CHECK(raw_send(control, &hello, sizeof hello, NULL, 0));
  CHECK_EQUAL(raw_receive(control, &byte, 1, 60000), 0);
  CHECK(raw_closed(control, 60000));
  close(control);
  still_serves(&echo);
  echo_stop(&echo);
}

static void another_version_is_told_ours(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  struct isth__hello hello = raw_hello();
  struct isth__offer offer;
  hello.version = 77;
  int control = raw_connect(echo.path);
  CHECK(raw_send(control, &hello, sizeof hello, NULL, 0));
  CHECK_EQUAL(raw_receive(control, &offer, sizeof offer, 60000), sizeof offer);
  CHECK(offer.magic == ISTH__MAGIC);
  CHECK_EQUAL(offer.version, ISTH_PROTOCOL_VERSION);
  CHECK_EQUAL(offer.status, ISTH_E_PROTOCOL_MISMATCH);
  CHECK(raw_closed(control, 60000));
  close(control);
  CHECK_EQUAL(refused(&echo), 1);
  echo_stop(&echo);
}

static void another_schema_is_refused_and_both_are_named(void) {
  struct echo_service echo;
  isth_client *client;
  isth_failure failure;
  isth_schema other = echo_schema;
  isth_client_options options = patient_client(NULL);
  echo_start(&echo, NULL);
  other.name = "reverb";
  other.hash[0] = 0xab;
  CHECK_EQUAL(isth_client_open(&client, echo.path, &other, &options, &failure), ISTH_E_SCHEMA_MISMATCH);
  CHECK(client == NULL);
  CHECK(strstr(failure.message, "reverb") != NULL && strstr(failure.message, "ab02030000000000") != NULL);
  CHECK(strstr(failure.message, "echo") != NULL && strstr(failure.message, "0102030000000000") != NULL);
  /* Who takes any schema is let in all the same, and who only asks is told the text. */
  CHECK_EQUAL(isth_client_open(&client, echo.path, NULL, &options, &failure), 0);
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
  isth_client_close(client);
  char *text;
  CHECK_EQUAL(isth_describe(echo.path, PATIENT_NS, &text, &failure), 0);
  CHECK(strcmp(text, "service echo\nmethod echo 1\n") == 0);
  isth_free(text);
  echo_stop(&echo);
}

static void a_long_text_arrives_whole(void) {
  enum { BYTES = 1 << 20 };
  static char long_text[BYTES + 1];
  for (size_t i = 0; i < BYTES; i++) long_text[i] = (char)('a' + i % 23);
  const char *const pieces[] = {long_text, NULL};
  isth_schema schema = echo_schema;
  schema.text = pieces;
  isth_service *service;
  isth_service_options options = patient_service(NULL);
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-test-%d-text.sock", (int)getpid());
  options.path = path;
  CHECK_EQUAL(isth_service_open(&service, &schema, &options, NULL), 0);
  struct echo_service echo = {.service = service};
  CHECK_EQUAL(pthread_create(&echo.thread, NULL, echo_run, &echo), 0);
  char *text;
  CHECK_EQUAL(isth_describe(path, PATIENT_NS, &text, NULL), 0);
  CHECK(strcmp(text, long_text) == 0);
  isth_free(text);
  isth_service_stop(service);
  pthread_join(echo.thread, NULL);
  isth_service_close(service);
  /* One byte more is not a schema. */
  const char *const too_long[] = {long_text, "!", NULL};
  schema.text = too_long;
  CHECK_EQUAL(isth_service_open(&service, &schema, &options, NULL), ISTH_E_SCHEMA_INVALID);
}

static void messages_may_come_byte_by_byte(void) {
  struct echo_service echo;
  struct isth__offer offer;
  struct isth__welcome welcome;
  struct raw_luggage luggage;
  echo_start(&echo, NULL);
  raw_pack(&luggage);
  int control = raw_connect(echo.path);
  struct isth__hello hello = raw_hello();
  for (size_t i = 0; i < sizeof hello; i++) CHECK(raw_send(control, (char *)&hello + i, 1, NULL, 0));
  CHECK_EQUAL(raw_receive(control, &offer, sizeof offer, 60000), sizeof offer);
  /* The descriptors come with three different bytes. */
  for (size_t i = 0; i < sizeof luggage.attach; i++)
    CHECK(raw_send(control, (char *)&luggage.attach + i, 1, &luggage.descriptors[i / 10], i % 10 == 0 && i < 30));
  CHECK_EQUAL(raw_receive(control, &welcome, sizeof welcome, 60000), sizeof welcome);
  CHECK_EQUAL(welcome.status, 0);
  isth_service_stats stats;
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1));
  close(control);
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 0));
  raw_unpack(&luggage);
  echo_stop(&echo);
}

static void descriptors_with_the_hello_end_it(void) {
  struct echo_service echo;
  struct isth__hello hello = raw_hello();
  echo_start(&echo, NULL);
  size_t before = settled_descriptors(&echo);
  int control = raw_connect(echo.path), pipes[2];
  CHECK_EQUAL(pipe(pipes), 0);
  CHECK(raw_send(control, &hello, sizeof hello, pipes, 2));
  CHECK(raw_closed(control, 60000));
  close(control);
  close(pipes[0]);
  close(pipes[1]);
  still_serves(&echo);
  WAIT_UNTIL(count_descriptors() == before);
  echo_stop(&echo);
}

/* ---- attach ---- */

/* Says hello, attaches with what is given, and returns the welcome's status; 1 if there came none. */
static int attach_with(const struct echo_service *echo, const struct isth__attach *attach, const int *descriptors,
                       size_t count, char *message) {
  struct isth__offer offer;
  struct isth__welcome welcome = {.status = 1};
  int control = raw_greet(echo->path, &offer);
  CHECK(raw_send(control, attach, sizeof *attach, descriptors, count));
  if (raw_receive(control, &welcome, sizeof welcome, 60000) != sizeof welcome) welcome.status = 1;
  if (welcome.status != 0) CHECK(raw_closed(control, 60000));
  close(control);
  if (message != NULL) memcpy(message, welcome.message, sizeof welcome.message);
  return welcome.status;
}

/* Expects the luggage to be refused, with a word of why. */
static void expect_refusal(const struct echo_service *echo, struct raw_luggage *luggage, size_t count,
                           const char *because) {
  char message[ISTH_MESSAGE_BYTES];
  CHECK_EQUAL(attach_with(echo, &luggage->attach, luggage->descriptors, count, message), ISTH_E_SEGMENT_REFUSED);
  if (strstr(message, because) == NULL) fprintf(stderr, "the message is: %s\n", message);
  CHECK(strstr(message, because) != NULL);
  raw_unpack(luggage);
}

static int memory_with(size_t bytes, unsigned int flags, int seals) {
  int fd = memfd_create("isthmus", flags);
  CHECK_EQUAL(ftruncate(fd, (off_t)bytes), 0);
  if (seals != 0) CHECK_EQUAL(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

static void memory_that_can_be_cut_off_is_refused(void) {
  struct echo_service echo;
  struct raw_luggage luggage;
  if (is_linux_only("sealed memory")) return;
  echo_start(&echo, NULL);
  size_t before = settled_descriptors(&echo);
  const int both = F_SEAL_SHRINK | F_SEAL_GROW;

  raw_pack(&luggage);
  size_t bytes = luggage.attach.segment_bytes;
  raw_swap(&luggage, 0, memory_with(bytes, 0, 0));
  expect_refusal(&echo, &luggage, 3, "sealed");
  static const int missing[] = {F_SEAL_SHRINK, F_SEAL_GROW};
  for (int i = 0; i < 2; i++) {
    raw_pack(&luggage);
    raw_swap(&luggage, 0, memory_with(bytes, MFD_ALLOW_SEALING, missing[i]));
    expect_refusal(&echo, &luggage, 3, "sealed");
  }
  raw_pack(&luggage);
  raw_swap(&luggage, 0, memory_with(bytes, MFD_ALLOW_SEALING, both | F_SEAL_WRITE));
  expect_refusal(&echo, &luggage, 3, "sealed");
  WAIT_UNTIL(count_descriptors() == before);
  CHECK_EQUAL(count_segments(), 0);
  echo_stop(&echo);
}

static void memory_and_wake_ups_that_are_none_are_refused(void) {
  struct echo_service echo;
  struct raw_luggage luggage;
  echo_start(&echo, NULL);
  size_t before = settled_descriptors(&echo);
  const int both = F_SEAL_SHRINK | F_SEAL_GROW;
  raw_pack(&luggage);
  size_t bytes = luggage.attach.segment_bytes;
  raw_unpack(&luggage);
  static const long wrong_sizes[] = {-4096, -1, 1, 4096, 1 << 20};
  for (int i = 0; i < 5; i++) {
    raw_pack(&luggage);
    raw_swap(&luggage, 0, memory_with(bytes + (size_t)wrong_sizes[i], MFD_ALLOW_SEALING, both));
    expect_refusal(&echo, &luggage, 3, "memfd");
  }
  raw_pack(&luggage);
  raw_swap(&luggage, 0, memory_with(0, MFD_ALLOW_SEALING, both));
  expect_refusal(&echo, &luggage, 3, "memfd");

  int pipes[2];
  char path[] = "/tmp/isth-test-XXXXXX";
  CHECK_EQUAL(pipe(pipes), 0);
  int file = mkstemp(path), folder = open("/tmp", O_RDONLY), zero = open("/dev/zero", O_RDWR);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
  const struct sockaddr_un unnamed = {.sun_family = AF_UNIX}; /* the kernel chooses a name */
  CHECK_EQUAL(bind(listener, (const struct sockaddr *)&unnamed, sizeof unnamed.sun_family), 0);
  CHECK_EQUAL(listen(listener, 1), 0);
  unlink(path);
  CHECK_EQUAL(ftruncate(file, (off_t)bytes + is_linux_only("that an ordinary file is no memory")), 0);
  int others[] = {file, folder, zero, pipes[0], pipes[1], eventfd(0, 0), listener, tcp};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    raw_pack(&luggage);
    raw_swap(&luggage, 0, dup(others[i]));
    expect_refusal(&echo, &luggage, 3, "memfd");
    for (size_t wake = 1; wake <= 2; wake++) {
      raw_pack(&luggage);
      raw_swap(&luggage, wake, dup(others[i]));
      expect_refusal(&echo, &luggage, 3, "not an end of a Unix stream socketpair");
    }
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) close(others[i]);
  still_serves(&echo);
  WAIT_UNTIL(count_descriptors() == before);
  CHECK_EQUAL(count_segments(), 0);
  echo_stop(&echo);
}

static void memory_that_cannot_be_mapped_is_refused(void) {
  struct echo_service echo;
  struct raw_luggage luggage;
  echo_start(&echo, NULL);
  raw_pack(&luggage);
  int memory = memory_with(luggage.attach.segment_bytes, MFD_ALLOW_SEALING, F_SEAL_SHRINK | F_SEAL_GROW);
  if (fcntl(memory, F_ADD_SEALS, 0x0010 /* F_SEAL_FUTURE_WRITE */) == 0) {
    raw_swap(&luggage, 0, memory);
    CHECK(attach_with(&echo, &luggage.attach, luggage.descriptors, 3, NULL) < 0);
  } else {
    close(memory);
  }
  raw_unpack(&luggage);
  still_serves(&echo);
  echo_stop(&echo);
}

static void shapes_that_do_not_fit_are_refused(void) {
  struct echo_service echo;
  struct raw_luggage luggage;
  isth_service_options options;
  isth_service_options_init(&options);
  options.max_segment_bytes = 1 << 20;
  echo_start(&echo, &options);
  static const struct isth__attach wrong[] = {
      {.lanes = 0, .request_bytes = 4096, .reply_bytes = 4096, .descriptors = 3, .segment_bytes = 0},
      {.lanes = 2, .request_bytes = 4096, .reply_bytes = 4096, .descriptors = 3, .segment_bytes = 4096 + 16384},
      {.lanes = UINT32_MAX, .request_bytes = 4096, .reply_bytes = 4096, .descriptors = 3, .segment_bytes = 12288},
      {.lanes = 1, .request_bytes = 0, .reply_bytes = 4096, .descriptors = 3, .segment_bytes = 8192},
      {.lanes = 1, .request_bytes = 4096, .reply_bytes = 12288, .descriptors = 3, .segment_bytes = 4096 + 16384},
      {.lanes = 1, .request_bytes = 1u << 31, .reply_bytes = 1u << 31, .descriptors = 3, .segment_bytes = 4096},
      {.lanes = 1, .request_bytes = 4096, .reply_bytes = 4096, .descriptors = 3, .segment_bytes = 12289},
      {.lanes = 1, .request_bytes = 4096, .reply_bytes = 4096, .descriptors = 3, .segment_bytes = UINT64_MAX},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    raw_pack(&luggage);
    luggage.attach = wrong[i];
    expect_refusal(&echo, &luggage, 3, "shape");
  }
  raw_pack(&luggage);
  luggage.attach.request_bytes = 1 << 20;
  luggage.attach.segment_bytes = 4096 + (1 << 20) + 4096;
  expect_refusal(&echo, &luggage, 3, "max_segment_bytes");
  /* The client says which option would help before it makes any memory. */
  isth_client *client;
  isth_client_options client_options = patient_client(NULL);
  isth_failure failure;
  CHECK_EQUAL(isth_client_open(&client, echo.path, &echo_schema, &client_options, &failure), ISTH_E_SEGMENT_REFUSED);
  CHECK(strstr(failure.message, "max_segment_bytes") != NULL);
  echo_stop(&echo);
}

static void the_count_of_descriptors_must_be_right(void) {
  struct echo_service echo;
  struct raw_luggage luggage;
  echo_start(&echo, NULL);
  size_t before = settled_descriptors(&echo);
  for (size_t count = 0; count < 3; count++) {
    raw_pack(&luggage);
    expect_refusal(&echo, &luggage, count, "descriptors");
  }
  raw_pack(&luggage);
  luggage.attach.descriptors = 2;
  expect_refusal(&echo, &luggage, 3, "descriptors");

  int many[250];
  raw_pack(&luggage);
  for (size_t i = 0; i < 250; i++) many[i] = luggage.descriptors[1];
  char message[ISTH_MESSAGE_BYTES];
  CHECK_EQUAL(attach_with(&echo, &luggage.attach, many, 66, message), ISTH_E_SEGMENT_REFUSED);
  CHECK(strstr(message, "66 descriptors came") != NULL);
  /* More than anybody may bring: no answer, and none of them stays open. isth__send has no room for so many. */
  for (size_t count = 68; count <= 250; count += 91) {
    struct isth__offer offer;
    int control = raw_greet(echo.path, &offer);
    static _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof many)];
    struct iovec part = {&luggage.attach, sizeof luggage.attach};
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    *CMSG_FIRSTHDR(&header) =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int) * count), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), many, sizeof(int) * count);
    CHECK_EQUAL(sendmsg(control, &header, MSG_NOSIGNAL), sizeof luggage.attach);
    CHECK(raw_closed(control, 60000));
    close(control);
  }
  /* And piece by piece, 60 and then 60 more. */
  struct isth__offer offer;
  int control = raw_greet(echo.path, &offer);
  CHECK(raw_send(control, &luggage.attach, 1, many, 60));
  if (raw_send(control, (char *)&luggage.attach + 1, 1, many, 60)) CHECK(raw_closed(control, 60000));
  close(control);
  raw_unpack(&luggage);
  still_serves(&echo);
  WAIT_UNTIL(count_descriptors() == before);
  echo_stop(&echo);
}

static void a_guest_that_leaves_leaves_nothing(void) {
  struct echo_service echo;
  struct raw_luggage luggage;
  echo_start(&echo, NULL);
  raw_pack(&luggage);
  size_t before = settled_descriptors(&echo);
  struct isth__hello hello = raw_hello();
  struct isth__offer offer;
  for (size_t bytes = 0; bytes <= sizeof hello; bytes += 16) {
    int control = raw_connect(echo.path);
    if (bytes > 0) CHECK(raw_send(control, &hello, bytes, NULL, 0));
    close(control);
  }
  for (size_t bytes = 1; bytes <= sizeof luggage.attach; bytes += 15) {
    int control = raw_greet(echo.path, &offer);
    CHECK(raw_send(control, &luggage.attach, bytes, luggage.descriptors, 3));
    close(control);
  }
  still_serves(&echo);
  WAIT_UNTIL(count_descriptors() == before);
  WAIT_UNTIL(count_segments() == 0);
  raw_unpack(&luggage);
  echo_stop(&echo);
}

static void garbage_after_the_welcome_ends_the_channel(void) {
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *client = echo_connect(&echo, NULL);
  CHECK_EQUAL(send(isth_client_control_fd(client), "garbage", 7, MSG_NOSIGNAL), 7);
  struct pollfd ready = {isth_client_control_fd(client), POLLIN, 0};
  CHECK_EQUAL(poll(&ready, 1, 60000), 1);
  isth_client_check(client);
  CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
  isth_client_close(client);
  still_serves(&echo);
  echo_stop(&echo);
}

/* ---- limits ---- */

static void channels_are_limited(void) {
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.max_channels = 2;
  echo_start(&echo, &options);
  isth_client *one = echo_connect(&echo, NULL), *two = echo_connect(&echo, NULL), *three;
  isth_client_options client_options = patient_client(NULL);
  isth_failure failure;
  CHECK_EQUAL(isth_client_open(&three, echo.path, &echo_schema, &client_options, &failure), ISTH_E_CHANNEL_LIMIT);
  CHECK_EQUAL(refused(&echo), 1);
  isth_client_close(one);
  isth_service_stats stats;
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1));
  one = echo_connect(&echo, NULL);
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 2));
  /* Two that have both been offered a place, of which there is one. */
  isth_client_close(two);
  WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels == 1));
  struct isth__offer offer;
  struct raw_luggage luggage;
  int guest = raw_greet(echo.path, &offer);
  two = echo_connect(&echo, NULL);
  raw_pack(&luggage);
  struct isth__welcome welcome;
  CHECK(raw_send(guest, &luggage.attach, sizeof luggage.attach, luggage.descriptors, 3));
  CHECK_EQUAL(raw_receive(guest, &welcome, sizeof welcome, 60000), sizeof welcome);
  CHECK_EQUAL(welcome.status, ISTH_E_CHANNEL_LIMIT);
  close(guest);
  raw_unpack(&luggage);
  isth_client_close(one);
  isth_client_close(two);
  echo_stop(&echo);
}

static void silence_times_out(void) {
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.handshake_timeout_ns = 100000000;
  echo_start(&echo, &options);
  struct isth__hello hello = raw_hello();
  struct isth__offer offer;
  uint64_t begin = isth_now_ns(), guests = 1;
  int silent = raw_connect(echo.path), stuck = -1;
  /* Again where either side is held up for so long that it ends before the offer. */
  for (bool greeted = false; !greeted; guests++) {
    CHECK(guests < 50);
    if (stuck >= 0) close(stuck);
    stuck = raw_connect(echo.path);
    greeted = raw_send(stuck, &hello, sizeof hello, NULL, 0) &&
              raw_receive(stuck, &offer, sizeof offer, 60000) == sizeof offer;
  }
  CHECK(raw_closed(silent, 60000));
  CHECK(raw_closed(stuck, 60000));
  uint64_t took = isth_now_ns() - begin;
  CHECK(took >= 100000000 && took < 20000000000);
  CHECK_EQUAL(refused(&echo), guests);
  close(silent);
  close(stuck);
  echo_stop(&echo);
}

static void silent_guests_do_not_keep_a_good_one_out(void) {
  enum { SILENT = 150 };
  struct echo_service echo;
  isth_service_options options;
  isth_service_options_init(&options);
  options.handshake_timeout_ns = UINT64_MAX;
  echo_start(&echo, &options);
  int silent[SILENT];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < SILENT; i++) silent[i] = raw_connect(echo.path);
    still_serves(&echo);
    for (int i = 0; i < SILENT; i++) close(silent[i]);
  }
  echo_stop(&echo);
}

/* ---- descriptors run out ---- */

/* A service in a process of its own with no descriptor left, as seen from outside. */
static void without_descriptors(rlim_t limit) {
  char path[64];
  int started[2];
  snprintf(path, sizeof path, "/tmp/isth-test-%d-limit.sock", (int)getpid());
  CHECK_EQUAL(pipe(started), 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    struct echo_service echo;
    isth_service_options options = patient_service(NULL);
    isth_client_options client_options = patient_client(NULL);
    options.path = path;
    CHECK_EQUAL(isth_service_open(&echo.service, &echo_schema, &options, NULL), 0);
    CHECK_EQUAL(isth_service_handle(echo.service, ECHO, 0, on_echo, NULL), 0);
    CHECK_EQUAL(pthread_create(&echo.thread, NULL, echo_run, &echo), 0);
    isth_client *client;
    CHECK_EQUAL(isth_client_open(&client, path, &echo_schema, &client_options, NULL), 0);
    /* Fewer than are open already where `limit` is 0: then even the spare one does not help. */
    struct rlimit allowed;
    CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &allowed), 0);
    allowed.rlim_cur = limit == 0 ? 3 : count_descriptors() + limit;
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &allowed), 0);
    CHECK_EQUAL(write(started[1], "s", 1), 1);
    uint64_t before = cpu_ns(), until = isth_now_ns() + 500000000;
    while (isth_now_ns() < until) {
      uint64_t value = 7, answer = 0;
      CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
      CHECK_EQUAL(answer, 7);
      usleep(20000);
    }
    /* A busy loop would have taken all of it. */
    CHECK(cpu_ns() - before < 250000000);
    isth_client_close(client);
    isth_service_stop(echo.service);
    pthread_join(echo.thread, NULL);
    isth_service_close(echo.service);
    _exit(0);
  }
  char byte;
  close(started[1]);
  CHECK_EQUAL(read(started[0], &byte, 1), 1);
  close(started[0]);
  int guests[8];
  for (int i = 0; i < 8; i++) guests[i] = raw_connect(path);
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  for (int i = 0; i < 8; i++) close(guests[i]);
}

static void running_out_of_descriptors_neither_spins_nor_ends_it(void) {
  without_descriptors(1);
  without_descriptors(2);
  without_descriptors(0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"running out of descriptors neither spins nor ends it", running_out_of_descriptors_neither_spins_nor_ends_it},
      {"a wrong magic gets no answer", a_wrong_magic_gets_no_answer},
      {"another version is told ours", another_version_is_told_ours},
      {"another schema is refused and both are named", another_schema_is_refused_and_both_are_named},
      {"a long text arrives whole", a_long_text_arrives_whole},
      {"messages may come byte by byte", messages_may_come_byte_by_byte},
      {"descriptors with the hello end it", descriptors_with_the_hello_end_it},
      {"memory that can be cut off is refused", memory_that_can_be_cut_off_is_refused},
      {"memory and wake-ups that are none are refused", memory_and_wake_ups_that_are_none_are_refused},
      {"memory that cannot be mapped is refused", memory_that_cannot_be_mapped_is_refused},
      {"shapes that do not fit are refused", shapes_that_do_not_fit_are_refused},
      {"the count of descriptors must be right", the_count_of_descriptors_must_be_right},
      {"a guest that leaves leaves nothing", a_guest_that_leaves_leaves_nothing},
      {"garbage after the welcome ends the channel", garbage_after_the_welcome_ends_the_channel},
      {"channels are limited", channels_are_limited},
      {"silence times out", silence_times_out},
      {"silent guests do not keep a good one out", silent_guests_do_not_keep_a_good_one_out},
  };
  return RUN_TESTS("handshake_test", tests);
}
