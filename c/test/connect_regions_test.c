/* connect_regions_test.c: services that give a client other memories for their regions than they should. */
#include "regioned.h"

#include "regions.h"

#include "fake.h"
#include "random.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

/* What a welcome brings. */
struct gifts {
  struct isth__welcome welcome;
  int descriptors[8];
  size_t count;
  size_t step; /* each comes with a piece of the welcome of so many bytes; 0: all with its first byte */
};

/* What a good service gives for regioned_schema: a test then spoils a part. */
static struct gifts good_gifts(void) {
  struct gifts gifts = {.count = 0};
  struct isth__regions *regions;
  int descriptors[ISTH__MEMORIES];
  CHECK_EQUAL(isth__regions_create(&regions, &regioned_schema, NULL), 0);
  gifts.count = isth__regions_describe(regions, gifts.welcome.memory_bytes, descriptors);
  CHECK_EQUAL(gifts.count, ISTH__MEMORIES);
  for (size_t i = 0; i < gifts.count; i++) gifts.descriptors[i] = dup(descriptors[i]);
  isth__regions_release(regions);
  return gifts;
}

static void gifts_swap(struct gifts *gifts, size_t at, int descriptor) {
  CHECK(descriptor >= 0);
  close(gifts->descriptors[at]);
  gifts->descriptors[at] = descriptor;
}

static void give(int control, const void *detail) {
  const struct gifts *gifts = detail;
  struct isth__attach attach;
  int descriptors[3];
  take_luggage(control, &attach, descriptors);
  for (size_t i = 0; i < 3; i++) close(descriptors[i]);
  /* A client that has had enough may have gone by then. */
  const char *at = (const char *)&gifts->welcome, *end = at + sizeof gifts->welcome;
  for (size_t i = 0; gifts->step > 0 && i < gifts->count; i++, at += gifts->step)
    (void)raw_send(control, at, gifts->step, &gifts->descriptors[i], 1);
  (void)raw_send(control, at, (size_t)(end - at), gifts->descriptors, gifts->step > 0 ? 0 : gifts->count);
  CHECK(raw_closed(control, 60000));
}

static int open_given(struct fake *fake, const struct gifts *gifts, const isth_schema *schema, isth_client **client,
                      isth_failure *failure) {
  isth_client_options options = patient_client(NULL);
  fake_start(fake, give, gifts);
  return isth_client_open(client, fake->path, schema, &options, failure);
}

/* Closes the gifts, and expects that nothing of them is left. */
static void expect_nothing_left(struct gifts *gifts, struct fake *fake, size_t before) {
  fake_stop(fake);
  for (size_t i = 0; i < gifts->count; i++) close(gifts->descriptors[i]);
  CHECK_EQUAL(count_descriptors(), before);
  CHECK_EQUAL(count_segments(), 0);
}

static void expect_refused(struct gifts *gifts, size_t before, int error, const char *because) {
  struct fake fake;
  isth_client *client;
  isth_failure failure = {0, ""};
  CHECK_EQUAL(open_given(&fake, gifts, &regioned_schema, &client, &failure), error);
  CHECK(client == NULL);
  if (strstr(failure.message, because) == NULL) fprintf(stderr, "the message is: %s\n", failure.message);
  CHECK(strstr(failure.message, because) != NULL);
  expect_nothing_left(gifts, &fake, before);
}

static int sealed_memory(size_t bytes, unsigned int flags, int seals) {
  int fd = memfd_create("isthmus", flags);
  CHECK(fd >= 0);
  CHECK_EQUAL(ftruncate(fd, (off_t)bytes), 0);
  if (seals != 0) CHECK_EQUAL(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

static void memories_that_are_not_safe_are_refused(void) {
  if (is_linux_only("sealed memory")) return;
  enum { SIZE = F_SEAL_SHRINK | F_SEAL_GROW, FUTURE = 0x0010 /* F_SEAL_FUTURE_WRITE */ };
  static const int seals[] = {0,      F_SEAL_SHRINK,      F_SEAL_GROW, F_SEAL_SHRINK | FUTURE, F_SEAL_GROW | FUTURE,
                              FUTURE, SIZE | F_SEAL_WRITE};
  size_t before = count_descriptors();
  for (size_t at = 0; at < ISTH__MEMORIES; at++) {
    for (size_t i = 0; i < sizeof seals / sizeof seals[0]; i++) {
      struct gifts gifts = good_gifts();
      gifts_swap(&gifts, at, sealed_memory(gifts.welcome.memory_bytes[at], MFD_ALLOW_SEALING, seals[i]));
      expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED, "sealed as it should be");
    }
    /* What should be the owner's alone is not, and the reverse. */
    struct gifts gifts = good_gifts();
    int wrong = at == ISTH__MEMORY_OWNED ? SIZE : SIZE | FUTURE;
    gifts_swap(&gifts, at, sealed_memory(gifts.welcome.memory_bytes[at], MFD_ALLOW_SEALING, wrong));
    expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED, "sealed as it should be");
    static const long sizes[] = {-64, -1, 1, 64, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      gifts = good_gifts();
      int right = at == ISTH__MEMORY_OWNED ? SIZE | FUTURE : SIZE;
      size_t bytes = gifts.welcome.memory_bytes[at] + (size_t)sizes[i];
      gifts_swap(&gifts, at, sealed_memory(bytes, MFD_ALLOW_SEALING, right));
      expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED, "sealed as it should be");
    }
  }
}

