/*
 * isthmus.c: a service that echoes: a struct by its generated handler, and up to BYTES bytes from one ring into the other; or answers
 * with as many bytes as it is asked for.
 * Usage: isthmus SOCKET block|spin|adaptive BYTES
 */
#include "echo.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>

int echo_on_echo(isth_call *call, const echo_message *in, echo_message *out) {
  (void)call;
  *out = *in;
  return 0;
}

/* Not the generated handler: that has the bytes copied before it looks at them, which an echo does not. */
static int carry(isth_call *call, void *user) {
  size_t size;
  (void)user;
  const void *input = isth_call_input(call, &size);
  return isth_call_reply(call, input, size);
}

static int fill(isth_call *call, void *user) {
  size_t size;
  uint64_t wanted;
  (void)user;
  const void *input = isth_call_input(call, &size);
  if (size != sizeof wanted) return ISTH_E_MALFORMED_MESSAGE;
  memcpy(&wanted, input, sizeof wanted);
  char *output = wanted < sizeof wanted ? NULL : isth_call_output(call, wanted);
  if (output == NULL) return ISTH_E_REPLY_TOO_LARGE;
  memcpy(output, &wanted, sizeof wanted);
  memcpy(output + wanted - sizeof wanted, &wanted, sizeof wanted);
  return 0;
}

static isth_wait wait_of(const char *name) {
  if (strcmp(name, "block") == 0) return ISTH_WAIT_BLOCK;
  return strcmp(name, "spin") == 0 ? ISTH_WAIT_SPIN : ISTH_WAIT_ADAPTIVE;
}

int main(int argc, char **argv) {
  isth_service_options options;
  isth_service *service;
  isth_failure failure = {0, ""};
  if (argc != 4) return 2;
  isth_service_options_init(&options);
  options.path = argv[1];
  options.wait = wait_of(argv[2]);
  options.handshake_timeout_ns = UINT64_C(60000000000);
  options.max_segment_bytes = UINT64_C(1) << 30;
  /* Its end of file ends the service. */
  options.parent_fd = STDIN_FILENO;
  uint32_t bytes = (uint32_t)strtoul(argv[3], NULL, 10);
  int error = isth_service_open(&service, echo_schema(), &options, &failure);
  if (error == 0) error = isth_service_handle(service, ECHO_METHOD_ECHO, sizeof(echo_message), echo_handle_echo, NULL);
  if (error == 0) error = isth_service_handle(service, ECHO_METHOD_CARRY, bytes, carry, NULL);
  if (error == 0) error = isth_service_handle(service, ECHO_METHOD_FILL, bytes, fill, NULL);
  if (error == 0) {
    hop_ready();
    error = isth_service_run(service, &failure);
  }
  if (error == 0) return 0;
  fprintf(stderr, "%s: %s\n", isth_error_name(error), failure.message);
  return 1;
}
