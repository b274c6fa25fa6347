/* ring_test.c: records over a ring: exact contents, every place to wrap, full and empty, and every lie a peer can tell. */
#include "ring.h"

#include "random.h"
#include "resources.h"
#include "wake.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, SMALL = 4096 };

/* A ring whose control page and data each lie between pages that nobody may touch: one byte outside is a SIGSEGV. */
struct test_ring {
  unsigned char *mapping;
  size_t mapping_bytes;
  struct isth__producer producer;
  struct isth__consumer consumer;
};

static void ring_open(struct test_ring *ring, uint32_t capacity) {
  ring->mapping_bytes = 4 * (size_t)PAGE + capacity;
  ring->mapping = mmap(NULL, ring->mapping_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(ring->mapping != MAP_FAILED);
  unsigned char *control = ring->mapping + PAGE, *data = ring->mapping + 3 * (size_t)PAGE;
  CHECK_EQUAL(mprotect(control, PAGE, PROT_READ | PROT_WRITE), 0);
  CHECK_EQUAL(mprotect(data, capacity, PROT_READ | PROT_WRITE), 0);
  struct isth__ring_control *shared = (struct isth__ring_control *)(void *)control;
  ring->producer = (struct isth__producer){shared, data, capacity, 0, 0};
  ring->consumer = (struct isth__consumer){shared, data, capacity, 0, 0};
}

static void ring_close(struct test_ring *ring) { munmap(ring->mapping, ring->mapping_bytes); }

/* Both sides at `position`, with nothing in between. */
static void ring_reset(struct test_ring *ring, uint64_t position) {
  memset(ring->producer.data, 0, ring->producer.capacity);
  ring->producer.position = ring->producer.consumer_seen = position;
  ring->consumer.position = ring->consumer.released = position;
  isth__store_relaxed(&ring->producer.control->consumer_position, position);
  isth__store_relaxed(&ring->producer.control->sleeping, 0);
}

static unsigned char content(uint64_t sequence, size_t at) { return (unsigned char)(sequence * 31 + at * 7 + 1); }

static int put(struct isth__producer *producer, uint64_t sequence, size_t size, bool *wake) {
  struct isth__record *record;
  int error = isth__producer_claim(producer, size, &record);
  if (error != 0) return error;
  unsigned char *payload = isth__record_payload(record);
  CHECK_EQUAL((uintptr_t)payload % 64, 0);
  CHECK(payload + size <= producer->data + producer->capacity);
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST,
                                .status = (int32_t)sequence,
                                .method = (uint32_t)size,
                                .call_id = sequence,
                                .deadline_ns = ~sequence};
  memset(&header.trace, (int)(sequence & 0xff), sizeof header.trace);
  for (size_t i = 0; i < size; i++) payload[i] = content(sequence, i);
  *wake = isth__producer_commit(producer, record, &header, size);
  return 0;
}

static void check_taken(const struct isth__taken *taken, uint64_t sequence, size_t size) {
  CHECK_EQUAL(taken->header.kind, ISTH__RECORD_REQUEST);
  CHECK_EQUAL(taken->header.status, (int32_t)sequence);
  CHECK_EQUAL(taken->header.method, size);
  CHECK_EQUAL(taken->header.call_id, sequence);
  CHECK_EQUAL(taken->header.deadline_ns, ~sequence);
  CHECK_EQUAL(taken->header.trace.trace_id[15], sequence & 0xff);
  CHECK_EQUAL(taken->header.trace.span_id[7], sequence & 0xff);
  CHECK_EQUAL(taken->size, size);
  for (size_t i = 0; i < size; i++)
    if (taken->payload[i] != content(sequence, i)) CHECK_EQUAL(taken->payload[i], content(sequence, i));
}

/* ---- two threads ---- */

struct pair {
  struct test_ring ring;
  uint64_t records;
  const int *wake; /* the ends of a wake-up; NULL: the consumer never sleeps */
};

/* Mostly small, at times as large as the ring allows: the sizes follow from the sequence number. */
static size_t size_of(uint64_t sequence, uint32_t capacity) {
  struct random random = {sequence * 2654435761u + 1};
  random_next(&random);
  size_t most = isth__ring_max_payload(capacity);
  return random_below(&random, 8) == 0 ? random_below(&random, most + 1) : random_below(&random, 200);
}

