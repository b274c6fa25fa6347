/* zeromq_echo.c: a ROUTER that sends every message back to where it came from, part by part; REQ and DEALER may ask.
 * Usage: zeromq_echo ENDPOINT */
#include <zmq.h>

#include "server.h"

/* One message there and back. The envelope that names its sender is its first part, so what comes in is what goes out. */
static bool answer(void *router) {
  for (bool more = true; more;) {
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (zmq_msg_recv(&part, router, 0) < 0) return false;
    more = zmq_msg_more(&part) != 0;
    /* It takes the part over. */
    if (zmq_msg_send(&part, router, more ? ZMQ_SNDMORE : 0) < 0) return false;
  }
  return true;
}

int main(int argc, char **argv) {
  const int unlimited = 0;
  if (argc != 2) return 2;
  void *context = zmq_ctx_new();
  void *router = context == NULL ? NULL : zmq_socket(context, ZMQ_ROUTER);
  if (router == NULL || zmq_setsockopt(router, ZMQ_SNDHWM, &unlimited, sizeof unlimited) != 0 ||
      zmq_setsockopt(router, ZMQ_RCVHWM, &unlimited, sizeof unlimited) != 0 || zmq_bind(router, argv[1]) != 0 ||
      !hop_end_with_stdin()) {
    fprintf(stderr, "zeromq_echo: %s\n", zmq_strerror(zmq_errno()));
    return 1;
  }
  hop_ready();
  while (answer(router)) {
  }
  fprintf(stderr, "zeromq_echo: %s\n", zmq_strerror(zmq_errno()));
  return 1;
}
