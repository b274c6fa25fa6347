/* arena.h: memory of one thread that is used again for each call. */
#ifndef ISTH_ARENA_H
#define ISTH_ARENA_H

#include "platform.h"

/* All zero: nothing held yet. Pages are only used once touched, so that room for the largest message costs nothing. */
struct isth__arena {
  unsigned char *bytes;
  size_t capacity;
};

/* Room for `bytes`, aligned to a page; what it held before is lost where it has to grow. NULL: out of memory. */
unsigned char *isth__arena_room(struct isth__arena *arena, size_t bytes);

/* Gives back the pages of which `used` bytes were touched, where they are many: no large message stays for ever. */
void isth__arena_trim(struct isth__arena *arena, size_t used);

void isth__arena_free(struct isth__arena *arena);

#endif
