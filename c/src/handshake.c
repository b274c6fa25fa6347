/* handshake.c: the service's side of the handshake: one guest's way to a channel. Never blocks; trusts nothing. */
#include "service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failpoint.h"

void isth__guest_free(struct isth__guest *guest) {
  for (size_t i = 0; i < guest->descriptor_count; i++) close(guest->descriptors[i]);
  if (guest->control >= 0) close(guest->control);
  free(guest);
}

void isth__channel_free(struct isth__channel *channel) {
  isth__memory_unmap(channel->segment, channel->segment_bytes);
  if (channel->client_wake >= 0) close(channel->client_wake);
  for (uint32_t i = 0; i < channel->lane_count; i++)
    if (channel->lanes[i].wake >= 0) close(channel->lanes[i].wake);
  if (channel->control >= 0) close(channel->control);
  free(channel);
}

/* Receives the rest of the current message and, where some are expected, its descriptors. 1: whole, 0: not yet, -1: leave. */
static int receive_message(struct isth__guest *guest, size_t size, size_t expected_descriptors) {
  while (guest->moved < size) {
    size_t count = expected_descriptors - guest->descriptor_count;
    ptrdiff_t got = isth__receive(guest->control, (unsigned char *)&guest->message + guest->moved, size - guest->moved,
                                  guest->descriptors + guest->descriptor_count, &count);
    if (got == -EAGAIN) return 0;
    if (got <= 0) return -1;
    guest->descriptor_count += count;
    guest->moved += (size_t)got;
  }
  guest->moved = 0;
  return 1;
}

static int judge_hello(const isth_service *service, int control, const struct isth__hello *hello) {
  if (!isth__allowed_peer(&service->allowed, control)) return ISTH_E_PERMISSION_DENIED;
  if (hello->version != ISTH_PROTOCOL_VERSION) return ISTH_E_PROTOCOL_MISMATCH;
  if ((hello->flags & ISTH__HELLO_WANT_TEXT) != 0) return 0;
  if ((hello->flags & ISTH__HELLO_ANY_SCHEMA) == 0 &&
      memcmp(hello->hash, service->schema->hash, sizeof hello->hash) != 0)
    return ISTH_E_SCHEMA_MISMATCH;
  if (service->channel_count >= service->options.max_channels) return ISTH_E_CHANNEL_LIMIT;
  return 0;
}

static enum isth__guest_step send_text(const isth_service *service, struct isth__guest *guest) {
  while (guest->moved < service->text_bytes) {
    ptrdiff_t sent =
        isth__send(guest->control, service->text + guest->moved, service->text_bytes - guest->moved, NULL, 0);
    if (sent == -EAGAIN) return ISTH__GUEST_STAYS;
    if (sent <= 0) return ISTH__GUEST_LEAVES;
    guest->moved += (size_t)sent;
  }
  return ISTH__GUEST_LEAVES;
}

static enum isth__guest_step answer_hello(isth_service *service, struct isth__guest *guest) {
  const struct isth__hello *hello = &guest->message.hello;
  ISTH__FAILPOINT(guest_hello);
  if (hello->magic != ISTH__MAGIC) return ISTH__GUEST_LEAVES;
  int status = judge_hello(service, guest->control, hello);
  bool text = status == 0 && (hello->flags & ISTH__HELLO_WANT_TEXT) != 0;
  struct isth__offer offer = {.magic = ISTH__MAGIC,
                              .version = ISTH_PROTOCOL_VERSION,
                              .status = status,
                              .lanes = service->options.threads,
                              .text_bytes = text ? service->text_bytes : 0,
                              .max_segment_bytes = service->options.max_segment_bytes};
  memcpy(offer.hash, service->schema->hash, sizeof offer.hash);
  snprintf(offer.service, sizeof offer.service, "%s", service->schema->name);
  /* Counted first, so that whoever was refused finds it counted. */
  if (offer.status != 0) isth__store_relaxed(&service->refused, isth__load_relaxed(&service->refused) + 1);
  ptrdiff_t sent = isth__send(guest->control, &offer, sizeof offer, NULL, 0);
  if (sent != (ptrdiff_t)sizeof offer || offer.status != 0) return ISTH__GUEST_LEAVES;
  ISTH__FAILPOINT(guest_offered);
  guest->state = text ? ISTH__GUEST_TEXT : ISTH__GUEST_ATTACH;
  return text ? send_text(service, guest) : ISTH__GUEST_STAYS;
}

/* What the segments of all channels take, also of those whose client has gone, until they are unmapped. */
static uint64_t total_bytes(const isth_service *service) {
  uint64_t total = 0;
  for (const struct isth__channel *channel = service->channels; channel != NULL; channel = channel->next)
    total += channel->segment_bytes;
  return total;
}

