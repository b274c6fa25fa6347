/* lanes_test.c: turns: how much of one lane a serving thread does before the others are served. */
#include "worker.h"

#include "seats.h"
#include "shape.h"

#include "echo.h"
#include "resources.h"

enum { RING_BYTES = 16384, REQUESTS = 60 };

/* A lane of a service that does not run, whose serving thread is this one. */
struct bench {
  isth_service *service;
  struct isth__channel *channel;
  struct isth__producer requests;
  int client_wake;
};

static void bench_open(struct bench *bench) {
  const struct isth__shape shape = {1, RING_BYTES, RING_BYTES};
  struct isth__consumer replies;
  struct echo_service echo;
  isth_service_options options;
  char path[64];
  int ends[2];
  snprintf(path, sizeof path, "/tmp/isth-test-%d-lanes.sock", (int)getpid());
  isth_service_options_init(&options);
  options.path = path;
  echo_open(&echo, &options);
  bench->service = echo.service;
  struct isth__channel *channel = calloc(1, sizeof *channel + sizeof channel->lanes[0]);
  CHECK(channel != NULL);
  CHECK_EQUAL(isth__wake_create(ends), 0);
  bench->channel = channel;
  bench->client_wake = ends[ISTH__WAKE_WAIT];
  channel->client_wake = ends[ISTH__WAKE_SIGNAL];
  channel->segment = aligned_alloc(4096, (size_t)isth__segment_bytes(&shape));
  CHECK(channel->segment != NULL);
  memset(channel->segment, 0, (size_t)isth__segment_bytes(&shape));
  struct isth__worker *worker = isth__worker_at(echo.service, 0);
  struct isth__lane *lane = &channel->lanes[0];
  isth__lane_service(channel->segment, &shape, 0, &lane->requests, &lane->replies);
  isth__lane_client(channel->segment, &shape, 0, &bench->requests, &replies);
  lane->channel = channel;
  lane->outgoing = worker->outgoing;
  CHECK_EQUAL(isth__wake_create(worker->wake), 0);
  worker->outgoing->signal = worker->wake[ISTH__WAKE_SIGNAL];
  worker->lanes = malloc(sizeof(struct isth__lane *));
  CHECK(worker->lanes != NULL);
  worker->lanes[0] = lane;
  worker->lane_count = worker->lane_capacity = 1;
}

static void bench_close(struct bench *bench) {
  isth__lane_leave(&bench->channel->lanes[0]);
  WAIT_UNTIL(isth__seats_taken(bench->service->seats) == 0);
  isth__outgoing_close(isth__worker_at(bench->service, 0)->outgoing);
  isth__seats_stop(bench->service->seats);
  isth_service_close(bench->service);
  close(bench->client_wake);
  close(bench->channel->client_wake);
  free(bench->channel->segment);
  free(bench->channel);
}

/* How many of the waiting requests one turn answers. */
static uint64_t one_turn(struct bench *bench, uint16_t flags, uint32_t method) {
  for (uint64_t id = 1; id <= REQUESTS; id++) {
    struct isth__record *record;
    struct isth__header header = {
        .kind = ISTH__RECORD_REQUEST, .flags = flags, .method = method, .window = 4096, .call_id = id};
    CHECK_EQUAL(isth__producer_claim(&bench->requests, 1, &record), 0);
    memset(isth__record_payload(record), 0, 1);
    (void)isth__producer_commit(&bench->requests, record, &header, 1);
  }
  return isth__lanes_serve(isth__worker_at(bench->service, 0));
}

static void a_turn_is_so_many_records(void) {
  struct bench bench;
  bench_open(&bench);
  CHECK_EQUAL(one_turn(&bench, ISTH__FLAG_ONE_WAY, FORGET), 32);
  CHECK_EQUAL(isth__lanes_serve(isth__worker_at(bench.service, 0)), REQUESTS - 32);
  bench_close(&bench);
}

static void what_begins_a_stream_ends_the_turn(void) {
  struct bench bench;
  bench_open(&bench);
  CHECK_EQUAL(one_turn(&bench, ISTH__FLAG_MANY, STREAM), 1);
  bench_close(&bench);
}

int main(void) {
  static const struct test_case tests[] = {
      {"a turn is so many records", a_turn_is_so_many_records},
      {"what begins a stream ends the turn", what_begins_a_stream_ends_the_turn},
  };
  return RUN_TESTS("lanes_test", tests);
}
