/* untorn.h: copying to and from memory that other programs use at the same time, and a digest of what was copied. */
#ifndef ISTH_UNTORN_H
#define ISTH_UNTORN_H

#include "platform.h"

/*
 * memcpy between memory of ours and shared memory, of relaxed atomic accesses, each as large as the address in shared
 * memory is aligned, at most 8 bytes. So no aligned scalar of 1, 2, 4 or 8 bytes is torn, whatever the compiler does.
 * memcpy promises no such thing: it may copy bytes, or some of them twice.
 */
void isth__untorn_load(unsigned char *to, unsigned char *shared, size_t bytes);
void isth__untorn_store(unsigned char *shared, const unsigned char *from, size_t bytes);

/* Makes room for a later store: writes each page of the range without changing it. */
void isth__untorn_reserve(unsigned char *shared, size_t bytes);

/*
 * XXH64 with seed 0 (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md): 64 bits that tell versions of a
 * value from each other. Some 5 bytes a ns, where FNV-1a makes one. Not against whoever looks for two values with the
 * same digest: he may write the memory, and needs no such trick.
 */
struct isth__digest {
  uint64_t lanes[4];
  uint64_t bytes;
};

void isth__digest_begin(struct isth__digest *digest);
/* Adds a multiple of 32 bytes. */
void isth__digest_add(struct isth__digest *digest, const unsigned char *data, size_t bytes);
/* Adds the rest, any number of bytes. */
uint64_t isth__digest_end(struct isth__digest *digest, const unsigned char *data, size_t bytes);

#endif
