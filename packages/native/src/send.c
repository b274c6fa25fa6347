/* send.c: requests into the ring. */
#include "addon.h"

#include <string.h>

struct outbox_header {
  uint32_t slot, method, size, traits;
  double timeout_ms;
  isth_trace trace;
};
_Static_assert(sizeof(struct outbox_header) <= OUTBOX_ALIGN, "the payload begins at byte 64");

int send_request(struct channel *channel, const struct outgoing *outgoing, uint64_t now_ns) {
  if (outgoing->slot >= channel->options.max_in_flight) return ISTH_E_TOO_MANY_CALLS;
  struct call_tag *tag = &channel->tags[outgoing->slot];
  tag->deadline_ns = now_ns + (uint64_t)(outgoing->timeout_ms * 1e6);
  isth_request request = {.method = outgoing->method,
                          .payload = outgoing->payload,
                          .size = outgoing->size,
                          .deadline_ns = tag->deadline_ns,
                          .trace = outgoing->trace,
                          .callback = park_reply,
                          .user = tag,
                          .replies = outgoing->replies,
                          .manual_credit = true};
  int error = isth_client_call(channel->client, &request, &tag->call_id);
  if (error == 0 && outgoing->replies != ISTH_REPLIES_NONE) channel->calls++;
  return error;
}

uint32_t flush_outbox(struct channel *channel) {
  uint32_t end = (uint32_t)channel->control[CONTROL_OUTBOX_BYTES], outcomes = 0;
  if (end == 0) return 0;
  channel->control[CONTROL_OUTBOX_BYTES] = 0;
  struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
  uint64_t now_ns = isth_now_ns();
  for (uint32_t at = 0; at + OUTBOX_ALIGN <= end && end <= OUTBOX_BYTES;) {
    struct outbox_header header;
    memcpy(&header, channel->outbox.bytes + at, sizeof header);
    if (header.size > end - at - OUTBOX_ALIGN) break;
    struct outgoing outgoing = {.slot = header.slot,
                                .method = header.method,
                                .replies = (isth_replies)(header.traits >> 1),
                                .payload = channel->outbox.bytes + at + OUTBOX_ALIGN,
                                .size = header.size,
                                .timeout_ms = header.timeout_ms,
                                .trace = (header.traits & 1) != 0 ? &header.trace : NULL};
    int error = send_request(channel, &outgoing, now_ns);
    if (error != 0) {
      inbox[outcomes++] = (struct inbox_entry){header.slot, error, NOT_SENT, 0};
    } else if (outgoing.replies == ISTH_REPLIES_NONE) {
      inbox[outcomes++] = (struct inbox_entry){header.slot | SLOT_SENT, 0, 0, 0};
    }
    at += OUTBOX_ALIGN + (header.size + OUTBOX_ALIGN - 1) / OUTBOX_ALIGN * OUTBOX_ALIGN;
  }
  return outcomes;
}
