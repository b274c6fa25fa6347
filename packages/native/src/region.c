/* region.c: a region's JavaScript object: its buffer, and what reads and writes through it. */
#include "regions.h"

#include <stdlib.h>
#include <string.h>

enum { VALUE_ALIGN = 8 };

struct region {
  napi_env env;
  struct region_hold *hold; /* NULL once closed */
  struct shared_buffer buffer;
  struct region_words *words;
  unsigned char *value, *key;
  size_t bytes;
  struct watch *watch; /* NULL: nobody watches */
};

void region_hold_release(struct region_hold *hold) {
  if (atomic_fetch_sub_explicit(&hold->uses, 1, memory_order_acq_rel) > 1) return;
  if (hold->owner == NULL) {
    isth_region_close(hold->region);
  } else {
    owner_release(hold->owner);
  }
  free(hold);
}

static struct region *region_of(napi_env env, napi_callback_info info) {
  void *data = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  return data;
}

static napi_value number(napi_env env, int32_t value) {
  napi_value result;
  return napi_create_int32(env, value, &result) == napi_ok ? result : NULL;
}

/* The row that the words ask for. */
static int find_row(const struct region *region, uint32_t *row) {
  *row = region->words->row;
  if (*row != ROW_OF_KEY) return 0;
  int status = isth_region_find(region->hold->region, region->key, row);
  if (status == 0) region->words->row = *row;
  return status;
}

/* Whether the words ask for a part that there is. The library looks too, but not at our buffer. */
static bool part_of(const struct region *region, uint32_t *offset, uint32_t *size) {
  *offset = region->words->offset;
  *size = region->words->size;
  return *size <= region->bytes && *offset <= region->bytes - *size;
}

/* Each of the following returns 0 or an error's number, and leaves the stamp in the words. */

static napi_value read_row(napi_env env, napi_callback_info info) {
  struct region *region = region_of(env, info);
  uint32_t row;
  if (region->hold == NULL) return number(env, ISTH_E_CLOSED);
  int status = find_row(region, &row);
  if (status == 0) status = isth_region_read(region->hold->region, row, region->value, &region->words->stamp);
  return number(env, status);
}

/* Only a part, which comes to lie at the beginning of the value. */
static napi_value read_part(napi_env env, napi_callback_info info) {
  struct region *region = region_of(env, info);
  uint32_t row, offset, size;
  if (region->hold == NULL) return number(env, ISTH_E_CLOSED);
  if (!part_of(region, &offset, &size)) return number(env, ISTH_E_INVALID_ARGUMENT);
  int status = find_row(region, &row);
  if (status == 0)
    status = isth_region_read_part(region->hold->region, row, offset, region->value, size, &region->words->stamp);
  return number(env, status);
}

static napi_value stamp_row(napi_env env, napi_callback_info info) {
  struct region *region = region_of(env, info);
  uint32_t row;
  if (region->hold == NULL) return number(env, ISTH_E_CLOSED);
  int status = find_row(region, &row);
  if (status == 0) status = isth_region_stamp(region->hold->region, row, &region->words->stamp);
  return number(env, status);
}

/* After a write: says who was in its way. */
static napi_value written(napi_env env, const struct region *region, int status) {
  if (status == ISTH_E_LOCK_TIMEOUT) region->words->holder = isth_region_holder(region->hold->region);
  return number(env, status);
}

static napi_value write_row(napi_env env, napi_callback_info info) {
  struct region *region = region_of(env, info);
  if (region->hold == NULL) return number(env, ISTH_E_CLOSED);
  struct region_words *words = region->words;
  uint32_t row = words->row;
  int status;
  isth_region_set_patience(region->hold->region, words->patience_ns);
  if (row == ROW_OF_KEY) {
    status = isth_region_put(region->hold->region, region->value, words->expected, &row, &words->stamp);
    if (status == 0) words->row = row;
  } else {
    status = isth_region_write(region->hold->region, row, region->value, words->expected, &words->stamp);
  }
  return written(env, region, status);
}

static napi_value write_part(napi_env env, napi_callback_info info) {
  struct region *region = region_of(env, info);
  uint32_t row, offset, size;
  if (region->hold == NULL) return number(env, ISTH_E_CLOSED);
  if (!part_of(region, &offset, &size)) return number(env, ISTH_E_INVALID_ARGUMENT);
  isth_region_set_patience(region->hold->region, region->words->patience_ns);
  int status = find_row(region, &row);
  if (status == 0)
    status = isth_region_write_part(region->hold->region, row, offset, region->value, size, region->words->expected,
                                    &region->words->stamp);
  return written(env, region, status);
}

