/*
 * service.h: the side that listens, and answers calls.
 *
 * Caveats first:
 *  - isth_service_run() occupies the calling thread until isth_service_stop(). Handlers run on serving threads,
 *    never on the calling one; with threads > 1 they run at the same time, so what they share needs its own lock.
 *    Handlers of methods with many replies run on threads of their own, beside the serving threads.
 *  - A handler's pointers are valid until it returns. Nothing it gets or gives is freed by it, but a responder, which
 *    answering frees.
 *  - isth_service_stop() and isth_service_drain() are the only functions here that may be called from a signal handler.
 */
#ifndef ISTHMUS_SERVICE_H
#define ISTHMUS_SERVICE_H

#include <isthmus/message.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct isth_service isth_service;

/* One call being handled. Owned by the library; valid on the handler's thread until the handler returns. */
typedef struct isth_call isth_call;

/* A call to be answered later. Owned by whoever got it from isth_call_defer, until it answers. */
typedef struct isth_responder isth_responder;

/*
 * A handler. Returns 0 to send what it wrote through isth_call_output or isth_call_out (nothing written: an empty
 * reply), the result of isth_refuse() to refuse the call, or a negative ISTH_E_ error to report that error to the
 * caller. Where there are many replies it sends them through isth_call_emit, and what it returns ends the call. Where
 * there are none, an error is only counted. What it returns after isth_call_defer is ignored.
 */
typedef int (*isth_handler)(isth_call *call, void *user);

typedef struct isth_service_options {
  /* Path of the Unix socket to listen on, at most 107 bytes. NULL: the environment variable ISTHMUS_SOCKET. A socket
   * file that nobody listens on any more is replaced; one that is alive is SOCKET_IN_USE. */
  const char *path;
  /* Mode of the socket file. 0: 0600, so that only the same user connects. */
  unsigned int mode;
  /* Serving threads, 1 to ISTH_MAX_LANES. 0: 1. Each channel gets one lane for each thread. */
  unsigned int threads;
  /* How idle serving threads wait. Default (0): ISTH_WAIT_ADAPTIVE. */
  isth_wait wait;
  /* How long ISTH_WAIT_ADAPTIVE spins after the last record before it sleeps, in ns. 0: 50,000 (50 us). A thread that found nothing so
   * 32 times in a row does it for a 32nd of the time, until it finds something. */
  uint64_t spin_ns;
  /* The CPUs that serving threads are pinned to, where the system can do that: thread i runs on cpus[i % cpu_count]. Copied by
   * isth_service_open. A cpu_count of 0: not pinned. At most ISTH_MAX_LANES. */
  const unsigned int *cpus;
  size_t cpu_count;
  /* Channels served at once; more are refused with CHANNEL_LIMIT. 0: 256. */
  unsigned int max_channels;
  /* The largest segment a client may bring, in bytes. 0: 256 MiB. */
  uint64_t max_segment_bytes;
  /* How long a client may take for the handshake, in ns. 0: 2 s. */
  uint64_t handshake_timeout_ns;
  /* A descriptor whose end of file stops the service: how a supervisor's death ends its instances. A pipe or socket, owned
   * by the caller; what arrives on it is read and ignored, so that each instance needs a pipe of its own. Negative: none. */
  int parent_fd;
  /* Calls with many replies served at once, each on a thread of its own, 1 to 4,096; more are refused with
   * TOO_MANY_CALLS. A thread is made when it is first needed, and then kept. 0: 64. */
  unsigned int max_streams;
  /* How long isth_call_emit may wait for a client that takes no replies, in ns. 0: 30 s. */
  uint64_t stall_timeout_ns;
  /* Bytes of deferred replies that may wait for room in the reply ring, for each client and serving thread: see
   * isth_respond. 0: 64 MiB. */
  uint64_t max_waiting_bytes;
  /* Bytes of all clients' segments together; whoever comes with more is refused with CHANNEL_LIMIT. Bounds max_segment_bytes
   * too. 0: 4 GiB. */
  uint64_t max_total_bytes;
  /* Calls that may be deferred (isth_call_defer) at a time, for each client and serving thread, 1 to 65,536. 0: 65,536. */
  unsigned int max_deferred;
  /* Who may connect, of those whom the socket's mode lets in, by the credentials that the kernel knows: one of these users,
   * or a member of one of these groups, as it was when it connected. Others are refused with PERMISSION_DENIED. Copied by
   * isth_service_open. Both counts 0: everybody. At most 64 each. Only where the system says who connects; else
   * isth_service_open returns UNSUPPORTED_PLATFORM. */
  const uint32_t *allowed_uids;
  size_t allowed_uid_count;
  const uint32_t *allowed_gids;
  size_t allowed_gid_count;
  /* How long draining (isth_service_drain) waits for clients to leave, in ns. 0: 10 s. */
  uint64_t drain_timeout_ns;
} isth_service_options;

