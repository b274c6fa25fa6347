/* tails_fuzz.c: messages with tails, and the checks that are generated for structs: what they let through can be read. */
#include "fuzz.h"

#include "messages.h"

static void read_text(isth_text text, bool is_input) {
  fuzz_read(text.bytes, text.length + 1);
  CHECK_EQUAL(text.bytes[text.length], 0);
  if (is_input) CHECK(isth_utf8_valid(text.bytes, text.length));
}

static void read_points(const isth_message *message, const fuzzed_kinds *kinds, bool is_input) {
  fuzzed_list_of_point points = fuzzed_kinds_get_points(message, kinds);
  for (size_t i = 0; i < points.count; i++) {
    read_text(fuzzed_point_get_name(message, &points.items[i]), is_input);
    fuzzed_list_of_span tags = fuzzed_point_get_tags(message, &points.items[i]);
    for (size_t tag = 0; tag < tags.count; tag++) read_text(isth_message_text(message, tags.items[tag]), is_input);
  }
  fuzzed_list_of_span matrix = fuzzed_kinds_get_matrix(message, kinds);
  for (size_t i = 0; i < matrix.count; i++) {
    fuzzed_list_of_f32 row = fuzzed_list_of_f32_at(message, matrix.items[i]);
    fuzz_read(row.items, row.count * sizeof(float));
  }
}

/* All that a handler can get at. */
static void read_kinds(const isth_message *message, bool is_input) {
  const fuzzed_kinds *kinds = fuzzed_kinds_of(message);
  read_text(fuzzed_kinds_get_title(message, kinds), is_input);
  if (fuzzed_kinds_has_remark(kinds)) read_text(fuzzed_kinds_get_remark(message, kinds), is_input);
  isth_bytes content = fuzzed_kinds_get_content(message, kinds);
  fuzz_read(content.data, content.length);
  read_points(message, kinds, is_input);
}

static void check_kinds(const isth_message *message, isth_check_role role) {
  isth_check check;
  isth_failure failure;
  int error = isth_check_message(&check, message, sizeof(fuzzed_kinds), fuzzed_kinds_is_valid, role);
  if (error == 0) {
    read_kinds(message, role == ISTH_CHECK_INPUT);
  } else {
    CHECK(error == ISTH_E_INVALID_INPUT || error == ISTH_E_MALFORMED_MESSAGE || error == ISTH_E_HANDLER_FAULT);
    CHECK(isth_check_report(&check, &failure) == error);
    CHECK(failure.message[0] != '\0' && memchr(failure.message, 0, sizeof failure.message) != NULL);
  }
}

static void check_everything(const void *bytes, size_t size, isth_check_role role) {
  fuzzed_everything everything;
  isth_check check;
  if (!isth_check_fixed(&check, size, sizeof everything, role)) return;
  memcpy(&everything, bytes, sizeof everything);
  if (!fuzzed_everything_is_valid(&check, (const unsigned char *)&everything)) return;
  CHECK(everything.yes == 0 || everything.yes == 1);
  CHECK(isth_text_valid(everything.name, sizeof everything.name));
  CHECK(isth_text_valid(everything.inner.label, sizeof everything.inner.label));
  if (role == ISTH_CHECK_INPUT) CHECK(everything.bounded >= -5 && everything.bounded <= 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  unsigned char scratch[1024];
  isth_check_role role = fuzz_below(&input, 2) == 0 ? ISTH_CHECK_INPUT : ISTH_CHECK_REPLY;
  size_t bytes;
  if (fuzz_below(&input, 4) == 0) {
    bytes = fuzz_bytes(&input, scratch, sizeof scratch);
  } else {
    bytes = fuzz_good_kinds(scratch, sizeof scratch);
    while (input.left > 0) fuzz_scribble(&input, scratch, bytes);
    if (size > 8 && data[1] % 8 == 0) bytes = data[2] * bytes / 255;
  }
  /* Exactly as long as it is. */
  void *exact;
  CHECK_EQUAL(posix_memalign(&exact, 64, bytes), 0);
  memcpy(exact, scratch, bytes);
  const isth_message message = {exact, bytes, bytes};
  check_kinds(&message, role);
  check_everything(exact, bytes, role);
  free(exact);
  return 0;
}