static void what_is_no_memory_is_refused(void) {
  size_t before = count_descriptors();
  int pipes[2];
  char path[] = "/tmp/isth-test-XXXXXX";
  CHECK_EQUAL(pipe(pipes), 0);
  int file = mkstemp(path);
  unlink(path);
  CHECK_EQUAL(ftruncate(file, 1 << 20), 0);
  if (is_linux_only("that an ordinary file is no memory")) CHECK_EQUAL(ftruncate(file, 1), 0);
  int others[] = {file,     open("/tmp", O_RDONLY), open("/dev/zero", O_RDWR),      pipes[0],
                  pipes[1], eventfd(0, 0),          socket(AF_UNIX, SOCK_STREAM, 0)};
  enum { OTHERS = sizeof others / sizeof others[0] };
  size_t with_others = count_descriptors();
  for (size_t i = 0; i < OTHERS; i++) {
    for (size_t at = 0; at < ISTH__MEMORIES; at++) {
      struct gifts gifts = good_gifts();
      gifts_swap(&gifts, at, dup(others[i]));
      expect_refused(&gifts, with_others, ISTH_E_SEGMENT_REFUSED, "sealed as it should be");
    }
  }
  for (size_t i = 0; i < OTHERS; i++) close(others[i]);
  CHECK_EQUAL(count_descriptors(), before);
  /* Memory that cannot be written through the descriptor that came. */
  struct gifts gifts = good_gifts();
  char again[64];
  snprintf(again, sizeof again, "/proc/self/fd/%d", gifts.descriptors[ISTH__MEMORY_SHARED]);
  gifts_swap(&gifts, ISTH__MEMORY_SHARED, open(again, O_RDONLY | O_CLOEXEC));
  expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED,
                 is_linux_only("sealed memory") ? "sealed as it should be" : "mapping the shared memory");
}

static void counts_and_sizes_must_be_right(void) {
  size_t before = count_descriptors();
  for (size_t count = 0; count < ISTH__MEMORIES; count++) {
    struct gifts gifts = good_gifts();
    while (gifts.count > count) close(gifts.descriptors[--gifts.count]);
    expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED, "descriptors came with the welcome, not 3");
  }
  struct gifts gifts = good_gifts();
  while (gifts.count < 8) gifts.descriptors[gifts.count++] = dup(gifts.descriptors[0]);
  expect_refused(&gifts, before, ISTH_E_NOT_ISTHMUS, "nobody asked for");
  static const uint64_t sizes[] = {0, 1, 64, 4096, UINT64_MAX};
  for (size_t at = 0; at < ISTH__MEMORIES; at++) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
      gifts = good_gifts();
      gifts.welcome.memory_bytes[at] = sizes[i];
      expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED, "as the schema here says");
    }
  }
  /* Each is good, but not in this place. */
  for (size_t at = 0; at < ISTH__MEMORIES; at++) {
    gifts = good_gifts();
    int other = gifts.descriptors[(at + 1) % ISTH__MEMORIES];
    gifts.descriptors[(at + 1) % ISTH__MEMORIES] = gifts.descriptors[at];
    gifts.descriptors[at] = other;
    expect_refused(&gifts, before, ISTH_E_SEGMENT_REFUSED, "sealed as it should be");
  }
}

static void descriptors_of_no_use_are_closed(void) {
  size_t before = count_descriptors();
  /* With a refusal. */
  struct gifts gifts = good_gifts();
  gifts.welcome.status = ISTH_E_CHANNEL_LIMIT;
  snprintf(gifts.welcome.message, sizeof gifts.welcome.message, "too many");
  expect_refused(&gifts, before, ISTH_E_CHANNEL_LIMIT, "too many");
  gifts = good_gifts();
  gifts.welcome.status = 5;
  expect_refused(&gifts, before, ISTH_E_NOT_ISTHMUS, "makes no sense");
  /* To a client that takes any schema. */
  struct fake fake;
  isth_client *client;
  isth_region *region;
  gifts = good_gifts();
  CHECK_EQUAL(open_given(&fake, &gifts, NULL, &client, NULL), 0);
  CHECK_EQUAL(isth_client_region(client, 1, &region), ISTH_E_UNKNOWN_REGION);
  isth_client_close(client);
  expect_nothing_left(&gifts, &fake, before);
}

static void descriptors_may_come_one_by_one(void) {
  size_t before = count_descriptors();
  struct fake fake;
  isth_client *client;
  struct gifts gifts = good_gifts();
  gifts.step = 100;
  CHECK_EQUAL(open_given(&fake, &gifts, &regioned_schema, &client, NULL), 0);
  for (uint32_t id = 1; id <= REGIONS; id++) isth_region_close(region_of(client, id));
  isth_client_close(client);
  expect_nothing_left(&gifts, &fake, before);
  /* As many as there may be, and then more. */
  for (size_t count = ISTH__MEMORIES + 1; count <= 8; count++) {
    gifts = good_gifts();
    gifts.step = 50;
    while (gifts.count < count) gifts.descriptors[gifts.count++] = dup(gifts.descriptors[0]);
    expect_refused(&gifts, before, ISTH_E_NOT_ISTHMUS, "nobody asked for");
  }
}

