#include "client.h"

#include "failpoint.h"
#include "flow.h"
#include "metadata.h"
#include "pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void isth_client_options_init(isth_client_options *options) {
  *options = (isth_client_options){.request_ring_bytes = 1 << 20,
                                   .reply_ring_bytes = 1 << 20,
                                   .max_in_flight = 4096,
                                   .wait = ISTH_WAIT_ADAPTIVE,
                                   .spin_ns = 50000,
                                   .connect_timeout_ns = 2000000000,
                                   .stream_window_bytes = 256 << 10};
}

static void fill_defaults(isth_client_options *options, const isth_client_options *given) {
  isth_client_options defaults;
  isth_client_options_init(&defaults);
  *options = given == NULL ? defaults : *given;
  if (options->request_ring_bytes == 0) options->request_ring_bytes = defaults.request_ring_bytes;
  if (options->reply_ring_bytes == 0) options->reply_ring_bytes = defaults.reply_ring_bytes;
  if (options->max_in_flight == 0) options->max_in_flight = defaults.max_in_flight;
  if (options->spin_ns == 0) options->spin_ns = defaults.spin_ns;
  if (options->connect_timeout_ns == 0) options->connect_timeout_ns = defaults.connect_timeout_ns;
  if (options->stream_window_bytes == 0) options->stream_window_bytes = defaults.stream_window_bytes;
}

int isth_client_open(isth_client **opened, const char *path, const isth_schema *schema,
                     const isth_client_options *given, isth_failure *failure) {
  isth_client_options options;
  struct isth__connection connection;
  *opened = NULL;
  fill_defaults(&options, given);
  if (options.max_in_flight > ISTH__MAX_CALLS)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "max_in_flight is at most %d", ISTH__MAX_CALLS);
  if (options.stream_window_bytes > ISTH__MAX_WINDOW)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "stream_window_bytes is at most %d", ISTH__MAX_WINDOW);
  if (options.wait > ISTH_WAIT_SPIN) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "there is no such wait mode");
  int error = isth__connect(&connection, path, schema, &options, failure);
  if (error != 0) return error;

  uint32_t lanes = connection.shape.lanes;
  isth_client *client = calloc(1, sizeof *client + lanes * sizeof client->lanes[0]);
  struct isth__flow *flows = isth__pages_map(options.max_in_flight * sizeof *flows);
  if (client == NULL || flows == NULL || isth__calls_init(&client->calls, options.max_in_flight) != 0) {
    isth__pages_unmap(flows, options.max_in_flight * sizeof *flows);
    free(client);
    isth__disconnect(&connection);
    return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "a client with %u calls in flight",
                      (unsigned)options.max_in_flight);
  }
  client->connection = connection;
  client->options = options;
  client->flows = flows;
  client->lane_count = lanes;
  /* Not always the first: else all clients that make few calls would queue for one serving thread. */
  client->last_lane = (uint32_t)(isth__now_ns() / 1000 % lanes);
  for (uint32_t i = 0; i < lanes; i++) {
    struct isth__client_lane *lane = &client->lanes[i];
    isth__lane_client(connection.segment, &connection.shape, i, &lane->requests, &lane->replies);
    lane->wake = connection.lane_wakes[i];
  }
  *opened = client;
  return 0;
}

void isth_client_close(isth_client *client) {
  if (client == NULL) return;
  isth__disconnect(&client->connection);
  isth__calls_destroy(&client->calls);
  isth__pages_unmap(client->flows, client->options.max_in_flight * sizeof *client->flows);
  free(client);
}

void isth__client_lose(isth_client *client, int status) {
  if (client->status != 0) return;
  client->status = status;
  shutdown(client->connection.control, SHUT_RDWR);
}

static uint32_t next_lane(const isth_client *client, uint32_t lane) {
  return lane + 1 == client->lane_count ? 0 : lane + 1;
}

/* Claims a record on this lane, which no call's turn changes. */
static int claim_on(isth_client *client, uint32_t lane, size_t size) {
  client->claim.lane = &client->lanes[lane];
  int error = isth__producer_claim(&client->claim.lane->requests, size, &client->claim.record);
  if (error != 0) client->claim.record = NULL;
  return error;
}

