/* hostile_regions_test.c: a client that does its worst with the memories of regions: what it may not write stays as it is. */
#include "regioned.h"

#include "random.h"
#include "raw.h"
#include "region_memory.h"

#include <fcntl.h>
#include <stdatomic.h>

/* A client by hand that has attached, and the memories that it was given, still as descriptors. */
struct guest {
  struct raw_luggage luggage;
  int control;
  struct isth__welcome welcome;
  int memories[ISTH__MEMORIES];
};

static void guest_connect(struct guest *guest, const char *path) {
  struct isth__offer offer;
  size_t count = ISTH__MEMORIES;
  raw_pack(&guest->luggage);
  guest->control = raw_greet(path, &offer);
  CHECK(raw_send(guest->control, &guest->luggage.attach, sizeof guest->luggage.attach, guest->luggage.descriptors, 3));
  struct pollfd ready = {guest->control, POLLIN, 0};
  CHECK_EQUAL(poll(&ready, 1, 60000), 1);
  CHECK_EQUAL(isth__receive(guest->control, &guest->welcome, sizeof guest->welcome, guest->memories, &count),
              sizeof guest->welcome);
  CHECK_EQUAL(guest->welcome.status, 0);
  CHECK_EQUAL(count, ISTH__MEMORIES);
}

static void guest_close(struct guest *guest) {
  for (int i = 0; i < ISTH__MEMORIES; i++) close(guest->memories[i]);
  close(guest->control);
  raw_unpack(&guest->luggage);
}

static unsigned char *guest_map(const struct guest *guest, enum isth__memory kind) {
  void *mapped =
      mmap(NULL, guest->welcome.memory_bytes[kind], PROT_READ | PROT_WRITE, MAP_SHARED, guest->memories[kind], 0);
  CHECK(mapped != MAP_FAILED);
  return mapped;
}

/* Nothing that a client can do with the descriptor changes a byte of it, or its size. */
static void expect_read_only(int fd, size_t bytes) {
  char byte = 'x';
  CHECK(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK(mmap(NULL, bytes, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  void *mapped = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
  CHECK(mapped != MAP_FAILED);
  CHECK(mprotect(mapped, bytes, PROT_READ | PROT_WRITE) != 0);
  munmap(mapped, bytes);
  CHECK_EQUAL(pwrite(fd, &byte, 1, 0), -1);
  CHECK_EQUAL(write(fd, &byte, 1), -1);
  CHECK(ftruncate(fd, 0) != 0);
  CHECK(ftruncate(fd, (off_t)bytes * 2) != 0);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) != 0);
  CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) != 0);
}

static void what_the_owner_writes_nobody_else_can(void) {
  struct echo_service served;
  struct guest guest;
  struct gauge gauge = gauge_at(5);
  regioned_start(&served, &regioned_schema);
  CHECK_EQUAL(isth_region_write(isth_service_region(served.service, GAUGE), 0, &gauge, 0, NULL), 0);
  guest_connect(&guest, served.path);
  size_t bytes = guest.welcome.memory_bytes[ISTH__MEMORY_OWNED];
  expect_read_only(guest.memories[ISTH__MEMORY_OWNED], bytes);
  /* Nor through a description of its own, which begins anew. */
  bool is_sealed = !is_linux_only("sealed memory");
  char again[64];
  snprintf(again, sizeof again, "/proc/self/fd/%d", guest.memories[ISTH__MEMORY_OWNED]);
  int reopened = open(again, O_RDWR | O_CLOEXEC);
  CHECK(reopened >= 0 || !is_sealed);
  if (is_sealed) expect_read_only(reopened, bytes);
  close(reopened);
  /* The others have their size for ever. */
  for (int i = ISTH__MEMORY_SHARED; i < ISTH__MEMORIES && is_sealed; i++) {
    CHECK(ftruncate(guest.memories[i], 0) != 0);
    CHECK(fcntl(guest.memories[i], F_ADD_SEALS, F_SEAL_WRITE) != 0);
    CHECK_EQUAL(pwrite(guest.memories[i], "", 1, 0), 1);
  }
  CHECK_EQUAL(isth_region_read(isth_service_region(served.service, GAUGE), 0, &gauge, NULL), 0);
  CHECK(gauge.number == 5 && gauge_whole(&gauge));
  guest_close(&guest);
  echo_stop(&served);
}

