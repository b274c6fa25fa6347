/* region_fixture.h: a region in memory of its own, as a service and its clients have it. */
#ifndef ISTH_TEST_REGION_FIXTURE_H
#define ISTH_TEST_REGION_FIXTURE_H

#include "region_memory.h"

#include "resources.h"

#include <sys/mman.h>

struct region_fixture {
  isth_region_type type;
  size_t size;
  int fd;
  void *memory; /* as the owner has it mapped */
  void *watch;
};

enum { FIXTURE_EPOCH = 4711 };

static inline void fixture_open(struct region_fixture *fixture, isth_region_type type) {
  type.id = 1;
  type.name = "state";
  CHECK(isth__region_type_valid(&type));
  *fixture = (struct region_fixture){.type = type, .size = isth__region_memory_bytes(&type)};
  if (type.writers == ISTH_WRITERS_ONE) {
    fixture->fd = isth__memory_create_owned(fixture->size, &fixture->memory);
    CHECK(fixture->fd >= 0);
  } else {
    fixture->fd = isth__memory_create(fixture->size);
    CHECK(fixture->fd >= 0);
    fixture->memory = mmap(NULL, fixture->size, PROT_READ | PROT_WRITE, MAP_SHARED, fixture->fd, 0);
  }
  fixture->watch = mmap(NULL, ISTH__REGION_WATCH_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(fixture->memory != MAP_FAILED && fixture->watch != MAP_FAILED);
  isth__region_memory_init(fixture->memory, &type, FIXTURE_EPOCH);
}

static inline void fixture_close(struct region_fixture *fixture) {
  munmap(fixture->memory, fixture->size);
  munmap(fixture->watch, ISTH__REGION_WATCH_BYTES);
  close(fixture->fd);
}

/* As the owner, or any writer where there are several, comes at it. */
static inline isth_region *fixture_writer(struct region_fixture *fixture) {
  isth_region *region;
  struct isth__region_access access = {
      .memory = fixture->memory, .watch_line = fixture->watch, .writable = true, .lock_fd = fixture->fd};
  CHECK_EQUAL(isth__region_open(&region, &fixture->type, &access), 0);
  return region;
}

struct fixture_mapping {
  void *memory;
  size_t size;
};

static inline void fixture_unmap(void *owner) {
  struct fixture_mapping *mapping = owner;
  munmap(mapping->memory, mapping->size);
  free(mapping);
}

/* As a client comes at it: in a mapping of its own, which it can only read. */
static inline isth_region *fixture_reader(struct region_fixture *fixture) {
  struct fixture_mapping *mapping = malloc(sizeof *mapping);
  CHECK(mapping != NULL);
  *mapping = (struct fixture_mapping){mmap(NULL, fixture->size, PROT_READ, MAP_SHARED, fixture->fd, 0), fixture->size};
  CHECK(mapping->memory != MAP_FAILED);
  isth_region *region;
  struct isth__region_access access = {.memory = mapping->memory,
                                       .watch_line = fixture->watch,
                                       .lock_fd = -1,
                                       .owner = mapping,
                                       .release = fixture_unmap};
  CHECK_EQUAL(isth__region_open(&region, &fixture->type, &access), 0);
  return region;
}

/* ---- values of eight-byte words, each of which follows from the first and its place: a torn one shows ---- */

static inline uint64_t value_word(uint64_t seed, size_t at) { return (seed + at) * 0x9e3779b97f4a7c15u; }

static inline void value_fill(void *value, size_t size, uint64_t seed) {
  for (size_t i = 0; i < size / 8; i++) {
    uint64_t word = i == 0 ? seed : value_word(seed, i);
    memcpy((unsigned char *)value + i * 8, &word, sizeof word);
  }
}

/* The seed that the value was filled with. */
static inline uint64_t value_check(const void *value, size_t size) {
  uint64_t seed, word;
  memcpy(&seed, value, sizeof seed);
  for (size_t i = 1; i < size / 8; i++) {
    memcpy(&word, (const unsigned char *)value + i * 8, sizeof word);
    CHECK(word == value_word(seed, i));
  }
  return seed;
}

#endif
