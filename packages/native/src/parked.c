/* parked.c: replies to other calls that come while a synchronous call waits: copied aside, for the next turn to deliver. */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

/* The most calls and pings that may have been made and not been told of yet. */
static size_t most_ends(const struct channel *channel) { return (size_t)channel->options.max_in_flight + MAX_PINGS; }

/* There is always room for the end of each of them. Not cleared: only what was parked is ever read. */
bool parked_create(struct channel *channel) {
  channel->parked_capacity = most_ends(channel);
  channel->parked = malloc(channel->parked_capacity * sizeof *channel->parked);
  return channel->parked != NULL;
}

void parked_destroy(struct channel *channel) {
  for (size_t i = 0; i < channel->parked_count; i++) free(channel->parked[i].payload);
  free(channel->parked);
  channel->parked = NULL;
}

static bool is_more(const struct parked_reply *parked) { return (parked->slot & SLOT_MORE) != 0; }

/* Room for one more reply that is not the end of its call. What a call's window lets through bounds how much it takes. */
static bool reserve_more(struct channel *channel) {
  if (channel->parked_more + most_ends(channel) < channel->parked_capacity) return true;
  size_t capacity = channel->parked_capacity * 2;
  struct parked_reply *grown = realloc(channel->parked, capacity * sizeof *grown);
  if (grown == NULL) return false;
  channel->parked = grown;
  channel->parked_capacity = capacity;
  return true;
}

static bool copy_payload(struct parked_reply *parked, const isth_reply *reply) {
  if (reply->size == 0) return true;
  parked->payload = malloc(reply->size);
  if (parked->payload == NULL) return false;
  memcpy(parked->payload, reply->payload, reply->size);
  parked->size = reply->size;
  return true;
}

void park_reply(const isth_reply *reply) {
  struct call_tag *tag = reply->user;
  struct channel *channel = tag->channel;
  if (reply->call_id != tag->call_id) return;
  struct parked_reply parked = {.slot = slot_of(reply), .status = status_of(reply)};
  bool room = (!reply->more || reserve_more(channel)) && copy_payload(&parked, reply);
  if (!room) {
    /* The call ends here, where it has not ended already. */
    if (reply->more) isth_client_cancel(channel->client, tag->call_id);
    tag->call_id = 0;
    parked.slot &= ~(uint32_t)SLOT_MORE;
    parked.status = ISTH_E_OUT_OF_MEMORY;
  }
  channel->parked[channel->parked_count++] = parked;
  if (is_more(&parked)) {
    channel->parked_more++;
  } else {
    channel->calls--;
  }
}

size_t parked_take(struct channel *channel, struct parked_reply *taken, size_t max) {
  size_t count = channel->parked_count < max ? channel->parked_count : max;
  memcpy(taken, channel->parked, count * sizeof *taken);
  channel->parked_count -= count;
  memmove(channel->parked, channel->parked + count, channel->parked_count * sizeof *taken);
  for (size_t i = 0; i < count; i++) channel->parked_more -= is_more(&taken[i]);
  return count;
}

void unpark(struct channel *channel, uint32_t slot) {
  if (channel->parked_more == 0) return;
  size_t kept = 0;
  for (size_t i = 0; i < channel->parked_count; i++) {
    struct parked_reply *parked = &channel->parked[i];
    if (parked->slot == (slot | SLOT_MORE)) {
      free(parked->payload);
      channel->parked_more--;
    } else {
      channel->parked[kept++] = *parked;
    }
  }
  channel->parked_count = kept;
}
