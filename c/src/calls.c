#include "calls.h"

#include <stdlib.h>

#include "pages.h"

enum { SLOT_BITS = 16, SLOT_MASK = ISTH__MAX_CALLS - 1 };

int isth__calls_init(struct isth__calls *calls, uint32_t capacity) {
  *calls = (struct isth__calls){.capacity = capacity};
  calls->slots = isth__pages_map(capacity * sizeof *calls->slots);
  calls->free = malloc(capacity * sizeof *calls->free);
  if (calls->slots == NULL || calls->free == NULL) {
    isth__calls_destroy(calls);
    return ISTH_E_OUT_OF_MEMORY;
  }
  return 0;
}

void isth__calls_destroy(struct isth__calls *calls) {
  isth__pages_unmap(calls->slots, calls->capacity * sizeof *calls->slots);
  free(calls->free);
  calls->slots = NULL;
  calls->free = NULL;
}

struct isth__call_slot *isth__calls_next(struct isth__calls *calls, uint64_t *id) {
  if (calls->free_count == 0 && calls->begun == calls->capacity) return NULL;
  uint32_t number = calls->free_count == 0 ? calls->begun : calls->free[calls->free_count - 1];
  struct isth__call_slot *slot = &calls->slots[number];
  *id = (slot->last == 0 ? number : slot->last) + (UINT64_C(1) << SLOT_BITS);
  return slot;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
  if (a == 0) return b;
  return b == 0 || a < b ? a : b;
}

void isth__calls_begin(struct isth__calls *calls, struct isth__call_slot *slot, uint64_t id, uint64_t deadline_ns) {
  if (calls->free_count == 0) {
    calls->begun++;
  } else {
    calls->free_count--;
  }
  slot->id = slot->last = id;
  isth__calls_rearm(calls, slot, deadline_ns);
}

void isth__calls_rearm(struct isth__calls *calls, struct isth__call_slot *slot, uint64_t deadline_ns) {
  slot->deadline_ns = deadline_ns;
  calls->next_deadline_ns = earlier(calls->next_deadline_ns, deadline_ns);
  calls->scan_earliest_ns = earlier(calls->scan_earliest_ns, deadline_ns);
}

struct isth__call_slot *isth__calls_find(struct isth__calls *calls, uint64_t id) {
  uint32_t number = (uint32_t)(id & SLOT_MASK);
  if (id == 0 || number >= calls->begun || calls->slots[number].id != id) return NULL;
  return &calls->slots[number];
}

void isth__calls_end(struct isth__calls *calls, struct isth__call_slot *slot) {
  slot->id = 0;
  calls->free[calls->free_count++] = (uint32_t)(slot - calls->slots);
}

size_t isth__calls_expired(struct isth__calls *calls, uint64_t now_ns, struct isth__call_slot **found, size_t max) {
  size_t count = 0;
  if (calls->scan_at == 0) calls->scan_earliest_ns = 0;
  for (uint32_t i = calls->scan_at; i < calls->begun; i++) {
    struct isth__call_slot *slot = &calls->slots[i];
    if (slot->id == 0 || slot->deadline_ns == 0) continue;
    if (slot->deadline_ns > now_ns) {
      calls->scan_earliest_ns = earlier(calls->scan_earliest_ns, slot->deadline_ns);
    } else if (count == max) {
      calls->scan_at = i;
      return count;
    } else {
      found[count++] = slot;
    }
  }
  calls->scan_at = 0;
  calls->next_deadline_ns = calls->scan_earliest_ns;
  return count;
}
