/* outcomes.c: how calls end: with a reply, at their deadline, or with the channel. */
#include "client.h"

#include <errno.h>
#include <sys/socket.h>

#include "failpoint.h"
#include "flow.h"

enum {
  PEEKS_PER_CLOCK = 16,     /* reading the clock costs some 20 ns, an empty peek 5 */
  PEEKS_PER_CONTROL = 4096, /* a system call costs some 200 ns */
  BATCH = 32,
  POLL_MOST = 1024 /* callbacks of one poll: a service may send as fast as they take it */
};

/* Ends a call in flight and describes its outcome. `told`: the service knows that it has ended. */
static void end_call(isth_client *client, struct isth__call_slot *slot, int status, bool told, isth_reply *reply) {
  *reply = (isth_reply){.call_id = slot->id, .user = slot->user, .status = status};
  client->replies++;
  if (slot->many && !told) {
    isth__flow_drop(client, slot);
    return;
  }
  client->lanes[slot->lane].in_flight--;
  isth__calls_end(&client->calls, slot);
  ISTH__FAILPOINT(reply_ended);
}

/* Describes one of many replies; false if there should be none. */
static bool take_more(isth_client *client, struct isth__call_slot *slot, const struct isth__taken *taken,
                      isth_reply *reply) {
  uint64_t cost = isth__reply_cost(taken->size);
  if (!slot->many || taken->header.status != 0 || !isth__flow_receive(client, slot, cost)) return false;
  *reply = (isth_reply){.call_id = slot->id, .user = slot->user, .more = true, .credit = (uint32_t)cost};
  client->replies++;
  return true;
}

static bool is_reply(const struct isth__header *header) {
  return (header->kind == ISTH__RECORD_REPLY || header->kind == ISTH__RECORD_REPLY_MORE) && header->flags == 0 &&
         header->metadata_bytes == 0;
}

static size_t take_replies(isth_client *client, struct isth__client_lane *lane, isth_reply *replies,
                           isth_reply_callback *callbacks, size_t max) {
  size_t count = 0;
  while (count < max && !client->cut) {
    struct isth__taken taken;
    int got = isth__consumer_take(&lane->replies, &taken);
    if (got == 0) break;
    if (got < 0 || !is_reply(&taken.header)) {
      isth__client_lose(client, ISTH_E_PEER_CORRUPT);
      break;
    }
    struct isth__call_slot *slot = isth__calls_find(&client->calls, taken.header.call_id);
    if (slot == NULL || &client->lanes[slot->lane] != lane || (slot->many && isth__flow_dropped(client, slot))) {
      client->late_replies++;
      continue;
    }
    ISTH__FAILPOINT(reply_found);
    if (callbacks != NULL) callbacks[count] = slot->callback;
    if (taken.header.kind == ISTH__RECORD_REPLY) {
      end_call(client, slot, taken.header.status, true, &replies[count]);
    } else if (take_more(client, slot, &taken, &replies[count])) {
      /* Its callback may cancel the call: what comes next is only taken after it. */
      client->cut = callbacks != NULL;
    } else {
      isth__client_lose(client, ISTH_E_PEER_CORRUPT);
      break;
    }
    replies[count].payload = taken.payload;
    replies[count].size = taken.size;
    count++;
    /* To look behind the last reply would fetch a line that the service has just written, and writes again with its next one. What
     * else may be there, of calls that were given up, is found with the next look. */
    if (lane->in_flight == 0) break;
  }
  return count;
}

static size_t take_expired(isth_client *client, isth_reply *replies, isth_reply_callback *callbacks, size_t max) {
  size_t count = 0;
  uint64_t now_ns = isth__now_ns();
  while (client->expiring && count < max) {
    struct isth__call_slot *slots[BATCH];
    size_t found = isth__calls_expired(&client->calls, now_ns, slots, max - count < BATCH ? max - count : BATCH);
    for (size_t i = 0; i < found; i++, count++) {
      if (callbacks != NULL) callbacks[count] = slots[i]->callback;
      end_call(client, slots[i], ISTH_E_DEADLINE_EXCEEDED, false, &replies[count]);
    }
    client->expiring = client->calls.scan_at != 0;
  }
  return count;
}

