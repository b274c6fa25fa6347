/* send.c: requests into the ring. */
#include "addon.h"

#include <string.h>

struct outbox_header {
  uint32_t slot, method, size, traits;
  double timeout_ms;
  isth_trace trace;
  uint32_t metadata_bytes; /* only where the traits say so */
};
_Static_assert(sizeof(struct outbox_header) <= OUTBOX_ALIGN, "metadata and payload begin at byte 64");
_Static_assert(offsetof(struct outbox_header, metadata_bytes) == 48, "as core writes it");

enum { TRAIT_TRACE = 1, TRAIT_METADATA = 2, TRAIT_REPLIES_SHIFT = 2 };

static size_t aligned(size_t bytes) { return (bytes + OUTBOX_ALIGN - 1) / OUTBOX_ALIGN * OUTBOX_ALIGN; }

int send_request(struct channel *channel, const struct outgoing *outgoing, uint64_t now_ns) {
  if (outgoing->slot >= channel->options.max_in_flight) return ISTH_E_TOO_MANY_CALLS;
  struct call_tag *tag = &channel->tags[outgoing->slot];
  isth_metadata entries[METADATA_ENTRIES];
  size_t count = 0;
  int error = metadata_entries(outgoing->metadata, outgoing->metadata_bytes, entries, &count);
  if (error != 0) return error;
  tag->channel = channel;
  tag->deadline_ns = now_ns + (uint64_t)(outgoing->timeout_ms * 1e6);
  isth_request request = {.method = outgoing->method,
                          .payload = outgoing->payload,
                          .size = outgoing->size,
                          .deadline_ns = tag->deadline_ns,
                          .trace = outgoing->trace,
                          .metadata = entries,
                          .metadata_count = count,
                          .callback = park_reply,
                          .user = tag,
                          .replies = outgoing->replies,
                          .manual_credit = true};
  error = isth_client_call(channel->client, &request, &tag->call_id);
  if (error == 0 && outgoing->replies != ISTH_REPLIES_NONE) channel->calls++;
  return error;
}

uint32_t flush_outbox(struct channel *channel, uint64_t now_ns) {
  uint32_t end = (uint32_t)channel->control[CONTROL_OUTBOX_BYTES], outcomes = 0;
  if (end == 0) return 0;
  channel->control[CONTROL_OUTBOX_BYTES] = 0;
  struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
  isth_client_cork(channel->client);
  for (uint32_t at = 0; at + OUTBOX_ALIGN <= end && end <= OUTBOX_BYTES;) {
    struct outbox_header header;
    memcpy(&header, channel->outbox.bytes + at, sizeof header);
    bool has_metadata = (header.traits & TRAIT_METADATA) != 0;
    size_t metadata_bytes = has_metadata ? header.metadata_bytes : 0, room = aligned(metadata_bytes);
    size_t left = end - at - OUTBOX_ALIGN;
    if (room > left || header.size > left - room) break;
    const unsigned char *metadata = channel->outbox.bytes + at + OUTBOX_ALIGN;
    struct outgoing outgoing = {.slot = header.slot,
                                .method = header.method,
                                .replies = (isth_replies)(header.traits >> TRAIT_REPLIES_SHIFT),
                                .payload = metadata + room,
                                .size = header.size,
                                .timeout_ms = header.timeout_ms,
                                .trace = (header.traits & TRAIT_TRACE) != 0 ? &header.trace : NULL,
                                .metadata = metadata,
                                .metadata_bytes = metadata_bytes};
    int error = send_request(channel, &outgoing, now_ns);
    if (error != 0) {
      inbox[outcomes++] = (struct inbox_entry){header.slot, error, NOT_SENT, 0};
    } else if (outgoing.replies == ISTH_REPLIES_NONE) {
      inbox[outcomes++] = (struct inbox_entry){header.slot | SLOT_SENT, 0, 0, 0};
    }
    at += (uint32_t)(OUTBOX_ALIGN + room + aligned(header.size));
  }
  isth_client_uncork(channel->client);
  return outcomes;
}