/* Fills in the defaults above, -1 for parent_fd. Always call it first: zero is a descriptor too, and later versions may add
 * fields. */
ISTH_API void isth_service_options_init(isth_service_options *options);

/*
 * Creates a service for `schema` (which must outlive it) and listens on the socket; connections wait until run. Its regions
 * (region.h) can be written from here on.
 * Errors: INVALID_ARGUMENT, SCHEMA_INVALID, UNSUPPORTED_PLATFORM, SOCKET_IN_USE, PERMISSION_DENIED, OUT_OF_MEMORY, SYSTEM;
 * `failure` (may be NULL) says more.
 */
ISTH_API int isth_service_open(isth_service **service, const isth_schema *schema, const isth_service_options *options,
                               isth_failure *failure);

/*
 * Registers the handler of a method of the schema. Before run only. A method without a handler answers UNKNOWN_METHOD.
 * `reply_bytes` is the most its reply can take through isth_call_output: the handler only runs once that much room is
 * free in the reply ring, so that isth_call_output of up to that size cannot fail. 0 where replies go another way.
 * Errors: INVALID_ARGUMENT (no such method, registered twice, or running).
 */
ISTH_API int isth_service_handle(isth_service *service, uint32_t method, uint32_t reply_bytes, isth_handler handler,
                                 void *user);

/*
 * Has `stop` called once, by isth_service_run() before it returns, when it has waited for all handlers, and also where it could
 * not start: the place to end threads of the program's own that use the service, such as one that writes a region.
 * Before run only. Errors: INVALID_ARGUMENT (registered twice, or running).
 */
ISTH_API int isth_service_on_stop(isth_service *service, void (*stop)(void *user), void *user);

/*
 * Serves until isth_service_stop(): starts the threads, accepts clients, answers calls. Then finishes the handlers that
 * run, sends what was answered, closes all channels, removes the socket file and returns 0; or an error if it could not
 * start. Handlers of methods with many replies are told by isth_call_cancelled and isth_call_emit, and waited for at
 * most 2 s: one that has not returned by then is left running, and what it uses must stay; its call is over.
 */
ISTH_API int isth_service_run(isth_service *service, isth_failure *failure);

/* Makes run return. Thread-safe and async-signal-safe; may be called before run, and more than once. */
ISTH_API void isth_service_stop(isth_service *service);

/*
 * Makes run return once nobody needs the service any more: its socket file is removed and no new client is accepted; clients are
 * told to send no new calls, and what they sent is answered; when the last client has left, or after drain_timeout_ns, run
 * stops as by isth_service_stop. Thread-safe and async-signal-safe; may be called before run, and more than once.
 */
ISTH_API void isth_service_drain(isth_service *service);

/* Frees a service that is not running. NULL is allowed. Responders that are left may still be used, and must be: see
 * isth_respond. */
ISTH_API void isth_service_close(isth_service *service);

