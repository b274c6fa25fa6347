/* messages.h: good messages, of which a fuzzer then replaces some bytes: few random ones get beyond the first span. */
#ifndef ISTH_FUZZ_MESSAGES_H
#define ISTH_FUZZ_MESSAGES_H

#include "fuzz.h"

#include "generated/fuzzed.h"

/* A good message with a tail of each kind. Returns its size. */
static inline size_t fuzz_good_kinds(unsigned char *bytes, size_t capacity) {
  isth_message message;
  isth_message_init(&message, bytes, capacity);
  fuzzed_kinds *kinds = fuzzed_kinds_begin(&message);
  CHECK(kinds != NULL && fuzzed_kinds_set_title(&message, kinds, "title", 5));
  CHECK(fuzzed_kinds_set_content(&message, kinds, "content", 7));
  fuzzed_kinds_mark_maybe(kinds);
  kinds->maybe = 3;
  kinds->shape.kind = FUZZED_SHAPE_KIND_SQUARE;
  CHECK(fuzzed_kinds_set_remark(&message, kinds, "remark", 6));
  fuzzed_point *points = fuzzed_kinds_add_points(&message, kinds, 2);
  CHECK(points != NULL);
  for (size_t i = 0; i < 2; i++) {
    CHECK(fuzzed_point_set_name(&message, &points[i], "p", 1));
    isth_span *tags = fuzzed_point_add_tags(&message, &points[i], 2);
    CHECK(tags != NULL && isth_message_append_text(&message, &tags[1], "tag", 3));
  }
  isth_span *matrix = fuzzed_kinds_add_matrix(&message, kinds, 2);
  CHECK(matrix != NULL && fuzzed_list_of_f32_add(&message, &matrix[0], 3) != NULL);
  return message.size;
}

/* A good struct without tails. */
static inline fuzzed_everything fuzz_good_everything(void) {
  fuzzed_everything everything;
  memset(&everything, 0, sizeof everything);
  memcpy(everything.name, "name", 5);
  return everything;
}

#endif