/* Claims a record on the lane with the fewest calls in flight, or, if its ring is full, on any other. Ties take turns. */
static int claim_record(isth_client *client, size_t size) {
  uint32_t best = next_lane(client, client->last_lane);
  for (uint32_t i = 1, lane = best; i < client->lane_count; i++) {
    lane = next_lane(client, lane);
    if (client->lanes[lane].in_flight < client->lanes[best].in_flight) best = lane;
  }
  int error = ISTH_E_RING_FULL;
  for (uint32_t i = 0; i < client->lane_count && error == ISTH_E_RING_FULL; i++, best = next_lane(client, best)) {
    client->last_lane = best;
    error = claim_on(client, best, size);
  }
  return error;
}

static int measure_metadata(isth_client *client, const isth_request *request, size_t *room) {
  client->claim.metadata_bytes = 0;
  *room = 0;
  if (request->metadata_count == 0) return 0;
  int error = isth__metadata_measure(request->metadata, request->metadata_count, &client->claim.metadata_bytes);
  *room = isth__metadata_room(client->claim.metadata_bytes);
  return error;
}

enum { ANY_LANE = -1 };

static int claim_request(isth_client *client, const isth_request *request, int lane, void **payload,
                         uint64_t *call_id) {
  if (client->claim.record != NULL) return ISTH_E_INVALID_ARGUMENT;
  if (client->debtors != 0) isth__flow_settle(client);
  if (client->status != 0) return client->status;
  if (isth_client_draining(client)) return ISTH_E_INSTANCE_DRAINING;
  if (request->replies > ISTH_REPLIES_NONE) return ISTH_E_INVALID_ARGUMENT;
  size_t metadata_room, most = isth__ring_max_payload(client->connection.shape.request_bytes);
  int error = measure_metadata(client, request, &metadata_room);
  if (error != 0) return error;
  if (metadata_room > most || request->size > most - metadata_room) return ISTH_E_RECORD_TOO_LARGE;
  client->claim.slot = NULL;
  client->claim.id = 0;
  if (request->replies != ISTH_REPLIES_NONE) {
    client->claim.slot = isth__calls_next(&client->calls, &client->claim.id);
    if (client->claim.slot == NULL) return ISTH_E_TOO_MANY_CALLS;
  }
  size_t room = metadata_room + request->size;
  error = lane == ANY_LANE ? claim_record(client, room) : claim_on(client, (uint32_t)lane, room);
  if (error == ISTH_E_PEER_CORRUPT) isth__client_lose(client, error);
  if (error != 0) return error;

  client->claim.request = *request;
  if (request->trace != NULL) {
    client->claim.trace = *request->trace;
  } else {
    memset(&client->claim.trace, 0, sizeof client->claim.trace);
  }
  unsigned char *begin = isth__record_payload(client->claim.record);
  isth__metadata_write(request->metadata, request->metadata_count, begin);
  *payload = begin + metadata_room;
  ISTH__FAILPOINT(call_claimed);
  if (call_id != NULL) *call_id = client->claim.id;
  return 0;
}

int isth_client_claim(isth_client *client, const isth_request *request, void **payload, uint64_t *call_id) {
  return claim_request(client, request, ANY_LANE, payload, call_id);
}

/* Enters the claimed call among those in flight. */
static void begin_call(isth_client *client, struct isth__call_slot *slot) {
  const isth_request *request = &client->claim.request;
  isth__calls_begin(&client->calls, slot, client->claim.id, request->deadline_ns);
  slot->callback = request->callback;
  slot->user = request->user;
  slot->lane = (uint32_t)(client->claim.lane - client->lanes);
  slot->many = request->replies == ISTH_REPLIES_MANY;
  slot->manual_credit = request->manual_credit;
  if (slot->many) isth__flow_begin(client, slot, request->deadline_ns);
  client->claim.lane->in_flight++;
}