/* How many rows and changes there are. */
static napi_value look(napi_env env, napi_callback_info info) {
  struct region *region = region_of(env, info);
  if (region->hold == NULL) return number(env, ISTH_E_CLOSED);
  /* In this order: rows that are there by the time that changes were counted are among them. */
  region->words->changes = isth_region_changes(region->hold->region);
  region->words->recovered = isth_region_recovered(region->hold->region);
  region->words->rows = isth_region_rows(region->hold->region);
  return number(env, 0);
}

static void unwatch_region(struct region *region) {
  if (region->watch != NULL) watch_stop(region->watch);
  region->watch = NULL;
}

/* watch(function), until unwatch() or close(); one at a time. */
static napi_value watch_region(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value function;
  void *data = NULL;
  napi_get_cb_info(env, info, &count, &function, NULL, &data);
  struct region *region = data;
  if (region->hold == NULL) return throw_status(env, ISTH_E_CLOSED, "");
  unwatch_region(region);
  region->watch = watch_start(env, region->hold, function);
  return NULL;
}

/* setRest(ns), of what is watched */
static napi_value set_rest(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  uint32_t rest_ns = 0;
  void *data = NULL;
  napi_get_cb_info(env, info, &count, &value, NULL, &data);
  const struct region *region = data;
  if (region->watch != NULL && napi_get_value_uint32(env, value, &rest_ns) == napi_ok)
    watch_set_rest(region->watch, rest_ns);
  return NULL;
}

static napi_value unwatch(napi_env env, napi_callback_info info) {
  unwatch_region(region_of(env, info));
  return NULL;
}

static void close_region(struct region *region) {
  unwatch_region(region);
  if (region->hold != NULL) region_hold_release(region->hold);
  region->hold = NULL;
  shared_buffer_release(region->env, &region->buffer);
}

/* Any number of times. */
static napi_value close_object(napi_env env, napi_callback_info info) {
  close_region(region_of(env, info));
  return NULL;
}

static void finalize_object(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  close_region(data);
  free(data);
}

static bool share_buffer(struct region *region, napi_value object, const isth_region_type *type) {
  napi_env env = region->env;
  size_t key_at = REGION_WORDS_BYTES + (region->bytes + VALUE_ALIGN - 1) / VALUE_ALIGN * VALUE_ALIGN;
  napi_value value;
  if (!shared_buffer_create(env, &region->buffer, key_at + type->key_bytes)) return false;
  region->words = (struct region_words *)(void *)region->buffer.bytes;
  region->value = region->buffer.bytes + REGION_WORDS_BYTES;
  region->key = region->buffer.bytes + key_at;
  return napi_get_reference_value(env, region->buffer.reference, &value) == napi_ok &&
         napi_set_named_property(env, object, "buffer", value) == napi_ok &&
         napi_create_uint32(env, (uint32_t)key_at, &value) == napi_ok &&
         napi_set_named_property(env, object, "keyAt", value) == napi_ok &&
         napi_create_bigint_uint64(env, isth_region_epoch(region->hold->region), &value) == napi_ok &&
         napi_set_named_property(env, object, "epoch", value) == napi_ok &&
         napi_get_boolean(env, isth_region_writable(region->hold->region), &value) == napi_ok &&
         napi_set_named_property(env, object, "writable", value) == napi_ok;
}

static bool share_functions(struct region *region, napi_value object) {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {{"read", read_row},        {"readPart", read_part}, {"stamp", stamp_row},    {"write", write_row},
                   {"writePart", write_part}, {"look", look},          {"watch", watch_region}, {"setRest", set_rest},
                   {"unwatch", unwatch},      {"close", close_object}};
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    napi_value function;
    if (napi_create_function(region->env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, region,
                             &function) != napi_ok ||
        napi_set_named_property(region->env, object, functions[i].name, function) != napi_ok)
      return false;
  }
  return true;
}

napi_value region_create(napi_env env, isth_region *region, const isth_region_type *type, struct owner *owner) {
  struct region_hold *hold = malloc(sizeof *hold);
  if (hold == NULL) {
    if (owner == NULL) {
      isth_region_close(region);
    } else {
      owner_release(owner);
    }
    return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a region");
  }
  *hold = (struct region_hold){1, region, owner};
  struct region *made = calloc(1, sizeof *made);
  napi_value object;
  if (made != NULL) {
    *made = (struct region){.env = env, .hold = hold, .bytes = isth_region_bytes(region)};
    if (napi_create_object(env, &object) == napi_ok &&
        napi_add_finalizer(env, object, made, finalize_object, NULL, NULL) == napi_ok) {
      /* From here on the object owns it, whether or not anybody ever sees that. */
      if (share_buffer(made, object, type) && share_functions(made, object)) return object;
      return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a region's buffer");
    }
    free(made);
  }
  region_hold_release(hold);
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a region");
}
