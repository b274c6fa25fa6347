/*
 * counts.c: the hot paths, each in a function of its own that goes it ROUNDS times, for callgrind to count (scripts/counts.ts).
 *
 * One thread does both sides' work by hand, so nothing waits, sleeps or spins, and the same program always takes the same
 * instructions. Whether the paths did what they should is checked outside of them.
 */
#include "stepped.h"

#include "../fuzz/messages.h"
#include "../test/region_fixture.h"

enum { ROUNDS = 1024, PAYLOAD_BYTES = 64, BATCH = 64, LANES = 64, ROWS = 256, TAILS = MISSING };

struct scene {
  struct stepped stepped;
  uint64_t outcomes;
  unsigned char message[1024]; /* a good one, with tails */
  size_t message_bytes;
  struct region_fixture value_memory, table_memory;
  isth_region *value, *table;
  struct isth__lane idle[LANES];
};

static unsigned char payload[PAYLOAD_BYTES] = {1, 2, 3};

/* Each is called once, and counts in the scene what went well. Not static: they are counted by their names. */
void count_ring(struct scene *scene);
void count_call(struct scene *scene);
void count_call_with_metadata(struct scene *scene);
void count_call_with_deadline(struct scene *scene);
void count_sync_client(struct scene *scene);
void count_batch(struct scene *scene);
void count_one_way(struct scene *scene);
void count_call_with_tails(struct scene *scene);
void count_message_build(struct scene *scene);
void count_message_check(struct scene *scene);
void count_region_write(struct scene *scene);
void count_region_read(struct scene *scene);
void count_region_read_part(struct scene *scene);
void count_region_find(struct scene *scene);
void count_idle_client(struct scene *scene);
void count_idle_service(struct scene *scene);

static void on_outcome(const isth_reply *reply) {
  uint64_t *outcomes = reply->user;
  *outcomes += reply->status == 0;
}

static isth_request request_of(struct scene *scene, uint32_t method) {
  return (isth_request){
      .method = method, .payload = payload, .size = sizeof payload, .callback = on_outcome, .user = &scene->outcomes};
}

/* Sends a request, answers it, and takes the outcome. */
static void go_round(struct scene *scene, const isth_request *request) {
  (void)isth_client_call(scene->stepped.client, request, NULL);
  (void)isth__lanes_serve(scene->stepped.worker);
  (void)isth_client_poll(scene->stepped.client, 0);
}

/* One record over a ring: claimed, published, taken, given back. On the client's own request ring, while nobody calls. */
void count_ring(struct scene *scene) {
  struct isth__producer *producer = &scene->stepped.client->lanes[0].requests;
  struct isth__consumer *consumer = &scene->stepped.lane->requests;
  const struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO};
  for (int i = 0; i < ROUNDS; i++) {
    struct isth__record *record;
    struct isth__taken taken;
    if (isth__producer_claim(producer, PAYLOAD_BYTES, &record) != 0) return;
    (void)isth__producer_commit(producer, record, &header, PAYLOAD_BYTES);
    scene->outcomes += (uint64_t)isth__consumer_take(consumer, &taken);
    isth__consumer_release(consumer);
  }
}

void count_call(struct scene *scene) {
  isth_request request = request_of(scene, ECHO);
  for (int i = 0; i < ROUNDS; i++) go_round(scene, &request);
}

/* As the gateway calls: for somebody, and traced. */
void count_call_with_metadata(struct scene *scene) {
  static const isth_metadata metadata[] = {{ISTH_METADATA_CALLER, "somebody", 8},
                                           {ISTH_METADATA_SCOPES, "call:pricing.quote", 18}};
  static const isth_trace trace = {{1}, {2}};
  isth_request request = request_of(scene, ECHO);
  request.metadata = metadata;
  request.metadata_count = 2;
  request.trace = &trace;
  for (int i = 0; i < ROUNDS; i++) go_round(scene, &request);
}

void count_call_with_deadline(struct scene *scene) {
  isth_request request = request_of(scene, ECHO);
  request.deadline_ns = isth_now_ns() + PATIENT_NS;
  for (int i = 0; i < ROUNDS; i++) go_round(scene, &request);
}

