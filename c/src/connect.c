#include "connect.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "failpoint.h"

/* Waits until the socket is ready or the deadline has passed: 0 or ISTH_E_HANDSHAKE_TIMEOUT. */
static int wait_ready(int socket, short events, uint64_t deadline_ns, isth_failure *failure) {
  for (;;) {
    uint64_t now = isth__now_ns();
    if (now >= deadline_ns) return isth__fail(failure, ISTH_E_HANDSHAKE_TIMEOUT, "the instance did not answer in time");
    struct pollfd ready = {socket, events, 0};
    uint64_t left_ms = (deadline_ns - now) / 1000000 + 1;
    if (poll(&ready, 1, left_ms > 60000 ? 60000 : (int)left_ms) > 0) return 0;
  }
}

/* Not NOT_ISTHMUS, which nobody would try again: an instance that stops, or has no descriptor left, closes just so. */
static int closed_early(isth_failure *failure) {
  return isth__fail(failure, ISTH_E_NO_INSTANCE, "the peer closed the connection during the handshake");
}

/* Receives a whole message, and descriptors that come with it: at most `*count`, which becomes how many. They are the caller's, also
 * after an error. */
static int receive_with(int socket, void *bytes, size_t size, int *descriptors, size_t *count, uint64_t deadline_ns,
                        isth_failure *failure) {
  unsigned char *at = bytes;
  size_t limit = *count;
  *count = 0;
  while (size > 0) {
    size_t came = limit - *count;
    ptrdiff_t got = isth__receive(socket, at, size, descriptors == NULL ? NULL : descriptors + *count, &came);
    *count += came;
    if (got > 0) {
      at += got;
      size -= (size_t)got;
    } else if (got == -EAGAIN) {
      int error = wait_ready(socket, POLLIN, deadline_ns, failure);
      if (error != 0) return error;
    } else if (got == 0 || got == -ECONNRESET) {
      return closed_early(failure);
    } else if (got == -EPROTO) {
      return isth__fail(failure, ISTH_E_NOT_ISTHMUS, "the peer sent descriptors that nobody asked for");
    } else {
      return isth__fail(failure, ISTH_E_SYSTEM, "recvmsg: %s", strerror((int)-got));
    }
  }
  return 0;
}

static int receive_all(int socket, void *bytes, size_t size, uint64_t deadline_ns, isth_failure *failure) {
  size_t none = 0;
  return receive_with(socket, bytes, size, NULL, &none, deadline_ns, failure);
}

/* Handshake messages are far smaller than a socket buffer, so that a message is always taken whole. */
static int send_message(int socket, const void *bytes, size_t size, const int *descriptors, size_t count,
                        isth_failure *failure) {
  ptrdiff_t sent = isth__send(socket, bytes, size, descriptors, count);
  if (sent == (ptrdiff_t)size) return 0;
  if (sent == -EPIPE || sent == -ECONNRESET) return closed_early(failure);
  return isth__fail(failure, ISTH_E_SYSTEM, "sendmsg: %s", sent < 0 ? strerror((int)-sent) : "message cut");
}

static int open_socket(const char *path, uint64_t deadline_ns, isth_failure *failure) {
  struct sockaddr_un address;
  if (!isth__socket_address(&address, path))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a socket path has 1 to 107 bytes");
  int control = isth__socket_open();
  if (control < 0) return isth__fail(failure, ISTH_E_SYSTEM, "socket: %s", strerror(-control));
  while (connect(control, (struct sockaddr *)&address, sizeof address) != 0) {
    int error = errno;
    if (error == EINTR) continue;
    if (error == EAGAIN && isth__now_ns() < deadline_ns) {
      /* The instance's queue of connections is full: there is nothing to poll for. */
      poll(NULL, 0, 1);
      continue;
    }
    close(control);
    switch (error) {
    case ENOENT:
    case ECONNREFUSED: return isth__fail(failure, ISTH_E_NO_INSTANCE, "nobody listens on %s", path);
    case EACCES:
    case EPERM: return isth__fail(failure, ISTH_E_PERMISSION_DENIED, "connect to %s: %s", path, strerror(error));
    case EAGAIN: return isth__fail(failure, ISTH_E_HANDSHAKE_TIMEOUT, "%s takes no further connections", path);
    default: return isth__fail(failure, ISTH_E_SYSTEM, "connect to %s: %s", path, strerror(error));
    }
  }
  return control;
}

