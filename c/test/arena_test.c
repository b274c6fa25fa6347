/* arena_test.c: memory that is used again. */
#include "arena.h"

#include "check.h"

#include <string.h>

static void it_is_kept_and_grows(void) {
  struct isth__arena arena = {NULL, 0};
  unsigned char *bytes = isth__arena_room(&arena, 0);
  CHECK(bytes != NULL);
  CHECK_EQUAL((uintptr_t)bytes % 64, 0);
  memset(bytes, 1, arena.capacity);
  CHECK(isth__arena_room(&arena, 1) == bytes);
  CHECK(isth__arena_room(&arena, arena.capacity) == bytes);
  size_t larger = arena.capacity + 1;
  bytes = isth__arena_room(&arena, larger);
  CHECK(bytes != NULL && arena.capacity >= larger);
  memset(bytes, 1, arena.capacity);
  CHECK(isth__arena_room(&arena, 5) == bytes);
  isth__arena_free(&arena);
  CHECK(arena.bytes == NULL);
  isth__arena_free(&arena);
}

static void what_was_touched_by_little_stays(void) {
  struct isth__arena arena = {NULL, 0};
  unsigned char *bytes = isth__arena_room(&arena, 8 << 20);
  bytes[0] = bytes[4 << 20] = 7;
  isth__arena_trim(&arena, 1 << 20);
  CHECK(bytes[0] == 7 && bytes[4 << 20] == 7);
  isth__arena_trim(&arena, (1 << 20) + 1);
  CHECK(bytes[0] == 0 && bytes[4 << 20] == 0);
  CHECK(isth__arena_room(&arena, 8 << 20) == bytes);
  isth__arena_free(&arena);
}

static void what_cannot_be_had_changes_nothing(void) {
  struct isth__arena arena = {NULL, 0};
  unsigned char *bytes = isth__arena_room(&arena, 100);
  bytes[0] = 7;
  CHECK(isth__arena_room(&arena, (size_t)1 << 60) == NULL);
  CHECK(arena.bytes == bytes && bytes[0] == 7);
  isth__arena_free(&arena);
}

int main(void) {
  static const struct test_case tests[] = {
      {"it is kept and grows", it_is_kept_and_grows},
      {"what was touched by little stays", what_was_touched_by_little_stays},
      {"what cannot be had changes nothing", what_cannot_be_had_changes_nothing},
  };
  return RUN_TESTS("arena_test", tests);
}
