/*
 * failpoint_list.h: every step that touches shared state, by the name of its failpoint.
 *
 * X(name, side, often, what has happened when it is reached). `side`: who comes by. `often`: ONCE in a process, SELDOM (in each
 * connection), OFTEN (in each call, or write of a region) or ENDING (when an instance is told to end). test/reliability/failpoints.ts reads this list, one entry a line.
 */
#ifndef ISTH_FAILPOINT_LIST_H
#define ISTH_FAILPOINT_LIST_H

/* clang-format off */
#define ISTH__FAILPOINTS(X) \
  X(regions_made,        SERVICE, ONCE,   "the memory of the regions is made; nobody listens yet") \
  X(guest_accepted,      SERVICE, SELDOM, "a connection is accepted") \
  X(guest_hello,         SERVICE, SELDOM, "a client has said hello") \
  X(guest_offered,       SERVICE, SELDOM, "the offer is sent") \
  X(guest_attach,        SERVICE, SELDOM, "the client's memory has come, unchecked") \
  X(guest_mapped,        SERVICE, SELDOM, "the client's memory is mapped") \
  X(guest_welcomed,      SERVICE, SELDOM, "the welcome is sent; no serving thread knows of the channel") \
  X(channel_admitted,    SERVICE, SELDOM, "the serving threads are told of the channel") \
  X(lane_attached,       SERVICE, SELDOM, "a serving thread has taken its lane on") \
  X(lane_detached,       SERVICE, SELDOM, "a serving thread is about to let its lane go") \
  X(channel_closed,      SERVICE, SELDOM, "the control socket is closed; the lanes are still served") \
  X(channel_freed,       SERVICE, SELDOM, "nobody uses the channel any more; it is about to be unmapped") \
  X(connect_opened,      CLIENT,  SELDOM, "the control socket is connected") \
  X(connect_hello,       CLIENT,  SELDOM, "the hello is sent") \
  X(connect_offered,     CLIENT,  SELDOM, "the offer has come") \
  X(connect_packed,      CLIENT,  SELDOM, "the segment and the wake-ups are made") \
  X(connect_passed,      CLIENT,  SELDOM, "the segment and the wake-ups are sent") \
  X(connect_welcomed,    CLIENT,  SELDOM, "the welcome has come, with the regions' memory") \
  X(connect_mapped,      CLIENT,  SELDOM, "the regions' memory is mapped") \
  X(disconnect_unmapped, CLIENT,  SELDOM, "the segment is unmapped; the sockets are open") \
  X(ring_claim,          BOTH,    OFTEN,  "a record is about to be claimed") \
  X(ring_padded,         BOTH,    OFTEN,  "padding up to the end of the ring is published") \
  X(ring_claimed,        BOTH,    OFTEN,  "a record is claimed") \
  X(ring_zeroed,         BOTH,    OFTEN,  "the payload is written, and the next header zeroed") \
  X(ring_written,        BOTH,    OFTEN,  "the header is written, but for the length") \
  X(ring_published,      BOTH,    OFTEN,  "the length is stored: the record is published") \
  X(ring_notify,         BOTH,    OFTEN,  "the consumer sleeps, and only this side will wake it") \
  X(ring_taken,          BOTH,    OFTEN,  "a record is taken") \
  X(ring_release,        BOTH,    OFTEN,  "records are about to be given back") \
  X(ring_released,       BOTH,    OFTEN,  "records are given back") \
  X(ring_asleep,         BOTH,    OFTEN,  "this side has said that it sleeps, and has not looked again") \
  X(wake_signalled,      BOTH,    OFTEN,  "a wake-up is sent") \
  X(wake_cleared,        BOTH,    OFTEN,  "a wake-up is taken") \
  X(call_taken,          SERVICE, OFTEN,  "a request is taken; nothing is claimed for its reply") \
  X(handler_begin,       SERVICE, OFTEN,  "the handler is about to run") \
  X(handler_end,         SERVICE, OFTEN,  "the handler has run") \
  X(call_released,       SERVICE, OFTEN,  "the request is given back; its reply is not sent") \
  X(reply_written,       SERVICE, OFTEN,  "the reply's payload is written") \
  X(call_deferred,       SERVICE, OFTEN,  "another thread will answer the call") \
  X(respond_filled,      SERVICE, OFTEN,  "another thread has the answer, and has not posted it") \
  X(stream_started,      SERVICE, OFTEN,  "a thread is told to run a handler of many replies") \
  X(stream_begun,        SERVICE, OFTEN,  "a handler of many replies is about to run") \
  X(emit_filled,         SERVICE, OFTEN,  "one of many replies is made, and waits for credit") \
  X(emit_posted,         SERVICE, OFTEN,  "one of many replies is posted") \
  X(stream_controlled,   SERVICE, OFTEN,  "a stream was given credit, or cancelled") \
  X(stream_ended,        SERVICE, OFTEN,  "the end of many replies is posted") \
  X(outgoing_posted,     SERVICE, OFTEN,  "a parcel is queued, under the lock; the serving thread is not woken") \
  X(outgoing_collected,  SERVICE, OFTEN,  "the serving thread has collected parcels") \
  X(parcel_written,      SERVICE, OFTEN,  "a parcel is copied into the ring") \
  X(call_claimed,        CLIENT,  OFTEN,  "a request's room is claimed") \
  X(call_written,        CLIENT,  OFTEN,  "a request's payload is written; the call is not in the table") \
  X(call_begun,          CLIENT,  OFTEN,  "the call is in the table of calls; its request is not published") \
  X(call_sent,           CLIENT,  OFTEN,  "the request is sent") \
  X(reply_found,         CLIENT,  OFTEN,  "a reply's call is found in the table") \
  X(reply_ended,         CLIENT,  OFTEN,  "the call is out of the table; nobody was told") \
  X(replies_released,    CLIENT,  OFTEN,  "the replies are told, and given back") \
  X(control_sent,        CLIENT,  OFTEN,  "credit or a cancellation is sent") \
  X(drain_unlistened,    SERVICE, ENDING, "the instance, told to end, has removed its socket; no client knows") \
  X(drain_told,          SERVICE, ENDING, "its clients are told that the instance ends") \
  X(drain_over,          SERVICE, ENDING, "no client is left; the serving threads are about to be ended") \
  X(drain_seen,          CLIENT,  ENDING, "a client has learned that its instance ends") \
  X(region_lock,         BOTH,    OFTEN,  "the writers' lock is about to be asked for") \
  X(region_locked,       BOTH,    OFTEN,  "the writers' lock is held, without its mark") \
  X(region_marked,       BOTH,    OFTEN,  "the writers' lock is held and marked") \
  X(region_keyed,        BOTH,    ONCE,   "a new row has its key") \
  X(region_invalidated,  BOTH,    OFTEN,  "the slot that is written to is invalid") \
  X(region_stored,       BOTH,    OFTEN,  "the value is stored; its slot is invalid") \
  X(region_valid,        BOTH,    OFTEN,  "the slot is valid; an older one is the latest") \
  X(region_latest,       BOTH,    OFTEN,  "the value is the latest; nobody is told") \
  X(region_indexed,      BOTH,    ONCE,   "a new row has its bucket, and is not counted") \
  X(region_added,        BOTH,    ONCE,   "a new row is counted") \
  X(region_announced,    BOTH,    OFTEN,  "whoever watches is told") \
  X(region_unmarked,     BOTH,    OFTEN,  "the mark is taken away; the lock is held") \
  X(region_unlocked,     BOTH,    OFTEN,  "the lock is given back") \
  X(region_copied,       BOTH,    OFTEN,  "a value is copied, and not known to be whole") \
  X(region_armed,        CLIENT,  OFTEN,  "it is said that somebody waits for a change")
/* clang-format on */

#endif
