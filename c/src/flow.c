#include "flow.h"

#include "failpoint.h"

/* How soon a request ring that was full is looked at again by who would sleep. */
enum { RETRY_NS = 1000000 };

static struct isth__flow *flow_of(const isth_client *client, const struct isth__call_slot *slot) {
  return &client->flows[slot - client->calls.slots];
}

void isth__flow_begin(isth_client *client, const struct isth__call_slot *slot, uint64_t deadline_ns) {
  struct isth__flow *flow = flow_of(client, slot);
  uint64_t now_ns = deadline_ns == 0 ? 0 : isth__now_ns();
  flow->allowance_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
  flow->held = flow->owed = 0;
  flow->dropped = false;
}

bool isth__flow_dropped(const isth_client *client, const struct isth__call_slot *slot) {
  return flow_of(client, slot)->dropped;
}

/* Whether the service has to wait for us. */
static bool is_stalled(const isth_client *client, const struct isth__flow *flow) {
  uint64_t used = flow->held + flow->owed;
  return used > 0 && used >= client->options.stream_window_bytes;
}

/* Whether enough is owed to be sent. */
static bool is_due(const isth_client *client, const struct isth__flow *flow) {
  return flow->owed > 0 && flow->owed * 2 >= client->options.stream_window_bytes;
}

/* The time for the next reply begins now, unless the service waits for credit that the receiver has not given. */
static void rearm(isth_client *client, struct isth__call_slot *slot, const struct isth__flow *flow) {
  if (flow->allowance_ns == 0) return;
  bool suspended = is_stalled(client, flow) && !is_due(client, flow);
  isth__calls_rearm(&client->calls, slot, suspended ? 0 : isth__after_ns(flow->allowance_ns));
}

bool isth__flow_receive(isth_client *client, struct isth__call_slot *slot, uint64_t cost) {
  struct isth__flow *flow = flow_of(client, slot);
  if (is_stalled(client, flow)) return false;
  flow->held += cost;
  rearm(client, slot, flow);
  return true;
}

/* Sends a record without a payload; false if there is no room for it. */
static bool send_control(isth_client *client, const struct isth__call_slot *slot, uint16_t kind, uint32_t bytes) {
  struct isth__client_lane *lane = &client->lanes[slot->lane];
  struct isth__record *record;
  if (client->status != 0) return true;
  int error = isth__producer_claim(&lane->requests, 0, &record);
  if (error == ISTH_E_RING_FULL) return false;
  if (error != 0) {
    isth__client_lose(client, error);
    return true;
  }
  struct isth__header header = {.kind = kind, .window = bytes, .call_id = slot->id};
  if (isth__producer_commit(&lane->requests, record, &header, 0)) isth__wake_signal(lane->wake);
  ISTH__FAILPOINT(control_sent);
  return true;
}

/* Sends what a slot owes: its cancellation, or its credit once half of the window has come together. False if there is
 * no room. */
static bool settle_slot(isth_client *client, struct isth__call_slot *slot) {
  struct isth__flow *flow = flow_of(client, slot);
  if (slot->id == 0 || !slot->many) return true;
  if (flow->dropped) {
    if (!send_control(client, slot, ISTH__RECORD_CANCEL, 0)) return false;
    client->dropped--;
    isth__calls_end(&client->calls, slot);
    return true;
  }
  if (!is_due(client, flow)) return true;
  bool stalled = is_stalled(client, flow);
  bool sent = send_control(client, slot, ISTH__RECORD_CREDIT, (uint32_t)flow->owed);
  if (sent) flow->owed = 0;
  /* A service that does not even take credit has no more time than one that does not answer. */
  if (stalled && (sent || slot->deadline_ns == 0)) rearm(client, slot, flow);
  return sent;
}

static void note_debtor(isth_client *client, const struct isth__call_slot *slot) {
  struct isth__flow *flow = flow_of(client, slot);
  if (flow->debtor) return;
  flow->debtor = true;
  flow->next_debtor = client->debtors;
  client->debtors = (uint32_t)(slot - client->calls.slots) + 1;
}

void isth__flow_settle(isth_client *client) {
  uint32_t number = client->debtors;
  client->debtors = 0;
  while (number != 0) {
    struct isth__call_slot *slot = &client->calls.slots[number - 1];
    struct isth__flow *flow = flow_of(client, slot);
    number = flow->next_debtor;
    flow->debtor = false;
    if (!settle_slot(client, slot)) note_debtor(client, slot);
  }
}

uint64_t isth__flow_due_ns(const isth_client *client) { return client->debtors == 0 ? 0 : isth__after_ns(RETRY_NS); }

void isth__flow_drop(isth_client *client, struct isth__call_slot *slot) {
  client->lanes[slot->lane].in_flight--;
  slot->callback = NULL;
  slot->deadline_ns = 0;
  flow_of(client, slot)->dropped = true;
  client->dropped++;
  if (!settle_slot(client, slot)) note_debtor(client, slot);
}

int isth_client_credit(isth_client *client, uint64_t call_id, size_t bytes) {
  struct isth__call_slot *slot = isth__calls_find(&client->calls, call_id);
  if (slot == NULL) return 0;
  if (!slot->many) return ISTH_E_INVALID_ARGUMENT;
  struct isth__flow *flow = flow_of(client, slot);
  if (flow->dropped) return 0;
  if (bytes > flow->held) return ISTH_E_INVALID_ARGUMENT;
  flow->held -= bytes;
  flow->owed += bytes;
  if (!settle_slot(client, slot)) note_debtor(client, slot);
  return 0;
}

void isth__flow_taken(isth_client *client, const isth_reply *reply) {
  const struct isth__call_slot *slot = isth__calls_find(&client->calls, reply->call_id);
  if (slot != NULL && !slot->manual_credit) (void)isth_client_credit(client, reply->call_id, reply->credit);
}
