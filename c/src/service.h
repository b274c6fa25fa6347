/*
 * service.h (internal): a service's state, and who may touch it.
 *
 *   control thread (the one in isth_service_run)      serving threads (worker.c), one for each lane of a channel
 *     accepts, shakes hands (handshake.c)   -- attach / detach a lane -->  own their lanes: take requests, run handlers,
 *     owns channels, sees clients go        <-- lane let go, channel broken --  publish replies
 *
 *   other threads: handlers of methods with many replies (stream.c), and whoever answers a deferred call (defer.c)
 *     -- replies, through an outgoing queue for each serving thread (outgoing.h) -->
 *
 * A lane belongs to its serving thread from attach until that thread has let go of it; the channel's memory is unmapped by the
 * control thread once all of its lanes were let go. So no lock is held while a call is served.
 */
#ifndef ISTH_SERVICE_H
#define ISTH_SERVICE_H

#include "wire.h"

#include <pthread.h>

#include <isthmus/service.h>

#include "allowed.h"
#include "arena.h"
#include "metadata.h"
#include "outgoing.h"
#include "pins.h"
#include "regions.h"
#include "shape.h"
#include "wake.h"

struct isth__worker;
struct isth__channel;
struct isth__seats;

/* What a descriptor that the control thread watches stands for. */
enum isth__source {
  ISTH__SOURCE_LISTENER,
  ISTH__SOURCE_EVENT,
  ISTH__SOURCE_PARENT,
  ISTH__SOURCE_GUEST,
  ISTH__SOURCE_CHANNEL
};

struct isth__watched {
  enum isth__source source;
};

/* A request to a serving thread; each lane has one of either kind, used once. */
struct isth__command {
  struct isth__command *next;
  struct isth__lane *lane;
  bool attach;
};

struct isth__lane {
  struct isth__consumer requests;
  struct isth__producer replies;
  struct isth__channel *channel;
  int wake;       /* the end of the lane's wake-up that we wait on; the client signals it */
  bool signalled; /* the wake-up fired, and was not cleared yet */
  bool blocked;   /* the reply ring has no room for the next reply */
  bool broken;    /* the client broke the protocol: not served any more */
  int spent;      /* of its turn: one for each record, and more for what takes longer */
  /* The client has gone: only its one-way calls are served, up to this position of the request ring. 0: it is there. */
  uint64_t serve_until;
  struct isth__parcels parcels;    /* replies that wait for room; while there are any, no request is taken */
  struct isth__outgoing *outgoing; /* its serving thread's */
  struct isth__way *way;           /* NULL: no other thread has been given it */
  struct isth__command attach, detach;
};

struct isth__channel {
  struct isth__watched watched;
  struct isth__channel *next;
  int control;
  int client_wake; /* the end of the client's wake-up that signals */
  unsigned char *segment;
  size_t segment_bytes;
  bool closing;                  /* detach was sent to the serving threads */
  isth__atomic_u32 lanes_in_use; /* counted down by the serving threads */
  isth__atomic_u32 broken;       /* set by a serving thread */
  isth__atomic_u32 gone;         /* set by the control thread: the client has gone */
  uint32_t lane_count;
  struct isth__lane lanes[];
};

/* A client that has not finished the handshake. */
struct isth__guest {
  struct isth__watched watched;
  struct isth__guest *next;
  int control;
  uint64_t deadline_ns;
  enum { ISTH__GUEST_HELLO, ISTH__GUEST_TEXT, ISTH__GUEST_ATTACH } state;
  size_t moved; /* bytes of the current message */
  union {
    struct isth__hello hello;
    struct isth__attach attach;
  } message;
  int descriptors[ISTH__MAX_FDS];
  size_t descriptor_count;
};

struct isth__method_handler {
  isth_handler handler; /* NULL: none registered */
  void *user;
  size_t reply_bytes;
  isth_replies replies;
};

/* Memory of a thread that runs handlers, for isth_call_in, isth_call_out and isth_call_metadata. */
struct isth__scratch {
  struct isth__arena in, out;
  struct isth__metadata metadata;
};

/* What a serving thread has for each call. */
struct isth__serving {
  const isth_service *service;
  unsigned int number;
  struct isth__scratch scratch;
  isth__atomic_u64 calls, expired, one_way_failures;
};

struct isth_service {
  const isth_schema *schema;
  isth_service_options options; /* with the defaults filled in; path points to socket_path */
  char socket_path[108];
  struct isth__allowed allowed;
  struct isth__pins pins;
  uint64_t socket_device, socket_inode; /* of the file that we bound, so that only that one is removed */
  int listener;
  int event[2];              /* a wake-up: stop or drain was asked for, a lane was let go, a channel broke */
  isth__atomic_u32 stopping; /* stop was asked for */
  isth__atomic_u32 drain_asked;
  isth__atomic_u32 ending; /* serving threads are to end */
  bool running;
  void (*on_stop)(void *user); /* NULL: none */
  void *on_stop_user;
  struct isth__method_handler *handlers; /* by method id */
  uint32_t handler_count;
  char *text; /* the schema's, in one piece */
  uint32_t text_bytes;
  struct isth__regions *regions; /* NULL: there are none */
  isth_region **region_handles;  /* the service's own, by region number less one */
  /* The control thread's. */
  struct isth__poller *poller; /* NULL: it does not run */
  int spare;                   /* given up when descriptors run out, to accept and turn away */
  uint64_t accepts_paid_ns;    /* until when what was accepted fills the time, at the pace of control.c */
  struct isth__guest *guests;
  struct isth__channel *channels;
  uint64_t drain_until_ns; /* 0: not draining */
  uint32_t guest_count, channel_count;
  struct isth__worker *workers;
  struct isth__seats *seats; /* of streams */
  isth__atomic_u64 open_channels, channels_total, refused, corrupt_channels;
};

/* listener.c: binds and listens on the service's path, replacing a socket file that nobody listens on; and removes it. */
int isth__listen(isth_service *service, isth_failure *failure);
void isth__unlisten(isth_service *service);

/* handshake.c: what to do with a guest after an event. */
enum isth__guest_step { ISTH__GUEST_STAYS, ISTH__GUEST_LEAVES, ISTH__GUEST_ADMITTED };
/* Goes on with the handshake as far as possible without blocking. ADMITTED: `*channel` is new, and owns the descriptors. */
enum isth__guest_step isth__guest_advance(isth_service *service, struct isth__guest *guest,
                                          struct isth__channel **channel);
void isth__guest_free(struct isth__guest *guest);
/* Unmaps, closes and frees. No serving thread may use it any more. */
void isth__channel_free(struct isth__channel *channel);

/* control.c: the control thread's loop, until stop. */
int isth__control_run(isth_service *service, isth_failure *failure);

/* worker.c: serving threads. Stop answers what was already sent, waits for the threads, and leaves their lanes unused. */
int isth__workers_create(isth_service *service, isth_failure *failure);
int isth__workers_start(isth_service *service, isth_failure *failure);
void isth__workers_stop(isth_service *service);
void isth__workers_destroy(isth_service *service);
struct isth__worker *isth__worker_at(const isth_service *service, uint32_t number);
void isth__worker_command(struct isth__worker *worker, struct isth__command *command);
void isth__workers_count(const isth_service *service, isth_service_stats *stats);

/* answer.c: takes one record of a lane, and answers it if it is a request. Returns 1, 0 if there is none or no room for
 * a reply (then `blocked`), or ISTH_E_PEER_CORRUPT. */
int isth__answer(struct isth__serving *serving, struct isth__lane *lane);

#endif