/* Counters since open; may be read from any thread while the service runs. */
typedef struct isth_service_stats {
  uint64_t channels;         /* channels open now */
  uint64_t channels_total;   /* channels opened since the start */
  uint64_t refused;          /* handshakes refused */
  uint64_t calls;            /* calls handled */
  uint64_t expired;          /* calls whose deadline had passed before their handler began; not handled */
  uint64_t corrupt_channels; /* channels closed because of PEER_CORRUPT */
  uint64_t one_way_failures; /* one-way calls that ended with an error, which nobody was told */
  uint64_t streams;          /* calls with many replies that are served now */
} isth_service_stats;
ISTH_API void isth_service_get_stats(const isth_service *service, isth_service_stats *stats);

/*
 * A whole main(): parses --socket PATH, --mode OCTAL, --allow-uid ID, --allow-gid ID (both may be repeated), --threads N,
 * --wait block|spin|adaptive, --cpus LIST, --drain-timeout SECONDS and --help, opens a service for `schema`, calls `setup` to register
 * handlers, and runs. The first SIGTERM drains, a second one and SIGINT stop. `setup` returns 0, or an error,
 * after which nothing may use the service; threads that it starts are ended through isth_service_on_stop. Returns the exit
 * code: 0, 1 for a failure at run time, 2 for wrong usage. Messages go to stderr. Where the environment variable
 * ISTHMUS_PARENT_FD is set, its number is used as parent_fd.
 */
ISTH_API int isth_service_main(int argc, char **argv, const isth_schema *schema, int (*setup)(isth_service *service));

/* ---- inside a handler: the request ---- */

/* The payload, in place in shared memory: aligned to 64 bytes, `*size` bytes long. The client can change it while you
 * read: read each value once, or copy first, before you check it. Generated code copies. Where there are many replies
 * it is a private copy. */
ISTH_API const void *isth_call_input(const isth_call *call, size_t *size);

/* The payload as a private copy, which the client cannot change. The library's, until the handler returns. NULL:
 * OUT_OF_MEMORY. Its tails are not checked: isth_tails does that. */
ISTH_API const isth_message *isth_call_in(isth_call *call);

/* Time left until the caller's deadline, in ns: INT64_MAX without one, 0 or less when it has passed. Where there are
 * many replies, the time left to emit the next one. */
ISTH_API int64_t isth_call_remaining_ns(const isth_call *call);

/* Whether nobody waits for the outcome any more: the caller has cancelled the call, or gone, or its deadline has
 * passed. Where there are many replies also once the service stops. Looked at now and then, it ends long work early. */
ISTH_API bool isth_call_cancelled(const isth_call *call);

/* The call's id, unique within its channel; 0 for a one-way call. */
ISTH_API uint64_t isth_call_id(const isth_call *call);

/* The caller's W3C trace context: all zero when there is none. */
ISTH_API const isth_trace *isth_call_trace(const isth_call *call);

/* For whom the caller calls: the text that came with the request under `key`, terminated UTF-8, or NULL. It is what the client
 * program vouches for: whoever may connect may say anything. A request whose metadata makes no sense is refused with
 * MALFORMED_MESSAGE, and no handler gets it. The library's, until the handler returns. */
ISTH_API const char *isth_call_metadata(isth_call *call, isth_metadata_key key);

/* The handler's thread's number, from 0: an index into per-thread state that then needs no lock. Serving threads come
 * first, up to `threads` - 1; handlers of methods with many replies run on threads from there on, up to `threads` +
 * `max_streams` - 1. */
ISTH_API unsigned int isth_call_thread(const isth_call *call);

/* ---- inside a handler: the reply ---- */

/* Room for a reply of `size` bytes, in place in the reply ring: aligned to 64 bytes, zeroed. A second call replaces the
 * first. NULL if the reply ring has no room for it; the handler then returns ISTH_E_REPLY_TOO_LARGE. NULL as well where
 * a method has not exactly one reply. */
