/*
 * client.h: the side that connects, and calls.
 *
 * Caveats first:
 *  - A client belongs to one thread at a time: no two of these functions may run on the same client at once.
 *  - Callbacks run inside isth_client_poll() and whatever waits (isth_client_wait(), isth_client_call_sync() ...), on the
 *    calling thread. They may start further calls; they may not close the client, nor wait for calls: poll and wait
 *    return 0 there.
 *  - Payload pointers given to callbacks point into shared memory, and are valid until the callback returns.
 */
#ifndef ISTHMUS_CLIENT_H
#define ISTHMUS_CLIENT_H

#include <isthmus/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct isth_client isth_client;

typedef struct isth_client_options {
  /* Bytes of each request ring and each reply ring: powers of two, 4 KiB to 1 GiB. 0: 1 MiB. A record (64 bytes of
   * header and the payload) may take at most half of its ring. Memory is only used once touched. */
  uint32_t request_ring_bytes;
  uint32_t reply_ring_bytes;
  /* Calls in flight at once, 1 to 65,536. 0: 4,096. */
  uint32_t max_in_flight;
  /* How isth_client_wait() and isth_client_call_sync() wait. Default (0): ISTH_WAIT_ADAPTIVE. */
  isth_wait wait;
  /* How long ISTH_WAIT_ADAPTIVE spins before it sleeps, in ns. 0: 50,000 (50 us). A client that found nothing so 32 times in a row does it
   * for a 32nd of the time, until it finds something. */
  uint64_t spin_ns;
  /* How long connecting may take, in ns. 0: 2 s. */
  uint64_t connect_timeout_ns;
  /* Of a call with many replies, the bytes that may be under way: sent by the service, and not yet taken here. Each
   * reply counts with its size and 64 bytes of header; one may always be under way. At most 4 MiB. 0: 256 KiB. */
  uint32_t stream_window_bytes;
} isth_client_options;

/* Fills in the defaults above. Always call it first: later versions may add fields. */
ISTH_API void isth_client_options_init(isth_client_options *options);

/*
 * Connects to the instance that listens on `path` and opens a channel. `schema` may be NULL to accept any service's (for
 * tools and benchmarks), whose regions are then not seen; otherwise the instance must have the same hash, and the same
 * regions. Blocks for at most connect_timeout_ns.
 * Errors: INVALID_ARGUMENT, SCHEMA_INVALID (its regions), NO_INSTANCE (nobody listens, or it stopped meanwhile), PERMISSION_DENIED, NOT_ISTHMUS,
 * PROTOCOL_MISMATCH, SCHEMA_MISMATCH, HANDSHAKE_TIMEOUT, CHANNEL_LIMIT, SEGMENT_REFUSED, OUT_OF_MEMORY, SYSTEM.
 */
ISTH_API int isth_client_open(isth_client **client, const char *path, const isth_schema *schema,
                              const isth_client_options *options, isth_failure *failure);

/* Closes the channel and frees the client. Calls in flight end without their callbacks. NULL is allowed. */
ISTH_API void isth_client_close(isth_client *client);

/*
 * The outcome of a call, or one of its many replies. status: 0, a negative ISTH_E_ error, or the handler's own code (1
 * or more). For a refusal or an error that the service sent, the payload is its message: UTF-8, not terminated.
 */
typedef struct isth_reply {
  uint64_t call_id;
  void *user;
  int status;
  const void *payload;
  size_t size;
  bool more;       /* one of many, and not yet the end of the call; its status is 0 */
  uint32_t credit; /* of one of many, what to give back with isth_client_credit; else 0 */
} isth_reply;

typedef void (*isth_reply_callback)(const isth_reply *reply);

/*
 * A call to make. The deadline of a call with many replies is that of the first one; each later one may take as long as
 * was left for the first when the call was made. That time does not run while the service has to wait for credit.
 */
typedef struct isth_request {
  uint32_t method;
  const void *payload;     /* NULL with isth_client_claim */
  size_t size;             /* bytes of payload */
  uint64_t deadline_ns;    /* absolute, on isth_now_ns()'s clock; 0: none */
  const isth_trace *trace; /* NULL: none */
  /* For whom: at most one entry of each key, ISTH_MAX_METADATA_BYTES together. NULL where there are none. */
  const isth_metadata *metadata;
  size_t metadata_count;
  isth_reply_callback callback; /* NULL: none */
  void *user;                   /* handed to the callback */
  isth_replies replies;         /* the method's */
  /* Of many replies: what the callback gets is not credited when it returns, but with isth_client_credit. */
  bool manual_credit;
} isth_request;

/* CLOCK_MONOTONIC in ns: the clock of all deadlines. */
ISTH_API uint64_t isth_now_ns(void);