struct scribbler {
  unsigned char *bytes;
  size_t size;
  atomic_bool stop;
  uint64_t seed;
};

/* Random bytes, and such as are likely to be taken for something: zeros, ones, small numbers. */
static void *scribble(void *argument) {
  struct scribbler *scribbler = argument;
  struct random random = random_start(scribbler->seed);
  while (!scribbler->stop) {
    static const uint64_t words[] = {0, 1, 2, 4, UINT64_MAX, UINT32_MAX, (uint64_t)1 << 63};
    uint64_t word = random_below(&random, 2) == 0 ? random_next(&random) : words[random_below(&random, 7)];
    isth__atomic_u64 *at = (isth__atomic_u64 *)(void *)scribbler->bytes;
    isth__store_relaxed(&at[random_below(&random, scribbler->size / 8)], word);
  }
  return NULL;
}

/* Everything that can be done to a region whose memory anybody may have written: any outcome will do that comes soon. */
static void use_scribbled(isth_region *limits, isth_region *orders, uint32_t id) {
  struct limits limit = {id, id};
  struct order order = {id, id, id}, found;
  isth_stamp stamp;
  uint32_t row = 0;
  uint64_t begin_ns = isth_now_ns();
  (void)isth_region_read(limits, 0, &limit, &stamp);
  (void)isth_region_write(limits, 0, &limit, ISTH_ANY_VERSION, &stamp);
  (void)isth_region_write_part(limits, 0, 8, &limit.writer, 8, stamp.version, &stamp);
  (void)isth_region_put(orders, &order, ISTH_ANY_VERSION, &row, &stamp);
  CHECK(isth_region_rows(orders) <= 8);
  if (isth_region_find(orders, &id, &row) == 0) {
    CHECK(row < 8);
    (void)isth_region_read(orders, row, &found, &stamp);
  }
  (void)isth_region_wait(orders, isth_region_changes(orders), 1000);
  CHECK(isth_now_ns() - begin_ns < 20000000000u);
}

static void a_client_that_scribbles_spoils_only_what_it_may_write(void) {
  struct echo_service served;
  struct guest guest;
  pthread_t threads[2];
  struct gauge gauge;
  struct quote quote = {"ACME", 1, 2};
  uint32_t row;
  regioned_start(&served, &regioned_schema);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *gauges = region_of(client, GAUGE), *quotes = region_of(client, QUOTES),
              *limits = region_of(client, LIMITS), *orders = region_of(client, ORDERS);
  guest_connect(&guest, served.path);
  struct scribbler scribblers[2] = {
      {guest_map(&guest, ISTH__MEMORY_SHARED), guest.welcome.memory_bytes[ISTH__MEMORY_SHARED], false, 11},
      {guest_map(&guest, ISTH__MEMORY_WATCH), guest.welcome.memory_bytes[ISTH__MEMORY_WATCH], false, 12}};
  for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, scribble, &scribblers[i]), 0);

  isth_region *own_limits = isth_service_region(served.service, LIMITS);
  isth_region *own_orders = isth_service_region(served.service, ORDERS);
  for (uint32_t i = 1; i <= (is_slow() ? 20u : 500u); i++) {
    use_scribbled(limits, orders, i);
    use_scribbled(own_limits, own_orders, i);
    gauge = gauge_at(i);
    CHECK_EQUAL(isth_region_write(isth_service_region(served.service, GAUGE), 0, &gauge, i - 1, NULL), 0);
    quote.bid = i;
    CHECK_EQUAL(isth_region_put(isth_service_region(served.service, QUOTES), &quote, i - 1, NULL, NULL), 0);
    CHECK_EQUAL(isth_region_read(gauges, 0, &gauge, NULL), 0);
    CHECK(gauge.number == i && gauge_whole(&gauge));
    CHECK_EQUAL(isth_region_find(quotes, "ACME\0xyz", &row), 0);
    CHECK_EQUAL(isth_region_read(quotes, row, &quote, NULL), 0);
    CHECK(quote.bid == i);
  }
  for (int i = 0; i < 2; i++) {
    scribblers[i].stop = true;
    pthread_join(threads[i], NULL);
    munmap(scribblers[i].bytes, scribblers[i].size);
  }
  guest_close(&guest);
  isth_region_close(gauges);
  isth_region_close(quotes);
  isth_region_close(limits);
  isth_region_close(orders);
  isth_client_close(client);
  echo_stop(&served);
}

