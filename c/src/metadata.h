/*
 * metadata.h: for whom a request is, as its record says it.
 *
 *   | key u16 | bytes u16 | text | up to the next multiple of 4 | key ...     each key at most once, in any order
 *
 * The block is as long as its entries. Whoever reads one takes a private copy before it looks at anything.
 */
#ifndef ISTH_METADATA_H
#define ISTH_METADATA_H

#include "platform.h"

#include <isthmus/types.h>

enum { ISTH__METADATA_KEYS = ISTH_METADATA_METHOD };

/* What was read of a block. Its texts lie in `bytes`, each terminated. */
struct isth__metadata {
  uint16_t places[ISTH__METADATA_KEYS]; /* of each key's text, by its number less one, + 1; 0: there is none */
  char bytes[ISTH_MAX_METADATA_BYTES];
};

/* How long a block these entries make, 0 where there are none. INVALID_ARGUMENT: a key that is unknown or comes twice, a
 * text that is no UTF-8 or has a NUL, or more than ISTH_MAX_METADATA_BYTES. */
int isth__metadata_measure(const isth_metadata *entries, size_t count, uint32_t *bytes);

/* Writes the block, which was measured before. */
void isth__metadata_write(const isth_metadata *entries, size_t count, unsigned char *block);

/* Reads a block of somebody who may change it meanwhile. Returns 0 or MALFORMED_MESSAGE; `failure` (may be NULL) then
 * names the place. */
int isth__metadata_read(struct isth__metadata *metadata, const unsigned char *block, size_t size,
                        isth_failure *failure);

/* The text of a key, or NULL. */
const char *isth__metadata_text(const struct isth__metadata *metadata, isth_metadata_key key);

#endif
