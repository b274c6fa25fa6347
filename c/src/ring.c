#include "ring.h"

#include "failpoint.h"

static struct isth__record *producer_at(const struct isth__producer *producer, uint64_t position) {
  return (struct isth__record *)(void *)(producer->data + (position & (producer->capacity - 1)));
}

/* Whether `bytes` from the producer's position on, and the header after them, are free. */
static int has_room(struct isth__producer *producer, uint64_t bytes) {
  uint64_t end = producer->position + bytes + sizeof(struct isth__record);
  if (end - producer->consumer_seen <= producer->capacity) return 1;
  /* Pairs with the release in isth__consumer_release: what the consumer gave back it has finished reading. */
  uint64_t seen = isth__load_acquire(&producer->control->consumer_position);
  if (seen < producer->consumer_seen || seen > producer->position) return ISTH_E_PEER_CORRUPT;
  producer->consumer_seen = seen;
  return end - seen <= producer->capacity;
}

int isth__producer_claim(struct isth__producer *producer, size_t size, struct isth__record **claimed) {
  ISTH__FAILPOINT(ring_claim);
  uint64_t bytes = isth__align(sizeof(struct isth__record) + size);
  uint64_t contiguous = producer->capacity - (producer->position & (producer->capacity - 1));
  bool wraps = bytes > contiguous;
  int room = has_room(producer, wraps ? contiguous + bytes : bytes);
  if (room < 0) return room;
  if (room == 0) return ISTH_E_RING_FULL;
  if (wraps) {
    struct isth__record *padding = producer_at(producer, producer->position);
    padding->kind = ISTH__RECORD_PADDING;
    padding->metadata_bytes = 0;
    producer->position += contiguous;
    isth__store_relaxed(&producer_at(producer, producer->position)->length, 0);
    /* Pairs with the acquire in isth__consumer_take. Nobody needs to be woken for padding. */
    isth__store_release(&padding->length, (uint32_t)contiguous);
    ISTH__FAILPOINT(ring_padded);
  }
  *claimed = producer_at(producer, producer->position);
  /* The consumer has looked at the header meanwhile. It is asked for while the payload is written. */
  isth__prefetch_write(*claimed);
  ISTH__FAILPOINT(ring_claimed);
  return 0;
}

void isth__record_push(const struct isth__record *record, size_t size) {
  enum { PUSHED_BYTES = 1024 }; /* of what is longer the consumer's CPU fetches the rest ahead */
  const unsigned char *bytes = (const unsigned char *)(record + 1);
  for (size_t at = 0; at < size && at < PUSHED_BYTES; at += ISTH__RECORD_ALIGN) isth__demote(bytes + at);
}

bool isth__producer_commit(struct isth__producer *producer, struct isth__record *record,
                           const struct isth__header *header, size_t size) {
  uint32_t length = (uint32_t)(sizeof(struct isth__record) + isth__metadata_room(header->metadata_bytes) + size);
  producer->position += isth__align(length);
  struct isth__record *next = producer_at(producer, producer->position);
  isth__store_relaxed(&next->length, 0);
  ISTH__FAILPOINT(ring_zeroed);
  /* The consumer polls the header's cache line and takes it away with every look, so all of it is written last, at once. */
  record->kind = header->kind;
  record->flags = header->flags;
  record->status = header->status;
  record->method = header->method;
  record->call_id = header->call_id;
  record->deadline_ns = header->deadline_ns;
  record->trace = header->trace;
  record->metadata_bytes = header->metadata_bytes;
  record->window = header->window;
  ISTH__FAILPOINT(ring_written);
  /* Pairs with the acquire in isth__consumer_take. */
  isth__store_release(&record->length, length);
  ISTH__FAILPOINT(ring_published);
  /* While we wait for an answer there is time to get the next record's lines ready for writing: its payload's first, and the
   * header that its commit will zero. */
  isth__prefetch_write(isth__record_payload(next));
  isth__prefetch_write(producer_at(producer, producer->position + isth__align(length)));
  /* The producer's half of sleep / notify; its partner is isth__consumer_sleep. */
  isth__fence();
  if (isth__load_relaxed(&producer->control->sleeping) == 0) return false;
  bool asleep = isth__exchange_relaxed(&producer->control->sleeping, 0) != 0;
  if (asleep) ISTH__FAILPOINT(ring_notify);
  return asleep;
}

