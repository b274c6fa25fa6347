/*
 * regions.h: regions made callable from JavaScript.
 *
 * JavaScript never gets a region's memory: writing to what is mapped read-only would kill the process. Native code copies between
 * the region and a buffer that JavaScript owns, one crossing for each read or write. Arguments and results lie in that buffer too,
 * since a number costs more as a Node-API value than the crossing itself:
 *
 *   | words (below), 64 bytes | the value, or the part of it that is read or written, aligned to 64 | the key, aligned to 8 |
 */
#ifndef ISTHMUS_ADDON_REGIONS_H
#define ISTHMUS_ADDON_REGIONS_H

#include "addon.h"

#include <isthmus/region.h>
#include <pthread.h>
#include <stdatomic.h>

/* Instead of a row's number: the row whose key lies in the buffer; of a write, one that is added if need be. */
#define ROW_OF_KEY UINT32_MAX

enum { REGION_WORDS_BYTES = 64 };

/* JavaScript knows these offsets: RegionWord in index.ts. */
struct region_words {
  uint32_t row;          /* in; ROW_OF_KEY becomes the number that was found */
  uint32_t offset, size; /* in: of a part */
  uint32_t rows;         /* out, of look() */
  uint64_t expected;     /* in, of a write */
  isth_stamp stamp;      /* out */
  uint64_t changes;      /* out, of look() */
  uint64_t recovered;    /* out, of look() */
  uint32_t holder;       /* out, after LOCK_TIMEOUT: the process that holds the lock; 0: not known */
  uint32_t patience_ns;  /* in, of a write: how long it waits for the lock */
};
_Static_assert(sizeof(struct region_words) <= REGION_WORDS_BYTES && offsetof(struct region_words, rows) == 12 &&
                   offsetof(struct region_words, expected) == 16 && offsetof(struct region_words, stamp) == 24 &&
                   offsetof(struct region_words, changes) == 40 && offsetof(struct region_words, recovered) == 48 &&
                   offsetof(struct region_words, holder) == 56 && offsetof(struct region_words, patience_ns) == 60,
               "index.ts has the same");

/* schema.c: a schema as JavaScript describes it, in memory of its own. */
struct schema {
  isth_schema schema;
  char name[ISTH_NAME_BYTES];
  char *text;
  const char *pieces[2];
  isth_region_type *regions;
  char (*region_names)[ISTH_NAME_BYTES];
};
/* NULL: an exception is pending. */
struct schema *schema_create(napi_env env, napi_value object);
void schema_free(struct schema *schema);
/* The type of a region of it; NULL: there is none of this number. NULL is allowed as the schema. */
const isth_region_type *schema_region(const struct schema *schema, uint32_t id);

struct owner;

/* A region that a JavaScript object uses, and maybe the thread that watches it: given back by whoever is last. */
struct region_hold {
  atomic_uint uses;
  isth_region *region;
  struct owner *owner; /* whose service it belongs to; NULL: it is ours to close */
};
void region_hold_release(struct region_hold *hold);

/* region.c */
/* Makes the JavaScript object of a region, which it owns from then on, even if it fails (NULL). `owner`: as above; its use is
 * handed over. */
napi_value region_create(napi_env env, isth_region *region, const isth_region_type *type, struct owner *owner);

/* watch.c: a thread that waits for changes of one region. */
struct watch;
/* `function` is called, without arguments, once there may be something new; several changes make one call, and there are at
 * most 1,000 calls a second. Never keeps the event loop alive. NULL: an exception is pending. */
struct watch *watch_start(napi_env env, struct region_hold *hold, napi_value function);
/* Makes it so long from one call to the next, at least 1 ms, also if the thread rests already. */
void watch_set_rest(struct watch *watch, uint32_t rest_ns);
/* Does not wait for the thread, which may call once more. */
void watch_stop(struct watch *watch);

/* owner.c: a service that has regions and answers nothing. */
napi_value own_regions(napi_env env, napi_callback_info info);
void owner_release(struct owner *owner);

#endif
