/* calls_test.c: the table of calls in flight: ids, deadlines, scans that are cut short, and a model to compare with. */
#include "calls.h"

#include "random.h"
#include "resources.h"

static struct isth__call_slot *begin(struct isth__calls *calls, uint64_t deadline_ns, uint64_t *id) {
  struct isth__call_slot *slot = isth__calls_next(calls, id);
  CHECK(slot != NULL);
  isth__calls_begin(calls, slot, *id, deadline_ns);
  return slot;
}

static void a_table_takes_as_many_as_its_capacity(void) {
  static const uint32_t capacities[] = {1, 2, 1000, ISTH__MAX_CALLS};
  for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
    struct isth__calls calls;
    uint64_t id = 0, last = 0;
    CHECK_EQUAL(isth__calls_init(&calls, capacities[i]), 0);
    for (uint32_t n = 0; n < capacities[i]; n++) {
      CHECK_EQUAL(isth__calls_in_flight(&calls), n);
      begin(&calls, 0, &id);
      CHECK(id != 0 && id != last);
      last = id;
    }
    CHECK(isth__calls_next(&calls, &id) == NULL);
    struct isth__call_slot *slot = isth__calls_find(&calls, last);
    CHECK(slot != NULL);
    isth__calls_end(&calls, slot);
    CHECK(isth__calls_next(&calls, &id) == slot);
    CHECK(id != last);
    isth__calls_destroy(&calls);
  }
}

static void slots_that_were_not_used_take_no_memory(void) {
  struct isth__calls calls;
  uint64_t id;
  CHECK_EQUAL(isth__calls_init(&calls, ISTH__MAX_CALLS), 0);
  size_t bytes = ISTH__MAX_CALLS * sizeof *calls.slots;
  CHECK_EQUAL(resident_pages(calls.slots, bytes), 0);
  begin(&calls, 0, &id);
  CHECK_EQUAL(resident_pages(calls.slots, bytes), 1);
  isth__calls_destroy(&calls);
}

/* So that a table costs the memory of as many slots as it ever had calls at once. */
static void free_slots_are_used_before_new_ones(void) {
  struct isth__calls calls;
  uint64_t id;
  CHECK_EQUAL(isth__calls_init(&calls, ISTH__MAX_CALLS), 0);
  for (int round = 0; round < 100; round++) {
    struct isth__call_slot *first = begin(&calls, 0, &id), *second = begin(&calls, 0, &id);
    CHECK(first < &calls.slots[2] && second < &calls.slots[2]);
    isth__calls_end(&calls, round % 2 == 0 ? first : second);
    isth__calls_end(&calls, round % 2 == 0 ? second : first);
  }
  CHECK_EQUAL(calls.begun, 2);
  isth__calls_destroy(&calls);
}

static void ids_are_never_used_again(void) {
  struct isth__calls calls;
  uint64_t id, previous = 0, first;
  CHECK_EQUAL(isth__calls_init(&calls, 1), 0);
  isth__calls_end(&calls, begin(&calls, 0, &first));
  for (int i = 0; i < 200000; i++) {
    struct isth__call_slot *slot = begin(&calls, 0, &id);
    CHECK(id > previous);
    CHECK(isth__calls_find(&calls, id) == slot);
    CHECK(isth__calls_find(&calls, previous) == NULL);
    CHECK(isth__calls_find(&calls, first) == NULL);
    isth__calls_end(&calls, slot);
    CHECK(isth__calls_find(&calls, id) == NULL);
    previous = id;
  }
  isth__calls_destroy(&calls);
}

static void ids_that_never_were_are_not_found(void) {
  struct isth__calls calls;
  uint64_t id;
  CHECK_EQUAL(isth__calls_init(&calls, 10), 0);
  begin(&calls, 0, &id);
  static const uint64_t wrong[] = {0, 1, 9, 10, 65535, 65536 + 1, 65536 + 10, 131072, UINT64_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) CHECK(isth__calls_find(&calls, wrong[i]) == NULL);
  isth__calls_destroy(&calls);
}

