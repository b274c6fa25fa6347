/* hostile.h: a client by hand, so that a test can write into the rings what no client would. */
#ifndef ISTH_TEST_HOSTILE_H
#define ISTH_TEST_HOSTILE_H

#include "raw.h"

/* A client of any schema by hand, with one lane. */
struct hostile {
  struct raw_luggage luggage;
  int control;
  unsigned char *segment;
  struct isth__producer requests;
  struct isth__consumer replies;
};

static inline void hostile_connect(struct hostile *hostile, const char *path) {
  struct isth__offer offer;
  struct isth__welcome welcome;
  struct isth__hello hello = {.magic = ISTH__MAGIC, .version = ISTH_PROTOCOL_VERSION, .flags = ISTH__HELLO_ANY_SCHEMA};
  raw_pack(&hostile->luggage);
  const struct isth__attach *attach = &hostile->luggage.attach;
  hostile->control = raw_connect(path);
  CHECK(raw_send(hostile->control, &hello, sizeof hello, NULL, 0));
  CHECK_EQUAL(raw_receive(hostile->control, &offer, sizeof offer, 60000), sizeof offer);
  CHECK_EQUAL(offer.status, 0);
  CHECK(raw_send(hostile->control, attach, sizeof *attach, hostile->luggage.descriptors, 3));
  CHECK_EQUAL(raw_receive(hostile->control, &welcome, sizeof welcome, 60000), sizeof welcome);
  CHECK_EQUAL(welcome.status, 0);
  hostile->segment =
      mmap(NULL, attach->segment_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, hostile->luggage.descriptors[0], 0);
  CHECK(hostile->segment != MAP_FAILED);
  struct isth__shape shape = {attach->lanes, attach->request_bytes, attach->reply_bytes};
  isth__lane_client(hostile->segment, &shape, 0, &hostile->requests, &hostile->replies);
}

static inline void hostile_close(struct hostile *hostile) {
  munmap(hostile->segment, hostile->luggage.attach.segment_bytes);
  close(hostile->control);
  raw_unpack(&hostile->luggage);
}

/* Publishes a record with a payload, and wakes the service. False if the ring has no room. */
static inline bool hostile_write(struct hostile *hostile, const struct isth__header *header, const void *payload,
                                 size_t size) {
  struct isth__record *record;
  if (isth__producer_claim(&hostile->requests, size, &record) != 0) return false;
  if (size > 0) memcpy(isth__record_payload(record), payload, size);
  if (isth__producer_commit(&hostile->requests, record, header, size)) isth__wake_signal(hostile->luggage.lane_signals);
  return true;
}

/* Takes the next reply, whose payload stays valid until the next one; waits up to 60 s. False if there is none. */
static inline bool hostile_read(struct hostile *hostile, struct isth__taken *reply) {
  isth__consumer_release(&hostile->replies);
  for (int tries = 0; tries < 60000; tries++) {
    int got = isth__consumer_take(&hostile->replies, reply);
    CHECK(got >= 0);
    if (got == 1) return true;
    usleep(1000);
  }
  return false;
}

#endif