static void *produce(void *argument) {
  struct pair *pair = argument;
  for (uint64_t i = 1; i <= pair->records; i++) {
    bool wake = false;
    int error;
    while ((error = put(&pair->ring.producer, i, size_of(i, pair->ring.producer.capacity), &wake)) == ISTH_E_RING_FULL)
      sched_yield();
    CHECK_EQUAL(error, 0);
    if (wake) isth__wake_signal(pair->wake[ISTH__WAKE_SIGNAL]);
  }
  return NULL;
}

static void consume(struct pair *pair) {
  struct isth__consumer *consumer = &pair->ring.consumer;
  for (uint64_t i = 1; i <= pair->records;) {
    struct isth__taken taken;
    int got = isth__consumer_take(consumer, &taken);
    CHECK(got >= 0);
    if (got == 1) {
      check_taken(&taken, i, size_of(i, consumer->capacity));
      /* Not after every record, so that batches are given back as well. */
      if (i % 3 == 0) isth__consumer_release(consumer);
      i++;
      continue;
    }
    isth__consumer_release(consumer);
    if (pair->wake == NULL) {
      sched_yield();
    } else if (!isth__consumer_sleep(consumer)) {
      struct pollfd ready = {pair->wake[ISTH__WAKE_WAIT], POLLIN, 0};
      /* A wake-up that got lost would leave us here for ever. */
      CHECK_EQUAL(poll(&ready, 1, 20000), 1);
      CHECK(isth__wake_clear(pair->wake[ISTH__WAKE_WAIT]));
    }
    isth__consumer_awake(consumer);
  }
}

static void run_pair(uint32_t capacity, uint64_t records, const int *wake) {
  struct pair pair = {.records = is_slow() ? records / 20 : records, .wake = wake};
  ring_open(&pair.ring, capacity);
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, produce, &pair), 0);
  consume(&pair);
  pthread_join(thread, NULL);
  struct isth__taken taken;
  CHECK_EQUAL(isth__consumer_take(&pair.ring.consumer, &taken), 0);
  ring_close(&pair.ring);
}

static void two_threads_exchange_every_byte(void) {
  run_pair(SMALL, 50000, NULL);
  run_pair(1 << 16, 30000, NULL);
}

static void no_wake_up_is_lost(void) {
  int wake[2];
  CHECK_EQUAL(isth__wake_create(wake), 0);
  run_pair(SMALL, 30000, wake);
  run_pair(1 << 16, 15000, wake);
  isth__wake_close(wake);
}

/* ---- one thread ---- */

static void every_size_wraps_at_every_offset(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  size_t most = isth__ring_max_payload(SMALL);
  for (uint64_t offset = 0; offset < SMALL; offset += 64) {
    for (size_t size = 0; size <= most; size += is_slow() ? 331 : 31) {
      uint64_t base = UINT64_C(1) << 40;
      bool wake;
      struct isth__taken taken;
      ring_reset(&ring, base + offset);
      CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 0);
      CHECK_EQUAL(put(&ring.producer, size + offset, size, &wake), 0);
      CHECK(!wake);
      CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
      check_taken(&taken, size + offset, size);
      CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 0);
      CHECK_EQUAL(ring.consumer.position, ring.producer.position);
      isth__consumer_release(&ring.consumer);
      CHECK_EQUAL(isth__load_relaxed(&ring.producer.control->consumer_position), ring.producer.position);
    }
  }
  ring_close(&ring);
}

static void metadata_lies_before_the_payload_wherever_the_ring_stands(void) {
  struct test_ring ring;
  struct random random = random_start(5);
  ring_open(&ring, SMALL);
  for (int round = 0; round < 2000; round++) {
    struct isth__record *record;
    struct isth__taken taken;
    uint32_t metadata_bytes = (uint32_t)random_below(&random, 200);
    size_t room = isth__metadata_room(metadata_bytes);
    size_t size = random_below(&random, isth__ring_max_payload(SMALL) - room + 1);
    struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .metadata_bytes = metadata_bytes};
    CHECK_EQUAL(isth__producer_claim(&ring.producer, room + size, &record), 0);
    unsigned char *begin = isth__record_payload(record);
    memset(begin, 'm', room);
    memset(begin + room, 'p', size);
    (void)isth__producer_commit(&ring.producer, record, &header, size);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    CHECK_EQUAL(taken.header.metadata_bytes, metadata_bytes);
    CHECK(taken.metadata == begin && taken.payload == begin + room);
    CHECK_EQUAL((uintptr_t)taken.payload % 64, 0);
    CHECK_EQUAL(taken.size, size);
    for (size_t i = 0; i < room; i++) CHECK_EQUAL(taken.metadata[i], 'm');
    for (size_t i = 0; i < size; i++) CHECK_EQUAL(taken.payload[i], 'p');
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 0);
    isth__consumer_release(&ring.consumer);
  }
  ring_close(&ring);
}