static void a_scan_that_is_cut_short_goes_on(void) {
  struct isth__calls calls;
  struct isth__call_slot *found[7];
  uint64_t id;
  CHECK_EQUAL(isth__calls_init(&calls, 100), 0);
  for (uint64_t i = 0; i < 50; i++) begin(&calls, 100 + i, &id);
  for (uint64_t i = 0; i < 10; i++) begin(&calls, 1000 - i, &id);
  CHECK_EQUAL(calls.next_deadline_ns, 100);
  CHECK_EQUAL(isth__calls_expired(&calls, 99, found, 7), 0);
  size_t total = 0, scans = 0;
  do {
    size_t count = isth__calls_expired(&calls, 500, found, 7);
    for (size_t i = 0; i < count; i++) isth__calls_end(&calls, found[i]);
    total += count;
    /* Until the scan has seen all, the old bound stands, so that nobody stops looking. */
    if (++scans == 1) CHECK_EQUAL(calls.next_deadline_ns, 100);
  } while (calls.scan_at != 0);
  CHECK_EQUAL(total, 50);
  CHECK_EQUAL(calls.next_deadline_ns, 991);
  CHECK_EQUAL(isth__calls_in_flight(&calls), 10);
  isth__calls_destroy(&calls);
}

static void a_call_begun_during_a_scan_keeps_its_deadline(void) {
  struct isth__calls calls;
  struct isth__call_slot *found[1];
  uint64_t id;
  CHECK_EQUAL(isth__calls_init(&calls, 8), 0);
  for (int i = 0; i < 4; i++) begin(&calls, 10, &id);
  CHECK_EQUAL(isth__calls_expired(&calls, 20, found, 1), 1);
  CHECK(calls.scan_at != 0);
  /* Its slot is one that the scan has passed. */
  isth__calls_end(&calls, found[0]);
  CHECK(begin(&calls, 30, &id) == found[0]);
  while (calls.scan_at != 0)
    if (isth__calls_expired(&calls, 20, found, 1) == 1) isth__calls_end(&calls, found[0]);
  CHECK_EQUAL(calls.next_deadline_ns, 30);
  CHECK_EQUAL(isth__calls_expired(&calls, 30, found, 1), 1);
  CHECK_EQUAL(found[0]->id, id);
  isth__calls_destroy(&calls);
}

static void a_deadline_can_be_moved(void) {
  struct isth__calls calls;
  struct isth__call_slot *found[2];
  uint64_t id;
  CHECK_EQUAL(isth__calls_init(&calls, 8), 0);
  struct isth__call_slot *slot = begin(&calls, 100, &id);
  isth__calls_rearm(&calls, slot, 50);
  CHECK_EQUAL(calls.next_deadline_ns, 50);
  isth__calls_rearm(&calls, slot, 200);
  /* Nobody looks too late; the bound is set anew by the scan. */
  CHECK_EQUAL(isth__calls_expired(&calls, 150, found, 2), 0);
  CHECK_EQUAL(calls.next_deadline_ns, 200);
  isth__calls_rearm(&calls, slot, 0);
  CHECK_EQUAL(isth__calls_expired(&calls, UINT64_MAX, found, 2), 0);
  CHECK_EQUAL(calls.next_deadline_ns, 0);
  isth__calls_rearm(&calls, slot, 300);
  CHECK_EQUAL(calls.next_deadline_ns, 300);
  CHECK_EQUAL(isth__calls_expired(&calls, 300, found, 2), 1);
  isth__calls_destroy(&calls);
}

/* ---- against a model that is too simple to be wrong ---- */

enum { MODEL_CAPACITY = 40 };

struct model_call {
  uint64_t id, deadline_ns; /* id 0: none */
};

static struct model_call *model_find(struct model_call *model, uint64_t id) {
  for (size_t i = 0; i < MODEL_CAPACITY; i++)
    if (model[i].id == id) return &model[i];
  return NULL;
}

static uint64_t model_earliest(const struct model_call *model) {
  uint64_t earliest = 0;
  for (size_t i = 0; i < MODEL_CAPACITY; i++) {
    if (model[i].id == 0 || model[i].deadline_ns == 0) continue;
    if (earliest == 0 || model[i].deadline_ns < earliest) earliest = model[i].deadline_ns;
  }
  return earliest;
}

