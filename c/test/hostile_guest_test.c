/* hostile_guest_test.c: peers that come and go at the worst moment, or bring what nobody should: nothing of it stays. */
#include "client.h"

#include "fake.h"
#include "flood.h"
#include "resources.h"

#include <fcntl.h>
#include <linux/falloc.h>

/* The most that Linux passes in one message (SCM_MAX_FD). */
enum { DESCRIPTORS = 253 };

static void one_call(isth_client *client) {
  uint64_t value = 42, answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(answer, 42);
}

static isth_service_stats stats_of(const struct echo_service *echo) {
  isth_service_stats stats;
  isth_service_get_stats(echo->service, &stats);
  return stats;
}

/* Sends one byte and as many descriptors as there can be, all of them the same one. False if the system forbids it. */
static bool send_descriptors(int control) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
  } room;
  char byte = 0;
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
  memset(&room, 0, sizeof room);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * DESCRIPTORS);
  for (size_t i = 0; i < DESCRIPTORS; i++) memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof fd);
  ssize_t sent = sendmsg(control, &message, MSG_NOSIGNAL);
  CHECK(sent == 1 || errno == EPERM);
  close(fd);
  return sent == 1;
}

/* ---- guests ---- */

static void ten_thousand_connections_leave_nothing(void) {
  const uint64_t rounds = is_slow() ? 1000 : 10000;
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *good = echo_connect(&echo, NULL);
  one_call(good);
  size_t descriptors = count_descriptors();
  for (uint64_t i = 0; i < rounds; i++) {
    flood_connect(echo.path, i);
    if (i % 100 == 0) one_call(good);
  }
  WAIT_UNTIL(stats_of(&echo).channels == 1 && count_descriptors() == descriptors);
  CHECK_EQUAL(count_segments(), 2);
  one_call(good);
  isth_client_close(good);
  echo_stop(&echo);
}

/* So that they take no time of whoever else is there. A good client waits for its turn. */
static void many_connections_are_taken_one_a_millisecond(void) {
  enum { BURST = 512, MORE = 300 };
  struct echo_service echo;
  struct isth__offer offer;
  echo_start(&echo, NULL);
  uint64_t begin_ns = isth_now_ns();
  for (int i = 0; i < BURST + MORE; i++) close(raw_greet(echo.path, &offer));
  CHECK(isth_now_ns() - begin_ns >= MORE * UINT64_C(1000000));
  isth_client *good = echo_connect(&echo, NULL);
  one_call(good);
  isth_client_close(good);
  echo_stop(&echo);
}

static void more_descriptors_than_anybody_asked_for_end_the_handshake(void) {
  struct echo_service echo;
  struct isth__offer offer;
  echo_start(&echo, NULL);
  isth_client *good = echo_connect(&echo, NULL);
  one_call(good);
  size_t descriptors = count_descriptors();
  for (int with_attach = 0; with_attach < 2; with_attach++) {
    int control = with_attach == 0 ? raw_connect(echo.path) : raw_greet(echo.path, &offer);
    CHECK(send_descriptors(control));
    CHECK(raw_closed(control, 60000));
    close(control);
    WAIT_UNTIL(count_descriptors() == descriptors);
  }
  one_call(good);
  isth_client_close(good);
  echo_stop(&echo);
}

/* ---- channels ---- */

/* What has no length is no record, wherever its writer stopped. */
static void a_client_that_ends_within_a_record_leaves_nothing(void) {
  const uint64_t rounds = is_slow() ? 40 : 400;
  struct echo_service echo;
  echo_start(&echo, NULL);
  isth_client *good = echo_connect(&echo, NULL);
  one_call(good);
  size_t descriptors = count_descriptors();
  for (uint64_t i = 0; i < rounds; i++) {
    struct hostile hostile;
    struct isth__record *record;
    struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = 1};
    hostile_connect(&hostile, echo.path);
    if (i % 2 == 0) CHECK(hostile_write(&hostile, &header, "12345678", 8));
    CHECK_EQUAL(isth__producer_claim(&hostile.requests, 1000, &record), 0);
    memset(isth__record_payload(record), 0xff, 1000);
    record->kind = ISTH__RECORD_REQUEST;
    record->metadata_bytes = UINT32_MAX;
    isth__wake_signal(hostile.luggage.lane_signals);
    hostile_close(&hostile);
    if (i % 10 == 0) one_call(good);
  }
  WAIT_UNTIL(stats_of(&echo).channels == 1 && count_descriptors() == descriptors);
  CHECK_EQUAL(stats_of(&echo).corrupt_channels, 0);
  isth_client_close(good);
  echo_stop(&echo);
}

