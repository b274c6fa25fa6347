/* text_fuzz.c: what is valid text, against the table of the Unicode Standard (3-7, well-formed UTF-8 byte sequences). */
#include "fuzz.h"

#include <isthmus/types.h>

/* The bytes of the well-formed sequence at `at`, or 0. */
static size_t sequence(const uint8_t *at, size_t left) {
  static const struct {
    uint8_t bytes, from[4], to[4];
  } rows[] = {{1, {0x00}, {0x7F}},
              {2, {0xC2, 0x80}, {0xDF, 0xBF}},
              {3, {0xE0, 0xA0, 0x80}, {0xE0, 0xBF, 0xBF}},
              {3, {0xE1, 0x80, 0x80}, {0xEC, 0xBF, 0xBF}},
              {3, {0xED, 0x80, 0x80}, {0xED, 0x9F, 0xBF}},
              {3, {0xEE, 0x80, 0x80}, {0xEF, 0xBF, 0xBF}},
              {4, {0xF0, 0x90, 0x80, 0x80}, {0xF0, 0xBF, 0xBF, 0xBF}},
              {4, {0xF1, 0x80, 0x80, 0x80}, {0xF3, 0xBF, 0xBF, 0xBF}},
              {4, {0xF4, 0x80, 0x80, 0x80}, {0xF4, 0x8F, 0xBF, 0xBF}}};
  for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
    size_t fits = 0;
    while (fits < rows[row].bytes && fits < left && at[fits] >= rows[row].from[fits] && at[fits] <= rows[row].to[fits])
      fits++;
    if (fits == rows[row].bytes) return fits;
  }
  return 0;
}

static bool is_utf8(const uint8_t *bytes, size_t size) {
  size_t at = 0, step = 1;
  for (; at < size && step > 0; at += step) step = sequence(bytes + at, size - at);
  return step > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = (const char *)data;
  CHECK_EQUAL(isth_utf8_valid(text, size), is_utf8(data, size));
  const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
  CHECK_EQUAL(isth_text_valid(text, size), end != NULL && is_utf8(data, (size_t)(end - data)));
  return 0;
}