/*
 * The deadline of a call that may take `timeout_ns` from now: isth_now_ns() and that, or, from 1 s on, up to a 64th of it later,
 * because a clock that is told of the time now and then is read in a quarter of the time. UINT64_MAX: the end of time.
 */
ISTH_API uint64_t isth_deadline_ns(uint64_t timeout_ns);

/*
 * Sends a request; the callback gets its outcome exactly once, by its deadline if there is one. Where there are many
 * replies, the callback gets each of them first, with `more` set. A one-way call is over when this returns: it has no
 * outcome, its callback never runs, it counts as no call in flight, and its id is 0. `call_id` may be NULL.
 * Errors: RING_FULL, TOO_MANY_CALLS, RECORD_TOO_LARGE, INSTANCE_LOST, INSTANCE_DRAINING, PEER_CORRUPT, INVALID_ARGUMENT (no
 * such `replies`, or bad metadata): nothing was sent, no callback comes.
 */
ISTH_API int isth_client_call(isth_client *client, const isth_request *request, uint64_t *call_id);

/*
 * The same without a copy: claim gives room for `request->size` bytes in the ring, you write the payload there, commit
 * sends it. Between the two no other function of this client may be called but isth_client_abandon, which gives it back.
 */
ISTH_API int isth_client_claim(isth_client *client, const isth_request *request, void **payload, uint64_t *call_id);
ISTH_API void isth_client_commit(isth_client *client);
ISTH_API void isth_client_abandon(isth_client *client);

/*
 * Many requests, one wake-up: between cork and uncork the service sees each request at once where it polls, but is woken out of its
 * sleep only by uncork, which costs a system call for each of its threads instead of one for each request. Cork for no longer than it takes
 * to send what there is. Waiting and isth_client_arm() uncork. Uncorking what was not corked does nothing.
 */
ISTH_API void isth_client_cork(isth_client *client);
ISTH_API void isth_client_uncork(isth_client *client);

/* Forgets a call: its callback never runs again, a reply that comes later is dropped and counted. Where there are many
 * replies the service is told, as soon as the request ring has room. False: it had ended. */
ISTH_API bool isth_client_cancel(isth_client *client, uint64_t call_id);

/* Runs the callbacks of up to `max` replies and other outcomes (0: all there are, up to 1,024) and returns how many;
 * never waits. What a callback has taken of many replies is credited by itself. */
ISTH_API size_t isth_client_poll(isth_client *client, size_t max);

/* Waits as the wait option says until there is an outcome or `timeout_ns` has passed, then polls. Returns how many
 * callbacks ran. */
ISTH_API size_t isth_client_wait(isth_client *client, uint64_t timeout_ns);

/*
 * Calls and waits until the callback has run for the outcome: at most until the deadline, which there must be. Callbacks
 * of other calls may run meanwhile. Returns 0, also where the outcome is an error; or an error of isth_client_call, or
 * INVALID_ARGUMENT for no deadline, no replies, or inside a callback: no callback comes then.
 */
ISTH_API int isth_client_call_wait(isth_client *client, const isth_request *request);

/*
 * Calls a method of one reply and waits for it. `reply` gets up to `capacity` bytes, `*reply_size` (may be NULL) how
 * many. Callbacks of other calls may run meanwhile. A timeout_ns of 0 means 5 s; it is counted as by
 * isth_deadline_ns(). `failure` (may be NULL) gets the message of a refusal or error.
 * Returns 0, the handler's own code, or a negative error: those of isth_client_call, DEADLINE_EXCEEDED, REPLY_TOO_LARGE
 * when the reply does not fit into capacity, and INVALID_ARGUMENT inside a callback.
 */
ISTH_API int isth_client_call_sync(isth_client *client, uint32_t method, const void *payload, size_t size, void *reply,
                                   size_t capacity, size_t *reply_size, uint64_t timeout_ns, isth_failure *failure);

/* Gets each of many replies. Its payload is valid until it returns. 0: go on; anything else ends the call with that. */
typedef int (*isth_client_each)(const void *payload, size_t size, void *user);

/*
 * Calls a method of many replies, and has `each` run for each of them, until the call ends. Callbacks of other calls
 * may run meanwhile. timeout_ns bounds the time until each reply; 0 means 5 s. `failure` (may be NULL) gets the message
 * of a refusal or error. Returns what the handler ended the call with, what `each` returned, or an error: those of
 * isth_client_call, DEADLINE_EXCEEDED, and INVALID_ARGUMENT inside a callback.
 */
ISTH_API int isth_client_call_each(isth_client *client, uint32_t method, const void *payload, size_t size,
                                   isth_client_each each, void *user, uint64_t timeout_ns, isth_failure *failure);

