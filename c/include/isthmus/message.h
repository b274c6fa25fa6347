/*
 * message.h: payloads that are not one fixed struct: a fixed part, and tails behind it.
 *
 *   0            fixed_bytes                                            size
 *   | fixed part | tail | gap | tail ...                                |
 *     isth_span ---^            each at a multiple of its alignment
 *
 * A member of type isth_span in the fixed part, or in an element of a tail, says where its tail lies. A text's tail is
 * followed by a NUL that its length does not count. An empty tail is {0, 0}: no bytes, and no NUL either.
 *
 * Generated code calls these functions; programs that write their structs by hand do so themselves. Nothing here
 * allocates but isth_tails_end, and nothing is shared: a message belongs to one thread at a time.
 */
#ifndef ISTHMUS_MESSAGE_H
#define ISTHMUS_MESSAGE_H

#include <isthmus/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a tail lies: `offset` in bytes from the beginning of the message, `length` in elements (of text and bytes: in
 * bytes). */
typedef struct isth_span {
  uint32_t offset;
  uint32_t length;
} isth_span;
ISTH_STATIC_ASSERT(sizeof(isth_span) == 8, "protocol layout");

/* A text in a message. `bytes` is never NULL, and a NUL follows the `length` bytes; there may be others among them. */
typedef struct isth_text {
  const char *bytes;
  size_t length;
} isth_text;

/* Bytes in a message. `data` is NULL where there are none. */
typedef struct isth_bytes {
  const uint8_t *data;
  size_t length;
} isth_bytes;

/* A message in private memory: the first `size` of `capacity` bytes count. `bytes` is aligned to 64. */
typedef struct isth_message {
  unsigned char *bytes;
  size_t size;
  size_t capacity;
} isth_message;

/* ---- writing ---- */

/* An empty message in the caller's memory, aligned to 64 bytes, which must outlive it. */
ISTH_API void isth_message_init(isth_message *message, void *memory, size_t capacity);

/* Begins anew with a zeroed fixed part, and returns it. NULL if there is no room for it: the message is then empty. */
ISTH_API void *isth_message_begin(isth_message *message, size_t fixed_bytes);

/*
 * Appends a tail of `count` elements, all zero, at the next multiple of `align` (a power of two, at most 64), points
 * `span` to it, and returns its first element. A `span` that lies in the message must have been got from
 * isth_message_begin or from here. What it pointed to before stays in the message, unused. For no elements `span`
 * becomes {0, 0}, and the result, which is not NULL, points to nothing. NULL if there is no room: message and span are
 * then as they were.
 */
ISTH_API void *isth_message_append(isth_message *message, isth_span *span, size_t count, size_t element_bytes,
                                   size_t align);

/* The same for a text of `length` bytes, which gets its NUL, and for bytes. The data may not lie in the message. False
 * if there is no room. Whether the text is UTF-8 is for the caller to know. */
ISTH_API bool isth_message_append_text(isth_message *message, isth_span *span, const char *text, size_t length);
ISTH_API bool isth_message_append_bytes(isth_message *message, isth_span *span, const void *data, size_t length);

/* Appends raw bytes at the end, without a span and not aligned: for payloads that are no struct. The data may not lie
 * in the message. False if there is no room. */
ISTH_API bool isth_message_write(isth_message *message, const void *data, size_t size);

/* ---- reading ---- */

/* The first element of a tail; NULL if it is empty, or not wholly inside the message. */
ISTH_API const void *isth_message_tail(const isth_message *message, isth_span span, size_t element_bytes);

/* The same for a text and for bytes: empty where the tail is not wholly inside the message, or the text's NUL is
 * missing. */
ISTH_API isth_text isth_message_text(const isth_message *message, isth_span span);
ISTH_API isth_bytes isth_message_bytes(const isth_message *message, isth_span span);

/* ---- checking ---- */

/* isth_tails_end() returns it instead of an error where the tails must be walked once more. */
#define ISTH_TAILS_AGAIN 1

/*
 * Checks the tails of a message that another program wrote: that they lie inside it and behind the fixed part, aligned,
 * without overlap. The work is bounded by the message's size, however often spans point to the same bytes. Use:
 *
 *   isth_tails tails;
 *   if (!isth_tails_begin(&tails, message, sizeof(fixed part))) return ISTH_E_MALFORMED_MESSAGE;
 *   do walk: isth_tails_add() for each span of the fixed part, and for those in the elements of each tail that was
 *            added; a false ends the walk
 *   while ((error = isth_tails_end(&tails)) == ISTH_TAILS_AGAIN);
 *
 * Where tails lie in the order in which they are added, one walk does, without any memory. Else the second walk marks
 * which bytes are taken, an eighth of the message's size. The message must be private: nobody may change it meanwhile.
 * All fields of the struct are the library's own.
 */
typedef struct isth_tails {
  const isth_message *message;
  const char *fault;
  uint64_t *taken;
  size_t fixed_bytes;
  size_t next;
  size_t left;
  bool ordered;
} isth_tails;

/* False if the message is shorter than its fixed part: there is nothing to walk then. */
ISTH_API bool isth_tails_begin(isth_tails *tails, const isth_message *message, size_t fixed_bytes);

/* Checks one tail, of elements of `element_bytes` (1 or more) and `align` (a power of two, at most 64). True: its
 * elements may be read. False: stop walking; end() then says why. An `is_text` tail must be followed by its NUL. */
ISTH_API bool isth_tails_add(isth_tails *tails, isth_span span, size_t element_bytes, size_t align, bool is_text);

/* Ends a walk: once for each, also for one that a false has ended. Returns 0, ISTH_TAILS_AGAIN,
 * ISTH_E_MALFORMED_MESSAGE or ISTH_E_OUT_OF_MEMORY. */
ISTH_API int isth_tails_end(isth_tails *tails);

/* What is wrong with the tail at which a walk stopped ("overlaps another tail"), for the message of a refusal; "" while
 * nothing is. Constant text. */
ISTH_API const char *isth_tails_fault(const isth_tails *tails);

#ifdef __cplusplus
}
#endif
#endif
