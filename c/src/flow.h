/*
 * flow.h: the client's part of calls with many replies: how much of the window is used, what is owed to the service,
 * and deadlines that begin anew with each reply.
 *
 *   a reply is taken        held += cost    the deadline begins anew; none while the receiver holds up the service
 *   its receiver is done    held -> owed    half of the window together: CREDIT, owed = 0
 *   the call is given up    CANCEL          only then is its slot free again
 *
 * What finds no room in the request ring is kept, and tried again by the next poll, peek, call or check.
 */
#ifndef ISTH_FLOW_H
#define ISTH_FLOW_H

#include "client.h"

/* Beside each slot of the table of calls. */
struct isth__flow {
  uint64_t allowance_ns; /* for each reply; 0: no deadline */
  uint64_t held;         /* bytes of replies that were taken, and that their receiver is not done with */
  uint64_t owed;         /* bytes that it is done with, and whose credit was not sent */
  uint32_t next_debtor;  /* slot number + 1; 0: the last */
  bool debtor;           /* in the list of slots that could not send */
  bool dropped;          /* the call has ended here, and the service was not told yet */
};

void isth__flow_begin(isth_client *client, const struct isth__call_slot *slot, uint64_t deadline_ns);

/* Counts a reply. False if the service may not have sent it. */
bool isth__flow_receive(isth_client *client, struct isth__call_slot *slot, uint64_t cost);

/* Whether the call has ended here, and only its slot is not free yet. */
bool isth__flow_dropped(const isth_client *client, const struct isth__call_slot *slot);

/* Ends a call that has not ended by itself, and tells the service. */
void isth__flow_drop(isth_client *client, struct isth__call_slot *slot);

/* Tries again what found no room. */
void isth__flow_settle(isth_client *client);

/* A callback has taken one of many replies. */
void isth__flow_taken(isth_client *client, const isth_reply *reply);

/* When to try at the latest to send what is owed; 0: nothing is. */
uint64_t isth__flow_due_ns(const isth_client *client);

#endif
