/* outcomes_fuzz.c: a client whose service writes anything: replies, positions, credit that is not given back. */
#include "client.h"

#include "flow.h"

#include "rings.h"

#include <unistd.h>

enum { LANES = 2, CALLS = 64, IN_FLIGHT = 16 };

/* What became of each call. */
struct ledger {
  const isth_client *client;
  uint64_t last_id;
  uint32_t calls, ended[CALLS];
};

struct entry {
  struct ledger *ledger;
  uint32_t number;
};

static struct entry entries[CALLS];

/* A client as isth_client_open makes it, but of memory with nothing behind it, and without a peer. */
static isth_client *client_of(struct fuzz_input *input) {
  isth_client *client = calloc(1, sizeof *client + LANES * sizeof client->lanes[0]);
  CHECK(client != NULL);
  isth_client_options_init(&client->options);
  client->options.max_in_flight = IN_FLIGHT;
  client->options.stream_window_bytes = 1024;
  client->connection.shape = (struct isth__shape){LANES, 4096, 4096u << fuzz_below(input, 2)};
  client->connection.segment_bytes = (size_t)isth__segment_bytes(&client->connection.shape);
  client->connection.segment = fuzz_segment(&client->connection.shape);
  client->connection.control = -1;
  client->flows = calloc(IN_FLIGHT, sizeof *client->flows);
  CHECK(client->flows != NULL);
  CHECK_EQUAL(isth__calls_init(&client->calls, IN_FLIGHT), 0);
  client->lane_count = LANES;
  for (uint32_t i = 0; i < LANES; i++) {
    struct isth__client_lane *lane = &client->lanes[i];
    isth__lane_client(client->connection.segment, &client->connection.shape, i, &lane->requests, &lane->replies);
    fuzz_start(input, &lane->replies, &lane->requests);
    lane->wake = -1;
  }
  return client;
}

static void client_free(isth_client *client) {
  isth__calls_destroy(&client->calls);
  free(client->flows);
  free(client->connection.segment);
  free(client);
}

static void look_at(const isth_client *client, const isth_reply *reply) {
  const unsigned char *from = client->connection.segment, *payload = reply->payload;
  if (reply->size == 0) return;
  CHECK(payload >= from && reply->size <= client->connection.segment_bytes);
  CHECK(payload + reply->size <= from + client->connection.segment_bytes);
  fuzz_read(payload, reply->size);
}

static void count_outcome(const isth_reply *reply) {
  const struct entry *entry = reply->user;
  look_at(entry->ledger->client, reply);
  CHECK_EQUAL(entry->ledger->ended[entry->number], 0);
  if (!reply->more) entry->ledger->ended[entry->number] = 1;
}

static void start_call(struct fuzz_input *input, isth_client *client, struct ledger *ledger) {
  if (ledger->calls == CALLS) return;
  struct entry *entry = &entries[ledger->calls];
  *entry = (struct entry){ledger, ledger->calls};
  static const char payload[2048];
  isth_request request = {.method = 1,
                          .payload = payload,
                          .size = fuzz_below(input, sizeof payload),
                          .deadline_ns = fuzz_below(input, 8) == 0 ? 1 : 0,
                          .callback = count_outcome,
                          .user = entry,
                          .manual_credit = fuzz_below(input, 2) == 0,
                          .replies = (isth_replies)fuzz_below(input, 3)};
  uint64_t id = 0;
  int error = isth_client_call(client, &request, &id);
  if (error != 0 || request.replies == ISTH_REPLIES_NONE) return;
  ledger->calls++;
  ledger->last_id = id;
}

/* What a good service says to the last call: one of many replies, or the last. */
static void reply(struct fuzz_input *input, isth_client *client, const struct ledger *ledger) {
  static const char payload[600];
  const struct isth__call_slot *slot = isth__calls_find(&client->calls, ledger->last_id);
  if (slot == NULL) return;
  struct isth__header header = {.kind = slot->many && fuzz_below(input, 4) > 0 ? ISTH__RECORD_REPLY_MORE
                                                                               : ISTH__RECORD_REPLY,
                                .call_id = slot->id};
  fuzz_write(&client->lanes[slot->lane].replies, &header, payload, fuzz_below(input, sizeof payload));
}

/* As a program does that has an event loop: it looks at all, and then gives it back. */
static void peek(isth_client *client) {
  isth_reply replies[8];
  size_t count = isth_client_peek(client, replies, 8);
  for (size_t i = 0; i < count; i++) {
    /* peek leaves calling back, and credit, to whoever calls it. */
    count_outcome(&replies[i]);
    if (replies[i].more) (void)isth_client_credit(client, replies[i].call_id, replies[i].credit);
  }
  isth_client_release(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  isth_client *client = client_of(&input);
  struct ledger ledger = {.client = client};
  while (input.left > 0) {
    struct isth__client_lane *lane = &client->lanes[fuzz_below(&input, LANES)];
    switch (fuzz_below(&input, 16)) {
    case 0: fuzz_scribble(&input, client->connection.segment, client->connection.segment_bytes); break;
    case 1:
    case 2:
    case 3:
      fuzz_forge(&input, lane->replies.data, lane->replies.capacity, lane->replies.position,
                 fuzz_below(&input, 2) == 0 ? ISTH__RECORD_REPLY : ISTH__RECORD_REPLY_MORE,
                 ledger.last_id - (fuzz_below(&input, 4) << 16));
      break;
    case 4: fuzz_control(&input, lane->requests.control, lane->requests.position); break;
    case 5: isth__store_relaxed(&lane->requests.control->consumer_position, lane->requests.position); break;
    case 6:
      /* Then no outcome is to come. */
      if (isth_client_cancel(client, ledger.last_id)) count_outcome(&(isth_reply){.user = &entries[ledger.calls - 1]});
      break;
    case 7: (void)isth_client_credit(client, ledger.last_id, fuzz_number(&input, 2)); break;
    case 8: isth__client_check_clock(client); break;
    case 9: (void)isth_client_poll(client, 1 + fuzz_below(&input, 4)); break;
    case 10: peek(client); break;
    case 11: (void)isth_client_poll(client, 0); break;
    case 12:
    case 13: reply(&input, client, &ledger); break;
    default: start_call(&input, client, &ledger);
    }
  }
  /* Whatever came: each call ends, once. */
  isth__client_lose(client, ISTH_E_INSTANCE_LOST);
  while (isth_client_poll(client, 0) > 0) continue;
  CHECK_EQUAL(isth__calls_in_flight(&client->calls), 0);
  for (uint32_t i = 0; i < ledger.calls; i++) CHECK_EQUAL(ledger.ended[i], 1);
  client_free(client);
  return 0;
}
