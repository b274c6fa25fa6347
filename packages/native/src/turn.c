/* turn.c: ring to inbox, and back into JavaScript. */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

enum {
  EMPTY_POLLS = 100,      /* looks at the rings before the event loop gets its turn, when polling */
  CHAIN_NS = 100000,      /* how long JavaScript may go on by itself, while what it said it does next tick waits */
  TURN_NS = 1000000,      /* how long one turn may keep the event loop from its other work, but for its last batch */
  OUTCOMES_PER_CLOCK = 32 /* reading the clock costs some 20 ns, an outcome a few hundred */
};

uint32_t slot_of(const isth_reply *reply) {
  const struct call_tag *tag = reply->user;
  return (uint32_t)(tag - tag->channel->tags) | (reply->more ? SLOT_MORE : 0);
}

int32_t status_of(const isth_reply *reply) { return reply->more ? (int32_t)reply->credit : reply->status; }

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

/* Has JavaScript take what is in the inbox, and what it takes by itself after that: see next_outcomes. */
static void deliver(struct channel *channel, uint32_t count) {
  channel->chain_end_ns = isth_now_ns() + CHAIN_NS;
  channel->turn_outcomes += count;
  call_back(channel, channel->on_outcomes, (int32_t)count);
}

static size_t aligned(size_t size) { return (size + 63) / 64 * 64; }

static void fill_copies(struct channel *channel, const struct parked_reply *replies, uint32_t count) {
  struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
  size_t total = 0, at = 0;
  for (uint32_t i = 0; i < count; i++) total += aligned(replies[i].size);
  bool room = arena_reserve(channel, total);
  for (uint32_t i = 0; i < count; i++) {
    const struct parked_reply *reply = &replies[i];
    if (!room) {
      bool more = (reply->slot & SLOT_MORE) != 0;
      inbox[i] = (struct inbox_entry){reply->slot, ISTH_E_OUT_OF_MEMORY, more ? NOT_SENT : 0, 0};
      continue;
    }
    inbox[i] = (struct inbox_entry){reply->slot, reply->status, (uint32_t)(at / 64), (uint32_t)reply->size};
    if (reply->size == 0) continue;
    memcpy(channel->arena.bytes + at, reply->payload, reply->size);
    at += aligned(reply->size);
  }
  channel->control[CONTROL_IN_ARENA] = 1;
}

static uint32_t fill_parked(struct channel *channel) {
  struct parked_reply batch[MAX_BATCH];
  size_t count = parked_take(channel, batch, MAX_BATCH);
  fill_copies(channel, batch, (uint32_t)count);
  for (size_t i = 0; i < count; i++) free(batch[i].payload);
  return (uint32_t)count;
}

static uint32_t fill_replies(struct channel *channel) {
  isth_reply replies[MAX_BATCH];
  uint32_t count = (uint32_t)isth_client_peek(channel->client, replies, MAX_BATCH);
  if (count == 0) {
    /* Late replies leave nothing to deliver, and still need to be given back. */
    isth_client_release(channel->client);
    return 0;
  }
  for (uint32_t i = 0; i < count; i++) channel->calls -= !replies[i].more;
  if (channel->segment == NULL) {
    struct parked_reply copies[MAX_BATCH];
    for (uint32_t i = 0; i < count; i++)
      copies[i] = (struct parked_reply){slot_of(&replies[i]), status_of(&replies[i]), replies[i].size,
                                        (unsigned char *)(uintptr_t)replies[i].payload};
    fill_copies(channel, copies, count);
    return count;
  }
  struct inbox_entry *inbox = (struct inbox_entry *)(void *)channel->inbox.bytes;
  for (uint32_t i = 0; i < count; i++) {
    const unsigned char *payload = replies[i].payload;
    size_t offset = payload == NULL ? 0 : (size_t)(payload - channel->segment_bytes);
    inbox[i] = (struct inbox_entry){slot_of(&replies[i]), status_of(&replies[i]), (uint32_t)(offset / 64),
                                    (uint32_t)replies[i].size};
  }
  channel->control[CONTROL_IN_ARENA] = 0;
  return count;
}

/* Fills the inbox with what has come. What is parked came earlier than what lies in the ring, and many replies to one call have
 * an order. */
static uint32_t fill_inbox(struct channel *channel) {
  return channel->parked_count > 0 ? fill_parked(channel) : fill_replies(channel);
}

/* The same with what became of the outbox. */
static uint32_t flush_into_inbox(struct channel *channel, uint64_t now_ns) {
  uint32_t count = flush_outbox(channel, now_ns);
  if (count > 0) channel->control[CONTROL_IN_ARENA] = 0;
  return count;
}

/* Takes what has come, and then sends what that led to; once, although the continuation of a failure may have sent again: whoever
 * tries a full ring anew at once, without end, must not keep the turn from taking the replies that would make room. Returns how
 * many outcomes there were. */
static uint32_t take_and_flush(struct channel *channel) {
  uint32_t count = fill_inbox(channel);
  if (count > 0) {
    deliver(channel, count);
    if (channel->closing) return count;
    isth_client_release(channel->client);
  }
  if (channel->control[CONTROL_OUTBOX_BYTES] == 0) return count;
  uint32_t failed = flush_into_inbox(channel, isth_now_ns());
  if (failed > 0) deliver(channel, failed);
  return count + failed;
}

static int looks(const struct channel *channel) { return channel->options.wait == ISTH_WAIT_BLOCK ? 1 : EMPTY_POLLS; }

napi_value next_outcomes(napi_env env, napi_callback_info info) {
  napi_value result;
  void *data;
  uint32_t count = 0;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  struct channel *channel = data;
  if (channel->in_turn && !channel->closing) {
    uint64_t now_ns = isth_now_ns();
    if (now_ns < channel->chain_end_ns) {
      isth_client_release(channel->client);
      count = flush_into_inbox(channel, now_ns);
      for (int i = looks(channel); i > 0 && count == 0 && channel->calls > 0; i--) count = fill_inbox(channel);
    }
    channel->turn_outcomes += count;
  }
  napi_create_uint32(env, count, &result);
  return result;
}

bool drain_is_untold(const struct channel *channel) {
  return !channel->draining && isth_client_draining(channel->client);
}

/* Whether the instance has gone, and all that came from it before was delivered. Every call has ended by then. */
static bool is_over(const struct channel *channel) {
  return isth_client_status(channel->client) != 0 && channel->calls == 0 && channel->parked_count == 0;
}

void run_turn(struct channel *channel) {
  if (channel->in_turn || channel->closing) return;
  napi_env env = channel->env;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  channel->in_turn = true;
  channel->control[CONTROL_IN_TURN] = 1;
  int polls = looks(channel);
  uint64_t end_ns = isth_now_ns() + TURN_NS;
  channel->turn_outcomes = 0;
  for (int empty = 0; empty < polls && !channel->closing;) {
    if (take_and_flush(channel) > 0) {
      empty = 0;
      channel->spin_until_ns = 0;
      if (channel->turn_outcomes >= OUTCOMES_PER_CLOCK) {
        channel->turn_outcomes = 0;
        if (isth_now_ns() >= end_ns) break;
      }
    } else {
      if (channel->calls == 0) break;
      empty++;
    }
  }
  if (!channel->closing && drain_is_untold(channel)) {
    channel->draining = true;
    call_back(channel, channel->on_status, ISTH_E_INSTANCE_DRAINING);
  }
  if (!channel->closing && is_over(channel) && !channel->lost) {
    channel->lost = true;
    call_back(channel, channel->on_status, isth_client_status(channel->client));
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
