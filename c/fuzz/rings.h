/* rings.h: records and positions as no good peer writes them, for the fuzzers of whatever takes records out of a ring. */
#ifndef ISTH_FUZZ_RINGS_H
#define ISTH_FUZZ_RINGS_H

#include "shape.h"

#include "fuzz.h"

/* A channel's segment, with nothing before and nothing behind it. */
static inline unsigned char *fuzz_segment(const struct isth__shape *shape) {
  size_t bytes = (size_t)isth__segment_bytes(shape);
  unsigned char *segment = aligned_alloc(4096, bytes);
  CHECK(segment != NULL);
  return memset(segment, 0, bytes);
}

/* Any position, as a channel has reached that is used for a while: the ends of a ring are met at once. */
static inline void fuzz_start(struct fuzz_input *input, struct isth__consumer *consumer,
                              struct isth__producer *producer) {
  consumer->position = consumer->released = fuzz_number(input, 2) * ISTH__RECORD_ALIGN;
  producer->position = producer->consumer_seen = fuzz_number(input, 2) * ISTH__RECORD_ALIGN;
  isth__store_relaxed(&consumer->control->consumer_position, consumer->position);
  isth__store_relaxed(&producer->control->consumer_position, producer->position);
}

/* The record at a position; now and then at any other. */
static inline struct isth__record *fuzz_record_at(struct fuzz_input *input, unsigned char *data, uint32_t capacity,
                                                  uint64_t position) {
  if (fuzz_below(input, 8) == 0) position = fuzz_number(input, 4);
  return (struct isth__record *)(void *)(data + (position & (capacity - 1) & ~UINT64_C(63)));
}

/* Writes a record with anything in it, mostly of the kind that is expected; and its payload, as far as it lies in the ring. */
static inline void fuzz_forge(struct fuzz_input *input, unsigned char *data, uint32_t capacity, uint64_t position,
                              uint16_t kind, uint64_t call_id) {
  struct isth__record *record = fuzz_record_at(input, data, capacity, position);
  record->kind = fuzz_below(input, 4) == 0 ? (uint16_t)fuzz_below(input, 9) : kind;
  record->flags = (uint16_t)(fuzz_below(input, 8) == 0 ? fuzz_number(input, 2) : fuzz_below(input, 3));
  record->status = (int32_t)(fuzz_below(input, 4) == 0 ? fuzz_number(input, 4) : 0);
  record->method = (uint32_t)(fuzz_below(input, 8) == 0 ? fuzz_number(input, 4) : fuzz_below(input, 8));
  record->call_id = fuzz_below(input, 8) == 0 ? fuzz_number(input, 8) : call_id;
  record->deadline_ns = fuzz_below(input, 8) == 0 ? fuzz_number(input, 8) : 0;
  record->window = (uint32_t)fuzz_nasty(input, 4096);
  record->metadata_bytes = (uint32_t)(fuzz_below(input, 4) == 0 ? fuzz_nasty(input, 512) : 0);
  size_t behind = (size_t)(data + capacity - (unsigned char *)(record + 1)), size = fuzz_number(input, 2) % 1024;
  uint64_t length = sizeof *record + size;
  (void)fuzz_bytes(input, record + 1, size < behind ? size : behind);
  if (fuzz_below(input, 4) == 0) length = fuzz_nasty(input, capacity);
  isth__store_release(&record->length, (uint32_t)length);
}

/* Writes a record as a good producer would, which has taken heed of all that the consumer said. */
static inline void fuzz_write(const struct isth__consumer *consumer, const struct isth__header *header,
                              const void *payload, size_t size) {
  struct isth__producer producer = {.control = consumer->control,
                                    .data = consumer->data,
                                    .capacity = consumer->capacity,
                                    .position = consumer->position,
                                    .consumer_seen = consumer->position};
  uint64_t at = producer.position & (producer.capacity - 1);
  struct isth__record *record = (struct isth__record *)(void *)(producer.data + at);
  /* Where it does not fit before the end it says so, and is the next one. */
  if (at + sizeof *record + size > producer.capacity) {
    record->kind = ISTH__RECORD_PADDING;
    isth__store_release(&record->length, (uint32_t)(producer.capacity - at));
    producer.position += producer.capacity - at;
    record = (struct isth__record *)(void *)producer.data;
  }
  memcpy(isth__record_payload(record), payload, size);
  (void)isth__producer_commit(&producer, record, header, size);
}

/* Writes what the other side of a ring may write beside its records. */
static inline void fuzz_control(struct fuzz_input *input, struct isth__ring_control *control, uint64_t position) {
  if (fuzz_below(input, 2) == 0) {
    isth__store_relaxed(&control->consumer_position, position + fuzz_nasty(input, 4096) - fuzz_nasty(input, 4096));
  } else {
    isth__store_relaxed(&control->sleeping, (uint32_t)fuzz_number(input, 4));
  }
}

#endif
