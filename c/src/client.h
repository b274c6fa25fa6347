/* client.h (internal): a client's state. Its functions are in client.c (calling), outcomes.c (what comes back), flow.c
 * (many replies) and wait.c. */
#ifndef ISTH_CLIENT_H
#define ISTH_CLIENT_H

#include "connect.h"

#include "calls.h"
#include "polls.h"

struct isth__client_lane {
  struct isth__producer requests;
  struct isth__consumer replies;
  uint32_t in_flight;
  int wake; /* the end of the lane's wake-up that signals */
  bool owes_signal;
};

struct isth_client {
  struct isth__connection connection;
  isth_client_options options; /* with the defaults filled in */
  struct isth__calls calls;
  struct isth__flow *flows; /* beside each slot; untouched, and so no memory, where no call has many replies */
  uint32_t debtors;         /* the first slot that could not send what it owes, + 1; 0: none */
  uint32_t dropped;         /* slots whose call has ended here, and whose service was not told yet */
  uint32_t lane_count;
  uint32_t last_lane;
  int status;       /* 0, or why the channel is dead */
  bool drain_came;  /* on the control socket */
  uint32_t peeks;   /* counts up to the next look at clock and control socket */
  bool expiring;    /* the clock has passed next_deadline_ns */
  bool in_callback; /* poll runs callbacks: waiting inside one is refused */
  bool cut;         /* taking ended with one of many replies, whose callback comes first */
  bool armed;
  struct isth__polls polls;
  bool corked;
  bool signalled; /* event_fd was readable, and was not cleared yet */
  struct {
    struct isth__record *record;  /* NULL: nothing claimed */
    struct isth__call_slot *slot; /* NULL: a one-way call */
    struct isth__client_lane *lane;
    uint64_t id;
    uint32_t metadata_bytes;
    isth_request request;
    isth_trace trace;
  } claim;
  uint64_t calls_sent, replies, late_replies;
  struct isth__client_lane lanes[];
};

/* Marks the channel dead; in-flight calls end with `status` at the next peek. The first cause stays. */
void isth__client_lose(isth_client *client, int status);

/* Fills in `failure` (may be NULL) with the message of a refusal or error, and returns the status. */
int isth__client_report(const isth_reply *reply, isth_failure *failure);

/* Looks at the clock now: calls that expired are among the outcomes of the next peek or poll. */
void isth__client_check_clock(isth_client *client);

#endif
