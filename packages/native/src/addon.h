/*
 * addon.h: a client made callable from JavaScript and tied to the event loop.
 *
 * How a call crosses: JavaScript writes requests into the outbox, one after the other, and calls flush(), one crossing for all
 * of them. When replies come, native code fills the inbox with one descriptor each and calls JavaScript once for all of them
 * (a turn). Calls that JavaScript starts during a turn need no crossing at all: the turn flushes the outbox at its end, looks
 * for replies again, and so goes on as long as each reply causes the next call.
 *
 *   outbox entry, at multiples of 64: | slot u32 | method u32 | size u32 | traits u32 | timeout ms f64 | trace 24 bytes |
 *                                     | metadata bytes u32 |
 *                                     | metadata from byte 64 on, if there is any | payload from the next multiple of 64 on |
 *   traits: bit 0: there is a trace; bit 1: there is metadata, as a record has it (c/src/metadata.h); from bit 2 on: how many
 *   replies the method has, as isth_replies numbers it
 *   inbox entry, 16 bytes:            | slot u32 | status i32 | payload offset / 64 u32 | payload size u32 |
 *
 * An offset of all ones says that the request was never sent. Any other is into the segment, or into the arena when the control
 * word says that payloads were copied there: after a synchronous call (which takes other calls' replies out of the way), and
 * where the runtime refuses external memory.
 *
 * Two outcomes are not the end of an ordinary call, and are told by a bit of the slot: MORE, one of many replies, whose status
 * is the credit that it is worth; and SENT, a one-way call that is in the ring.
 */
#ifndef ISTHMUS_ADDON_H
#define ISTHMUS_ADDON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* uv.h needs it */
#endif

#include <isthmus/isthmus.h>
#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

#define NAPI_VERSION 8
#include <node_api.h>

enum {
  OUTBOX_BYTES = 256 * 1024,
  OUTBOX_ALIGN = 64,
  MAX_BATCH = 256,
  /* Every outbox entry may fail, and its failure needs an inbox entry. */
  INBOX_ENTRIES = OUTBOX_BYTES / OUTBOX_ALIGN,
  /* Control words that both sides see: Int32Array indexes. */
  CONTROL_OUTBOX_BYTES = 0, /* filled by JavaScript, emptied by flush */
  CONTROL_IN_TURN = 1,      /* 1: a turn will flush */
  CONTROL_IN_ARENA = 2,     /* 1: this batch's payloads are in the arena */
  CONTROL_SYNC_BYTES = 3,   /* of the reply, or of the message, that a synchronous call left in the scratch buffer;
                               below 0: it was never sent, because the instance has gone or takes no new calls */
  CONTROL_IDLE_STREAMS = 4, /* calls with many replies that nobody waits for now: they do not keep the process alive */
  CONTROL_WORDS = 5,
  MAX_PINGS = 256, /* at once */
  HANDLES = 4
};

/* Bits of an inbox entry's slot, above any slot's number. */
enum { SLOT_SENT = 1 << 29, SLOT_MORE = 1 << 30 };

/* The offset of an inbox entry for a request that was never sent. */
#define NOT_SENT UINT32_MAX

struct inbox_entry {
  uint32_t slot;
  int32_t status;
  uint32_t offset_64;
  uint32_t size;
};

/* A buffer that both sides see. The reference keeps it alive. */
struct shared_buffer {
  unsigned char *bytes;
  size_t size;
  napi_ref reference;
};

/* A reply that a synchronous call of the same channel came across; the payload is a copy. */
struct parked_reply {
  uint32_t slot; /* with its bits */
  int32_t status;
  size_t size;
  unsigned char *payload;
};

/* What a call carries as its user pointer. All zeros, and so no memory, until its slot is used. */
struct call_tag {
  struct channel *channel;
  uint64_t call_id, deadline_ns; /* of the last call in this slot */
};

struct schema;

