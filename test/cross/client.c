/*
 * A client in C of the service `probe`, through the generated functions. Reads structs from stdin and writes each reply to
 * stdout, byte for byte; an argument makes it do something else.
 */
#include <stdio.h>

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
  int result = argc > 2 ? try_others(client) : echo_all(client);
  isth_client_close(client);
  return result;
}
