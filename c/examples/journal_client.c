/*
 * journal_client.c: waits for the next line of a journal, writes three of them, and has all replayed.
 *
 *   build/examples/journal_client /tmp/journal.sock
 */
#include "journal.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

static const char *const lines[] = {"a day like any other", "rain in the evening", "nothing more"};

struct progress {
  const char *name;
  uint32_t replies;
  bool ended;
  int status;
};

/* Copies the reply, because the service could still write to it, checks the tail, and prints it. */
static void print_line(const char *name, const isth_reply *reply) {
  alignas(64) unsigned char memory[1024];
  isth_message message;
  isth_tails tails;
  int error = ISTH_E_MALFORMED_MESSAGE;
  isth_message_init(&message, memory, sizeof memory);
  if (!isth_message_write(&message, reply->payload, reply->size)) return;
  const journal_line *line = (const journal_line *)(const void *)memory;
  if (isth_tails_begin(&tails, &message, sizeof *line)) {
    do (void)isth_tails_add(&tails, line->text, 1, 1, true);
    while ((error = isth_tails_end(&tails)) == ISTH_TAILS_AGAIN);
  }
  if (error == 0)
    printf("%s: %llu %s\n", name, (unsigned long long)line->number, isth_message_text(&message, line->text).bytes);
}

/* Of many replies, each but the last has `more`; the last only says how the call ended. */
static void on_reply(const isth_reply *reply) {
  struct progress *progress = reply->user;
  bool has_line = reply->more || (progress->replies == 0 && reply->status == 0 && reply->size > 0);
  if (has_line) {
    progress->replies++;
    print_line(progress->name, reply);
  }
  progress->ended = !reply->more;
  progress->status = reply->status;
}

static int complain(const char *what, int error) {
  fprintf(stderr, "%s: %s: %s\n", what, isth_error_name(error), isth_error_message(error));
  return 1;
}

/* Starts a call that asks for lines from the first one on. Each reply may take a second. */
static int start(isth_client *client, uint32_t method, isth_replies replies, struct progress *progress) {
  const journal_from from = {0};
  isth_request request = {.method = method,
                          .payload = &from,
                          .size = sizeof from,
                          .deadline_ns = isth_now_ns() + 1000000000,
                          .callback = on_reply,
                          .user = progress,
                          .replies = replies};
  return isth_client_call(client, &request, NULL);
}

static int append(isth_client *client, const char *text) {
  alignas(64) unsigned char memory[256];
  isth_message message;
  isth_message_init(&message, memory, sizeof memory);
  journal_line *line = isth_message_begin(&message, sizeof *line);
  if (!isth_message_append_text(&message, &line->text, text, strlen(text))) return ISTH_E_RECORD_TOO_LARGE;
  isth_request request = {
      .method = JOURNAL_APPEND, .payload = message.bytes, .size = message.size, .replies = ISTH_REPLIES_NONE};
  return isth_client_call(client, &request, NULL);
}

int main(int argc, char **argv) {
  isth_client *client;
  isth_failure failure = {0, ""};
  if (argc != 2) {
    fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
    return 2;
  }
  if (isth_client_open(&client, argv[1], &journal_schema, NULL, &failure) != 0)
    return complain(failure.message, failure.error);

  struct progress next = {.name = "next"}, replay = {.name = "replay"};
  int error = start(client, JOURNAL_NEXT, ISTH_REPLIES_ONE, &next);
  for (size_t i = 0; error == 0 && i < sizeof lines / sizeof lines[0]; i++) error = append(client, lines[i]);
  while (error == 0 && !next.ended) isth_client_wait(client, 100000000);
  if (error == 0) error = start(client, JOURNAL_REPLAY, ISTH_REPLIES_MANY, &replay);
  while (error == 0 && !replay.ended) isth_client_wait(client, 100000000);
  if (error == 0) error = next.status != 0 ? next.status : replay.status;
  isth_client_close(client);
  return error == 0 ? 0 : complain("the journal", error);
}
