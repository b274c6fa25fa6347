/* turn.c: outbox to ring, ring to inbox. */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

enum {
  EMPTY_POLLS = 100,      /* looks at the rings before the event loop gets its turn, when polling */
  TURN_NS = 1000000,      /* how long one turn may keep the event loop from its other work, but for its last batch */
  OUTCOMES_PER_CLOCK = 32 /* reading the clock costs some 20 ns, an outcome a few hundred */
};

struct outbox_header {
  uint32_t slot, method, size, has_trace;
  double timeout_ms;
  isth_trace trace;
};
_Static_assert(sizeof(struct outbox_header) <= OUTBOX_ALIGN, "the payload begins at byte 64");

static uint32_t slot_of(const isth_reply *reply) {
  const struct call_tag *tag = reply->user;
  return (uint32_t)(tag - tag->channel->tags);
}

/* Only runs inside a synchronous call, for the replies of other calls: a turn takes replies without callbacks. */
static void park_reply(const isth_reply *reply) {
  const struct call_tag *tag = reply->user;
  struct parked_reply *parked = &tag->channel->parked[tag->channel->parked_count++];
  *parked = (struct parked_reply){.slot = slot_of(reply), .status = reply->status};
  if (reply->size == 0) return;
  parked->payload = malloc(reply->size);
  if (parked->payload == NULL) {
    parked->status = ISTH_E_OUT_OF_MEMORY;
    return;
  }
  memcpy(parked->payload, reply->payload, reply->size);
  parked->size = reply->size;
}

int send_request(struct channel *channel, uint32_t slot, uint32_t method, const void *payload, size_t size,
                 double timeout_ms, const isth_trace *trace, uint64_t now_ns) {
  if (slot >= channel->options.max_in_flight) return ISTH_E_TOO_MANY_CALLS;
  struct call_tag *tag = &channel->tags[slot];
  tag->deadline_ns = now_ns + (uint64_t)(timeout_ms * 1e6);
  isth_request request = {.method = method,
                          .payload = payload,
                          .size = size,
                          .deadline_ns = tag->deadline_ns,
                          .trace = trace,
                          .callback = park_reply,
                          .user = tag};
  return isth_client_call(channel->client, &request, &tag->call_id);
}

uint32_t flush_outbox(struct channel *channel) {
  uint32_t end = (uint32_t)channel->control[CONTROL_OUTBOX_BYTES], failures = 0;
  if (end == 0) return 0;
  channel->control[CONTROL_OUTBOX_BYTES] = 0;
  struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
  uint64_t now_ns = isth_now_ns();
  for (uint32_t at = 0; at + OUTBOX_ALIGN <= end && end <= OUTBOX_BYTES;) {
    struct outbox_header header;
    memcpy(&header, channel->outbox.bytes + at, sizeof header);
    if (header.size > end - at - OUTBOX_ALIGN) break;
    int error = send_request(channel, header.slot, header.method, channel->outbox.bytes + at + OUTBOX_ALIGN,
                             header.size, header.timeout_ms, header.has_trace ? &header.trace : NULL, now_ns);
    if (error != 0) inbox[failures++] = (struct inbox_entry){header.slot, error, NOT_SENT, 0};
    at += OUTBOX_ALIGN + (header.size + OUTBOX_ALIGN - 1) / OUTBOX_ALIGN * OUTBOX_ALIGN;
  }
  return failures;
}

/* Calls back into JavaScript; microtasks, and so the continuations of awaited calls, run before it returns. */
static void call_back(struct channel *channel, napi_ref callback, int32_t number) {
  napi_env env = channel->env;
  napi_handle_scope scope;
  napi_value function, object, argument, result, error;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, callback, &function);
  napi_get_reference_value(env, channel->object, &object);
  napi_create_int32(env, number, &argument);
  napi_status status = napi_make_callback(env, channel->context, object, function, 1, &argument, &result);
  if (status == napi_pending_exception && napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}

static void deliver(struct channel *channel, uint32_t count, bool in_arena) {
  channel->control[CONTROL_IN_ARENA] = in_arena;
  call_back(channel, channel->on_outcomes, (int32_t)count);
}

/* Once, although the continuation of a failure may have sent again: whoever tries a full ring anew at once, without end, must
 * not keep the turn from taking the replies that would make room. Returns how many failures there were. */