typedef struct isth_client_stats {
  uint32_t in_flight;
  uint32_t lanes;
  uint64_t calls;        /* requests sent */
  uint64_t replies;      /* outcomes delivered */
  uint64_t late_replies; /* replies dropped because their call had been cancelled or had passed its deadline */
} isth_client_stats;
ISTH_API void isth_client_get_stats(const isth_client *client, isth_client_stats *stats);

/*
 * Asks one serving thread for a sign of life, through its lane (from 0): the callback gets an empty outcome once the thread comes
 * round to it, which is after what was sent before, and after the handler that it runs. Counts as a call in flight. Also of a
 * service that takes any schema.
 * Errors: as isth_client_call, and INVALID_ARGUMENT for no such lane.
 */
ISTH_API int isth_client_ping(isth_client *client, uint32_t lane, uint64_t deadline_ns, isth_reply_callback callback,
                              void *user, uint64_t *call_id);

/* Whether the instance has said that it ends: it answers what it was sent, and is sent nothing more. Close the client once its
 * calls have ended; the instance waits for that. */
ISTH_API bool isth_client_draining(const isth_client *client);

/* 0 while the channel is alive; INSTANCE_LOST or PEER_CORRUPT once it is not. */
ISTH_API int isth_client_status(const isth_client *client);

/* The instance's process id as this PID namespace sees it; 0 where it does not. For logs: liveness never depends on it. */
ISTH_API int isth_client_pid(const isth_client *client);

/*
 * Asks the instance that listens on `path` for its schema's canonical text, whatever that schema is: what to compare after a
 * SCHEMA_MISMATCH. `*text` is terminated; free it with isth_free(). A timeout_ns of 0 means 2 s.
 * Errors: those of isth_client_open that come before the schema is compared.
 */
ISTH_API int isth_describe(const char *path, uint64_t timeout_ns, char **text, isth_failure *failure);
ISTH_API void isth_free(void *memory);

/* ---- for event loops: how the Node addon drives a client ---- */

/* A descriptor that is readable when there may be outcomes and isth_client_arm() was called; and one that is readable once
 * the instance has gone, or has said that it ends (then call isth_client_check). Owned by the client. */
ISTH_API int isth_client_event_fd(const isth_client *client);
ISTH_API int isth_client_control_fd(const isth_client *client);

/*
 * A wait begins: until when to look for outcomes before isth_client_arm(), as isth_now_ns() has it. UINT64_MAX for ISTH_WAIT_SPIN. For
 * ISTH_WAIT_BLOCK now, which is not at all. For ISTH_WAIT_ADAPTIVE spin_ns from now, or now where looking has found nothing lately: see
 * spin_ns. Where the instance needs the same CPU, looking only keeps it from answering. A wait ends with an outcome that is taken, or
 * with isth_client_arm().
 */
ISTH_API uint64_t isth_client_poll_until_ns(isth_client *client);

/* Asks the instance to signal event_fd at the next reply. True: armed. False: outcomes are there already; do not wait. */
ISTH_API bool isth_client_arm(isth_client *client);
/* Ends arming: the instance need not signal any more. Harmless when not armed. */
ISTH_API void isth_client_disarm(isth_client *client);
/* Clears event_fd. Call it when that was readable. Where the instance has closed its end, the descriptor can only be readable:
 * the channel is then lost, as isth_client_status() says, and event_fd must not be watched any more. */
ISTH_API void isth_client_clear_event(isth_client *client);

/* A time by which isth_client_check() must be called so that deadlines are kept, and credit that found no room is sent:
 * no later than the earliest deadline in flight, possibly earlier. 0: none. */
ISTH_API uint64_t isth_client_next_deadline_ns(const isth_client *client);

/* Looks at the clock and at control_fd now. Calls that expired or were lost are among the outcomes of the next peek or
 * poll. Both do this by themselves too, but only now and then. */
ISTH_API void isth_client_check(isth_client *client);

/*
 * Takes up to `max` replies and other outcomes without running callbacks. Payloads stay valid until
 * isth_client_release(), which must be called before the next peek, poll, wait or sync call. Starting and cancelling
 * calls in between is allowed; of a call that was cancelled, replies may be among those taken before.
 */
ISTH_API size_t isth_client_peek(isth_client *client, isth_reply *replies, size_t max);
ISTH_API void isth_client_release(isth_client *client);

/* Says that `bytes`, the sum of the `credit` of replies that peek gave, were consumed, so that the service may send
 * more. Sent once half of the window has come together; credit that finds no room in the request ring is kept and sent
 * later. Not for replies that callbacks get. Returns 0, also for a call that has ended, or INVALID_ARGUMENT: more than
 * was taken. */
ISTH_API int isth_client_credit(isth_client *client, uint64_t call_id, size_t bytes);

/* The whole segment, for peek's payload pointers as offsets. Valid until close. */
ISTH_API const void *isth_client_segment(const isth_client *client, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
