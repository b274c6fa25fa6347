/* metadata.c: for whom a request is: core encodes it as a record has it, once for many calls; the library takes entries. */
#include "addon.h"

#include <string.h>

int metadata_entries(const unsigned char *block, size_t bytes, isth_metadata entries[METADATA_ENTRIES], size_t *count) {
  *count = 0;
  for (size_t at = 0; at < bytes;) {
    struct {
      uint16_t key, size;
    } entry;
    if (*count == METADATA_ENTRIES || bytes - at < sizeof entry) return ISTH_E_INVALID_ARGUMENT;
    memcpy(&entry, block + at, sizeof entry);
    at += sizeof entry;
    size_t room = ((size_t)entry.size + 3) / 4 * 4;
    if (room > bytes - at) return ISTH_E_INVALID_ARGUMENT;
    entries[(*count)++] = (isth_metadata){(isth_metadata_key)entry.key, (const char *)block + at, entry.size};
    at += room;
  }
  return 0;
}

void metadata_argument(napi_env env, napi_value value, const unsigned char **block, size_t *bytes) {
  bool given = false;
  void *data = NULL;
  *bytes = 0;
  napi_is_typedarray(env, value, &given);
  if (given) napi_get_typedarray_info(env, value, NULL, bytes, &data, NULL, NULL);
  *block = data;
}