static void the_largest_payload_fits_wherever_the_ring_stands(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  size_t most = isth__ring_max_payload(SMALL);
  CHECK_EQUAL(most, SMALL / 2 - 64);
  for (uint64_t i = 1; i <= 200; i++) {
    bool wake;
    struct isth__taken taken;
    CHECK_EQUAL(put(&ring.producer, i, most, &wake), 0);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    check_taken(&taken, i, most);
    isth__consumer_release(&ring.consumer);
    /* Moves the ring by an odd number of lines. */
    CHECK_EQUAL(put(&ring.producer, i, i % 190, &wake), 0);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    isth__consumer_release(&ring.consumer);
  }
  ring_close(&ring);
}

static void a_full_ring_takes_no_more_until_room_is_released(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  bool wake;
  struct isth__taken taken;
  for (uint64_t offset = 0; offset < SMALL; offset += 64) {
    uint64_t put_in = 0, taken_out = 0;
    ring_reset(&ring, offset);
    while (put(&ring.producer, put_in, 64, &wake) == 0) put_in++;
    /* Each takes 128 bytes; a header's room stays free, and an odd place loses 64 bytes to padding. */
    CHECK(put_in >= SMALL / 128 - 2 && put_in < SMALL / 128);
    CHECK_EQUAL(put(&ring.producer, 0, 64, &wake), ISTH_E_RING_FULL);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    check_taken(&taken, taken_out++, 64);
    CHECK_EQUAL(put(&ring.producer, 0, 64, &wake), ISTH_E_RING_FULL);
    isth__consumer_release(&ring.consumer);
    while (isth__consumer_take(&ring.consumer, &taken) == 1) check_taken(&taken, taken_out++, 64);
    CHECK_EQUAL(taken_out, put_in);
    isth__consumer_release(&ring.consumer);
    CHECK_EQUAL(put(&ring.producer, put_in, isth__ring_max_payload(SMALL), &wake), 0);
  }
  ring_close(&ring);
}

static void a_record_can_be_taken_again_before_release(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  bool wake;
  struct isth__taken taken;
  CHECK_EQUAL(put(&ring.producer, 5, 10, &wake), 0);
  for (int i = 0; i < 2; i++) {
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    check_taken(&taken, 5, 10);
    ring.consumer.position = 0;
  }
  ring_close(&ring);
}

static void a_claim_replaces_a_claim(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  size_t most = isth__ring_max_payload(SMALL);
  for (uint64_t offset = 0; offset < SMALL; offset += 64) {
    struct isth__record *record;
    struct isth__taken taken;
    bool wake;
    ring_reset(&ring, offset);
    /* The largest may wrap, which publishes padding; what is committed in the end fits all the same. */
    CHECK_EQUAL(isth__producer_claim(&ring.producer, 100, &record), 0);
    CHECK_EQUAL(isth__producer_claim(&ring.producer, most, &record), 0);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 0);
    CHECK_EQUAL(put(&ring.producer, offset, most, &wake), 0);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    check_taken(&taken, offset, most);
  }
  ring_close(&ring);
}

static void only_the_first_record_wakes_a_sleeper(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  bool wake;
  CHECK(!isth__consumer_sleep(&ring.consumer));
  CHECK_EQUAL(put(&ring.producer, 1, 8, &wake), 0);
  CHECK(wake);
  CHECK_EQUAL(put(&ring.producer, 2, 8, &wake), 0);
  CHECK(!wake);
  CHECK(isth__consumer_sleep(&ring.consumer));
  isth__consumer_awake(&ring.consumer);
  CHECK_EQUAL(put(&ring.producer, 3, 8, &wake), 0);
  CHECK(!wake);
  ring_close(&ring);
}

/* ---- lies ---- */

