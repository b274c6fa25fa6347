/*
 * text.c: whether a text holds what the schema promises.
 *
 * UTF-8 by RFC 3629, section 4, as one pass over the bytes. A sequence's first byte says how many continuation bytes
 * (0x80 to 0xBF) follow, and narrows the range of the second one. That narrowing alone excludes all that is ill-formed
 * and well-shaped: overlong forms (after E0 and F0), surrogates (after ED) and code points past U+10FFFF (after F4).
 * No table: the branches are few and text in fields is short and mostly ASCII.
 */
#include <isthmus/types.h>

/* The first byte from `byte` on that is a NUL or no UTF-8, or `end`. A sequence that `end` cuts off is not UTF-8. */
static const unsigned char *skip_text(const unsigned char *byte, const unsigned char *end) {
  while (byte < end && *byte != 0) {
    if (*byte < 0x80) {
      byte++;
      continue;
    }
    const unsigned char *next = byte;
    unsigned char first = *next++;
    unsigned char least = 0x80, most = 0xBF;
    int following;
    if (first >= 0xC2 && first <= 0xDF) {
      following = 1;
    } else if (first >= 0xE0 && first <= 0xEF) {
      following = 2;
      if (first == 0xE0) least = 0xA0;
      if (first == 0xED) most = 0x9F;
    } else if (first >= 0xF0 && first <= 0xF4) {
      following = 3;
      if (first == 0xF0) least = 0x90;
      if (first == 0xF4) most = 0x8F;
    } else {
      return byte;
    }
    /* A NUL is no continuation byte, so a sequence cut off by the terminator ends here as well. */
    for (; following > 0; following--) {
      if (next == end || *next < least || *next > most) return byte;
      next++;
      least = 0x80;
      most = 0xBF;
    }
    byte = next;
  }
  return byte;
}

bool isth_text_valid(const char *text, size_t capacity) {
  const unsigned char *begin = (const unsigned char *)text;
  const unsigned char *stop = skip_text(begin, begin + capacity);
  return stop < begin + capacity && *stop == 0;
}

bool isth_utf8_valid(const char *bytes, size_t length) {
  const unsigned char *byte = (const unsigned char *)bytes;
  const unsigned char *end = byte + length;
  for (; byte < end; byte++) {
    byte = skip_text(byte, end);
    if (byte == end) break;
    if (*byte != 0) return false;
  }
  return true;
}
