/*
 * service.h: the side that listens, and answers calls.
 *
 * Caveats first:
 *  - isth_service_run() occupies the calling thread until isth_service_stop(). Handlers run on serving threads,
 *    never on the calling one; with threads > 1 they run at the same time, so what they share needs its own lock.
 *  - A handler's pointers are valid until it returns. Nothing it gets or gives is freed by it.
 *  - isth_service_stop() is the only function here that may be called from a signal handler.
 */
#ifndef ISTHMUS_SERVICE_H
#define ISTHMUS_SERVICE_H

#include <isthmus/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct isth_service isth_service;

/* One call being handled. Owned by the library; valid on the serving thread until the handler returns. */
typedef struct isth_call isth_call;

/*
 * A handler. Returns 0 to send what it wrote through isth_call_output (nothing written: an empty reply), the result of
 * isth_refuse() to refuse the call, or a negative ISTH_E_ error to report that error to the caller.
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
  /* How long ISTH_WAIT_ADAPTIVE spins after the last record before it sleeps, in ns. 0: 50,000 (50 us). */
  uint64_t spin_ns;
  /* First CPU to pin serving threads to: thread i runs on CPU cpu + i. Negative: not pinned. */
  int cpu;
  /* Channels served at once; more are refused with CHANNEL_LIMIT. 0: 256. */
  unsigned int max_channels;
  /* The largest segment a client may bring, in bytes. 0: 256 MiB. */
  uint64_t max_segment_bytes;
  /* How long a client may take for the handshake, in ns. 0: 2 s. */
  uint64_t handshake_timeout_ns;
  /* A descriptor whose end of file stops the service: how a supervisor's death ends its instances. A pipe or socket, owned
   * by the caller; what arrives on it is read and ignored, so that each instance needs a pipe of its own. Negative: none. */
  int parent_fd;
} isth_service_options;

/* Fills in the defaults above, -1 for cpu and parent_fd. Always call it first: zero is a CPU and a descriptor too, and later
 * versions may add fields. */
ISTH_API void isth_service_options_init(isth_service_options *options);

/*
 * Creates a service for `schema` (which must outlive it) and listens on the socket; connections wait until run.
 * Errors: INVALID_ARGUMENT, SOCKET_IN_USE, PERMISSION_DENIED, OUT_OF_MEMORY, SYSTEM; `failure` (may be NULL) says more.
 */
ISTH_API int isth_service_open(isth_service **service, const isth_schema *schema, const isth_service_options *options,
                               isth_failure *failure);

/*
 * Registers the handler of a method of the schema. Before run only. A method without a handler answers UNKNOWN_METHOD.
 * `reply_bytes` is the most its reply can take: the handler only runs once that much room is free in the reply ring, so
 * that isth_call_output of up to that size cannot fail.
 * Errors: INVALID_ARGUMENT (no such method, registered twice, or running).
 */
ISTH_API int isth_service_handle(isth_service *service, uint32_t method, uint32_t reply_bytes, isth_handler handler,
                                 void *user);

/*
 * Serves until isth_service_stop(): starts the threads, accepts clients, answers calls. Then finishes the handlers that
 * run, closes all channels, removes the socket file and returns 0; or an error if it could not start.
 */
ISTH_API int isth_service_run(isth_service *service, isth_failure *failure);

/* Makes run return. Thread-safe and async-signal-safe; may be called before run, and more than once. */
ISTH_API void isth_service_stop(isth_service *service);

/* Frees a service that is not running. NULL is allowed. */
ISTH_API void isth_service_close(isth_service *service);

/* Counters since open; may be read from any thread while the service runs. */
typedef struct isth_service_stats {
  uint64_t channels;         /* channels open now */
  uint64_t channels_total;   /* channels opened since the start */
  uint64_t refused;          /* handshakes refused */
  uint64_t calls;            /* calls handled */
  uint64_t expired;          /* calls whose deadline had passed before their handler began; not handled */
  uint64_t corrupt_channels; /* channels closed because of PEER_CORRUPT */
} isth_service_stats;
ISTH_API void isth_service_get_stats(const isth_service *service, isth_service_stats *stats);

/*
 * A whole main(): parses --socket PATH, --threads N, --wait block|spin|adaptive, --cpu N and --help, opens a service for
 * `schema`, calls `setup` to register handlers (it returns 0 or an error), stops on SIGINT and SIGTERM, and runs. Returns
 * the exit code: 0, 1 for a failure at run time, 2 for wrong usage. Messages go to stderr. Where the environment variable
 * ISTHMUS_PARENT_FD is set, its number is used as parent_fd.
 */
ISTH_API int isth_service_main(int argc, char **argv, const isth_schema *schema, int (*setup)(isth_service *service));

/* ---- inside a handler ---- */

/* The payload, in place in shared memory: aligned to 64 bytes, `*size` bytes long. The client can change it while you
 * read: read each value once, or copy first, before you check it. Generated code copies. */
ISTH_API const void *isth_call_input(const isth_call *call, size_t *size);

/* Room for a reply of `size` bytes, in place in the reply ring: aligned to 64 bytes, zeroed. A second call replaces the
 * first. NULL if the reply ring has no room for it; the handler then returns ISTH_E_REPLY_TOO_LARGE. */
ISTH_API void *isth_call_output(isth_call *call, size_t size);

/* Refuses the call with a code of your own (1 or more), or with a negative ISTH_E_ error, and a message for the caller
 * (printf-like, UTF-8, cut at ISTH_MESSAGE_BYTES). Returns `code`, so a handler ends with:
 * return isth_refuse(call, 1, "volatility is %g", v); */
ISTH_API int isth_refuse(isth_call *call, int code, const char *format, ...) ISTH_PRINTF(3, 4);

/* Time left until the caller's deadline, in ns: INT64_MAX without one, 0 or less when it has passed. */
ISTH_API int64_t isth_call_remaining_ns(const isth_call *call);

/* The call's id, unique within its channel. */
ISTH_API uint64_t isth_call_id(const isth_call *call);

/* The caller's W3C trace context: all zero when there is none. */
ISTH_API const isth_trace *isth_call_trace(const isth_call *call);

/* The serving thread's number, from 0: an index into per-thread state that then needs no lock. */
ISTH_API unsigned int isth_call_thread(const isth_call *call);

#ifdef __cplusplus
}
#endif
#endif