struct channel {
  napi_env env;
  isth_client *client;   /* NULL once closed */
  struct schema *schema; /* NULL: any */
  isth_client_options options;

  napi_ref object;      /* the JavaScript object: its properties name the buffers */
  napi_ref on_outcomes; /* (count) => void */
  napi_ref on_status;   /* (status) => void: INSTANCE_DRAINING; INSTANCE_LOST or PEER_CORRUPT at the end */
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;

  int32_t *control;
  struct shared_buffer control_buffer, outbox, inbox, scratch, arena;
  napi_ref segment; /* NULL: the runtime refuses external memory */
  const unsigned char *segment_bytes;
  size_t segment_size;
  size_t lent; /* parts of the segment that JavaScript has as ArrayBuffers of their own */

  struct call_tag *tags;       /* by slot; options.max_in_flight of them, and behind those MAX_PINGS for pings */
  uint32_t calls;              /* in flight as JavaScript sees it: not those that were cancelled, nor parked */
  struct parked_reply *parked; /* in the order of their coming */
  size_t parked_count, parked_capacity;
  size_t parked_more; /* how many of them are not the end of their call */

  uv_poll_t event_poll, control_poll;
  uv_idle_t idle;
  uv_timer_t timer;
  int open_handles;
  bool idle_active, armed, kept_alive, in_turn, closing, finished, finalized;
  bool draining, lost;    /* JavaScript was told */
  bool cancelled;         /* a call was, and the instance may not have been told yet */
  uint64_t timer_due_ns;  /* when the timer fires; 0: not started */
  uint64_t spin_until_ns; /* an adaptive channel sleeps then, unless something happens before */
  uint32_t turn_outcomes; /* of this turn, since the clock was last looked at */
  uint64_t chain_end_ns;  /* until when JavaScript may take further outcomes by itself */
};

/* buffers.c */
bool shared_buffer_create(napi_env env, struct shared_buffer *buffer, size_t size);
/* The same, of pages that take no memory until they are written. Only where the runtime allows external memory. */
bool shared_pages_create(napi_env env, struct shared_buffer *buffer, size_t size);
void shared_buffer_release(napi_env env, struct shared_buffer *buffer);
bool arena_reserve(struct channel *channel, size_t size);
napi_value lend(napi_env env, napi_callback_info info);

/* parked.c: replies to other calls that come while a synchronous call waits. */
/* The callback of every call that is not synchronous. A turn takes replies without callbacks, so it only runs while a
 * synchronous call waits. */
void park_reply(const isth_reply *reply);
/* Takes the first ones out, at most `max`; their payloads are the caller's to free. Returns how many. */
size_t parked_take(struct channel *channel, struct parked_reply *taken, size_t max);
/* Drops what is parked of a call that was cancelled: another call may get its slot. */
void unpark(struct channel *channel, uint32_t slot);
bool parked_create(struct channel *channel);
void parked_destroy(struct channel *channel);

/* send.c */
/* A request on its way into the ring, from memory of the caller's. */
struct outgoing {
  uint32_t slot, method;
  isth_replies replies;
  const void *payload;
  size_t size;
  double timeout_ms; /* above 0 */
  const isth_trace *trace;
  const unsigned char *metadata; /* as a record has it */
  size_t metadata_bytes;
};
/* Sends one request, whose time counts from `now_ns`. Returns 0 or the error. */
int send_request(struct channel *channel, const struct outgoing *outgoing, uint64_t now_ns);
/* Sends the outbox; the time of requests counts from `now_ns`. Requests that could not be sent and one-way calls become inbox entries; returns how many. */
uint32_t flush_outbox(struct channel *channel, uint64_t now_ns);

/* metadata.c */
enum { METADATA_ENTRIES = ISTH_METADATA_METHOD };
/* The entries of a block, which they point into. Returns 0 or INVALID_ARGUMENT. */
int metadata_entries(const unsigned char *block, size_t bytes, isth_metadata entries[METADATA_ENTRIES], size_t *count);
/* An argument that is a block, or undefined: then there is none. It is valid until the function returns to JavaScript. */
void metadata_argument(napi_env env, napi_value value, const unsigned char **block, size_t *bytes);

