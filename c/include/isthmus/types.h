/* types.h: what both sides share: schemas, traces, failures, wait modes. */
#ifndef ISTHMUS_TYPES_H
#define ISTHMUS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <isthmus/api.h>
#include <isthmus/errors.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The protocol's version: both sides must have the same. */
#define ISTH_PROTOCOL_VERSION 4
/* The most serving threads of a service, and so the most lanes of a channel. */
#define ISTH_MAX_LANES 64
/* The most regions of a service. */
#define ISTH_MAX_REGIONS 256
/* The longest message of a refusal or failure, in bytes, with its terminating NUL. */
#define ISTH_MESSAGE_BYTES 480
/* The most bytes of a request's metadata, all texts and their framing together. */
#define ISTH_MAX_METADATA_BYTES 4096
/* The longest name of a service or method, in bytes, with its terminating NUL. */
#define ISTH_NAME_BYTES 64

/* How a side waits for records. */
typedef enum isth_wait {
  ISTH_WAIT_ADAPTIVE = 0, /* spins for a bounded time after the last record, if that pays; then sleeps in the kernel */
  ISTH_WAIT_BLOCK = 1,    /* sleeps in the kernel at once: no CPU when idle, and a wake-up on every call */
  ISTH_WAIT_SPIN = 2      /* never sleeps: the lowest latency, for one whole core */
} isth_wait;

/* W3C trace context (https://www.w3.org/TR/trace-context/), without its flags. */
typedef struct isth_trace {
  uint8_t trace_id[16];
  uint8_t span_id[8];
} isth_trace;

/* What a request's metadata may say. Others are refused. */
typedef enum isth_metadata_key {
  ISTH_METADATA_CALLER = 1, /* who calls, as the gateway or another program has authenticated it */
  ISTH_METADATA_TENANT = 2, /* whom the caller belongs to */
  ISTH_METADATA_SCOPES = 3, /* what it may do: words with a blank between */
  ISTH_METADATA_METHOD = 4  /* how it was authenticated: api-key, jwt or mtls by the gateway */
} isth_metadata_key;

/* One entry of a request's metadata. */
typedef struct isth_metadata {
  isth_metadata_key key;
  const char *text; /* UTF-8 without NUL; need not be terminated */
  size_t size;      /* bytes */
} isth_metadata;

/* Why something failed: the error and a message of its own. Filled in by functions that take one; the message is
 * always terminated. */
typedef struct isth_failure {
  int error;
  char message[ISTH_MESSAGE_BYTES];
} isth_failure;

/* How many replies a method's calls have. Both sides must agree on it. */
typedef enum isth_replies {
  ISTH_REPLIES_ONE = 0,  /* one, which may be an error */
  ISTH_REPLIES_MANY = 1, /* any number, and at the end one more that says how the call ended */
  ISTH_REPLIES_NONE = 2  /* none, not even an error: a one-way call */
} isth_replies;

typedef struct isth_method {
  uint32_t id; /* 1 or more; unique in its service */
  const char *name;
  uint32_t request_bytes; /* the size of the request's fixed part */
  uint32_t reply_bytes;   /* the size of the reply's fixed part; of each reply, where there are many */
  isth_replies replies;
} isth_method;

/* Who may write a region. */
typedef enum isth_writers {
  ISTH_WRITERS_ONE = 0, /* the process that owns it */
  ISTH_WRITERS_MANY = 1 /* whoever is connected to that as well; one at a time, by a lock that outlives its owner */
} isth_writers;

/* A region as declared: see region.h. */
typedef struct isth_region_type {
  uint32_t id; /* 1 or more: its place in the schema */
  const char *name;
  uint32_t bytes;      /* of the struct: 1 to 65,536 */
  uint32_t rows;       /* the most there can be, 1 to 1,048,576; 1 without a key */
  uint32_t key_offset; /* of the field that tells rows apart */
  uint32_t key_bytes;  /* its size; 0: no key */
  bool key_is_text;    /* what follows the key's NUL does not count */
  isth_writers writers;
} isth_region_type;

/* A service's schema, as generated code describes it. Everything it points to is constant and outlives its users. */
typedef struct isth_schema {
  const char *name;           /* the service's name */
  uint8_t hash[32];           /* SHA-256 of the text */
  const char *const *text;    /* the canonical text in pieces, ended by NULL: what two sides compare when they differ */
  const isth_method *methods; /* may be NULL where there are none */
  size_t method_count;
  const isth_region_type *regions; /* may be NULL where there are none */
  size_t region_count;
} isth_schema;

/* Whether a text field is good: ended by a NUL within its `capacity` bytes, and UTF-8 up to there. What follows the NUL
 * does not matter. Generated code checks inputs with it. Thread-safe. */
ISTH_API bool isth_text_valid(const char *text, size_t capacity);

/* Whether `length` bytes are UTF-8; NULs among them are allowed. The same for the tails of messages. Thread-safe. */
ISTH_API bool isth_utf8_valid(const char *bytes, size_t length);

#ifdef __cplusplus
}
#endif
#endif