/* Checks what the client brings. 0, or the error that the welcome carries. */
static int judge_attach(const isth_service *service, const struct isth__guest *guest, isth_failure *failure) {
  const struct isth__attach *attach = &guest->message.attach;
  struct isth__shape shape = {attach->lanes, attach->request_bytes, attach->reply_bytes};
  if (shape.lanes != service->options.threads || !isth__shape_valid(&shape) ||
      attach->segment_bytes != isth__segment_bytes(&shape))
    return isth__fail(failure, ISTH_E_SEGMENT_REFUSED, "the segment's shape is not valid");
  if (attach->segment_bytes > service->options.max_segment_bytes)
    return isth__fail(failure, ISTH_E_SEGMENT_REFUSED, "%llu bytes are over max_segment_bytes of %llu",
                      (unsigned long long)attach->segment_bytes,
                      (unsigned long long)service->options.max_segment_bytes);
  if (attach->segment_bytes + total_bytes(service) > service->options.max_total_bytes)
    return isth__fail(failure, ISTH_E_CHANNEL_LIMIT,
                      "with %llu bytes, all clients together would have more than max_total_bytes of %llu",
                      (unsigned long long)attach->segment_bytes, (unsigned long long)service->options.max_total_bytes);
  if (attach->descriptors != 2 + shape.lanes || guest->descriptor_count != attach->descriptors)
    return isth__fail(failure, ISTH_E_SEGMENT_REFUSED, "%zu descriptors came, not %u", guest->descriptor_count,
                      (unsigned)(2 + shape.lanes));
  if (!isth__memory_verify(guest->descriptors[0], attach->segment_bytes))
    return isth__fail(failure, ISTH_E_SEGMENT_REFUSED,
                      "the first descriptor is not a memfd of %llu bytes, sealed against resizing",
                      (unsigned long long)attach->segment_bytes);
  for (size_t i = 1; i < guest->descriptor_count; i++)
    if (!isth__wake_verify(guest->descriptors[i]))
      return isth__fail(failure, ISTH_E_SEGMENT_REFUSED, "descriptor %zu is not an end of a Unix stream socketpair", i);
  if (service->channel_count >= service->options.max_channels)
    return isth__fail(failure, ISTH_E_CHANNEL_LIMIT, "max_channels is %u", service->options.max_channels);
  return 0;
}

/* Makes the channel; it takes over the guest's socket and descriptors. */
static int make_channel(struct isth__guest *guest, struct isth__channel **made, isth_failure *failure) {
  const struct isth__attach *attach = &guest->message.attach;
  struct isth__shape shape = {attach->lanes, attach->request_bytes, attach->reply_bytes};
  struct isth__channel *channel = calloc(1, sizeof *channel + shape.lanes * sizeof channel->lanes[0]);
  if (channel == NULL) return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "a channel");
  void *segment = isth__memory_map(guest->descriptors[0], attach->segment_bytes, true);
  if (segment == NULL) {
    int error = isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "mapping the segment: %s", strerror(errno));
    free(channel);
    return error;
  }
  channel->watched.source = ISTH__SOURCE_CHANNEL;
  channel->segment = segment;
  channel->segment_bytes = attach->segment_bytes;
  channel->lane_count = shape.lanes;
  isth__store_relaxed(&channel->lanes_in_use, shape.lanes);
  for (uint32_t i = 0; i < shape.lanes; i++) {
    struct isth__lane *lane = &channel->lanes[i];
    isth__lane_service(segment, &shape, i, &lane->requests, &lane->replies);
    lane->channel = channel;
    lane->wake = guest->descriptors[2 + i];
    lane->attach = (struct isth__command){NULL, lane, true};
    lane->detach = (struct isth__command){NULL, lane, false};
  }
  channel->client_wake = guest->descriptors[1];
  channel->control = guest->control;
  close(guest->descriptors[0]); /* the mapping keeps the memory */
  guest->descriptor_count = 0;
  guest->control = -1;
  *made = channel;
  return 0;
}

static enum isth__guest_step answer_attach(isth_service *service, struct isth__guest *guest,
                                           struct isth__channel **channel) {
  isth_failure failure = {0, ""};
  /* The channel takes the guest's socket over. */
  int control = guest->control;
  ISTH__FAILPOINT(guest_attach);
  int error = judge_attach(service, guest, &failure);
  if (error == 0) error = make_channel(guest, channel, &failure);
  if (error != 0) isth__store_relaxed(&service->refused, isth__load_relaxed(&service->refused) + 1);
  ISTH__FAILPOINT(guest_mapped);
  struct isth__welcome welcome = {.status = error};
  int memories[ISTH__MEMORIES];
  size_t count = error == 0 ? isth__regions_describe(service->regions, welcome.memory_bytes, memories) : 0;
  snprintf(welcome.message, sizeof welcome.message, "%s", failure.message);
  /* It may not arrive: the client has gone, or so many descriptors wait to be received that the kernel takes no more. The end of
   * file then ends the channel, and tells a client that is still there to try again. */
  if (isth__send(control, &welcome, sizeof welcome, memories, count) != (ptrdiff_t)sizeof welcome)
    shutdown(control, SHUT_RDWR);
  ISTH__FAILPOINT(guest_welcomed);
  return error == 0 ? ISTH__GUEST_ADMITTED : ISTH__GUEST_LEAVES;
}

enum isth__guest_step isth__guest_advance(isth_service *service, struct isth__guest *guest,
                                          struct isth__channel **channel) {
  if (guest->state == ISTH__GUEST_TEXT) return send_text(service, guest);
  if (guest->state == ISTH__GUEST_HELLO) {
    int got = receive_message(guest, sizeof(struct isth__hello), 0);
    if (got < 0) return ISTH__GUEST_LEAVES;
    if (got == 0) return ISTH__GUEST_STAYS;
    enum isth__guest_step step = answer_hello(service, guest);
    if (step != ISTH__GUEST_STAYS || guest->state != ISTH__GUEST_ATTACH) return step;
  }
  int got = receive_message(guest, sizeof(struct isth__attach), ISTH__MAX_FDS);
  if (got < 0) return ISTH__GUEST_LEAVES;
  if (got == 0) return ISTH__GUEST_STAYS;
  return answer_attach(service, guest, channel);
}
