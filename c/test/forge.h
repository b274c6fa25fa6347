/* forge.h: a peer that writes half-truths, wherever it can and while the other side uses the same memory. */
#ifndef ISTH_TEST_FORGE_H
#define ISTH_TEST_FORGE_H

#include "raw.h"

#include "random.h"

/* A value that is likely to hurt: near a bound, or plain random. */
static inline uint64_t forge_number(struct random *random, uint64_t bound) {
  switch (random_below(random, 8)) {
  case 0: return 0;
  case 1: return bound;
  case 2: return bound - 64 + random_below(random, 129);
  case 3: return UINT64_MAX - random_below(random, 200);
  case 4: return random_next(random);
  default: return random_below(random, bound) & ~UINT64_C(63);
  }
}

/* Writes a record's header of half-truths. `position`, where its producer would write, is where it does most harm. */
static inline void forge_record(struct random *random, unsigned char *data, uint32_t capacity, uint64_t position,
                                uint16_t kind, uint64_t call_id) {
  uint64_t at = random_below(random, 4) == 0 ? random_next(random) & ~UINT64_C(63) : position;
  struct isth__record *record = (struct isth__record *)(void *)(data + (at & (capacity - 1)));
  record->kind = random_below(random, 8) == 0 ? (uint16_t)random_below(random, 8) : kind;
  record->flags = random_below(random, 2) == 0 ? 0 : (uint16_t)random_below(random, 5);
  record->status = random_below(random, 2) == 0 ? 0 : (int32_t)random_next(random);
  record->method = random_below(random, 4) == 0 ? (uint32_t)random_next(random) : (uint32_t)random_below(random, 10);
  record->call_id = random_below(random, 4) == 0 ? random_next(random) : call_id;
  record->deadline_ns = random_below(random, 2) == 0 ? 0 : random_next(random);
  record->window = (uint32_t)forge_number(random, 4096);
  record->metadata_bytes = random_below(random, 2) == 0 ? 0 : (uint32_t)forge_number(random, 512);
  isth__store_release(&record->length, (uint32_t)forge_number(random, random_below(random, 2) == 0 ? 256 : capacity));
}

static inline void forge_control(struct random *random, struct isth__ring_control *control, uint64_t position) {
  if (random_below(random, 2) == 0) {
    isth__store_relaxed(&control->consumer_position,
                        position + forge_number(random, 4096) - forge_number(random, 4096));
  } else {
    isth__store_relaxed(&control->sleeping, (uint32_t)random_below(random, 3));
  }
}

static inline void forge_bytes(struct random *random, unsigned char *segment, size_t size) {
  size_t at = random_below(random, size), count = random_below(random, 300);
  for (size_t i = at; i < size && i < at + count; i++) segment[i] = (unsigned char)random_next(random);
}

/* ---- a service ---- */

enum { FORGED_LANES = 2 };

/* One client's channel, as the service has it. */
struct forged {
  int control;
  unsigned char *segment;
  struct isth__attach attach;
  struct isth__lane lanes[FORGED_LANES];
  int descriptors[ISTH__MAX_FDS];
  size_t count;
};

/* Shakes hands as a good service of this schema does; false if the client has gone. forge_leave in any case. */
static inline bool forge_accept(struct forged *forged, int control, const uint8_t hash[32]) {
  struct isth__hello hello;
  struct isth__offer offer = {
      .magic = ISTH__MAGIC, .version = ISTH_PROTOCOL_VERSION, .lanes = FORGED_LANES, .max_segment_bytes = UINT64_MAX};
  struct isth__welcome welcome = {.status = 0};
  memset(forged, 0, sizeof *forged);
  forged->control = control;
  memcpy(offer.hash, hash, sizeof offer.hash);
  if (raw_receive(control, &hello, sizeof hello, 60000) != sizeof hello) return false;
  if (!raw_send(control, &offer, sizeof offer, NULL, 0)) return false;
  struct pollfd ready = {control, POLLIN, 0};
  if (poll(&ready, 1, 60000) != 1) return false;
  forged->count = ISTH__MAX_FDS;
  ptrdiff_t got = isth__receive(control, &forged->attach, sizeof forged->attach, forged->descriptors, &forged->count);
  if (got != (ptrdiff_t)sizeof forged->attach) return false;
  const struct isth__attach *attach = &forged->attach;
  void *mapped = mmap(NULL, attach->segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, forged->descriptors[0], 0);
  CHECK(mapped != MAP_FAILED);
  forged->segment = mapped;
  const struct isth__shape shape = {attach->lanes, attach->request_bytes, attach->reply_bytes};
  for (uint32_t i = 0; i < FORGED_LANES; i++)
    isth__lane_service(forged->segment, &shape, i, &forged->lanes[i].requests, &forged->lanes[i].replies);
  return raw_send(control, &welcome, sizeof welcome, NULL, 0);
}

static inline void forge_leave(struct forged *forged) {
  if (forged->segment != NULL) munmap(forged->segment, forged->attach.segment_bytes);
  for (size_t i = 0; i < forged->count; i++) close(forged->descriptors[i]);
  close(forged->control);
}

/* Answers a request as it should, once or twice, or not at all, but with any bytes. Returns the call's id; 0: nobody calls. */
static inline uint64_t forge_reply(struct random *random, struct isth__lane *lane) {
  struct isth__taken request;
  struct isth__record *record;
  if (isth__consumer_take(&lane->requests, &request) != 1) return 0;
  isth__consumer_release(&lane->requests);
  for (uint64_t times = random_below(random, 3); times > 0; times--) {
    size_t size = random_below(random, 300);
    if (isth__producer_claim(&lane->replies, size, &record) != 0) break;
    unsigned char *payload = isth__record_payload(record);
    for (size_t i = 0; i < size; i++) payload[i] = (unsigned char)random_next(random);
    bool more = request.header.flags == ISTH__FLAG_MANY && random_below(random, 2) == 0;
    struct isth__header header = {.kind = more ? ISTH__RECORD_REPLY_MORE : ISTH__RECORD_REPLY,
                                  .call_id = request.header.call_id};
    (void)isth__producer_commit(&lane->replies, record, &header, size);
  }
  return request.header.call_id;
}

/* Shakes hands, and then does not serve as it should, for a while. It answers at times, so that the client goes on. */
static inline void forge_service(int control, const uint8_t hash[32], struct random *random) {
  struct forged forged;
  bool accepted = forge_accept(&forged, control, hash);
  uint64_t last_id = 65536, id;
  for (uint64_t rounds = random_below(random, 300); accepted && rounds > 0; rounds--) {
    struct isth__lane *lane = &forged.lanes[random_below(random, FORGED_LANES)];
    switch (random_below(random, 10)) {
    case 0: forge_bytes(random, forged.segment, forged.attach.segment_bytes); break;
    case 1: forge_control(random, lane->requests.control, lane->requests.position); break;
    case 2: forge_control(random, lane->replies.control, lane->replies.position); break;
    case 3:
    case 4:
      forge_record(random, lane->replies.data, lane->replies.capacity, lane->replies.position,
                   random_below(random, 2) == 0 ? ISTH__RECORD_REPLY : ISTH__RECORD_REPLY_MORE, last_id);
      break;
    default: id = forge_reply(random, lane); last_id = id == 0 ? last_id : id;
    }
    isth__wake_signal(forged.descriptors[1]);
    if (random_below(random, 8) == 0) usleep(200);
  }
  forge_leave(&forged);
}

#endif