static void expire_both(struct isth__calls *calls, struct model_call *model, uint64_t now_ns, size_t max) {
  struct isth__call_slot *found[MODEL_CAPACITY];
  size_t count = isth__calls_expired(calls, now_ns, found, max);
  CHECK(count <= max);
  for (size_t i = 0; i < count; i++) {
    struct model_call *call = model_find(model, found[i]->id);
    CHECK(found[i]->id != 0 && call != NULL);
    CHECK(call->deadline_ns != 0 && call->deadline_ns <= now_ns);
    call->id = 0;
    isth__calls_end(calls, found[i]);
  }
}

static void it_agrees_with_a_naive_model(void) {
  struct random random = random_start(11);
  struct isth__calls calls;
  struct model_call model[MODEL_CAPACITY] = {{0, 0}};
  uint64_t now_ns = 1, last_id = UINT64_MAX;
  CHECK_EQUAL(isth__calls_init(&calls, MODEL_CAPACITY), 0);
  for (int step = is_slow() ? 20000 : 400000; step > 0; step--) {
    now_ns += random_below(&random, 3);
    uint64_t choice = random_below(&random, 11), id;
    if (choice < 5) {
      struct isth__call_slot *slot = isth__calls_next(&calls, &id);
      struct model_call *room = model_find(model, 0);
      CHECK_EQUAL(slot == NULL, room == NULL);
      if (slot == NULL) continue;
      CHECK(model_find(model, id) == NULL);
      uint64_t deadline_ns = random_below(&random, 4) == 0 ? 0 : now_ns + random_below(&random, 60);
      isth__calls_begin(&calls, slot, id, deadline_ns);
      *room = (struct model_call){id, deadline_ns};
      last_id = id;
    } else if (choice < 8) {
      struct model_call *call = &model[random_below(&random, MODEL_CAPACITY)];
      id = call->id == 0 ? last_id : call->id;
      struct isth__call_slot *slot = isth__calls_find(&calls, id);
      CHECK_EQUAL(slot != NULL, model_find(model, id) != NULL);
      if (slot == NULL) continue;
      CHECK_EQUAL(slot->deadline_ns, model_find(model, id)->deadline_ns);
      isth__calls_end(&calls, slot);
      model_find(model, id)->id = 0;
    } else if (choice == 8) {
      struct model_call *call = &model[random_below(&random, MODEL_CAPACITY)];
      struct isth__call_slot *slot = isth__calls_find(&calls, call->id);
      if (slot == NULL) continue;
      call->deadline_ns = random_below(&random, 3) == 0 ? 0 : now_ns + random_below(&random, 60);
      isth__calls_rearm(&calls, slot, call->deadline_ns);
    } else if (choice == 9) {
      expire_both(&calls, model, now_ns, 1 + random_below(&random, 4));
    } else {
      /* To the end of whatever scan is under way, and then a whole one: nothing that has expired may be left. */
      while (calls.scan_at != 0) expire_both(&calls, model, now_ns, 3);
      do expire_both(&calls, model, now_ns, 3);
      while (calls.scan_at != 0);
      CHECK(model_earliest(model) == 0 || model_earliest(model) > now_ns);
    }
    uint64_t earliest = model_earliest(model);
    if (earliest != 0) CHECK(calls.next_deadline_ns != 0 && calls.next_deadline_ns <= earliest);
    uint32_t in_flight = 0;
    for (size_t i = 0; i < MODEL_CAPACITY; i++) in_flight += model[i].id != 0;
    CHECK_EQUAL(isth__calls_in_flight(&calls), in_flight);
  }
  isth__calls_destroy(&calls);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a table takes as many as its capacity", a_table_takes_as_many_as_its_capacity},
      {"slots that were not used take no memory", slots_that_were_not_used_take_no_memory},
      {"free slots are used before new ones", free_slots_are_used_before_new_ones},
      {"ids are never used again", ids_are_never_used_again},
      {"ids that never were are not found", ids_that_never_were_are_not_found},
      {"a scan that is cut short goes on", a_scan_that_is_cut_short_goes_on},
      {"a call begun during a scan keeps its deadline", a_call_begun_during_a_scan_keeps_its_deadline},
      {"a deadline can be moved", a_deadline_can_be_moved},
      {"it agrees with a naive model", it_agrees_with_a_naive_model},
  };
  return RUN_TESTS("calls_test", tests);
}
