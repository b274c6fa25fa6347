/*
 * addon.h: a client made callable from JavaScript and tied to the event loop.
 *
 * How a call crosses: JavaScript writes requests into the outbox, one after the other, and calls flush(), one crossing for all
 * of them. When replies come, native code fills the inbox with one descriptor each and calls JavaScript once for all of them
 * (a turn). Calls that JavaScript starts during a turn need no crossing at all: the turn flushes the outbox at its end, looks
 * for replies again, and so goes on as long as each reply causes the next call.
 *
 *   outbox entry, at multiples of 64: | slot u32 | method u32 | size u32 | has trace u32 | timeout ms f64 | trace 24 bytes |
 *                                     | payload from byte 64 on |
 *   inbox entry, 16 bytes:            | slot u32 | status i32 | payload offset / 64 u32 | payload size u32 |
 *
 * An offset of all ones says that the request was never sent. Any other is into the segment, or into the arena when the control
 * word says that payloads were copied there: after a synchronous call (which takes other calls' replies out of the way), and
 * where the runtime refuses external memory.
 */
#ifndef ISTHMUS_ADDON_H
#define ISTHMUS_ADDON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* uv.h needs it */
#endif

#include <isthmus/isthmus.h>
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
                               below 0: it was never sent, and there is no message */
  CONTROL_WORDS = 4,
  HANDLES = 4
};

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

/* An outcome that a synchronous call of the same channel came across; the payload is a copy. */
struct parked_reply {
  uint32_t slot;
  int32_t status;
  size_t size;
  unsigned char *payload;
};

/* What a call carries as its user pointer. */
struct call_tag {
  struct channel *channel;
  uint64_t call_id, deadline_ns; /* of the last call in this slot */
};

struct channel {
  napi_env env;
  isth_client *client; /* NULL once closed */
  isth_client_options options;

  napi_ref object;      /* the JavaScript object: its properties name the buffers */
  napi_ref on_outcomes; /* (count) => void */
  napi_ref on_lost;     /* (status) => void */
  napi_async_context context;
  napi_async_cleanup_hook_handle cleanup;

  int32_t *control;
  struct shared_buffer control_buffer, outbox, inbox, scratch, arena;
  napi_ref segment; /* NULL: the runtime refuses external memory */
  const unsigned char *segment_bytes;

  struct call_tag *tags;       /* by slot; options.max_in_flight of them */
  struct parked_reply *parked; /* room for as many: no more can be in flight */
  size_t parked_count;

  uv_poll_t event_poll, control_poll;
  uv_idle_t idle;
  uv_timer_t timer;
  int open_handles;
  bool idle_active, armed, kept_alive, in_turn, closing, lost, finalized;
  uint64_t timer_due_ns;  /* when the timer fires; 0: not started */
  uint64_t spin_until_ns; /* an adaptive channel sleeps then, unless something happens before */
};

/* buffers.c */
bool shared_buffer_create(napi_env env, struct shared_buffer *buffer, size_t size);
void shared_buffer_release(napi_env env, struct shared_buffer *buffer);
bool arena_reserve(struct channel *channel, size_t size);

/* turn.c */
/* Sends the outbox. Requests that could not be sent become inbox entries; returns how many. */
uint32_t flush_outbox(struct channel *channel);
/* Sends one request from memory of the caller's; `timeout_ms`, above 0, counts from `now_ns`. Returns 0 or the error. */
int send_request(struct channel *channel, uint32_t slot, uint32_t method, const void *payload, size_t size,
                 double timeout_ms, const isth_trace *trace, uint64_t now_ns);
/* Takes replies and hands them to JavaScript, as long as that causes further calls that are answered at once. */
void run_turn(struct channel *channel);

/* loop.c */
bool loop_start(struct channel *channel);
/* After calls were sent, or a turn has ended: decides how to wait for the next reply. */
void loop_wait(struct channel *channel);
/* Before a synchronous call, which arms and disarms by itself. */
void loop_disarm(struct channel *channel);
void loop_stop(struct channel *channel);

/* sync.c */
napi_value call_sync(napi_env env, napi_callback_info info);

/* open.c */
napi_value open_channel(napi_env env, napi_callback_info info);
napi_value describe_instance(napi_env env, napi_callback_info info);

/* channel.c */
/* Makes the JavaScript object of an open client, which it owns from then on, even if it fails (NULL). `copy`: act as where
 * external memory is refused. */
napi_value channel_create(napi_env env, isth_client *client, const isth_client_options *options, napi_value on_outcomes,
                          napi_value on_lost, bool copy);
/* Closes at once, or, within a turn, at its end (which then calls channel_finish). */
void channel_close(struct channel *channel);
void channel_finish(struct channel *channel);
/* Frees the channel once its handles are closed and its JavaScript object is gone. */
void channel_release(struct channel *channel);

/* values.c: arguments and errors. */
struct channel *channel_arguments(napi_env env, napi_callback_info info, size_t *count, napi_value *values);
napi_value throw_status(napi_env env, int status, const char *message);
napi_value make_error(napi_env env, int status, const char *message);

#endif