/* The memory of a service that means harm: a client that only reads neither crashes, nor reads what is not its own, nor hangs. */
static void whatever_the_memory_says_reading_ends(void) {
  struct random random = random_start(31);
  for (int round = 0; round < (is_slow() ? 10 : 200); round++) {
    struct gifts gifts = good_gifts();
    size_t before = count_descriptors();
    size_t bytes = gifts.welcome.memory_bytes[ISTH__MEMORY_OWNED];
    void *mapped;
    int owned = isth__memory_create_owned(bytes, &mapped);
    uint64_t *words = mapped;
    for (size_t i = 0; i < bytes / 8; i++)
      words[i] = round == 0 ? UINT64_MAX : random_next(&random) >> random_below(&random, 64);
    gifts_swap(&gifts, ISTH__MEMORY_OWNED, owned);
    struct fake fake;
    isth_client *client;
    CHECK_EQUAL(open_given(&fake, &gifts, &regioned_schema, &client, NULL), 0);
    isth_region *gauges = region_of(client, GAUGE), *quotes = region_of(client, QUOTES);
    struct gauge gauge;
    struct quote quote;
    isth_stamp stamp;
    uint32_t row;
    uint64_t begin_ns = isth_now_ns();
    (void)isth_region_read(gauges, 0, &gauge, &stamp);
    CHECK(isth_region_rows(gauges) == 1 && isth_region_rows(quotes) <= 16);
    (void)isth_region_epoch(quotes);
    (void)isth_region_recovered(quotes);
    for (row = 0; row < 16; row++) (void)isth_region_read(quotes, row, &quote, &stamp);
    CHECK_EQUAL(isth_region_read(quotes, 16, &quote, &stamp), ISTH_E_INVALID_ARGUMENT);
    if (isth_region_find(quotes, "ACME\0\0\0", &row) == 0) CHECK(row < 16);
    (void)isth_region_wait(gauges, isth_region_changes(gauges), 1000000);
    CHECK(isth_now_ns() - begin_ns < PATIENT_NS / 2);
    isth_region_close(gauges);
    isth_region_close(quotes);
    isth_client_close(client);
    fake_stop(&fake);
    CHECK_EQUAL(count_descriptors(), before);
    for (size_t i = 0; i < gifts.count; i++) close(gifts.descriptors[i]);
    munmap(mapped, bytes);
  }
  CHECK_EQUAL(count_segments(), 0);
}

/* The welcome is read, but its descriptors find no place. */
static void a_client_without_descriptors_says_so(void) {
  struct echo_service served;
  struct rlimit limit, tight;
  isth_client_options options = patient_client(NULL);
  regioned_start(&served, &regioned_schema);
  isth_client_close(regioned_connect(served.path, &regioned_schema));
  size_t before = settled_descriptors(&served, 1);
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
  isth_client *client = NULL;
  bool said = false;
  /* One more at a time, until it is enough. Service and client share what there is, so that either may be short of them. */
  for (size_t more = 1; client == NULL; more++) {
    isth_failure failure = {0, ""};
    CHECK(more < 64);
    tight = limit;
    tight.rlim_cur = before + more;
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int error = isth_client_open(&client, served.path, &regioned_schema, &options, &failure);
    CHECK(error == 0 || error == ISTH_E_SYSTEM || error == ISTH_E_NO_INSTANCE);
    CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (error != 0) WAIT_UNTIL(count_descriptors() == before);
    said = said || strcmp(failure.message, "recvmsg: Too many open files") == 0;
  }
  CHECK(said || is_slow()); /* valgrind keeps descriptors of its own, and no limit of ours */
  /* A region of several writers needs one more for its lock. */
  isth_region *limits;
  tight.rlim_cur = 3;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &tight), 0);
  int error = isth_client_region(client, LIMITS, &limits);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
  CHECK(error == ISTH_E_SYSTEM || is_slow());
  if (error == 0) isth_region_close(limits);
  isth_client_close(client);
  echo_stop(&served);
  CHECK_EQUAL(count_segments(), 0);
}

int main(void) {
  static const struct test_case tests[] = {
      {"memories that are not safe are refused", memories_that_are_not_safe_are_refused},
      {"what is no memory is refused", what_is_no_memory_is_refused},
      {"counts and sizes must be right", counts_and_sizes_must_be_right},
      {"descriptors of no use are closed", descriptors_of_no_use_are_closed},
      {"descriptors may come one by one", descriptors_may_come_one_by_one},
      {"whatever the memory says, reading ends", whatever_the_memory_says_reading_ends},
      {"a client without descriptors says so", a_client_without_descriptors_says_so},
  };
  alarm(120); /* a wait that does not end would do so for ever */
  return RUN_TESTS("connect_regions_test", tests);
}