static struct isth__record *consumer_at(const struct isth__consumer *consumer) {
  return (struct isth__record *)(void *)(consumer->data + (consumer->position & (consumer->capacity - 1)));
}

int isth__consumer_take(struct isth__consumer *consumer, struct isth__taken *taken) {
  for (;;) {
    struct isth__record *record = consumer_at(consumer);
    /* Pairs with the stores of length in isth__producer_commit and _claim. */
    uint32_t length = isth__load_acquire(&record->length);
    if (length == 0) return 0;
    /* On its way while the header is looked at. Not sooner: that would take it from a producer who writes it. */
    isth__prefetch_read(record + 1);

    uint64_t contiguous = consumer->capacity - (consumer->position & (consumer->capacity - 1));
    /* Volatile, so that each field is loaded once: the peer may change it between two loads. */
    const volatile struct isth__record *shared = record;
    uint16_t kind = shared->kind;
    if (kind == ISTH__RECORD_PADDING) {
      /* Padding reaches exactly to the end of the ring, so two can never follow one another: this loop is bounded. */
      if (length != contiguous || length >= consumer->capacity) return ISTH_E_PEER_CORRUPT;
      consumer->position += length;
      continue;
    }

    uint64_t bytes = isth__align(length);
    uint32_t metadata_bytes = shared->metadata_bytes;
    uint64_t payload_offset = sizeof(struct isth__record) + isth__metadata_room(metadata_bytes);
    /* The last condition bounds how much a producer that ignores our position can make us take between two releases. */
    if (length < sizeof(struct isth__record) || bytes > consumer->capacity / 2 || bytes > contiguous ||
        payload_offset > length || consumer->position + bytes - consumer->released > consumer->capacity)
      return ISTH_E_PEER_CORRUPT;
    taken->header = (struct isth__header){.kind = kind,
                                          .flags = shared->flags,
                                          .status = shared->status,
                                          .method = shared->method,
                                          .metadata_bytes = metadata_bytes,
                                          .window = shared->window,
                                          .call_id = shared->call_id,
                                          .deadline_ns = shared->deadline_ns,
                                          .trace = shared->trace};
    taken->payload = (const unsigned char *)record + payload_offset;
    taken->size = (size_t)(length - payload_offset);
    taken->metadata = (const unsigned char *)(record + 1);
    consumer->position += bytes;
    ISTH__FAILPOINT(ring_taken);
    return 1;
  }
}

void isth__consumer_release(struct isth__consumer *consumer) {
  if (consumer->released == consumer->position) return;
  ISTH__FAILPOINT(ring_release);
  consumer->released = consumer->position;
  /* Pairs with the acquire in has_room: our reads of the records come before the producer may overwrite them. */
  isth__store_release(&consumer->control->consumer_position, consumer->position);
  ISTH__FAILPOINT(ring_released);
}

bool isth__consumer_sleep(struct isth__consumer *consumer) {
  /* The consumer's half of sleep / notify; its partner is isth__producer_commit. */
  isth__store_relaxed(&consumer->control->sleeping, 1);
  isth__fence();
  ISTH__FAILPOINT(ring_asleep);
  return isth__load_relaxed(&consumer_at(consumer)->length) != 0;
}

void isth__consumer_awake(struct isth__consumer *consumer) {
  if (isth__load_relaxed(&consumer->control->sleeping) != 0) isth__store_relaxed(&consumer->control->sleeping, 0);
}
