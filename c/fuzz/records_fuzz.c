/* records_fuzz.c: a serving thread's lane whose client writes anything: requests of each kind, credit, cancellation. */
#include "worker.h"

#include "rings.h"
#include "served.h"

#include "messages.h"

#include <sched.h>
#include <sys/socket.h>

#include "seats.h"

static isth_service *service;
static isth_responder *waiting;

int fuzzed_on_flat(isth_call *call, const fuzzed_everything *in, fuzzed_everything *out) {
  if (in->bounded == -5) return isth_refuse(call, 7, "%s", in->name);
  *out = *in;
  return 0;
}

int fuzzed_on_tails(isth_call *call, const fuzzed_kinds *in, fuzzed_kinds *out) {
  isth_message *reply = isth_call_out(call);
  isth_text title = fuzzed_kinds_get_title(isth_call_in(call), in);
  out->shape.kind = FUZZED_SHAPE_KIND_SQUARE;
  return fuzzed_kinds_set_title(reply, out, title.bytes, title.length) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

/* Sends back what came, as often as it says. */
int fuzzed_on_many(isth_call *call, const fuzzed_kinds *in) {
  const isth_message *message = isth_call_in(call);
  int error = 0;
  for (uint32_t i = 0; i < in->maybe % 8 && error == 0; i++)
    error = isth_call_emit(call, message->bytes, message->size);
  return error;
}

int fuzzed_on_none(isth_call *call, const fuzzed_kinds *in) {
  isth_text title = fuzzed_kinds_get_title(isth_call_in(call), in);
  fuzz_read(title.bytes, title.length + 1);
  return isth_call_cancelled(call) ? ISTH_E_CANCELLED : 0;
}

int fuzzed_on_later(isth_call *call, const fuzzed_everything *in, fuzzed_everything *out) {
  (void)in;
  (void)out;
  if (waiting != NULL) return isth_refuse(call, 8, "one at a time");
  waiting = isth_call_defer(call);
  return waiting == NULL ? ISTH_E_TOO_MANY_CALLS : 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  service = fuzz_service(fuzzed_schema(), 1);
  CHECK_EQUAL(fuzzed_register(service), 0);
  /* Nobody sleeps on it; a thread that posts signals it all the same. */
  struct isth__worker *worker = isth__worker_at(service, 0);
  CHECK_EQUAL(isth__wake_create(worker->wake), 0);
  worker->outgoing->signal = worker->wake[ISTH__WAKE_SIGNAL];
  return 0;
}

/* One client's channel of one lane, as the serving thread has it. */
struct scene {
  struct isth__shape shape;
  struct isth__channel *channel;
  struct isth__lane *lane;
  struct isth__worker *worker;
  int client_wake;
};

static void open_scene(struct scene *scene, struct fuzz_input *input) {
  int ends[2];
  scene->shape = (struct isth__shape){1, 4096u << fuzz_below(input, 2), 4096u << fuzz_below(input, 2)};
  scene->channel = calloc(1, sizeof *scene->channel + sizeof scene->channel->lanes[0]);
  CHECK(scene->channel != NULL);
  CHECK_EQUAL(isth__wake_create(ends), 0);
  scene->client_wake = ends[ISTH__WAKE_WAIT];
  scene->channel->segment = fuzz_segment(&scene->shape);
  scene->channel->client_wake = ends[ISTH__WAKE_SIGNAL];
  scene->channel->lane_count = 1;
  isth__store_relaxed(&scene->channel->lanes_in_use, 1);
  scene->lane = &scene->channel->lanes[0];
  isth__lane_service(scene->channel->segment, &scene->shape, 0, &scene->lane->requests, &scene->lane->replies);
  fuzz_start(input, &scene->lane->requests, &scene->lane->replies);
  scene->lane->channel = scene->channel;
  scene->worker = isth__worker_at(service, 0);
  scene->lane->outgoing = scene->worker->outgoing;
}

/* What a good client sends, a ping among it, with a few bytes of the payload replaced. */
static void request(struct fuzz_input *input, struct scene *scene) {
  static const uint16_t flags[] = {0, 0, 0, ISTH__FLAG_MANY, ISTH__FLAG_ONE_WAY, 0};
  unsigned char payload[1024];
  uint32_t method = (uint32_t)fuzz_below(input, 6);
  fuzzed_everything everything = fuzz_good_everything();
  bool flat = method == FUZZED_METHOD_FLAT || method == FUZZED_METHOD_LATER;
  size_t size = flat ? sizeof everything : fuzz_good_kinds(payload, sizeof payload);
  if (flat) memcpy(payload, &everything, sizeof everything);
  for (uint64_t times = fuzz_below(input, 3); times > 0; times--) fuzz_scribble(input, payload, size);
  struct isth__header header = {
      .kind = ISTH__RECORD_REQUEST, .flags = flags[method], .method = method, .call_id = fuzz_below(input, 4)};
  if (method == FUZZED_METHOD_MANY) header.window = (uint32_t)fuzz_number(input, 2);
  fuzz_write(&scene->lane->requests, &header, payload, size);
}

static void say_of_stream(struct fuzz_input *input, struct scene *scene) {
  struct isth__header header = {.kind = fuzz_below(input, 4) == 0 ? ISTH__RECORD_CANCEL : ISTH__RECORD_CREDIT,
                                .call_id = fuzz_below(input, 4)};
  if (header.kind == ISTH__RECORD_CREDIT) header.window = (uint32_t)fuzz_nasty(input, 1024);
  fuzz_write(&scene->lane->requests, &header, "", 0);
}

static void answer(struct scene *scene) {
  struct isth__lane *lane = scene->lane;
  if (lane->broken) return;
  if (isth__load_acquire(&lane->outgoing->pending)) isth__outgoing_collect(lane->outgoing);
  int got = isth__lane_pump(lane);
  if (got >= 0) got = isth__answer(&scene->worker->serving, lane);
  CHECK(got >= 0 || got == ISTH_E_PEER_CORRUPT);
  lane->broken = got < 0;
  CHECK(lane->requests.position - lane->requests.released <= lane->requests.capacity);
  CHECK(lane->replies.position - lane->replies.consumer_seen <= lane->replies.capacity);
}

/* What the client would have had to say to get its replies, so that the lane goes on. */
static void take_replies(struct scene *scene) {
  struct isth__lane *lane = scene->lane;
  isth__store_relaxed(&lane->replies.control->consumer_position, lane->replies.position);
}

static void close_scene(struct scene *scene) {
  if (waiting != NULL) (void)isth_respond(waiting, NULL, 0);
  waiting = NULL;
  isth__outgoing_collect(scene->worker->outgoing);
  isth__lane_leave(scene->lane);
  /* Streams are told, and end by themselves. */
  while (isth__seats_taken(service->seats) > 0) sched_yield();
  isth__outgoing_collect(scene->worker->outgoing);
  close(scene->client_wake);
  close(scene->channel->client_wake);
  free(scene->channel->segment);
  free(scene->channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  struct scene scene;
  open_scene(&scene, &input);
  while (input.left > 0) {
    struct isth__lane *lane = scene.lane;
    switch (fuzz_below(&input, 12)) {
    case 0: fuzz_scribble(&input, scene.channel->segment, (size_t)isth__segment_bytes(&scene.shape)); break;
    case 1:
    case 2:
      fuzz_forge(&input, lane->requests.data, lane->requests.capacity, lane->requests.position, ISTH__RECORD_REQUEST,
                 1);
      break;
    case 3: request(&input, &scene); break;
    case 4: fuzz_control(&input, lane->replies.control, lane->replies.position); break;
    case 5: take_replies(&scene); break;
    case 6:
      if (waiting != NULL) (void)isth_respond(waiting, data, fuzz_below(&input, size + 1));
      waiting = NULL;
      break;
    case 7: say_of_stream(&input, &scene); break;
    default: answer(&scene);
    }
  }
  close_scene(&scene);
  return 0;
}