/* The client's part of isth_client_call_sync, whose first look finds the reply: it is in the ring before the call, with the id that
 * the call will get. What the service's side does here is what count_ring counts. */
void count_sync_client(struct scene *scene) {
  isth_client *client = scene->stepped.client;
  struct isth__lane *lane = scene->stepped.lane;
  unsigned char reply[PAYLOAD_BYTES];
  for (int i = 0; i < ROUNDS; i++) {
    struct isth__header header = {.kind = ISTH__RECORD_REPLY, .method = ECHO};
    struct isth__record *record;
    struct isth__taken taken;
    size_t size;
    (void)isth__calls_next(&client->calls, &header.call_id);
    if (isth__producer_claim(&lane->replies, PAYLOAD_BYTES, &record) != 0) return;
    (void)isth__producer_commit(&lane->replies, record, &header, PAYLOAD_BYTES);
    int error =
        isth_client_call_sync(client, ECHO, payload, sizeof payload, reply, sizeof reply, &size, PATIENT_NS, NULL);
    scene->outcomes += error == 0 && isth__consumer_take(&lane->requests, &taken) == 1;
    isth__consumer_release(&lane->requests);
  }
}

/* Many calls in flight, as an event loop has them: requests written in place, outcomes taken without callbacks. */
void count_batch(struct scene *scene) {
  isth_client *client = scene->stepped.client;
  isth_request request = request_of(scene, ECHO);
  isth_reply replies[BATCH];
  for (int i = 0; i < ROUNDS / BATCH; i++) {
    for (int call = 0; call < BATCH; call++) {
      void *place;
      if (isth_client_claim(client, &request, &place, NULL) != 0) return;
      memcpy(place, payload, sizeof payload);
      isth_client_commit(client);
    }
    while (isth__lanes_serve(scene->stepped.worker) > 0) continue;
    scene->outcomes += isth_client_peek(client, replies, BATCH);
    isth_client_release(client);
  }
}

void count_one_way(struct scene *scene) {
  isth_request request = request_of(scene, FORGET);
  request.replies = ISTH_REPLIES_NONE;
  for (int i = 0; i < ROUNDS; i++) {
    scene->outcomes += isth_client_call(scene->stepped.client, &request, NULL) == 0;
    (void)isth__lanes_serve(scene->stepped.worker);
  }
}

/* Through what is generated: the message copied and checked, the reply built. */
void count_call_with_tails(struct scene *scene) {
  isth_request request = request_of(scene, TAILS);
  request.payload = scene->message;
  request.size = scene->message_bytes;
  for (int i = 0; i < ROUNDS; i++) go_round(scene, &request);
}

void count_message_build(struct scene *scene) {
  for (int i = 0; i < ROUNDS; i++)
    scene->outcomes += fuzz_good_kinds(scene->message, sizeof scene->message) == scene->message_bytes;
}

void count_message_check(struct scene *scene) {
  const isth_message message = {scene->message, scene->message_bytes, scene->message_bytes};
  for (int i = 0; i < ROUNDS; i++) {
    isth_check check;
    scene->outcomes +=
        isth_check_message(&check, &message, sizeof(fuzzed_kinds), fuzzed_kinds_is_valid, ISTH_CHECK_INPUT) == 0;
  }
}

void count_region_write(struct scene *scene) {
  isth_stamp stamp;
  for (int i = 0; i < ROUNDS; i++)
    scene->outcomes += isth_region_write(scene->value, 0, payload, ISTH_ANY_VERSION, &stamp) == 0;
}

void count_region_read(struct scene *scene) {
  unsigned char value[PAYLOAD_BYTES];
  isth_stamp stamp;
  for (int i = 0; i < ROUNDS; i++) scene->outcomes += isth_region_read(scene->value, 0, value, &stamp) == 0;
}