ISTH_API void *isth_call_output(isth_call *call, size_t size);

/* Makes the reply a copy of these bytes, which may lie in the request: what isth_call_output and memcpy do, but each byte is written
 * once. Returns 0, REPLY_TOO_LARGE if the reply ring has no room for it, or INVALID_ARGUMENT where a method has not exactly one
 * reply: so a handler can end with it. */
ISTH_API int isth_call_reply(isth_call *call, const void *bytes, size_t size);

/* An empty message in private memory, with room for the largest reply that this client's ring allows: what is in it
 * when the handler returns 0 is the reply. The library's, until the handler returns; a second call gives the same one,
 * as it is. Use either this or isth_call_output: the one asked for last counts. Where there are many replies it is a
 * place to make each in, before isth_call_emit. NULL: OUT_OF_MEMORY, or a one-way call. */
ISTH_API isth_message *isth_call_out(isth_call *call);

/* Refuses the call with a code of your own (1 or more), or with a negative ISTH_E_ error, and a message for the caller
 * (printf-like, UTF-8, cut at ISTH_MESSAGE_BYTES). Returns `code`, so a handler ends with:
 * return isth_refuse(call, 1, "volatility is %g", v); */
ISTH_API int isth_refuse(isth_call *call, int code, const char *format, ...) ISTH_PRINTF(3, 4);

/*
 * Sends one of many replies: copies the payload, and waits while the client's window is used up, at most
 * stall_timeout_ns. On the handler's thread only. Returns 0, or an error with which the handler had better end:
 * CANCELLED (the caller has cancelled the call, or gone), INSTANCE_LOST (the service stops), DEADLINE_EXCEEDED (the
 * client takes no replies), REPLY_TOO_LARGE, OUT_OF_MEMORY, INVALID_ARGUMENT (the method has not many replies). The
 * reply was not sent then.
 */
ISTH_API int isth_call_emit(isth_call *call, const void *payload, size_t size);

/* ---- answering later ---- */

/*
 * Keeps the call open: the handler returns, and its answer is given later with isth_respond or isth_respond_error, from
 * any thread. Exactly one of the two must be called, exactly once, however late: it frees the responder. The request's
 * payload ends with the handler, so copy what is needed of it. Once for each call; everything that isth_call_ functions
 * do goes on until the handler returns. NULL, and nothing is deferred: OUT_OF_MEMORY, the method has not exactly one
 * reply, or the client has max_deferred calls deferred on this serving thread already.
 */
ISTH_API isth_responder *isth_call_defer(isth_call *call);

/*
 * Answers with a payload, which is copied, and frees the responder. Never waits. Thread-safe, and safe after the client
 * has gone and the service was closed. Returns 0 once the reply is on its way, or says why the caller does not get it:
 * CANCELLED (the client has gone), CLOSED (the service has stopped), and, each of which the caller is told instead,
 * REPLY_TOO_LARGE and OUT_OF_MEMORY (also where max_waiting_bytes wait for room in its reply ring already).
 */
ISTH_API int isth_respond(isth_responder *responder, const void *payload, size_t size);

/* Answers with a refusal or an error, as isth_refuse does, and frees the responder. A code of 0 is HANDLER_FAULT.
 * Returns 0, CANCELLED or CLOSED. */
ISTH_API int isth_respond_error(isth_responder *responder, int code, const char *format, ...) ISTH_PRINTF(3, 4);

/* Whether nobody waits for the answer any more: the client or the service has gone, or the deadline has passed. It must
 * be given all the same. Thread-safe. */
ISTH_API bool isth_responder_cancelled(const isth_responder *responder);

/* As isth_call_remaining_ns. Thread-safe. */
ISTH_API int64_t isth_responder_remaining_ns(const isth_responder *responder);

#ifdef __cplusplus
}
#endif
#endif
