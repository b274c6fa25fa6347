#include "regions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "region_memory.h"

struct isth__regions {
  isth__atomic_u32 users; /* the service or client, and each region that is open */
  bool owner;
  struct {
    unsigned char *bytes; /* mapped; NULL: there is none */
    uint64_t size;
    int descriptor; /* of a client: only of the shared one, for the writers' locks; else -1 */
  } memories[ISTH__MEMORIES];
  uint32_t count;
  struct isth__placed {
    isth_region_type type; /* its name is in `name` */
    char name[ISTH_NAME_BYTES];
    uint64_t offset; /* in its memory */
  } placed[];
};

static enum isth__memory memory_of(const isth_region_type *type) {
  return type->writers == ISTH_WRITERS_ONE ? ISTH__MEMORY_OWNED : ISTH__MEMORY_SHARED;
}

/* Checks the next type, and computes where its region lies. */
static int place_next(struct isth__regions *regions, const isth_region_type *type, isth_failure *failure) {
  uint32_t number = regions->count + 1;
  if (type->id != number)
    return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "region %u has the number %u", (unsigned)number,
                      (unsigned)type->id);
  if (!isth__region_type_valid(type))
    return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "the name, size, rows, key or writers of region %u are not valid",
                      (unsigned)number);
  struct isth__placed *placed = &regions->placed[regions->count++];
  uint64_t *end = &regions->memories[memory_of(type)].size;
  placed->type = *type;
  snprintf(placed->name, sizeof placed->name, "%s", type->name);
  placed->type.name = placed->name;
  placed->offset = *end;
  *end += isth__region_memory_bytes(type);
  regions->memories[ISTH__MEMORY_WATCH].size += ISTH__REGION_WATCH_BYTES;
  if (regions->memories[ISTH__MEMORY_OWNED].size + regions->memories[ISTH__MEMORY_SHARED].size >
      ISTH__MAX_REGION_MEMORY)
    return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "with %s, the regions take more than %d bytes", type->name,
                      ISTH__MAX_REGION_MEMORY);
  return 0;
}

/* Computes where each region lies. Nothing is mapped yet. */
static int place_all(struct isth__regions **made, const isth_schema *schema, isth_failure *failure) {
  size_t count = schema->region_count;
  if (count > ISTH_MAX_REGIONS || schema->regions == NULL)
    return isth__fail(failure, ISTH_E_SCHEMA_INVALID, "%zu regions, of which there can be %d", count, ISTH_MAX_REGIONS);
  struct isth__regions *regions = calloc(1, sizeof *regions + count * sizeof regions->placed[0]);
  if (regions == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "%zu regions", count);
  isth__store_relaxed(&regions->users, 1);
  for (int i = 0; i < ISTH__MEMORIES; i++) regions->memories[i].descriptor = -1;
  int error = 0;
  for (size_t i = 0; i < count && error == 0; i++) error = place_next(regions, &schema->regions[i], failure);
  if (error != 0) {
    free(regions);
    return error;
  }
  *made = regions;
  return 0;
}

static int make_memory(struct isth__regions *regions, enum isth__memory kind) {
  uint64_t size = regions->memories[kind].size;
  void *mapped = NULL;
  int fd = kind == ISTH__MEMORY_OWNED ? isth__memory_create_owned(size, &mapped) : isth__memory_create(size);
  if (fd < 0) return fd;
  regions->memories[kind].descriptor = fd;
  if (kind != ISTH__MEMORY_OWNED) mapped = isth__memory_map(fd, size, true);
  if (mapped == NULL) return -errno;
  regions->memories[kind].bytes = mapped;
  return 0;
}

int isth__regions_create(struct isth__regions **regions, const isth_schema *schema, isth_failure *failure) {
  struct isth__regions *made;
  uint64_t epoch = 0;
  *regions = NULL;
  int error = place_all(&made, schema, failure);
  if (error != 0) return error;
  made->owner = true;
  for (enum isth__memory kind = 0; kind < ISTH__MEMORIES && error == 0; kind++)
    if (made->memories[kind].size > 0) error = make_memory(made, kind);
  if (error == 0) error = isth__random(&epoch, sizeof epoch);
  if (error != 0) {
    isth__regions_release(made);
    return isth__fail(failure, error == -ENOMEM ? ISTH_E_OUT_OF_MEMORY : ISTH_E_SYSTEM, "the memory of the regions: %s",
                      strerror(-error));
  }
  for (uint32_t i = 0; i < made->count; i++) {
    const struct isth__placed *placed = &made->placed[i];
    isth__region_memory_init(made->memories[memory_of(&placed->type)].bytes + placed->offset, &placed->type, epoch);
  }
  *regions = made;
  return 0;
}

static const char *const memory_names[ISTH__MEMORIES] = {
    [ISTH__MEMORY_OWNED] = "owned", [ISTH__MEMORY_SHARED] = "shared", [ISTH__MEMORY_WATCH] = "watch"};