/* turn.c */
/* What an inbox entry says of a reply. */
uint32_t slot_of(const isth_reply *reply);
int32_t status_of(const isth_reply *reply);
/* Whether the instance has said that it ends, and JavaScript was not told yet. */
bool drain_is_untold(const struct channel *channel);
/* Takes replies and hands them to JavaScript, as long as that causes further calls that are answered at once; then tells it what
 * has become of the instance. */
void run_turn(struct channel *channel);
/* next(): within a turn, once continuations have run: sends what they wrote into the outbox, and looks for outcomes as a turn does.
 * Returns how many there are in the inbox; 0: the turn goes on by itself. */
napi_value next_outcomes(napi_env env, napi_callback_info info);

/* loop.c */
bool loop_start(struct channel *channel);
/* After calls were sent, or a turn has ended: decides how to wait for the next reply. */
void loop_wait(struct channel *channel);
/* The same once there is something new to wait for: an adaptive channel that polls does so for its full time again. */
void loop_wait_anew(struct channel *channel);
/* Before a synchronous call, which arms and disarms by itself. */
void loop_disarm(struct channel *channel);
void loop_stop(struct channel *channel);

/* calls.c: what JavaScript calls for single calls. */
napi_value flush(napi_env env, napi_callback_info info);
napi_value send_bytes(napi_env env, napi_callback_info info);
napi_value cancel(napi_env env, napi_callback_info info);
napi_value credit(napi_env env, napi_callback_info info);
napi_value call_id(napi_env env, napi_callback_info info);
napi_value left_ms(napi_env env, napi_callback_info info);
napi_value wait_anew(napi_env env, napi_callback_info info);
napi_value ping(napi_env env, napi_callback_info info);

/* sync.c */
napi_value call_sync(napi_env env, napi_callback_info info);
napi_value grow_scratch(napi_env env, napi_callback_info info);

/* open.c */
napi_value open_channel(napi_env env, napi_callback_info info);
napi_value describe_instance(napi_env env, napi_callback_info info);

/* segment_open.c */
napi_value attach_segment(napi_env env, napi_callback_info info);
napi_value create_segment(napi_env env, napi_callback_info info);
napi_value remove_segment(napi_env env, napi_callback_info info);

/* file_use.c */
napi_value is_file_used(napi_env env, napi_callback_info info);

/* channel.c */
/* Makes the JavaScript object of an open client, which it owns from then on with its schema, even if it fails (NULL). `copy`: act
 * as where external memory is refused. */
napi_value channel_create(napi_env env, isth_client *client, struct schema *schema, const isth_client_options *options,
                          napi_value on_outcomes, napi_value on_status, bool copy);
/* Closes at once, or, within a turn, at its end (which then calls channel_finish). */
void channel_close(struct channel *channel);
void channel_finish(struct channel *channel);
/* Of a channel that is finished: closes the client, once nothing of its segment is lent. */
void channel_unmap(struct channel *channel);
/* Frees the channel once its handles are closed and its JavaScript object is gone. */
void channel_release(struct channel *channel);

/* thread.c */
/* Starts a thread that takes no signals but its own faults. `thread` NULL: nobody joins it. Returns 0 or OUT_OF_MEMORY. */
int thread_start(void *(*run)(void *data), void *data, pthread_t *thread);

/* values.c: arguments and errors. */
struct channel *channel_arguments(napi_env env, napi_callback_info info, size_t *count, napi_value *values);
napi_value throw_status(napi_env env, int status, const char *message);
napi_value make_error(napi_env env, int status, const char *message);
/* A property that is a number; `fallback`: where it is 0 or no number. */
double number_option(napi_env env, napi_value options, const char *name, double fallback);

#endif
