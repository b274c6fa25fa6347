#include "shape.h"

enum { PAGE = 4096, CONTROL_BYTES = 2 * sizeof(struct isth__ring_control) };

struct places {
  struct isth__ring_control *request_control, *reply_control;
  unsigned char *request_data, *reply_data;
};

static bool ring_bytes_valid(uint32_t bytes) {
  return bytes >= ISTH__MIN_RING_BYTES && bytes <= ISTH__MAX_RING_BYTES && (bytes & (bytes - 1)) == 0;
}

bool isth__shape_valid(const struct isth__shape *shape) {
  return shape->lanes >= 1 && shape->lanes <= ISTH_MAX_LANES && ring_bytes_valid(shape->request_bytes) &&
         ring_bytes_valid(shape->reply_bytes);
}

static uint64_t data_offset(const struct isth__shape *shape) {
  return ((uint64_t)shape->lanes * CONTROL_BYTES + PAGE - 1) / PAGE * PAGE;
}

uint64_t isth__segment_bytes(const struct isth__shape *shape) {
  return data_offset(shape) + (uint64_t)shape->lanes * ((uint64_t)shape->request_bytes + shape->reply_bytes);
}

static struct places lane_places(unsigned char *segment, const struct isth__shape *shape, uint32_t lane) {
  struct isth__ring_control *control = (struct isth__ring_control *)(void *)(segment + (size_t)lane * CONTROL_BYTES);
  unsigned char *data =
      segment + data_offset(shape) + (uint64_t)lane * ((uint64_t)shape->request_bytes + shape->reply_bytes);
  return (struct places){&control[0], &control[1], data, data + shape->request_bytes};
}

void isth__lane_client(unsigned char *segment, const struct isth__shape *shape, uint32_t lane,
                       struct isth__producer *requests, struct isth__consumer *replies) {
  struct places at = lane_places(segment, shape, lane);
  *requests = (struct isth__producer){at.request_control, at.request_data, shape->request_bytes, 0, 0};
  *replies = (struct isth__consumer){at.reply_control, at.reply_data, shape->reply_bytes, 0, 0};
}

void isth__lane_service(unsigned char *segment, const struct isth__shape *shape, uint32_t lane,
                        struct isth__consumer *requests, struct isth__producer *replies) {
  struct places at = lane_places(segment, shape, lane);
  *requests = (struct isth__consumer){at.request_control, at.request_data, shape->request_bytes, 0, 0};
  *replies = (struct isth__producer){at.reply_control, at.reply_data, shape->reply_bytes, 0, 0};
}
