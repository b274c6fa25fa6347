/* shape_test.c: the layout of a segment: both sides find the same rings, apart from each other and inside. */
#include "shape.h"

#include "check.h"

static void shapes_have_bounds(void) {
  static const struct isth__shape good[] = {
      {1, 4096, 4096}, {64, 4096, 1u << 30}, {64, 1u << 30, 1u << 30}, {3, 1u << 20, 8192}};
  static const struct isth__shape bad[] = {
      {0, 4096, 4096},     {65, 4096, 4096},    {UINT32_MAX, 4096, 4096}, {1, 0, 4096},     {1, 4096, 0},
      {1, 2048, 4096},     {1, 4096, 2048},     {1, 4097, 4096},          {1, 4096, 12288}, {1, 1u << 31, 4096},
      {1, 4096, 1u << 31}, {1, UINT32_MAX, 64}, {1, 4096, UINT32_MAX}};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) CHECK(isth__shape_valid(&good[i]));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CHECK(!isth__shape_valid(&bad[i]));
}

static void the_size_is_what_the_header_says(void) {
  CHECK_EQUAL(isth__segment_bytes(&(struct isth__shape){1, 4096, 4096}), 4096 + 8192);
  CHECK_EQUAL(isth__segment_bytes(&(struct isth__shape){8, 4096, 8192}), 4096 + 8 * 12288);
  CHECK_EQUAL(isth__segment_bytes(&(struct isth__shape){9, 4096, 4096}), 8192 + 9 * 8192);
  CHECK_EQUAL(isth__segment_bytes(&(struct isth__shape){64, 1u << 30, 1u << 30}), 32768 + (UINT64_C(64) << 31));
}

struct area {
  uintptr_t begin, end;
};

static struct area area_at(const void *begin, size_t bytes) {
  return (struct area){(uintptr_t)begin, (uintptr_t)begin + bytes};
}

static void rings_lie_apart_and_inside(const struct isth__shape *shape) {
  /* Only addresses are computed, nothing is touched: no memory is needed. */
  static unsigned char anchor[64];
  unsigned char *segment = anchor;
  struct area areas[4 * ISTH_MAX_LANES];
  size_t count = 0;
  for (uint32_t i = 0; i < shape->lanes; i++) {
    struct isth__producer requests_in, replies_in;
    struct isth__consumer requests_out, replies_out;
    isth__lane_client(segment, shape, i, &requests_in, &replies_out);
    isth__lane_service(segment, shape, i, &requests_out, &replies_in);
    CHECK(requests_in.control == requests_out.control && requests_in.data == requests_out.data);
    CHECK(replies_in.control == replies_out.control && replies_in.data == replies_out.data);
    CHECK_EQUAL(requests_in.capacity, shape->request_bytes);
    CHECK_EQUAL(requests_out.capacity, shape->request_bytes);
    CHECK_EQUAL(replies_in.capacity, shape->reply_bytes);
    CHECK_EQUAL(replies_out.capacity, shape->reply_bytes);
    CHECK_EQUAL((requests_in.data - segment) % 4096, 0);
    CHECK_EQUAL((replies_in.data - segment) % 4096, 0);
    CHECK_EQUAL(((unsigned char *)requests_in.control - segment) % 128, 0);
    areas[count++] = area_at(requests_in.control, sizeof *requests_in.control);
    areas[count++] = area_at(replies_in.control, sizeof *replies_in.control);
    areas[count++] = area_at(requests_in.data, shape->request_bytes);
    areas[count++] = area_at(replies_in.data, shape->reply_bytes);
  }
  struct area whole = area_at(segment, (size_t)isth__segment_bytes(shape));
  uintptr_t last = 0;
  for (size_t i = 0; i < count; i++) {
    CHECK(areas[i].begin >= whole.begin && areas[i].end <= whole.end);
    if (areas[i].end > last) last = areas[i].end;
    for (size_t j = i + 1; j < count; j++) CHECK(areas[i].end <= areas[j].begin || areas[j].end <= areas[i].begin);
  }
  CHECK_EQUAL(last, whole.end);
}

static void both_sides_find_the_same_rings(void) {
  static const uint32_t lanes[] = {1, 2, 7, 8, 9, 63, 64};
  for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
    rings_lie_apart_and_inside(&(struct isth__shape){lanes[i], 4096, 4096});
    rings_lie_apart_and_inside(&(struct isth__shape){lanes[i], 4096, 1u << 20});
    rings_lie_apart_and_inside(&(struct isth__shape){lanes[i], 1u << 30, 8192});
  }
}

int main(void) {
  static const struct test_case tests[] = {
      {"shapes have bounds", shapes_have_bounds},
      {"the size is what the header says", the_size_is_what_the_header_says},
      {"both sides find the same rings", both_sides_find_the_same_rings},
  };
  return RUN_TESTS("shape_test", tests);
}
