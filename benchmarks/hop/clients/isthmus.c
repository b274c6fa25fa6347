/*
 * isthmus.c: a client in C of the service in ../servers/isthmus.c. One at a time it calls and waits; with more in flight, or where it borrows,
 * each reply's callback looks at it where it lies and makes the next call. Usage: isthmus SOCKET spin|block|borrow RING_BYTES is how its
 * contestant begins; see client.h for the rest. Who borrows polls.
 */
#define _GNU_SOURCE
#include "client.h"
#include "echo.h"

/* On a busy machine a thread may not run for seconds. */
#define PATIENCE_NS UINT64_C(60000000000)

typedef struct caller {
  isth_client *client;
  hop_meter *meter;
  const unsigned char *request;
  unsigned char *reply;
  size_t bytes;
  unsigned int in_flight, running;
  const char *error;
} caller;

/* One of the calls that are in flight. */
typedef struct slot {
  caller *of;
  uint64_t begin_ns;
} slot;

static uint32_t method_of(size_t bytes) { return bytes == sizeof(echo_message) ? ECHO_METHOD_ECHO : ECHO_METHOD_CARRY; }

static const char *call_one(caller *own) {
  size_t size = 0;
  int error = isth_client_call_sync(own->client, method_of(own->bytes), own->request, own->bytes, own->reply,
                                    own->bytes, &size, PATIENCE_NS, NULL);
  if (error != 0) return isth_error_name(error);
  return size == own->bytes && hop_is_echo(own->request, own->reply, size) ? NULL : "the echo is not what was sent";
}

static const char *one_at_a_time(void *context, hop_meter *meter) {
  caller *own = context;
  while (!meter->is_over) {
    uint64_t begin_ns = hop_begin(meter);
    const char *error = call_one(own);
    if (error != NULL) return error;
    hop_end(meter, begin_ns);
  }
  return NULL;
}

static void begin_call(slot *own);

static void on_reply(const isth_reply *reply) {
  slot *own = reply->user;
  caller *of = own->of;
  of->running--;
  if (reply->status != 0)
    of->error = isth_error_name(reply->status);
  else if (reply->size != of->bytes || !hop_is_echo(of->request, reply->payload, reply->size))
    of->error = "the echo is not what was sent";
  hop_end(of->meter, own->begin_ns);
  if (!of->meter->is_over && of->error == NULL) begin_call(own);
}

static void begin_call(slot *own) {
  caller *of = own->of;
  own->begin_ns = hop_begin(of->meter);
  isth_request request = {
      .method = method_of(of->bytes), .payload = of->request, .size = of->bytes, .callback = on_reply, .user = own};
  int error = isth_client_call(of->client, &request, NULL);
  if (error != 0)
    of->error = isth_error_name(error);
  else
    of->running++;
}

static const char *by_callbacks(void *context, hop_meter *meter) {
  caller *own = context;
  slot *slots = calloc(own->in_flight, sizeof *slots);
  if (slots == NULL) return "out of memory";
  own->meter = meter;
  for (unsigned int i = 0; i < own->in_flight && own->error == NULL; i++) {
    slots[i].of = own;
    begin_call(&slots[i]);
  }
  while (own->running > 0 && own->error == NULL) {
    if (isth_client_wait(own->client, PATIENCE_NS) == 0) own->error = "no reply within a minute";
  }
  free(slots);
  return own->error;
}

int main(int argc, char **argv) {
  hop_arguments arguments;
  isth_client_options options;
  isth_failure failure = {0, ""};
  if (argc < 4 || !hop_parse(argc - 3, argv + 3, &arguments)) return hop_fail("usage: isthmus SOCKET WAIT RING ...");
  isth_client_options_init(&options);
  options.wait = strcmp(argv[2], "block") == 0 ? ISTH_WAIT_BLOCK : ISTH_WAIT_SPIN;
  options.connect_timeout_ns = PATIENCE_NS;
  options.request_ring_bytes = options.reply_ring_bytes = (uint32_t)strtoul(argv[3], NULL, 10);
  caller own = {.bytes = arguments.bytes, .in_flight = arguments.in_flight, .reply = malloc(arguments.bytes)};
  unsigned char *request = malloc(arguments.bytes);
  if (own.reply == NULL || request == NULL) return hop_fail("out of memory");
  hop_pattern(request, arguments.bytes);
  /* As doubles these are any, and finite: the generated check refuses others. */
  if (arguments.bytes == sizeof(echo_message)) memset(request, 1, arguments.bytes);
  own.request = request;
  if (isth_client_open(&own.client, argv[1], echo_schema(), &options, &failure) != 0) return hop_fail(failure.message);
  const char *error = call_one(&own);
  if (error == NULL && memcmp(own.request, own.reply, own.bytes) != 0) error = "the first echo is not what was sent";
  if (error != NULL) return hop_fail(error);
  bool copies = arguments.in_flight == 1 && strcmp(argv[2], "borrow") != 0;
  int code = hop_run(&arguments, copies ? one_at_a_time : by_callbacks, &own);
  isth_client_close(own.client);
  free(request);
  free(own.reply);
  return code;
}