/* What take says of a header with these values, at `offset` of an otherwise zero ring. */
static int take_forged(struct test_ring *ring, uint64_t offset, uint32_t length, uint16_t kind, uint32_t metadata,
                       struct isth__taken *taken) {
  ring_reset(ring, offset);
  struct isth__record *record = (struct isth__record *)(void *)(ring->producer.data + offset);
  record->kind = kind;
  record->metadata_bytes = metadata;
  isth__store_relaxed(&record->length, length);
  return isth__consumer_take(&ring->consumer, taken);
}

static void forged_lengths_are_refused(void) {
  struct test_ring ring;
  struct isth__taken taken;
  ring_open(&ring, SMALL);
  static const uint32_t lengths[] = {1,          2,          63,         SMALL / 2 + 1, SMALL / 2 + 64,
                                     SMALL - 64, SMALL,      SMALL + 1,  2 * SMALL,     1u << 31,
                                     0x7fffffff, 0xffffff80, 0xffffffc0, 0xffffffc1,    0xffffffff};
  for (uint64_t offset = 0; offset < SMALL; offset += 64) {
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
      CHECK_EQUAL(take_forged(&ring, offset, lengths[i], ISTH__RECORD_REQUEST, 0, &taken), ISTH_E_PEER_CORRUPT);
    uint32_t contiguous = (uint32_t)(SMALL - offset);
    uint32_t most = contiguous < SMALL / 2 ? contiguous : SMALL / 2;
    CHECK_EQUAL(take_forged(&ring, offset, 0, ISTH__RECORD_REQUEST, 0, &taken), 0);
    CHECK_EQUAL(take_forged(&ring, offset, 64, ISTH__RECORD_REQUEST, 0, &taken), 1);
    CHECK_EQUAL(taken.size, 0);
    CHECK_EQUAL(take_forged(&ring, offset, most, ISTH__RECORD_REQUEST, 0, &taken), 1);
    CHECK_EQUAL(taken.size, most - 64);
    CHECK_EQUAL(take_forged(&ring, offset, most + 1, ISTH__RECORD_REQUEST, 0, &taken), ISTH_E_PEER_CORRUPT);
  }
  ring_close(&ring);
}

static void forged_padding_is_refused(void) {
  struct test_ring ring;
  struct isth__taken taken;
  ring_open(&ring, SMALL);
  for (uint64_t offset = 0; offset < SMALL; offset += 64) {
    uint32_t contiguous = (uint32_t)(SMALL - offset);
    const uint32_t wrong[] = {1, 63, contiguous - 1, contiguous + 1, contiguous - 64, contiguous + 64, 0xffffffff};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
      if (wrong[i] != 0)
        CHECK_EQUAL(take_forged(&ring, offset, wrong[i], ISTH__RECORD_PADDING, 0, &taken), ISTH_E_PEER_CORRUPT);
    /* A whole ring of padding, after which another could follow, and so for ever. */
    int right = take_forged(&ring, offset, contiguous, ISTH__RECORD_PADDING, 0, &taken);
    CHECK_EQUAL(right, offset == 0 ? ISTH_E_PEER_CORRUPT : 0);
  }
  ring_close(&ring);
}

static void forged_metadata_is_refused(void) {
  struct test_ring ring;
  struct isth__taken taken;
  ring_open(&ring, SMALL);
  static const uint32_t beyond[] = {193, 256, SMALL, 0x7fffffff, 0xffffffc0, 0xffffffc1, 0xffffffff};
  for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
    CHECK_EQUAL(take_forged(&ring, 64, 256, ISTH__RECORD_REQUEST, beyond[i], &taken), ISTH_E_PEER_CORRUPT);
  CHECK_EQUAL(take_forged(&ring, 64, 250, ISTH__RECORD_REQUEST, 192, &taken), ISTH_E_PEER_CORRUPT);
  /* What fits is skipped: the payload begins at the next cache line. */
  CHECK_EQUAL(take_forged(&ring, 64, 256, ISTH__RECORD_REQUEST, 65, &taken), 1);
  CHECK(taken.payload == ring.consumer.data + 64 + 64 + 128);
  CHECK_EQUAL(taken.size, 64);
  CHECK_EQUAL(take_forged(&ring, 64, 256, ISTH__RECORD_REQUEST, 192, &taken), 1);
  CHECK_EQUAL(taken.size, 0);
  ring_close(&ring);
}

