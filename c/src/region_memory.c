#include "region_memory.h"

#include <string.h>

enum { LINE = 64, WORD = 8 };

static uint64_t align_up(uint64_t bytes, uint64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

static bool region_key_valid(const isth_region_type *type) {
  if (type->key_bytes == 0) return type->rows == 1;
  return type->key_bytes <= type->bytes && type->key_offset <= type->bytes - type->key_bytes;
}

bool isth__region_type_valid(const isth_region_type *type) {
  return type->id >= 1 && type->id <= ISTH_MAX_REGIONS && type->name != NULL && type->name[0] != '\0' &&
         strnlen(type->name, ISTH_NAME_BYTES) < ISTH_NAME_BYTES && type->bytes >= 1 &&
         type->bytes <= ISTH__REGION_MAX_BYTES && type->rows >= 1 && type->rows <= ISTH__REGION_MAX_ROWS &&
         (type->writers == ISTH_WRITERS_ONE || type->writers == ISTH_WRITERS_MANY) && region_key_valid(type);
}

/* At least twice the rows, so that a search meets a free bucket soon. */
static uint32_t count_buckets(const isth_region_type *type) {
  if (type->key_bytes == 0) return 0;
  uint32_t buckets = 2;
  while (buckets < 2 * type->rows) buckets *= 2;
  return buckets;
}

void isth__region_layout(const isth_region_type *type, struct isth__region_layout *layout) {
  layout->buckets = count_buckets(type);
  layout->rows_at =
      align_up(sizeof(struct isth__region_header) + layout->buckets * sizeof(isth__atomic_u32), ISTH__REGION_ALIGN);
  /* A short key shares the line of `latest`: who looks the row up reads it next. */
  layout->slots_at = align_up(sizeof(struct isth__region_row) + align_up(type->key_bytes, WORD), LINE);
  layout->slot_bytes = align_up(sizeof(struct isth__region_slot) + align_up(type->bytes, WORD), LINE);
  layout->row_bytes = layout->slots_at + ISTH__REGION_SLOTS * layout->slot_bytes;
  layout->total = align_up(layout->rows_at + type->rows * layout->row_bytes, ISTH__REGION_ALIGN);
}

uint64_t isth__region_memory_bytes(const isth_region_type *type) {
  struct isth__region_layout layout;
  isth__region_layout(type, &layout);
  return layout.total;
}

void isth__region_memory_init(unsigned char *memory, const isth_region_type *type, uint64_t epoch) {
  struct isth__region_header *header = (struct isth__region_header *)(void *)memory;
  isth__store_relaxed(&header->epoch, epoch);
  isth__store_relaxed(&header->rows, type->key_bytes == 0 ? 1 : 0);
}