static uint32_t flush_and_report(struct channel *channel) {
  uint32_t failures = channel->closing ? 0 : flush_outbox(channel);
  if (failures > 0) deliver(channel, failures, false);
  return failures;
}

static size_t aligned(size_t size) { return (size + 63) / 64 * 64; }

static void deliver_copies(struct channel *channel, const struct parked_reply *replies, uint32_t count) {
  struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
  size_t total = 0, at = 0;
  for (uint32_t i = 0; i < count; i++) total += aligned(replies[i].size);
  bool room = arena_reserve(channel, total);
  for (uint32_t i = 0; i < count; i++) {
    const struct parked_reply *reply = &replies[i];
    inbox[i] = (struct inbox_entry){reply->slot, room ? reply->status : ISTH_E_OUT_OF_MEMORY, (uint32_t)(at / 64),
                                    room ? (uint32_t)reply->size : 0};
    if (!room || reply->size == 0) continue;
    memcpy(channel->arena.bytes + at, reply->payload, reply->size);
    at += aligned(reply->size);
  }
  deliver(channel, count, true);
}

static void deliver_parked(struct channel *channel) {
  while (channel->parked_count > 0 && !channel->closing) {
    struct parked_reply batch[MAX_BATCH];
    size_t count = channel->parked_count < MAX_BATCH ? channel->parked_count : MAX_BATCH;
    memcpy(batch, channel->parked, count * sizeof batch[0]);
    channel->parked_count -= count;
    memmove(channel->parked, channel->parked + count, channel->parked_count * sizeof batch[0]);
    deliver_copies(channel, batch, (uint32_t)count);
    for (size_t i = 0; i < count; i++) free(batch[i].payload);
  }
}

static uint32_t take_batch(struct channel *channel) {
  isth_reply replies[MAX_BATCH];
  uint32_t count = (uint32_t)isth_client_peek(channel->client, replies, MAX_BATCH);
  if (count == 0) {
    /* Late replies leave nothing to deliver, and still need to be given back. */
    isth_client_release(channel->client);
    return 0;
  }
  if (channel->segment == NULL) {
    struct parked_reply copies[MAX_BATCH];
    for (uint32_t i = 0; i < count; i++)
      copies[i] = (struct parked_reply){slot_of(&replies[i]), replies[i].status, replies[i].size,
                                        (unsigned char *)(uintptr_t)replies[i].payload};
    deliver_copies(channel, copies, count);
  } else {
    struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
    for (uint32_t i = 0; i < count; i++) {
      const unsigned char *payload = replies[i].payload;
      size_t offset = payload == NULL ? 0 : (size_t)(payload - channel->segment_bytes);
      inbox[i] = (struct inbox_entry){slot_of(&replies[i]), replies[i].status, (uint32_t)(offset / 64),
                                      (uint32_t)replies[i].size};
    }
    deliver(channel, count, false);
  }
  isth_client_release(channel->client);
  return count;
}

void run_turn(struct channel *channel) {
  if (channel->in_turn || channel->closing) return;
  napi_env env = channel->env;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  channel->in_turn = true;
  channel->control[CONTROL_IN_TURN] = 1;
  int polls = channel->options.wait == ISTH_WAIT_BLOCK ? 1 : EMPTY_POLLS;
  uint64_t end_ns = isth_now_ns() + TURN_NS;
  uint32_t outcomes = 0;
  deliver_parked(channel);
  for (int empty = 0; empty < polls && !channel->closing;) {
    uint32_t count = take_batch(channel);
    count += flush_and_report(channel);
    if (count > 0) {
      empty = 0;
      channel->spin_until_ns = 0;
      outcomes += count;
      if (outcomes >= OUTCOMES_PER_CLOCK) {
        outcomes = 0;
        if (isth_now_ns() >= end_ns) break;
      }
    } else {
      isth_client_stats stats;
      isth_client_get_stats(channel->client, &stats);
      if (stats.in_flight == 0) break;
      empty++;
    }
  }
  int status = isth_client_status(channel->client);
  if (status != 0 && !channel->lost && !channel->closing) {
    channel->lost = true;
    call_back(channel, channel->on_lost, status);
  }
  channel->in_turn = false;
  channel->control[CONTROL_IN_TURN] = 0;
  if (channel->closing) {
    channel_finish(channel);
  } else {
    loop_wait(channel);
  }
  napi_close_handle_scope(env, scope);
}