/* Once the channel is dead and its rings are drained, every call still in flight ends with the cause. */
static size_t take_lost(isth_client *client, isth_reply *replies, isth_reply_callback *callbacks, size_t max) {
  size_t count = 0;
  for (uint32_t i = 0; i < client->calls.begun && count < max; i++) {
    struct isth__call_slot *slot = &client->calls.slots[i];
    if (slot->id == 0) continue;
    if (callbacks != NULL) callbacks[count] = slot->callback;
    end_call(client, slot, client->status, true, &replies[count++]);
  }
  return count;
}

void isth__client_check_clock(isth_client *client) {
  uint64_t next_ns = client->calls.next_deadline_ns;
  if (next_ns != 0 && isth__now_ns() >= next_ns) client->expiring = true;
}

static void check_control(isth_client *client) {
  char byte;
  ssize_t got;
  while ((got = recv(client->connection.control, &byte, 1, MSG_DONTWAIT)) > 0) {
    /* The instance sends nothing after its welcome but this, once. */
    if (byte != ISTH__DRAIN || client->drain_came) break;
    client->drain_came = true;
    ISTH__FAILPOINT(drain_seen);
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  isth__client_lose(client, got > 0 ? ISTH_E_PEER_CORRUPT : ISTH_E_INSTANCE_LOST);
}

void isth_client_check(isth_client *client) {
  isth__client_check_clock(client);
  if (client->status == 0) check_control(client);
  if (client->debtors != 0) isth__flow_settle(client);
}

static size_t find_outcomes(isth_client *client, isth_reply *replies, isth_reply_callback *callbacks, size_t max) {
  size_t count = 0;
  client->cut = false;
  if (client->debtors != 0) isth__flow_settle(client);
  if (++client->peeks % PEEKS_PER_CLOCK == 0) isth__client_check_clock(client);
  if (client->peeks % PEEKS_PER_CONTROL == 0 && client->status == 0) check_control(client);
  if (client->status != ISTH_E_PEER_CORRUPT) {
    for (uint32_t i = 0; i < client->lane_count && count < max; i++)
      count += take_replies(client, &client->lanes[i], replies + count, callbacks == NULL ? NULL : callbacks + count,
                            max - count);
  }
  /* Before a call ends otherwise, all that came for it is looked at. */
  if (client->cut) return count;
  if (client->expiring)
    count += take_expired(client, replies + count, callbacks == NULL ? NULL : callbacks + count, max - count);
  if (client->status != 0) {
    if (client->debtors != 0) isth__flow_settle(client);
    count += take_lost(client, replies + count, callbacks == NULL ? NULL : callbacks + count, max - count);
  }
  return count;
}

static size_t take_outcomes(isth_client *client, isth_reply *replies, isth_reply_callback *callbacks, size_t max) {
  size_t count = find_outcomes(client, replies, callbacks, max);
  if (count > 0) isth__polls_found(&client->polls);
  return count;
}

size_t isth_client_peek(isth_client *client, isth_reply *replies, size_t max) {
  return take_outcomes(client, replies, NULL, max);
}

void isth_client_release(isth_client *client) {
  for (uint32_t i = 0; i < client->lane_count; i++) isth__consumer_release(&client->lanes[i].replies);
  ISTH__FAILPOINT(replies_released);
}

size_t isth_client_poll(isth_client *client, size_t max) {
  if (client->in_callback) return 0;
  if (max == 0) max = POLL_MOST;
  size_t total = 0;
  while (total < max) {
    isth_reply replies[BATCH];
    isth_reply_callback callbacks[BATCH];
    size_t room = max - total > BATCH ? BATCH : max - total;
    size_t count = take_outcomes(client, replies, callbacks, room);
    bool cut = client->cut;
    client->in_callback = true;
    for (size_t i = 0; i < count; i++) {
      if (callbacks[i] != NULL) callbacks[i](&replies[i]);
      if (replies[i].more) isth__flow_taken(client, &replies[i]);
    }
    client->in_callback = false;
    isth_client_release(client);
    total += count;
    if (count < room && !cut) break;
  }
  return total;
}

uint64_t isth_client_next_deadline_ns(const isth_client *client) {
  uint64_t deadline_ns = client->calls.next_deadline_ns, due_ns = isth__flow_due_ns(client);
  return due_ns != 0 && (deadline_ns == 0 || due_ns < deadline_ns) ? due_ns : deadline_ns;
}