void isth_client_commit(isth_client *client) {
  static const uint16_t flags[] = {
      [ISTH_REPLIES_ONE] = 0, [ISTH_REPLIES_MANY] = ISTH__FLAG_MANY, [ISTH_REPLIES_NONE] = ISTH__FLAG_ONE_WAY};
  struct isth__record *record = client->claim.record;
  if (record == NULL) return;
  const isth_request *request = &client->claim.request;
  struct isth__client_lane *lane = client->claim.lane;
  client->claim.record = NULL;
  ISTH__FAILPOINT(call_written);
  if (client->claim.slot != NULL) begin_call(client, client->claim.slot);
  ISTH__FAILPOINT(call_begun);
  if (lane->in_flight == 1)
    isth__record_push(record, isth__metadata_room(client->claim.metadata_bytes) + request->size);
  client->calls_sent++;
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST,
                                .flags = flags[request->replies],
                                .method = request->method,
                                .metadata_bytes = client->claim.metadata_bytes,
                                .window =
                                    request->replies == ISTH_REPLIES_MANY ? client->options.stream_window_bytes : 0,
                                .call_id = client->claim.id,
                                .deadline_ns = request->deadline_ns,
                                .trace = client->claim.trace};
  if (isth__producer_commit(&lane->requests, record, &header, request->size)) {
    /* The commit has cleared `sleeping`: whoever comes next will not signal in our place. */
    if (client->corked)
      lane->owes_signal = true;
    else
      isth__wake_signal(lane->wake);
  }
  ISTH__FAILPOINT(call_sent);
}

void isth_client_cork(isth_client *client) { client->corked = true; }

void isth_client_uncork(isth_client *client) {
  if (!client->corked) return;
  client->corked = false;
  for (uint32_t i = 0; i < client->lane_count; i++) {
    struct isth__client_lane *lane = &client->lanes[i];
    if (!lane->owes_signal) continue;
    lane->owes_signal = false;
    isth__wake_signal(lane->wake);
  }
}

void isth_client_abandon(isth_client *client) { client->claim.record = NULL; }

int isth_client_call(isth_client *client, const isth_request *request, uint64_t *call_id) {
  void *payload;
  int error = isth_client_claim(client, request, &payload, call_id);
  if (error != 0) return error;
  if (request->size > 0) memcpy(payload, request->payload, request->size);
  isth_client_commit(client);
  return 0;
}

int isth_client_ping(isth_client *client, uint32_t lane, uint64_t deadline_ns, isth_reply_callback callback, void *user,
                     uint64_t *call_id) {
  void *payload;
  isth_request request = {.method = ISTH__METHOD_PING, .deadline_ns = deadline_ns, .callback = callback, .user = user};
  if (lane >= client->lane_count) return ISTH_E_INVALID_ARGUMENT;
  int error = claim_request(client, &request, (int)lane, &payload, call_id);
  if (error == 0) isth_client_commit(client);
  return error;
}

bool isth_client_cancel(isth_client *client, uint64_t call_id) {
  struct isth__call_slot *slot = isth__calls_find(&client->calls, call_id);
  if (slot == NULL) return false;
  if (slot->many) {
    if (isth__flow_dropped(client, slot)) return false;
    isth__flow_drop(client, slot);
    return true;
  }
  client->lanes[slot->lane].in_flight--;
  isth__calls_end(&client->calls, slot);
  return true;
}

void isth_client_get_stats(const isth_client *client, isth_client_stats *stats) {
  *stats = (isth_client_stats){.in_flight = isth__calls_in_flight(&client->calls) - client->dropped,
                               .lanes = client->lane_count,
                               .calls = client->calls_sent,
                               .replies = client->replies,
                               .late_replies = client->late_replies};
}

int isth_client_region(isth_client *client, uint32_t id, isth_region **region) {
  return isth__regions_open(client->connection.regions, id, region);
}

bool isth_client_draining(const isth_client *client) {
  /* The word is the service's to write, once. It orders nothing: what is sent before it is seen is served all the same. */
  return client->drain_came || isth__load_relaxed(&client->lanes[0].requests.control->draining) != 0;
}

int isth_client_status(const isth_client *client) { return client->status; }
int isth_client_pid(const isth_client *client) { return client->connection.pid; }
int isth_client_event_fd(const isth_client *client) { return client->connection.wake; }
int isth_client_control_fd(const isth_client *client) { return client->connection.control; }

const void *isth_client_segment(const isth_client *client, size_t *size) {
  *size = client->connection.segment_bytes;
  return client->connection.segment;
}
