/* utf8.h: random text: characters of every length, without NUL. */
#ifndef ISTH_TEST_UTF8_H
#define ISTH_TEST_UTF8_H

#include <stddef.h>

#include "random.h"

/* Appends a character's bytes; returns how many. */
static inline size_t put_character(uint32_t character, char *to) {
  if (character < 0x80) {
    to[0] = (char)character;
    return 1;
  }
  size_t following = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  static const unsigned int marks[] = {0, 0xc0, 0xe0, 0xf0};
  to[0] = (char)(marks[following] | character >> 6 * following);
  for (size_t i = 1; i <= following; i++) to[i] = (char)(0x80 | (character >> 6 * (following - i) & 0x3f));
  return following + 1;
}

/* Writes up to `most` bytes; returns how many. */
static inline size_t random_utf8(struct random *random, char *text, size_t most) {
  static const uint32_t bounds[] = {0x80, 0x800, 0x10000, 0x110000};
  size_t wanted = random_below(random, most + 1), size = 0;
  while (size + 4 <= wanted) {
    uint32_t character = 1 + (uint32_t)random_below(random, bounds[random_below(random, 4)] - 1);
    if (character >= 0xd800 && character < 0xe000) continue;
    size += put_character(character, text + size);
  }
  while (size < wanted) text[size++] = (char)('a' + random_below(random, 26));
  return size;
}

#endif
