/* pages_test.c: zeros that take no memory until they are written. */
#include "pages.h"

#include "resources.h"

enum { PAGE = 4096, PAGES = 1024, BYTES = PAGES * PAGE };

static void they_are_zeros_that_can_be_written(void) {
  unsigned char *pages = isth__pages_map(BYTES);
  CHECK(pages != NULL);
  CHECK_EQUAL((uintptr_t)pages % PAGE, 0);
  for (size_t i = 0; i < BYTES; i++) CHECK_EQUAL(pages[i], 0);
  memset(pages, 1, BYTES);
  isth__pages_unmap(pages, BYTES);
}

static void only_what_was_written_takes_memory(void) {
  unsigned char *pages = isth__pages_map(BYTES);
  CHECK_EQUAL(resident_pages(pages, BYTES), 0);
  pages[0] = pages[BYTES - 1] = 7;
  CHECK_EQUAL(resident_pages(pages, BYTES), 2);
  isth__pages_unmap(pages, BYTES);
}

static void what_cannot_be_had_is_null(void) {
  CHECK(isth__pages_map((size_t)1 << 60) == NULL);
  isth__pages_unmap(NULL, (size_t)1 << 60);
}

int main(void) {
  static const struct test_case tests[] = {
      {"they are zeros that can be written", they_are_zeros_that_can_be_written},
      {"only what was written takes memory", only_what_was_written_takes_memory},
      {"what cannot be had is NULL", what_cannot_be_had_is_null},
  };
  return RUN_TESTS("pages_test", tests);
}
