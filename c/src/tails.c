/*
 * tails.c: whether the tails of another program's message lie as they should.
 *
 * Whoever writes tails in the order of the walk gives each an offset behind the one before. Then a cursor shows that
 * none overlap. Else a second walk marks the bytes of each tail in a bit map: no sorting, and the time stays linear in
 * the message's size. What the tails take together may not exceed the message in either walk, so that spans which all
 * point to the same bytes cannot make the work grow.
 */
#include "platform.h"

#include <stdlib.h>

#include <isthmus/message.h>

enum { WORD_BITS = 64 };

static void begin_walk(isth_tails *tails) {
  tails->next = tails->fixed_bytes;
  tails->left = tails->message->size - tails->fixed_bytes;
  tails->ordered = true;
}

bool isth_tails_begin(isth_tails *tails, const isth_message *message, size_t fixed_bytes) {
  *tails = (isth_tails){.message = message, .fault = "", .fixed_bytes = fixed_bytes};
  if (message->size < fixed_bytes) {
    tails->fault = "is shorter than its fixed part";
    return false;
  }
  begin_walk(tails);
  return true;
}

/* Marks the bytes from `begin` up to `end`; false if one of them was marked already. */
static bool mark(uint64_t *taken, size_t begin, size_t end) {
  while (begin < end) {
    size_t bit = begin % WORD_BITS, bits = WORD_BITS - bit;
    if (bits > end - begin) bits = end - begin;
    uint64_t mask = (UINT64_MAX >> (WORD_BITS - bits)) << bit;
    if ((taken[begin / WORD_BITS] & mask) != 0) return false;
    taken[begin / WORD_BITS] |= mask;
    begin += bits;
  }
  return true;
}

static const char *judge(isth_tails *tails, isth_span span, size_t element_bytes, size_t align, bool is_text) {
  const isth_message *message = tails->message;
  if (span.length == 0) return span.offset == 0 ? "" : "is empty, but has an offset";
  if (span.offset > message->size || element_bytes == 0) return "lies outside the message";
  /* Divided, because the product of the two may be more than 64 bits. */
  size_t room = message->size - span.offset;
  if (span.length > room / element_bytes) return "lies outside the message";
  size_t bytes = (size_t)span.length * element_bytes;
  if (span.offset < tails->fixed_bytes) return "lies inside the fixed part";
  if (span.offset % align != 0) return "is not aligned";
  if (is_text) {
    if (bytes == room || message->bytes[span.offset + bytes] != 0) return "is not followed by a NUL";
    bytes++;
  }
  if (bytes > tails->left) return "overlaps another tail";
  tails->left -= bytes;
  size_t end = span.offset + bytes;
  if (tails->taken != NULL) return mark(tails->taken, span.offset, end) ? "" : "overlaps another tail";
  tails->ordered = tails->ordered && span.offset >= tails->next;
  tails->next = end;
  return "";
}

bool isth_tails_add(isth_tails *tails, isth_span span, size_t element_bytes, size_t align, bool is_text) {
  if (tails->fault[0] == '\0') tails->fault = judge(tails, span, element_bytes, align, is_text);
  return tails->fault[0] == '\0';
}

int isth_tails_end(isth_tails *tails) {
  bool good = tails->fault[0] == '\0';
  if (good && tails->taken == NULL && !tails->ordered) {
    tails->taken = calloc(tails->message->size / WORD_BITS + 1, sizeof *tails->taken);
    if (tails->taken == NULL) return ISTH_E_OUT_OF_MEMORY;
    begin_walk(tails);
    return ISTH_TAILS_AGAIN;
  }
  free(tails->taken);
  tails->taken = NULL;
  return good ? 0 : ISTH_E_MALFORMED_MESSAGE;
}

const char *isth_tails_fault(const isth_tails *tails) { return tails->fault; }
