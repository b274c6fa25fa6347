/* schema.c: a schema as JavaScript describes it: { name, hash, text, regions }. What it says was checked there; what cannot be
 * right is refused by the library. */
#include "regions.h"

#include <stdlib.h>
#include <string.h>

static uint32_t number_of(napi_env env, napi_value object, const char *name) {
  napi_value value;
  uint32_t number = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_uint32(env, value, &number);
  return number;
}

static void name_of(napi_env env, napi_value object, char name[ISTH_NAME_BYTES]) {
  napi_value value;
  if (napi_get_named_property(env, object, "name", &value) == napi_ok)
    napi_get_value_string_utf8(env, value, name, ISTH_NAME_BYTES, NULL);
}

static bool take_text(napi_env env, napi_value object, struct schema *schema) {
  napi_value value;
  size_t length = 0;
  if (napi_get_named_property(env, object, "text", &value) == napi_ok)
    napi_get_value_string_utf8(env, value, NULL, 0, &length);
  schema->text = malloc(length + 1);
  if (schema->text == NULL) return false;
  schema->text[0] = 0;
  if (length > 0) napi_get_value_string_utf8(env, value, schema->text, length + 1, NULL);
  schema->pieces[0] = schema->text;
  schema->schema.text = schema->pieces;
  return true;
}

static bool take_hash(napi_env env, napi_value object, struct schema *schema) {
  napi_value value;
  bool is_array = false;
  size_t size = 0;
  void *hash;
  if (napi_get_named_property(env, object, "hash", &value) != napi_ok ||
      napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, NULL, &size, &hash, NULL, NULL) != napi_ok ||
      size != sizeof schema->schema.hash)
    return false;
  memcpy(schema->schema.hash, hash, size);
  return true;
}

static bool take_regions(napi_env env, napi_value object, struct schema *schema) {
  napi_value list;
  uint32_t count = 0;
  if (napi_get_named_property(env, object, "regions", &list) == napi_ok) napi_get_array_length(env, list, &count);
  if (count == 0) return true;
  schema->regions = calloc(count, sizeof *schema->regions);
  schema->region_names = calloc(count, sizeof *schema->region_names);
  if (schema->regions == NULL || schema->region_names == NULL) return false;
  for (uint32_t i = 0; i < count; i++) {
    napi_value type;
    if (napi_get_element(env, list, i, &type) != napi_ok) return false;
    name_of(env, type, schema->region_names[i]);
    schema->regions[i] = (isth_region_type){.id = i + 1,
                                            .name = schema->region_names[i],
                                            .bytes = number_of(env, type, "bytes"),
                                            .rows = number_of(env, type, "rows"),
                                            .key_offset = number_of(env, type, "keyOffset"),
                                            .key_bytes = number_of(env, type, "keyBytes"),
                                            .key_is_text = number_of(env, type, "keyIsText") != 0,
                                            .writers = (isth_writers)number_of(env, type, "writers")};
  }
  schema->schema.regions = schema->regions;
  schema->schema.region_count = count;
  return true;
}

struct schema *schema_create(napi_env env, napi_value object) {
  struct schema *schema = calloc(1, sizeof *schema);
  if (schema != NULL) {
    schema->schema.name = schema->name;
    name_of(env, object, schema->name);
    bool has_hash = take_hash(env, object, schema);
    if (has_hash && take_text(env, object, schema) && take_regions(env, object, schema)) return schema;
    schema_free(schema);
    if (!has_hash) {
      throw_status(env, ISTH_E_INVALID_ARGUMENT, "a schema without its hash");
      return NULL;
    }
  }
  throw_status(env, ISTH_E_OUT_OF_MEMORY, "a schema");
  return NULL;
}

void schema_free(struct schema *schema) {
  if (schema == NULL) return;
  free(schema->text);
  free(schema->regions);
  free(schema->region_names);
  free(schema);
}

const isth_region_type *schema_region(const struct schema *schema, uint32_t id) {
  return schema == NULL || id == 0 || id > schema->schema.region_count ? NULL : &schema->regions[id - 1];
}
