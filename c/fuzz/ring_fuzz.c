/* ring_fuzz.c: both ends of a ring whose other end writes anything. */
#include "ring.h"

#include "rings.h"

struct ends {
  struct isth__shape shape;
  unsigned char *segment;
  struct isth__consumer consumer;
  struct isth__producer producer;
};

static void take(struct ends *ends) {
  struct isth__consumer *consumer = &ends->consumer;
  struct isth__taken taken;
  uint64_t before = consumer->position;
  int got = isth__consumer_take(consumer, &taken);
  CHECK(got == 1 || got == 0 || got == ISTH_E_PEER_CORRUPT);
  CHECK(consumer->position >= before && consumer->position - consumer->released <= consumer->capacity);
  if (got != 1) return;
  CHECK(taken.size <= isth__ring_max_payload(consumer->capacity));
  CHECK(taken.payload > consumer->data && taken.payload + taken.size <= consumer->data + consumer->capacity);
  CHECK((size_t)(taken.payload - consumer->data) % ISTH__RECORD_ALIGN == 0);
  fuzz_read(taken.payload, taken.size);
  CHECK(taken.metadata > consumer->data && taken.metadata + taken.header.metadata_bytes <= taken.payload);
  fuzz_read(taken.metadata, taken.header.metadata_bytes);
}

static void produce(struct fuzz_input *input, struct ends *ends) {
  struct isth__producer *producer = &ends->producer;
  struct isth__record *record;
  struct isth__header header = {.kind = ISTH__RECORD_REPLY};
  size_t size = fuzz_below(input, isth__ring_max_payload(producer->capacity) + 1), sent = fuzz_below(input, size + 1);
  int error = isth__producer_claim(producer, size, &record);
  CHECK(error == 0 || error == ISTH_E_RING_FULL || error == ISTH_E_PEER_CORRUPT);
  if (error != 0) return;
  memset(isth__record_payload(record), 1, size);
  (void)isth__producer_commit(producer, record, &header, sent);
  CHECK(producer->position - producer->consumer_seen <= producer->capacity);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  struct ends ends = {.shape = {1, 4096u << fuzz_below(&input, 2), 4096}};
  ends.segment = fuzz_segment(&ends.shape);
  isth__lane_service(ends.segment, &ends.shape, 0, &ends.consumer, &ends.producer);
  fuzz_start(&input, &ends.consumer, &ends.producer);
  while (input.left > 0) {
    switch (fuzz_below(&input, 10)) {
    case 0: fuzz_scribble(&input, ends.segment, (size_t)isth__segment_bytes(&ends.shape)); break;
    case 1:
    case 2:
      fuzz_forge(&input, ends.consumer.data, ends.consumer.capacity, ends.consumer.position, ISTH__RECORD_REQUEST, 1);
      break;
    case 3: fuzz_control(&input, ends.producer.control, ends.producer.position); break;
    case 4: isth__consumer_release(&ends.consumer); break;
    case 5: (void)isth__consumer_sleep(&ends.consumer); break;
    case 6: isth__consumer_awake(&ends.consumer); break;
    case 7: produce(&input, &ends); break;
    default: take(&ends);
    }
  }
  free(ends.segment);
  return 0;
}