/* Writes the gauge after a while. */
static void *write_late(void *argument) {
  struct gauge gauge = gauge_at(1);
  usleep(30000);
  CHECK_EQUAL(isth_region_write(argument, 0, &gauge, ISTH_ANY_VERSION, NULL), 0);
  return NULL;
}

/* Waits for the orders, for longer than the test takes to see that. */
static void *wait_for_orders(void *argument) {
  CHECK_EQUAL(isth_region_wait(argument, 0, 60000000000u), 0);
  return NULL;
}

static void each_region_has_a_line_of_its_own_to_watch(void) {
  struct echo_service served;
  struct guest guest;
  pthread_t waiting;
  struct order order = {1, 2, 3};
  regioned_start(&served, &regioned_schema);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *orders = region_of(client, ORDERS);
  guest_connect(&guest, served.path);
  CHECK_EQUAL(guest.welcome.memory_bytes[ISTH__MEMORY_WATCH], REGIONS * ISTH__REGION_WATCH_BYTES);
  unsigned char *watch = guest_map(&guest, ISTH__MEMORY_WATCH);
  isth__atomic_u32 *armed = (isth__atomic_u32 *)(void *)(watch + (ORDERS - 1) * (size_t)ISTH__REGION_WATCH_BYTES);
  CHECK_EQUAL(pthread_create(&waiting, NULL, wait_for_orders, orders), 0);
  WAIT_UNTIL(isth__load_acquire(armed) == 1);
  for (size_t i = 0; i < (ORDERS - 1) * (size_t)ISTH__REGION_WATCH_BYTES; i++) CHECK_EQUAL(watch[i], 0);
  CHECK_EQUAL(isth_region_put(isth_service_region(served.service, ORDERS), &order, 0, NULL, NULL), 0);
  pthread_join(waiting, NULL);
  munmap(watch, guest.welcome.memory_bytes[ISTH__MEMORY_WATCH]);
  guest_close(&guest);
  isth_region_close(orders);
  isth_client_close(client);
  echo_stop(&served);
}

/* It takes back the others' wish to be woken, at once and always. */
static void a_client_that_clears_the_watch_only_delays(void) {
  struct echo_service served;
  struct guest guest;
  pthread_t clearing, writing;
  regioned_start(&served, &regioned_schema);
  isth_client *client = regioned_connect(served.path, &regioned_schema);
  isth_region *gauge = region_of(client, GAUGE);
  guest_connect(&guest, served.path);
  /* One word of it, so that it is zeros for nearly all of the time. */
  struct scribbler zeros = {guest_map(&guest, ISTH__MEMORY_WATCH), 8, false, 1};
  CHECK_EQUAL(pthread_create(&clearing, NULL, scribble, &zeros), 0);
  for (int round = 0; round < 5; round++) {
    uint64_t changes = isth_region_changes(gauge), begin_ns = isth_now_ns();
    CHECK_EQUAL(pthread_create(&writing, NULL, write_late, isth_service_region(served.service, GAUGE)), 0);
    CHECK_EQUAL(isth_region_wait(gauge, changes, PATIENT_NS), 0);
    CHECK(isth_now_ns() - begin_ns < PATIENT_NS / 2);
    pthread_join(writing, NULL);
  }
  zeros.stop = true;
  pthread_join(clearing, NULL);
  munmap(zeros.bytes, guest.welcome.memory_bytes[ISTH__MEMORY_WATCH]);
  guest_close(&guest);
  isth_region_close(gauge);
  isth_client_close(client);
  echo_stop(&served);
}