/* It keeps a descriptor of the memory, and does to it what the seals allow: they keep its size, not its pages. */
static void memory_can_be_emptied_but_not_made_shorter(void) {
  if (is_linux_only("sealed memory")) return; /* cut_off_posix_test */
  const uint64_t rounds = is_slow() ? 200 : 5000;
  struct echo_service echo;
  struct hostile hostile;
  echo_start(&echo, NULL);
  isth_client *good = echo_connect(&echo, NULL);
  hostile_connect(&hostile, echo.path);
  int memory = hostile.luggage.descriptors[0];
  off_t bytes = (off_t)hostile.luggage.attach.segment_bytes;
  for (off_t size = 0; size <= 2 * bytes; size += bytes / 2)
    if (size != bytes) CHECK(ftruncate(memory, size) == -1 && errno == EPERM);
  CHECK(fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE) == -1);
  for (uint64_t i = 0; i < rounds; i++) {
    struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = i + 1};
    (void)hostile_write(&hostile, &header, "12345678", 8);
    CHECK_EQUAL(fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, bytes), 0);
    flood_take(&hostile);
    if (i % 50 == 0) one_call(good);
  }
  hostile_close(&hostile);
  WAIT_UNTIL(stats_of(&echo).channels == 1);
  one_call(good);
  isth_client_close(good);
  echo_stop(&echo);
}

/* ---- a service ---- */

static void offer_descriptors(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__offer offer = good_offer();
  int descriptors[3];
  if (*(const int *)detail == 0) {
    read_hello(control);
    CHECK(send_descriptors(control));
    (void)raw_send(control, &offer, sizeof offer, NULL, 0);
  } else {
    take_luggage(control, &attach, descriptors);
    CHECK(send_descriptors(control));
    for (size_t i = 0; i < 3; i++) close(descriptors[i]);
  }
  CHECK(raw_closed(control, 60000));
}

static void a_service_that_passes_too_many_descriptors_is_no_service(void) {
  size_t descriptors = count_descriptors();
  for (int with_welcome = 0; with_welcome < 2; with_welcome++) {
    struct fake fake;
    isth_client *client;
    isth_client_options options = patient_client(NULL);
    isth_failure failure;
    fake_start(&fake, offer_descriptors, &with_welcome);
    CHECK_EQUAL(isth_client_open(&client, fake.path, &echo_schema, &options, &failure), ISTH_E_NOT_ISTHMUS);
    fake_stop(&fake);
    CHECK_EQUAL(count_descriptors(), descriptors);
  }
}

/* Whether this kernel can keep descriptors out of a socket at all. */
static bool can_refuse(void) {
  int ends[2];
  CHECK_EQUAL(isth__wake_create(ends), 0);
  isth__socket_refuse_descriptors(ends[0]);
  bool refuses = !send_descriptors(ends[1]);
  isth__wake_close(ends);
  return refuses;
}

static atomic_bool opened, tried;

static void pass_to_client(int control, const void *detail) {
  struct isth__attach attach;
  struct isth__welcome welcome = {.status = 0};
  int descriptors[3];
  (void)detail;
  take_luggage(control, &attach, descriptors);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  /* Its wake-up at once; the control socket once it has read the welcome. */
  CHECK(!send_descriptors(descriptors[1]));
  WAIT_UNTIL(atomic_load(&opened));
  CHECK(!send_descriptors(control));
  atomic_store(&tried, true);
  CHECK(raw_closed(control, 60000));
  for (size_t i = 0; i < 3; i++) close(descriptors[i]);
}

static void after_the_handshake_none_can_be_passed(void) {
  if (!can_refuse()) return;
  struct echo_service echo;
  struct hostile hostile;
  echo_start(&echo, NULL);
  hostile_connect(&hostile, echo.path);
  WAIT_UNTIL(stats_of(&echo).channels_total == 1);
  struct isth__taken reply;
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = 1};
  CHECK(hostile_write(&hostile, &header, NULL, 0) && hostile_read(&hostile, &reply));
  CHECK(!send_descriptors(hostile.control));
  hostile_close(&hostile);
  echo_stop(&echo);

  struct fake fake;
  isth_client *client;
  isth_client_options options = patient_client(NULL);
  fake_start(&fake, pass_to_client, NULL);
  CHECK_EQUAL(isth_client_open(&client, fake.path, &echo_schema, &options, NULL), 0);
  atomic_store(&opened, true);
  WAIT_UNTIL(atomic_load(&tried));
  isth_client_close(client);
  fake_stop(&fake);
}

int main(void) {
  static const struct test_case tests[] = {
      {"ten thousand connections leave nothing", ten_thousand_connections_leave_nothing},
      {"many connections are taken one a millisecond", many_connections_are_taken_one_a_millisecond},
      {"more descriptors than anybody asked for end the handshake",
       more_descriptors_than_anybody_asked_for_end_the_handshake},
      {"a client that ends within a record leaves nothing", a_client_that_ends_within_a_record_leaves_nothing},
      {"memory can be emptied but not made shorter", memory_can_be_emptied_but_not_made_shorter},
      {"a service that passes too many descriptors is no service",
       a_service_that_passes_too_many_descriptors_is_no_service},
      {"after the handshake none can be passed", after_the_handshake_none_can_be_passed},
  };
  return RUN_TESTS("hostile_guest_test", tests);
}
