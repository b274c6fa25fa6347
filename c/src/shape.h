/*
 * shape.h: how one channel's shared memory is laid out. Both sides compute it from three numbers that they agreed on in
 * the handshake; nothing in the segment describes the segment, so there is nothing to forge.
 *
 *   | lane 0: request control, reply control | lane 1: ... |   256 bytes each, then up to the next multiple of 4096
 *   | lane 0: request data | lane 0: reply data | lane 1: ...
 */
#ifndef ISTH_SHAPE_H
#define ISTH_SHAPE_H

#include "ring.h"

_Static_assert(sizeof(size_t) >= 8, "Isthmus needs a 64-bit machine: a segment may have up to 128 GiB");

enum { ISTH__MIN_RING_BYTES = 4096, ISTH__MAX_RING_BYTES = 1 << 30 };

struct isth__shape {
  uint32_t lanes;
  uint32_t request_bytes; /* of each request ring */
  uint32_t reply_bytes;   /* of each reply ring */
};

/* Whether the numbers are within bounds: 1 to ISTH_MAX_LANES lanes, rings of a power of two. */
bool isth__shape_valid(const struct isth__shape *shape);

/* The segment's size in bytes. */
uint64_t isth__segment_bytes(const struct isth__shape *shape);

/* Fills in the ends of a lane's rings that lie in `segment`. The client produces requests and consumes replies. */
void isth__lane_client(unsigned char *segment, const struct isth__shape *shape, uint32_t lane,
                       struct isth__producer *requests, struct isth__consumer *replies);
void isth__lane_service(unsigned char *segment, const struct isth__shape *shape, uint32_t lane,
                        struct isth__consumer *requests, struct isth__producer *replies);

#endif