static int map_regions_memory(struct isth__regions *regions, enum isth__memory kind, int fd, isth_failure *failure) {
  uint64_t size = regions->memories[kind].size;
  bool owned = kind == ISTH__MEMORY_OWNED;
  if (!isth__memory_verify(fd, size) || isth__memory_is_owned(fd) != owned)
    return isth__fail(failure, ISTH_E_SEGMENT_REFUSED,
                      "the %s memory of the instance's regions is not a memfd of %llu bytes, sealed as it should be",
                      memory_names[kind], (unsigned long long)size);
  void *mapped = isth__memory_map(fd, size, !owned);
  if (mapped == NULL)
    return isth__fail(failure, errno == ENOMEM ? ISTH_E_OUT_OF_MEMORY : ISTH_E_SEGMENT_REFUSED,
                      "mapping the %s memory of the instance's regions: %s", memory_names[kind], strerror(errno));
  regions->memories[kind].bytes = mapped;
  if (kind != ISTH__MEMORY_SHARED) return 0;
  regions->memories[kind].descriptor = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (regions->memories[kind].descriptor >= 0) return 0;
  return isth__fail(failure, ISTH_E_SYSTEM, "keeping the regions' descriptor: %s", strerror(errno));
}

/* Whether the sizes that came are those of our schema. */
static int compare_sizes(const struct isth__regions *regions, const uint64_t memory_bytes[ISTH__MEMORIES],
                         isth_failure *failure) {
  for (int i = 0; i < ISTH__MEMORIES; i++) {
    uint64_t expected = regions == NULL ? 0 : regions->memories[i].size;
    if (memory_bytes[i] != expected)
      return isth__fail(failure, ISTH_E_SEGMENT_REFUSED,
                        "the instance's regions have %llu bytes of %s memory, not %llu as the schema here says",
                        (unsigned long long)memory_bytes[i], memory_names[i], (unsigned long long)expected);
  }
  return 0;
}

int isth__regions_map(struct isth__regions **regions, const isth_schema *schema,
                      const uint64_t memory_bytes[ISTH__MEMORIES], const int *descriptors, size_t count,
                      isth_failure *failure) {
  struct isth__regions *mapped = NULL;
  size_t expected = 0, used = 0;
  *regions = NULL;
  int error = schema->region_count > 0 ? place_all(&mapped, schema, failure) : 0;
  if (error == 0) error = compare_sizes(mapped, memory_bytes, failure);
  for (int i = 0; i < ISTH__MEMORIES; i++) expected += memory_bytes[i] > 0;
  if (error == 0 && count != expected)
    error =
        isth__fail(failure, ISTH_E_SEGMENT_REFUSED, "%zu descriptors came with the welcome, not %zu", count, expected);
  /* Without regions of ours every size is 0 by now. */
  for (enum isth__memory kind = 0; mapped != NULL && kind < ISTH__MEMORIES && error == 0; kind++)
    if (memory_bytes[kind] > 0) error = map_regions_memory(mapped, kind, descriptors[used++], failure);
  if (error == 0) {
    *regions = mapped;
  } else {
    isth__regions_release(mapped);
  }
  return error;
}

size_t isth__regions_describe(const struct isth__regions *regions, uint64_t memory_bytes[ISTH__MEMORIES],
                              int descriptors[ISTH__MEMORIES]) {
  size_t count = 0;
  for (int i = 0; i < ISTH__MEMORIES; i++) {
    memory_bytes[i] = regions == NULL ? 0 : regions->memories[i].size;
    if (memory_bytes[i] > 0) descriptors[count++] = regions->memories[i].descriptor;
  }
  return count;
}

static void release_regions(void *regions) { isth__regions_release(regions); }

int isth__regions_open(struct isth__regions *regions, uint32_t id, isth_region **region) {
  *region = NULL;
  if (regions == NULL || id < 1 || id > regions->count) return ISTH_E_UNKNOWN_REGION;
  const struct isth__placed *placed = &regions->placed[id - 1];
  enum isth__memory kind = memory_of(&placed->type);
  struct isth__region_access access = {.memory = regions->memories[kind].bytes + placed->offset,
                                       .watch_line = regions->memories[ISTH__MEMORY_WATCH].bytes +
                                                     (id - 1) * (size_t)ISTH__REGION_WATCH_BYTES,
                                       .writable = regions->owner || kind == ISTH__MEMORY_SHARED,
                                       .lock_fd = kind == ISTH__MEMORY_SHARED ? regions->memories[kind].descriptor : -1,
                                       .owner = regions,
                                       .release = release_regions};
  isth__add_relaxed(&regions->users, 1);
  int error = isth__region_open(region, &placed->type, &access);
  if (error != 0) isth__regions_release(regions);
  return error;
}

void isth__regions_release(struct isth__regions *regions) {
  /* Counted down to zero, as atomic.h says. */
  if (regions == NULL || isth__subtract_acquire_release(&regions->users, 1) != 1) return;
  for (int i = 0; i < ISTH__MEMORIES; i++) {
    isth__memory_unmap(regions->memories[i].bytes, regions->memories[i].size);
    if (regions->memories[i].descriptor >= 0) close(regions->memories[i].descriptor);
  }
  free(regions);
}