/* Says hello and gets the offer, which may be a refusal. Every refusal names both sides' values. */
static int negotiate(int control, const isth_schema *schema, uint32_t flags, uint64_t deadline_ns,
                     struct isth__offer *offer, isth_failure *failure) {
  struct isth__hello hello = {.magic = ISTH__MAGIC, .version = ISTH_PROTOCOL_VERSION, .flags = flags};
  if (schema != NULL) memcpy(hello.hash, schema->hash, sizeof hello.hash);
  int error = send_message(control, &hello, sizeof hello, NULL, 0, failure);
  ISTH__FAILPOINT(connect_hello);
  if (error == 0) error = receive_all(control, offer, sizeof *offer, deadline_ns, failure);
  if (error != 0) return error;
  ISTH__FAILPOINT(connect_offered);

  if (offer->magic != ISTH__MAGIC) return isth__fail(failure, ISTH_E_NOT_ISTHMUS, "the peer's magic is wrong");
  if (offer->version != ISTH_PROTOCOL_VERSION)
    return isth__fail(failure, ISTH_E_PROTOCOL_MISMATCH, "version %d here, %u in the instance", ISTH_PROTOCOL_VERSION,
                      (unsigned)offer->version);
  offer->service[sizeof offer->service - 1] = '\0';
  bool differs = (flags & ISTH__HELLO_ANY_SCHEMA) == 0 && schema != NULL &&
                 memcmp(offer->hash, schema->hash, sizeof offer->hash) != 0;
  if (offer->status == ISTH_E_SCHEMA_MISMATCH || (offer->status == 0 && differs)) {
    char ours[17], theirs[17];
    isth__hash_text(hello.hash, ours);
    isth__hash_text(offer->hash, theirs);
    return isth__fail(failure, ISTH_E_SCHEMA_MISMATCH,
                      "service %s with hash %s here, service %s with hash %s in the instance",
                      schema == NULL ? "?" : schema->name, ours, offer->service, theirs);
  }
  if (offer->status > 0) return isth__fail(failure, ISTH_E_NOT_ISTHMUS, "the peer's offer makes no sense");
  if (offer->status == ISTH_E_PERMISSION_DENIED)
    return isth__fail(failure, offer->status,
                      "the instance of %s allows only users and groups that this process has not", offer->service);
  if (offer->status < 0)
    return isth__fail(failure, offer->status, "the instance of %s refused: %s", offer->service,
                      isth_error_message(offer->status));
  return 0;
}

/* What the instance gets, in the order of the wire: the memory, and its ends of the wake-ups. Closed once it is sent. */
struct luggage {
  int descriptors[ISTH__MAX_FDS];
  uint32_t count;
};

/* Makes a wake-up of which we keep one end and pass the other. */
static int pack_wake(struct luggage *luggage, int kept_end, int *kept, isth_failure *failure) {
  int ends[2];
  int error = isth__wake_create(ends);
  if (error != 0) return isth__fail(failure, ISTH_E_SYSTEM, "socketpair: %s", strerror(-error));
  *kept = ends[kept_end];
  luggage->descriptors[luggage->count++] = ends[1 - kept_end];
  return 0;
}

static int pack(struct isth__connection *connection, struct luggage *luggage, isth_failure *failure) {
  connection->segment_bytes = (size_t)isth__segment_bytes(&connection->shape);
  int memory = isth__memory_create(connection->segment_bytes);
  if (memory < 0) return isth__fail(failure, ISTH_E_SYSTEM, "creating the segment: %s", strerror(-memory));
  luggage->descriptors[luggage->count++] = memory;
  void *mapped = isth__memory_map(memory, connection->segment_bytes, true);
  if (mapped == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "mapping the segment: %s", strerror(errno));
  connection->segment = mapped;
  int error = pack_wake(luggage, ISTH__WAKE_WAIT, &connection->wake, failure);
  if (error == 0) isth__socket_refuse_descriptors(connection->wake);
  for (uint32_t i = 0; i < connection->shape.lanes && error == 0; i++)
    error = pack_wake(luggage, ISTH__WAKE_SIGNAL, &connection->lane_wakes[i], failure);
  return error;
}

/* The instance's last word, and the memories of its regions. Who takes any schema has no use for them. */
static int take_welcome(struct isth__connection *connection, const isth_schema *schema, uint64_t deadline_ns,
                        isth_failure *failure) {
  struct isth__welcome welcome;
  int descriptors[ISTH__MEMORIES];
  size_t count = ISTH__MEMORIES;
  int error = receive_with(connection->control, &welcome, sizeof welcome, descriptors, &count, deadline_ns, failure);
  ISTH__FAILPOINT(connect_welcomed);
  welcome.message[sizeof welcome.message - 1] = '\0';
  if (error == 0 && welcome.status > 0)
    error = isth__fail(failure, ISTH_E_NOT_ISTHMUS, "the peer's welcome makes no sense");
  if (error == 0 && welcome.status < 0)
    error = isth__fail(failure, welcome.status, "the instance refused: %s", welcome.message);
  if (error == 0 && schema != NULL)
    error = isth__regions_map(&connection->regions, schema, welcome.memory_bytes, descriptors, count, failure);
  ISTH__FAILPOINT(connect_mapped);
  for (size_t i = 0; i < count; i++) close(descriptors[i]);
  isth__socket_refuse_descriptors(connection->control);
  return error;
}

