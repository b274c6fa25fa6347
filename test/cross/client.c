/*
 * A client in C of the service `probe`, through the generated functions. Reads structs from stdin and writes each reply to
 * stdout, byte for byte; an argument makes it do something else.
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"

static int fail(const char *what, int status, const isth_failure *failure) {
  fprintf(stderr, "%s: %s %d: %s\n", what, isth_error_name(status), status, failure->message);
  return 1;
}

static int echo_all(isth_client *client) {
  probe_everything in, out;
  isth_failure failure;
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memset(&out, 0xff, sizeof out);
    int status = probe_call_echo(client, &in, &out, 0, &failure);
    if (status != 0) return fail("echo", status, &failure);
    if (fwrite(&out, sizeof out, 1, stdout) != 1) return 1;
  }
  return 0;
}

enum { MOST = 1 << 18 };

/* Reads messages with tails, each with its length before it, and writes the replies in the same way. */
static int echo_kinds(isth_client *client) {
  isth_message in, out;
  isth_failure failure;
  uint32_t length;
  void *memory = aligned_alloc(64, 2 * MOST);
  if (memory == NULL) return 1;
  isth_message_init(&out, (char *)memory + MOST, MOST);
  while (fread(&length, sizeof length, 1, stdin) == 1 && length <= MOST) {
    isth_message_init(&in, memory, MOST);
    if (fread(in.bytes, length, 1, stdin) != 1) return 1;
    in.size = length;
    int status = probe_call_kinds(client, &in, &out, 0, &failure);
    if (status != 0) return fail("kinds", status, &failure);
    length = (uint32_t)out.size;
    if (fwrite(&length, sizeof length, 1, stdout) != 1 || fwrite(out.bytes, out.size, 1, stdout) != 1) return 1;
  }
  free(memory);
  return 0;
}

static int print_row(const isth_message *message, void *user) {
  const probe_row *row = probe_row_of(message);
  (void)user;
  printf("row %u %u %s\n", (unsigned)row->number, (unsigned)row->tag, probe_row_get_name(message, row).bytes);
  return 0;
}

static int stop_after_five(const isth_message *message, void *user) {
  int *left = user;
  (void)message;
  return --*left == 0 ? 77 : 0;
}

static int count_rows(const isth_message *message, void *user) {
  (void)message;
  (void)user;
  return 0;
}

static int try_replies(isth_client *client) {
  isth_message row;
  isth_failure failure = {0, ""};
  probe_burst burst = {.count = 300, .text_bytes = 7, .tag = 3};
  probe_number64 nine = {9};
  int left = 5;
  void *memory = aligned_alloc(64, 4096);
  if (memory == NULL) return 1;
  isth_message_init(&row, memory, 4096);
  int status = probe_call_burst(client, &burst, &row, print_row, NULL, 0, &failure);
  printf("burst %d %s\n", status, failure.message);
  status = probe_call_burst(client, &burst, &row, stop_after_five, &left, 0, &failure);
  printf("stopped after 5: %d %s\n", status, failure.message);
  burst.fail_after = burst.fail_code = 2;
  status = probe_call_burst(client, &burst, &row, count_rows, NULL, 0, &failure);
  printf("burst %d %s\n", status, failure.message);
  printf("note %d\n", probe_send_note(client, &nine));
  free(memory);
  return 0;
}

/* Prints the outcome of calls that fail, each in its own way, and of such as have no input or no output. */
static int try_others(isth_client *client) {
  isth_failure failure = {0, ""};
  probe_number64 five = {5}, number = {0};
  probe_code code = {2};
  probe_pause pause = {200000, 0};
  probe_identity identity;
  probe_everything everything;
  printf("ping %d\n", probe_call_ping(client, 0, &failure));
  printf("add %d\n", probe_call_add(client, &five, 0, &failure));
  int status = probe_call_total(client, &number, 0, &failure);
  printf("total %d %lld\n", status, (long long)number.value);
  status = probe_call_refuse(client, &code, 0, &failure);
  printf("refuse %d %s\n", status == PROBE_ERROR_TOO_COLD, failure.message);
  printf("sleep %s\n", isth_error_name(probe_call_sleep(client, &pause, &identity, 20000000, &failure)));
  printf("badSize %s\n", isth_error_name(probe_call_bad_size(client, &everything, 0, &failure)));
  printf("badEnum %s\n", isth_error_name(probe_call_bad_enum(client, &everything, 0, &failure)));
  memset(&everything, 0, sizeof everything);
  everything.bounded = 6;
  status = probe_call_echo(client, &everything, &everything, 0, &failure);
  printf("echo %s %s\n", isth_error_name(status), failure.message);
  return 0;
}

int main(int argc, char **argv) {
  isth_client *client;
  isth_failure failure;
  int status = isth_client_open(&client, argv[1], probe_schema(), NULL, &failure);
  if (status != 0) return fail("open", status, &failure);
  const char *what = argc > 2 ? argv[2] : "";
  int result = strcmp(what, "kinds") == 0     ? echo_kinds(client)
               : strcmp(what, "replies") == 0 ? try_replies(client)
               : strcmp(what, "others") == 0  ? try_others(client)
                                              : echo_all(client);
  isth_client_close(client);
  return result;
}
