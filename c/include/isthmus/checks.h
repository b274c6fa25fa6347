/*
 * checks.h: what the checks in generated headers are made of: which field of a message is bad, and why.
 *
 * A generated SERVICE_STRUCT_is_valid() looks at one struct, and returns false at the first field that is bad, after it
 * has said why. Each function that called it adds where that was, so that /rows/17 before /name makes /rows/17/name.
 * Nothing here allocates but isth_check_message, through isth_tails_end; nothing is shared.
 *
 * A program that reads payloads by itself, as in a callback of isth_client_call(), checks a private copy of one:
 *
 *   isth_check check;
 *   int error = isth_check_message(&check, &message, sizeof(svc_reply), svc_reply_is_valid, ISTH_CHECK_REPLY);
 *   if (error != 0) return isth_check_report(&check, failure);
 */
#ifndef ISTHMUS_CHECKS_H
#define ISTHMUS_CHECKS_H

#include <isthmus/bytes.h>
#include <isthmus/message.h>
#include <isthmus/service.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is checked. An input must be all that the schema says. Of a reply only that is checked which would make its C
 * value undefined or unsafe to read: ranges are not. */
typedef enum isth_check_role { ISTH_CHECK_INPUT = 0, ISTH_CHECK_REPLY = 1 } isth_check_role;

/* A check that is under way, and what it has found. All fields are the library's own but `role`, which generated code reads. */
typedef struct isth_check {
  isth_check_role role;
  int error;
  const char *reason;
  const isth_message *message; /* NULL where there are no tails */
  isth_tails tails;
  size_t pointer_at; /* where in `pointer` the field's JSON pointer begins: it grows to the front */
  char pointer[192];
} isth_check;

/* The check of one struct, `at` being its first byte at any address. */
typedef bool (*isth_checker)(isth_check *check, const unsigned char *at);

/* The elements of a tail: its `first` byte, and how many elements there are. */
typedef struct isth_elements {
  const unsigned char *first;
  size_t count;
} isth_elements;

/* ---- for whoever has something checked ---- */

/* Begins a check of a struct without tails: its checker may then be called, once. */
ISTH_INLINE void isth_check_begin(isth_check *check, isth_check_role role) {
  check->role = role;
  check->error = 0;
  check->reason = "";
  check->message = NULL;
  check->pointer_at = sizeof(check->pointer) - 1;
  check->pointer[sizeof(check->pointer) - 1] = '\0';
}

/* Say that a payload has a size that it cannot have, and return false. */
ISTH_API bool isth_check_size(isth_check *check, size_t size, size_t fixed_bytes);
ISTH_API bool isth_check_too_large(isth_check *check, size_t size, size_t most);

/* Begins a check of a payload that always has `fixed_bytes`; false if it has not. */
ISTH_INLINE bool isth_check_fixed(isth_check *check, size_t size, size_t fixed_bytes, isth_check_role role) {
  isth_check_begin(check, role);
  return size == fixed_bytes || isth_check_size(check, size, fixed_bytes);
}

/* Begins a check of a payload of up to `most` bytes; false if it has more. */
ISTH_INLINE bool isth_check_at_most(isth_check *check, size_t size, size_t most, isth_check_role role) {
  isth_check_begin(check, role);
  return size <= most || isth_check_too_large(check, size, most);
}

/* Begins a check of a payload of any size by copying it into a message, whose memory is the caller's. False if that has
 * no room for it: REPLY_TOO_LARGE. */
ISTH_API bool isth_check_copy(isth_check *check, isth_message *into, const void *payload, size_t size);

/*
 * Checks a message: its tails, and every struct in it, beginning with the fixed part. Nobody may change it meanwhile.
 * Returns 0; MALFORMED_MESSAGE for tails that do not lie as they should; INVALID_INPUT or, in a reply, HANDLER_FAULT for
 * values that the schema does not have; OUT_OF_MEMORY.
 */
ISTH_API int isth_check_message(isth_check *check, const isth_message *message, size_t fixed_bytes,
                                isth_checker checker, isth_check_role role);

/* After a check that failed: refuses the call with what it found, and returns the error for the handler to return. */
ISTH_API int isth_check_refuse(const isth_check *check, isth_call *call);

/* The same for a client: fills in `failure` (may be NULL), and returns the error. */
ISTH_API int isth_check_report(const isth_check *check, isth_failure *failure);

/* ---- for checkers ---- */

/* Says what is wrong with a field, and returns false. `reason` is constant and goes on where "field /name" ends; the
 * rest is printf-like and makes the field's JSON pointer: "/rows/%zu". */
ISTH_API bool isth_check_wrong(isth_check *check, const char *reason, const char *format, ...) ISTH_PRINTF(3, 4);

/* The same for the struct as a whole. */
ISTH_API bool isth_check_fail(isth_check *check, const char *reason);

/* Says where the struct lies whose checker found something, and returns false. */
ISTH_API bool isth_check_within(isth_check *check, const char *format, ...) ISTH_PRINTF(2, 3);

/* Takes the tail whose isth_span lies at `at`. True: its elements are inside the message, and may be read. False: they
 * are not, and why has been said, but not where. */
ISTH_API bool isth_check_tail(isth_check *check, const unsigned char *at, size_t element_bytes, size_t align,
                              isth_elements *elements);

/* The same for a text, which a NUL must follow. */
ISTH_API bool isth_check_text(isth_check *check, const unsigned char *at, isth_elements *text);

/* Whether a text is UTF-8 without NULs. */
ISTH_API bool isth_elements_are_text(isth_elements text);

/* Whether a float is finite, from its bits: with -ffast-math compilers take every float for finite. */
ISTH_INLINE bool isth_is_finite_f32(uint32_t bits) { return (bits & 0x7f800000u) != 0x7f800000u; }
ISTH_INLINE bool isth_is_finite_f64(uint64_t bits) {
  return (bits & UINT64_C(0x7ff0000000000000)) != UINT64_C(0x7ff0000000000000);
}

#ifdef __cplusplus
}
#endif
#endif
