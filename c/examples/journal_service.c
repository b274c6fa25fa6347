/*
 * journal_service.c: one-way calls, many replies, deferred replies, and messages with tails.
 *
 *   build/examples/journal_service --socket /tmp/journal.sock
 */
#include "journal.h"

#include <pthread.h>
#include <stdalign.h>
#include <string.h>

enum { MOST_LINES = 1000, TEXT_BYTES = 100, MOST_WAITING = 16 };

/* Handlers of methods with many replies run on threads of their own, so that what handlers share needs a lock. */
static struct {
  pthread_mutex_t lock;
  uint64_t count;
  char lines[MOST_LINES][TEXT_BYTES + 1];
  isth_responder *waiting[MOST_WAITING]; /* for the next line */
  size_t waiting_count;
} journal = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Makes a message of a line. False if it has no room. */
static bool write_line(isth_message *message, uint64_t number, const char *text) {
  journal_line *line = isth_message_begin(message, sizeof *line);
  if (line == NULL) return false;
  line->number = number;
  return isth_message_append_text(message, &line->text, text, strlen(text));
}

/* The text of a line that another program sent: checked, and in memory that nobody else can change. */
static int read_line(isth_call *call, isth_text *text) {
  const isth_message *in = isth_call_in(call);
  isth_tails tails;
  int error;
  if (in == NULL) return ISTH_E_OUT_OF_MEMORY;
  if (!isth_tails_begin(&tails, in, sizeof(journal_line))) return ISTH_E_MALFORMED_MESSAGE;
  const journal_line *line = (const journal_line *)(const void *)in->bytes;
  do (void)isth_tails_add(&tails, line->text, 1, 1, true);
  while ((error = isth_tails_end(&tails)) == ISTH_TAILS_AGAIN);
  if (error != 0) return isth_refuse(call, error, "/text %s", isth_tails_fault(&tails));
  *text = isth_message_text(in, line->text);
  if (text->length > TEXT_BYTES || !isth_utf8_valid(text->bytes, text->length))
    return isth_refuse(call, ISTH_E_INVALID_INPUT, "/text is not UTF-8 of up to %d bytes", TEXT_BYTES);
  return 0;
}

static int read_from(isth_call *call, uint64_t *number) {
  const isth_message *in = isth_call_in(call);
  if (in == NULL) return ISTH_E_OUT_OF_MEMORY;
  if (in->size != sizeof(journal_from)) return isth_refuse(call, ISTH_E_INVALID_INPUT, "%zu bytes", in->size);
  memcpy(number, in->bytes, sizeof *number);
  return 0;
}

/* A copy of a line; false if there is none of this number yet. */
static bool get_line(uint64_t number, char text[TEXT_BYTES + 1]) {
  pthread_mutex_lock(&journal.lock);
  bool found = number < journal.count;
  if (found) memcpy(text, journal.lines[number], TEXT_BYTES + 1);
  pthread_mutex_unlock(&journal.lock);
  return found;
}

/* One way: whatever this returns, the caller is told nothing. */
static int on_append(isth_call *call, void *user) {
  isth_text text = {"", 0};
  (void)user;
  int error = read_line(call, &text);
  if (error != 0) return error;
  pthread_mutex_lock(&journal.lock);
  if (journal.count < MOST_LINES) {
    /* The text's NUL follows it. */
    memcpy(journal.lines[journal.count], text.bytes, text.length + 1);
    alignas(64) unsigned char memory[sizeof(journal_line) + TEXT_BYTES + 1];
    isth_message message;
    isth_message_init(&message, memory, sizeof memory);
    write_line(&message, journal.count++, text.bytes);
    /* Never waits, so that the lock may be held. Whether a caller is still there does not matter here. */
    while (journal.waiting_count > 0)
      (void)isth_respond(journal.waiting[--journal.waiting_count], message.bytes, message.size);
  } else {
    error = isth_refuse(call, 1, "the journal is full");
  }
  pthread_mutex_unlock(&journal.lock);
  return error;
}

/* Many replies: isth_call_emit waits while the caller is behind, and says when there is no use in going on. */
static int on_replay(isth_call *call, void *user) {
  uint64_t number = 0;
  char text[TEXT_BYTES + 1];
  (void)user;
  int error = read_from(call, &number);
  for (; error == 0 && get_line(number, text); number++) {
    isth_message *out = isth_call_out(call);
    if (out == NULL || !write_line(out, number, text)) return ISTH_E_OUT_OF_MEMORY;
    error = isth_call_emit(call, out->bytes, out->size);
  }
  return error;
}

/* Answers at once where the line is there, and else later. */
static int on_next(isth_call *call, void *user) {
  uint64_t number = 0;
  char text[TEXT_BYTES + 1];
  (void)user;
  int error = read_from(call, &number);
  if (error != 0) return error;
  if (get_line(number, text)) {
    isth_message *out = isth_call_out(call);
    return out != NULL && write_line(out, number, text) ? 0 : ISTH_E_OUT_OF_MEMORY;
  }
  pthread_mutex_lock(&journal.lock);
  if (number != journal.count || journal.waiting_count == MOST_WAITING) {
    error = isth_refuse(call, 2, "line %llu cannot be waited for", (unsigned long long)number);
  } else {
    isth_responder *responder = isth_call_defer(call);
    if (responder == NULL) error = ISTH_E_OUT_OF_MEMORY;
    if (responder != NULL) journal.waiting[journal.waiting_count++] = responder;
  }
  pthread_mutex_unlock(&journal.lock);
  return error;
}

static int set_up(isth_service *service) {
  int error = isth_service_handle(service, JOURNAL_APPEND, 0, on_append, NULL);
  if (error == 0) error = isth_service_handle(service, JOURNAL_REPLAY, 0, on_replay, NULL);
  if (error == 0) error = isth_service_handle(service, JOURNAL_NEXT, 0, on_next, NULL);
  return error;
}

int main(int argc, char **argv) {
  int code = isth_service_main(argc, argv, &journal_schema, set_up);
  /* A responder is freed by answering, also when the service is no more. */
  while (journal.waiting_count > 0)
    (void)isth_respond_error(journal.waiting[--journal.waiting_count], ISTH_E_CLOSED, "the journal is closed");
  return code;
}