/* Passes the luggage, and gets the instance's answer. */
static int pass_luggage(struct isth__connection *connection, const struct luggage *luggage, const isth_schema *schema,
                        uint64_t deadline_ns, isth_failure *failure) {
  const struct isth__shape *shape = &connection->shape;
  struct isth__attach attach = {.lanes = shape->lanes,
                                .request_bytes = shape->request_bytes,
                                .reply_bytes = shape->reply_bytes,
                                .descriptors = luggage->count,
                                .segment_bytes = connection->segment_bytes};
  int error = send_message(connection->control, &attach, sizeof attach, luggage->descriptors, luggage->count, failure);
  ISTH__FAILPOINT(connect_passed);
  return error == 0 ? take_welcome(connection, schema, deadline_ns, failure) : error;
}

int isth__connect(struct isth__connection *connection, const char *path, const isth_schema *schema,
                  const isth_client_options *options, isth_failure *failure) {
  uint64_t deadline_ns = isth__after_ns(options->connect_timeout_ns);
  struct isth__offer offer;
  struct luggage luggage = {.count = 0};
  memset(connection, 0, sizeof *connection);
  connection->wake = -1;
  for (size_t i = 0; i < ISTH_MAX_LANES; i++) connection->lane_wakes[i] = -1;

  connection->control = open_socket(path, deadline_ns, failure);
  if (connection->control < 0) return connection->control;
  ISTH__FAILPOINT(connect_opened);
  uint32_t flags = schema == NULL ? ISTH__HELLO_ANY_SCHEMA : 0;
  int error = negotiate(connection->control, schema, flags, deadline_ns, &offer, failure);
  if (error != 0) goto out;

  connection->shape = (struct isth__shape){offer.lanes, options->request_ring_bytes, options->reply_ring_bytes};
  if (offer.lanes < 1 || offer.lanes > ISTH_MAX_LANES) {
    error = isth__fail(failure, ISTH_E_NOT_ISTHMUS, "the peer offers %u lanes", (unsigned)offer.lanes);
    goto out;
  }
  if (!isth__shape_valid(&connection->shape)) {
    error = isth__fail(failure, ISTH_E_INVALID_ARGUMENT,
                       "request_ring_bytes and reply_ring_bytes are powers of two from 4 KiB to 1 GiB");
    goto out;
  }
  if (isth__segment_bytes(&connection->shape) > offer.max_segment_bytes) {
    error = isth__fail(failure, ISTH_E_SEGMENT_REFUSED,
                       "rings of %u and %u bytes for %u lanes are over the instance's max_segment_bytes of %llu",
                       (unsigned)options->request_ring_bytes, (unsigned)options->reply_ring_bytes,
                       (unsigned)offer.lanes, (unsigned long long)offer.max_segment_bytes);
    goto out;
  }
  error = pack(connection, &luggage, failure);
  ISTH__FAILPOINT(connect_packed);
  if (error == 0) error = pass_luggage(connection, &luggage, schema, deadline_ns, failure);
  if (error == 0) connection->pid = isth__peer_pid(connection->control);
out:
  /* Only the instance may hold them, so that their end of file says that it has let go of them. */
  for (uint32_t i = 0; i < luggage.count; i++) close(luggage.descriptors[i]);
  if (error != 0) isth__disconnect(connection);
  return error;
}

void isth__disconnect(struct isth__connection *connection) {
  isth__memory_unmap(connection->segment, connection->segment_bytes);
  connection->segment = NULL;
  ISTH__FAILPOINT(disconnect_unmapped);
  isth__regions_release(connection->regions);
  if (connection->wake >= 0) close(connection->wake);
  for (size_t i = 0; i < ISTH_MAX_LANES; i++)
    if (connection->lane_wakes[i] >= 0) close(connection->lane_wakes[i]);
  close(connection->control);
}

int isth_describe(const char *path, uint64_t timeout_ns, char **text, isth_failure *failure) {
  uint64_t deadline_ns = isth__after_ns(timeout_ns == 0 ? 2000000000u : timeout_ns);
  struct isth__offer offer;
  *text = NULL;
  int control = open_socket(path, deadline_ns, failure);
  if (control < 0) return control;
  int error = negotiate(control, NULL, ISTH__HELLO_ANY_SCHEMA | ISTH__HELLO_WANT_TEXT, deadline_ns, &offer, failure);
  if (error == 0 && offer.text_bytes > ISTH__MAX_TEXT_BYTES)
    error = isth__fail(failure, ISTH_E_NOT_ISTHMUS, "the peer's schema text is over 1 MiB");
  if (error == 0) {
    *text = malloc((size_t)offer.text_bytes + 1);
    if (*text == NULL) {
      isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "a schema text of %u bytes", offer.text_bytes);
      error = ISTH_E_OUT_OF_MEMORY;
    }
  }
  if (error == 0) error = receive_all(control, *text, offer.text_bytes, deadline_ns, failure);
  close(control);
  if (error != 0) {
    free(*text);
    *text = NULL;
    return error;
  }
  (*text)[offer.text_bytes] = '\0';
  return 0;
}

void isth_free(void *memory) { free(memory); }