static void a_producer_that_ignores_our_position_is_refused(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  /* Records all over the ring, so that without a bound they could be taken round and round. */
  ring_reset(&ring, 0);
  for (size_t offset = 0; offset < SMALL; offset += 64) {
    struct isth__record *record = (struct isth__record *)(void *)(ring.consumer.data + offset);
    record->kind = ISTH__RECORD_REPLY;
    isth__store_relaxed(&record->length, 64);
  }
  struct isth__taken taken;
  int got, count = 0;
  while ((got = isth__consumer_take(&ring.consumer, &taken)) == 1) count++;
  CHECK_EQUAL(got, ISTH_E_PEER_CORRUPT);
  CHECK_EQUAL(count, SMALL / 64);
  ring_close(&ring);
}

static void a_consumer_position_that_moves_wrongly_is_refused(void) {
  struct test_ring ring;
  ring_open(&ring, SMALL);
  static const uint64_t wrong[] = {0, 63, 127, 128 + SMALL, UINT64_C(1) << 63, UINT64_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    bool wake;
    struct isth__record *record;
    struct isth__taken taken;
    ring_reset(&ring, 0);
    CHECK_EQUAL(put(&ring.producer, 1, 64, &wake), 0);
    CHECK_EQUAL(isth__consumer_take(&ring.consumer, &taken), 1);
    isth__consumer_release(&ring.consumer);
    uint64_t sequence = 2;
    while (put(&ring.producer, sequence, 64, &wake) == 0) sequence++;
    /* The producer has seen 128 by now, and stands below 128 + SMALL. */
    CHECK_EQUAL(ring.producer.consumer_seen, 128);
    isth__store_relaxed(&ring.producer.control->consumer_position, wrong[i]);
    CHECK_EQUAL(isth__producer_claim(&ring.producer, 64, &record), ISTH_E_PEER_CORRUPT);
  }
  ring_close(&ring);
}

static void random_bytes_never_lead_outside(void) {
  struct test_ring ring;
  struct random random = random_start(7);
  ring_open(&ring, SMALL);
  const unsigned char *begin = ring.consumer.data, *end = begin + SMALL;
  for (int round = is_slow() ? 2000 : 100000; round > 0; round--) {
    ring_reset(&ring, random_below(&random, 1 << 20) * 64);
    /* Half of the words small: wholly random ones are refused by their first length. */
    for (size_t offset = 0; offset < SMALL; offset += 64) {
      struct isth__record *record = (struct isth__record *)(void *)(ring.consumer.data + offset);
      bool small = random_below(&random, 2) == 0;
      record->kind = (uint16_t)(random_below(&random, 3) + 1);
      record->metadata_bytes = (uint32_t)(small ? random_below(&random, 300) : random_next(&random));
      isth__store_relaxed(&record->length, (uint32_t)(small ? random_below(&random, 3000) : random_next(&random)));
    }
    struct isth__taken taken;
    while (isth__consumer_take(&ring.consumer, &taken) == 1) {
      CHECK(taken.payload >= begin && taken.payload <= end);
      CHECK(taken.size <= (size_t)(end - taken.payload));
    }
  }
  ring_close(&ring);
}

int main(void) {
  static const struct test_case tests[] = {
      {"two threads exchange every byte", two_threads_exchange_every_byte},
      {"no wake-up is lost", no_wake_up_is_lost},
      {"every size wraps at every offset", every_size_wraps_at_every_offset},
      {"metadata lies before the payload wherever the ring stands",
       metadata_lies_before_the_payload_wherever_the_ring_stands},
      {"the largest payload fits wherever the ring stands", the_largest_payload_fits_wherever_the_ring_stands},
      {"a full ring takes no more until room is released", a_full_ring_takes_no_more_until_room_is_released},
      {"a record can be taken again before release", a_record_can_be_taken_again_before_release},
      {"a claim replaces a claim", a_claim_replaces_a_claim},
      {"only the first record wakes a sleeper", only_the_first_record_wakes_a_sleeper},
      {"forged lengths are refused", forged_lengths_are_refused},
      {"forged padding is refused", forged_padding_is_refused},
      {"forged metadata is refused", forged_metadata_is_refused},
      {"a producer that ignores our position is refused", a_producer_that_ignores_our_position_is_refused},
      {"a consumer position that moves wrongly is refused", a_consumer_position_that_moves_wrongly_is_refused},
      {"random bytes never lead outside", random_bytes_never_lead_outside},
  };
  return RUN_TESTS("ring_test", tests);
}
