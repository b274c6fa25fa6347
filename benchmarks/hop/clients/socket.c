/*
 * socket.c: a client in C of ../servers/echo.c over a Unix socket; both sides sleep while they wait. With more in flight it sends as long as the
 * socket takes it, and reads replies, which come in order. Usage: socket PATH is how its contestant begins; see client.h for the rest.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { PATIENCE_MS = 20000, READ_BYTES = 1 << 18 };

/* `sent` and `received` are in bytes, over all calls. */
typedef struct asker {
  int socket;
  size_t bytes, in_flight;
  unsigned char *request, *reply, *chunk;
  uint64_t *begin_ns; /* of each call that is under way */
  uint64_t begun, sent, received;
} asker;

/* Begins what may begin, and sends until the socket takes no more. */
static const char *send_more(asker *own, hop_meter *meter) {
  while (!meter->is_over && own->begun - own->received / own->bytes < own->in_flight)
    own->begin_ns[own->begun++ % own->in_flight] = hop_begin(meter);
  while (own->sent < own->begun * own->bytes) {
    size_t at = (size_t)(own->sent % own->bytes);
    ssize_t now = send(own->socket, own->request + at, own->bytes - at, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (now < 0) return errno == EAGAIN ? NULL : strerror(errno);
    own->sent += (uint64_t)now;
  }
  return NULL;
}

static const char *take(asker *own, hop_meter *meter, size_t size) {
  for (size_t taken = 0; taken < size;) {
    size_t at = (size_t)(own->received % own->bytes);
    size_t part = own->bytes - at < size - taken ? own->bytes - at : size - taken;
    memcpy(own->reply + at, own->chunk + taken, part);
    taken += part;
    own->received += part;
    if (own->received % own->bytes != 0) continue;
    if (!hop_is_echo(own->request, own->reply, own->bytes)) return "the echo is not what was sent";
    hop_end(meter, own->begin_ns[(own->received / own->bytes - 1) % own->in_flight]);
  }
  return NULL;
}

/* Sleeps until there are replies, or room for requests if some are waiting for that. */
static const char *receive(asker *own, hop_meter *meter) {
  bool all_sent = own->sent == own->begun * own->bytes;
  struct pollfd either = {.fd = own->socket, .events = POLLIN | POLLOUT};
  if (!all_sent && poll(&either, 1, PATIENCE_MS) <= 0) return "no reply";
  ssize_t got = recv(own->socket, own->chunk, READ_BYTES, all_sent ? 0 : MSG_DONTWAIT);
  if (got == 0) return "the server has ended";
  if (got < 0) return errno != EAGAIN ? strerror(errno) : all_sent ? "no reply" : NULL;
  return take(own, meter, (size_t)got);
}

static const char *ask(void *context, hop_meter *meter) {
  asker *own = context;
  const char *error = NULL;
  do {
    error = send_more(own, meter);
    if (error == NULL && own->received < own->begun * own->bytes) error = receive(own, meter);
  } while (error == NULL && (!meter->is_over || own->received < own->begun * own->bytes));
  return error;
}

/* One call, of which every byte is compared. */
static const char *check_one(asker *own) {
  hop_meter once = {.every = 1, .end_ns = 0};
  size_t in_flight = own->in_flight;
  own->in_flight = 1;
  const char *error = ask(own, &once);
  own->in_flight = in_flight;
  if (error != NULL) return error;
  return memcmp(own->request, own->reply, own->bytes) == 0 ? NULL : "the first echo is not what was sent";
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return -1;
  return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 ? fd : -1;
}

int main(int argc, char **argv) {
  hop_arguments arguments;
  if (!hop_parse(argc, argv, &arguments)) return hop_fail("usage: socket PATH ...");
  asker own = {.socket = connect_to(arguments.address), .bytes = arguments.bytes, .in_flight = arguments.in_flight};
  if (own.socket < 0) return hop_fail(strerror(errno));
  own.request = malloc(own.bytes);
  own.reply = malloc(own.bytes);
  own.chunk = malloc(READ_BYTES);
  own.begin_ns = calloc(own.in_flight, sizeof *own.begin_ns);
  if (own.request == NULL || own.reply == NULL || own.chunk == NULL || own.begin_ns == NULL)
    return hop_fail("out of memory");
  hop_pattern(own.request, own.bytes);
  const char *error = check_one(&own);
  if (error != NULL) return hop_fail(error);
  int code = hop_run(&arguments, ask, &own);
  free(own.begin_ns);
  free(own.chunk);
  free(own.reply);
  free(own.request);
  return code;
}
