/*
 * regions.h: the memories that a service's regions lie in: who makes them, who maps them, and for how long.
 *
 *   owned:  regions with one writer, one behind the other. The service maps it for writing, and then seals it so that nobody
 *           else can: a client cannot spoil what another one reads.
 *   shared: regions with several writers, one behind the other. Everybody maps it for writing.
 *   watch:  a line for each region, by number, through which watchers ask to be woken. Everybody maps it for writing; what it
 *           says is no more than a hint.
 *
 * Only those that are needed exist. The service makes them when it opens, and passes their descriptors with the welcome; a client
 * checks seals and sizes, and finds its way about by its own schema. The mappings are counted: each region that was opened keeps
 * them, so that regions outlive their client, and what was written outlives the service.
 */
#ifndef ISTH_REGIONS_H
#define ISTH_REGIONS_H

#include "wire.h"

#include <isthmus/region.h>

#include "atomic.h"

enum {
  /* Of all regions of a service together, in bytes. */
  ISTH__MAX_REGION_MEMORY = 1 << 30
};

/* A service's regions, as one process has them mapped. */
struct isth__regions;

/* Makes the memories of a schema's regions, of which there is at least one. Errors: SCHEMA_INVALID, OUT_OF_MEMORY, SYSTEM. */
int isth__regions_create(struct isth__regions **regions, const isth_schema *schema, isth_failure *failure);

/*
 * Maps what an instance's welcome brought. The schema is ours; where neither side has regions, `*regions` becomes NULL. The
 * descriptors stay the caller's, to be closed in any case.
 * Errors: SCHEMA_INVALID, SEGMENT_REFUSED (not what the schema asks for), OUT_OF_MEMORY, SYSTEM.
 */
int isth__regions_map(struct isth__regions **regions, const isth_schema *schema,
                      const uint64_t memory_bytes[ISTH__MEMORIES], const int *descriptors, size_t count,
                      isth_failure *failure);

/* For the welcome: the size of each memory, and the descriptors of those that there are, which stay ours. Returns how many. `regions`
 * may be NULL. */
size_t isth__regions_describe(const struct isth__regions *regions, uint64_t memory_bytes[ISTH__MEMORIES],
                              int descriptors[ISTH__MEMORIES]);

/* A region by its number; it keeps the mappings until it is closed. `regions` may be NULL. Thread-safe. Errors: UNKNOWN_REGION,
 * OUT_OF_MEMORY, SYSTEM. */
int isth__regions_open(struct isth__regions *regions, uint32_t id, isth_region **region);

/* Gives up what create and map gave. NULL is allowed. */
void isth__regions_release(struct isth__regions *regions);

#endif