static void a_client_that_keeps_the_lock_stops_only_its_regions(void) {
  struct echo_service served;
  struct guest guest;
  struct limits limit = {1, 1};
  struct gauge gauge = gauge_at(1);
  regioned_start(&served, &regioned_schema);
  isth_region *limits = isth_service_region(served.service, LIMITS);
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, 0, NULL), 0);
  guest_connect(&guest, served.path);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", guest.memories[ISTH__MEMORY_SHARED]);
  int reopened = open(path, O_RDWR | O_CLOEXEC);
  CHECK(reopened >= 0);
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  CHECK_EQUAL(fcntl(reopened, F_OFD_SETLK, &whole), 0);
  uint64_t begin_ns = isth_now_ns();
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, ISTH_ANY_VERSION, NULL), ISTH_E_LOCK_TIMEOUT);
  uint64_t took_ns = isth_now_ns() - begin_ns;
  CHECK(took_ns >= 50000000 && took_ns < 20000000000u);
  CHECK_EQUAL(isth_region_read(limits, 0, &limit, NULL), 0);
  CHECK_EQUAL(isth_region_write(isth_service_region(served.service, GAUGE), 0, &gauge, 0, NULL), 0);
  /* It ends with the client, whether that wants or not. */
  close(reopened);
  CHECK_EQUAL(isth_region_write(limits, 0, &limit, 1, NULL), 0);
  guest_close(&guest);
  echo_stop(&served);
}

/* Its welcome cannot be sent: the channel ends, and what it brought is given back. */
static void a_client_that_takes_no_welcome_leaves_nothing(void) {
  struct echo_service served;
  struct raw_luggage luggage;
  struct isth__offer offer;
  regioned_start(&served, &regioned_schema);
  raw_pack(&luggage);
  isth_client_close(regioned_connect(served.path, &regioned_schema));
  size_t before = settled_descriptors(&served, 1);
  int control = raw_greet(served.path, &offer);
  CHECK_EQUAL(shutdown(control, SHUT_RD), 0);
  CHECK(raw_send(control, &luggage.attach, sizeof luggage.attach, luggage.descriptors, 3));
  CHECK_EQUAL(settled_descriptors(&served, 2), before + 1);
  close(control);
  /* Those that leave it unread. */
  for (int i = 0; i < 20; i++) {
    control = raw_greet(served.path, &offer);
    CHECK(raw_send(control, &luggage.attach, sizeof luggage.attach, luggage.descriptors, 3));
    close(control);
  }
  WAIT_UNTIL(count_descriptors() == before);
  isth_client_close(regioned_connect(served.path, &regioned_schema));
  raw_unpack(&luggage);
  echo_stop(&served);
}

int main(void) {
  static const struct test_case tests[] = {
      {"what the owner writes nobody else can", what_the_owner_writes_nobody_else_can},
      {"a client that scribbles spoils only what it may write", a_client_that_scribbles_spoils_only_what_it_may_write},
      {"each region has a line of its own to watch", each_region_has_a_line_of_its_own_to_watch},
      {"a client that clears the watch only delays", a_client_that_clears_the_watch_only_delays},
      {"a client that keeps the lock stops only its regions", a_client_that_keeps_the_lock_stops_only_its_regions},
      {"a client that takes no welcome leaves nothing", a_client_that_takes_no_welcome_leaves_nothing},
  };
  alarm(120); /* a wait that does not end would do so for ever */
  return RUN_TESTS("hostile_regions_test", tests);
}