void count_region_read_part(struct scene *scene) {
  uint64_t part;
  for (int i = 0; i < ROUNDS; i++)
    scene->outcomes += isth_region_read_part(scene->value, 0, 16, &part, sizeof part, NULL) == 0;
}

void count_region_find(struct scene *scene) {
  for (uint64_t i = 0; i < ROUNDS; i++) {
    uint64_t key = i % ROWS;
    uint32_t row;
    scene->outcomes += isth_region_find(scene->table, &key, &row) == 0 && row == key;
  }
}

/* What waiting costs: a look that finds nothing. */
void count_idle_client(struct scene *scene) {
  for (int i = 0; i < ROUNDS; i++) scene->outcomes += isth_client_poll(scene->stepped.client, 0) == 0;
}

/* The same of a serving thread with 64 lanes; of each lane. */
void count_idle_service(struct scene *scene) {
  for (int i = 0; i < ROUNDS / LANES; i++) scene->outcomes += isth__lanes_serve(scene->stepped.worker) == 0 ? LANES : 0;
}

static void run(struct scene *scene, void (*path)(struct scene *)) {
  scene->outcomes = 0;
  path(scene);
  CHECK_EQUAL(scene->outcomes, ROUNDS);
}

/* The serving thread with so many lanes beside the client's; none has anything to do. */
static void run_idle_service(struct scene *scene) {
  struct isth__worker *worker = scene->stepped.worker;
  struct isth__lane *lanes[LANES], **served = worker->lanes;
  for (size_t i = 0; i < LANES; i++) {
    scene->idle[i] = *scene->stepped.lane;
    lanes[i] = &scene->idle[i];
  }
  worker->lanes = lanes;
  worker->lane_count = LANES;
  run(scene, count_idle_service);
  worker->lanes = served;
  worker->lane_count = 1;
}

/* What the generated code calls. Echoes the title. */
int fuzzed_on_tails(isth_call *call, const fuzzed_kinds *in, fuzzed_kinds *out) {
  isth_text title = fuzzed_kinds_get_title(isth_call_in(call), in);
  return fuzzed_kinds_set_title(isth_call_out(call), out, title.bytes, title.length) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

static void open_scene(struct scene *scene) {
  stepped_open(&scene->stepped);
  CHECK_EQUAL(isth_service_handle(scene->stepped.service, TAILS, sizeof(fuzzed_kinds), fuzzed_handle_tails, NULL), 0);
  scene->message_bytes = fuzz_good_kinds(scene->message, sizeof scene->message);
  fixture_open(&scene->value_memory, (isth_region_type){.bytes = PAYLOAD_BYTES, .rows = 1});
  fixture_open(&scene->table_memory, (isth_region_type){.bytes = 16, .rows = ROWS, .key_bytes = 8});
  scene->value = fixture_writer(&scene->value_memory);
  scene->table = fixture_writer(&scene->table_memory);
  for (uint64_t key = 0; key < ROWS; key++) {
    const uint64_t value[2] = {key, key};
    CHECK_EQUAL(isth_region_put(scene->table, value, 0, NULL, NULL), 0);
  }
}

static void close_scene(struct scene *scene) {
  isth_region_close(scene->value);
  isth_region_close(scene->table);
  fixture_close(&scene->value_memory);
  fixture_close(&scene->table_memory);
  stepped_close(&scene->stepped);
}

int main(void) {
  static struct scene scene;
  open_scene(&scene);
  run(&scene, count_ring);
  run(&scene, count_call);
  run(&scene, count_call_with_metadata);
  run(&scene, count_call_with_deadline);
  run(&scene, count_sync_client);
  run(&scene, count_batch);
  run(&scene, count_one_way);
  run(&scene, count_call_with_tails);
  run(&scene, count_message_build);
  run(&scene, count_message_check);
  run(&scene, count_region_write);
  run(&scene, count_region_read);
  run(&scene, count_region_read_part);
  run(&scene, count_region_find);
  run(&scene, count_idle_client);
  run_idle_service(&scene);
  close_scene(&scene);
  /* What each count is divided by. */
  printf("rounds %d\n", ROUNDS);
  return 0;
}
