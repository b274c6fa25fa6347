#include "metadata.h"

#include <string.h>

#include "wire.h"

struct entry {
  uint16_t key;
  uint16_t bytes;
};

enum { ENTRY_ALIGN = 4 };

static size_t padded(size_t bytes) { return (bytes + (ENTRY_ALIGN - 1)) & ~(size_t)(ENTRY_ALIGN - 1); }

static bool is_key(unsigned int key) { return key >= 1 && key <= ISTH__METADATA_KEYS; }

/* A NUL would end it early for whoever gets it as a C string. */
static bool is_text(const char *text, size_t size) {
  return size == 0 || (memchr(text, '\0', size) == NULL && isth_utf8_valid(text, size));
}

int isth__metadata_measure(const isth_metadata *entries, size_t count, uint32_t *bytes) {
  size_t total = 0;
  unsigned int seen = 0;
  *bytes = 0;
  if (count > ISTH__METADATA_KEYS || (count > 0 && entries == NULL)) return ISTH_E_INVALID_ARGUMENT;
  for (size_t i = 0; i < count; i++) {
    const isth_metadata *entry = &entries[i];
    if (!is_key(entry->key) || (seen & 1u << entry->key) != 0) return ISTH_E_INVALID_ARGUMENT;
    if (entry->size > ISTH_MAX_METADATA_BYTES || (entry->size > 0 && entry->text == NULL))
      return ISTH_E_INVALID_ARGUMENT;
    if (!is_text(entry->text, entry->size)) return ISTH_E_INVALID_ARGUMENT;
    seen |= 1u << entry->key;
    total += sizeof(struct entry) + padded(entry->size);
  }
  if (total > ISTH_MAX_METADATA_BYTES) return ISTH_E_INVALID_ARGUMENT;
  *bytes = (uint32_t)total;
  return 0;
}

void isth__metadata_write(const isth_metadata *entries, size_t count, unsigned char *block) {
  for (size_t i = 0; i < count; i++) {
    struct entry entry = {(uint16_t)entries[i].key, (uint16_t)entries[i].size};
    memcpy(block, &entry, sizeof entry);
    block += sizeof entry;
    size_t size = entries[i].size, room = padded(size);
    if (size > 0) memcpy(block, entries[i].text, size);
    /* Old records lie in the ring: the padding must not show them. */
    memset(block + size, 0, room - size);
    block += room;
  }
}

static int malformed(isth_failure *failure, size_t at, const char *what) {
  return isth__fail(failure, ISTH_E_MALFORMED_MESSAGE, "the request's metadata at byte %zu: %s", at, what);
}

int isth__metadata_read(struct isth__metadata *metadata, const unsigned char *block, size_t size,
                        isth_failure *failure) {
  memset(metadata->places, 0, sizeof metadata->places);
  if (size > ISTH_MAX_METADATA_BYTES) return malformed(failure, ISTH_MAX_METADATA_BYTES, "more than there may be");
  if (size % ENTRY_ALIGN != 0) return malformed(failure, size, "an end within an entry");
  memcpy(metadata->bytes, block, size);
  for (size_t at = 0; at < size;) {
    struct entry entry;
    memcpy(&entry, metadata->bytes + at, sizeof entry);
    if (!is_key(entry.key)) return malformed(failure, at, "a key that does not exist");
    uint16_t *place = &metadata->places[entry.key - 1];
    if (*place != 0) return malformed(failure, at, "a key that was there before");
    size_t room = padded(entry.bytes);
    if (room > size - at - sizeof entry) return malformed(failure, at, "a text that is longer than the rest");
    /* Over its own header, so that there is room for the NUL. */
    char *text = memmove(metadata->bytes + at, metadata->bytes + at + sizeof entry, entry.bytes);
    if (!is_text(text, entry.bytes)) return malformed(failure, at, "a text that is not UTF-8, or has a NUL");
    text[entry.bytes] = '\0';
    *place = (uint16_t)(at + 1);
    at += sizeof entry + room;
  }
  return 0;
}

const char *isth__metadata_text(const struct isth__metadata *metadata, isth_metadata_key key) {
  if (!is_key(key) || metadata->places[key - 1] == 0) return NULL;
  return metadata->bytes + metadata->places[key - 1] - 1;
}
