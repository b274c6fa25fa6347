/* checks.c: which field of a message is bad, and why. */
#include "platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <isthmus/checks.h>

/* What stands where the beginning of a pointer was too long. */
static const char cut[] = "...";

/* Puts a piece before what the pointer has so far. The end of a pointer says most, so that is what is kept of a long one. */
static void put_before(isth_check *check, const char *format, va_list arguments) {
  char piece[sizeof check->pointer];
  /* Nothing comes before what was cut off. */
  if (check->pointer[check->pointer_at] == cut[0]) return;
  int length = vsnprintf(piece, sizeof piece, format, arguments);
  size_t room = check->pointer_at - strlen(cut);
  if (length < 0 || (size_t)length > room) {
    check->pointer_at -= strlen(cut);
    memcpy(check->pointer + check->pointer_at, cut, strlen(cut));
    return;
  }
  check->pointer_at -= (size_t)length;
  memcpy(check->pointer + check->pointer_at, piece, (size_t)length);
}

bool isth_check_fail(isth_check *check, const char *reason) {
  check->error = check->role == ISTH_CHECK_INPUT ? ISTH_E_INVALID_INPUT : ISTH_E_HANDLER_FAULT;
  check->reason = reason;
  return false;
}

bool isth_check_wrong(isth_check *check, const char *reason, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put_before(check, format, arguments);
  va_end(arguments);
  return isth_check_fail(check, reason);
}

bool isth_check_within(isth_check *check, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put_before(check, format, arguments);
  va_end(arguments);
  return false;
}

static bool take(isth_check *check, const unsigned char *at, size_t element_bytes, size_t align, bool is_text,
                 isth_elements *elements) {
  isth_span span;
  memcpy(&span, at, sizeof span);
  if (!isth_tails_add(&check->tails, span, element_bytes, align, is_text)) {
    check->error = ISTH_E_MALFORMED_MESSAGE;
    check->reason = isth_tails_fault(&check->tails);
    return false;
  }
  *elements = (isth_elements){check->message->bytes + span.offset, span.length};
  return true;
}

bool isth_check_tail(isth_check *check, const unsigned char *at, size_t element_bytes, size_t align,
                     isth_elements *elements) {
  return take(check, at, element_bytes, align, false, elements);
}

bool isth_check_text(isth_check *check, const unsigned char *at, isth_elements *text) {
  return take(check, at, 1, 1, true, text);
}

bool isth_elements_are_text(isth_elements text) {
  return memchr(text.first, 0, text.count) == NULL && isth_utf8_valid((const char *)text.first, text.count);
}

/* A reason that holds numbers stands at the end of the pointer's place: such a check has no pointer. */
static void set_reason(isth_check *check, int error, const char *format, size_t size, size_t other) {
  check->error = error;
  snprintf(check->pointer, sizeof check->pointer - 1, format, size, other);
  check->reason = check->pointer;
}

bool isth_check_size(isth_check *check, size_t size, size_t fixed_bytes) {
  set_reason(check, ISTH_E_MALFORMED_MESSAGE, "has %zu bytes, not %zu", size, fixed_bytes);
  return false;
}

bool isth_check_too_large(isth_check *check, size_t size, size_t most) {
  isth_check_fail(check, "");
  set_reason(check, check->error, "has %zu bytes, and %zu is the most", size, most);
  return false;
}

bool isth_check_copy(isth_check *check, isth_message *into, const void *payload, size_t size) {
  isth_check_begin(check, ISTH_CHECK_REPLY);
  isth_message_begin(into, 0);
  if (isth_message_write(into, payload, size)) return true;
  set_reason(check, ISTH_E_REPLY_TOO_LARGE, "has %zu bytes, and there is room for %zu", size, into->capacity);
  return false;
}

int isth_check_message(isth_check *check, const isth_message *message, size_t fixed_bytes, isth_checker checker,
                       isth_check_role role) {
  isth_check_begin(check, role);
  check->message = message;
  if (!isth_tails_begin(&check->tails, message, fixed_bytes)) {
    check->error = ISTH_E_MALFORMED_MESSAGE;
    check->reason = isth_tails_fault(&check->tails);
    return check->error;
  }
  int ended;
  bool good;
  do {
    good = checker(check, message->bytes);
    ended = isth_tails_end(&check->tails);
  } while (good && ended == ISTH_TAILS_AGAIN);
  if (good && ended != 0) {
    check->error = ended;
    check->reason = "could not be checked";
  }
  /* A walk that ended early may have been asked for again. */
  if (ended == ISTH_TAILS_AGAIN) isth_tails_end(&check->tails);
  return check->error;
}

/* "field /rows/17/name must be true or false" */
static void describe(const isth_check *check, char *message, size_t size) {
  const char *pointer = check->pointer + check->pointer_at;
  if (*pointer == '\0')
    snprintf(message, size, "the message %s", check->reason);
  else
    snprintf(message, size, "field %s %s", pointer, check->reason);
}

int isth_check_refuse(const isth_check *check, isth_call *call) {
  char message[ISTH_MESSAGE_BYTES];
  describe(check, message, sizeof message);
  return isth_refuse(call, check->error, "%s", message);
}

int isth_check_report(const isth_check *check, isth_failure *failure) {
  if (failure != NULL) {
    failure->error = check->error;
    describe(check, failure->message, sizeof failure->message);
  }
  return check->error;
}
