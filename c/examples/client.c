/*
 * client.c: a client in a page: one call that waits for its reply, and then many at once.
 *
 *   build/examples/client /tmp/statistics.sock
 */
#include "statistics.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 10000 };

struct progress {
  uint32_t done, failed;
};

static void on_reply(const isth_reply *reply) {
  struct progress *progress = reply->user;
  progress->done++;
  if (reply->status != 0) progress->failed++;
}

static int complain(int error, const isth_failure *failure) {
  fprintf(stderr, "%s: %s. %s\n", isth_error_name(error), isth_error_message(error), failure->message);
  return 1;
}

int main(int argc, char **argv) {
  isth_client *client;
  isth_failure failure = {0, ""};
  if (argc != 2) {
    fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
    return 2;
  }
  int error = isth_client_open(&client, argv[1], &statistics_schema, NULL, &failure);
  if (error != 0) return complain(error, &failure);

  static statistics_sample sample = {.count = 4, .values = {1, 2, 3, 4}};
  statistics_summary summary = {0, 0};
  error = isth_client_call_sync(client, STATISTICS_SUMMARIZE, &sample, sizeof sample, &summary, sizeof summary, NULL,
                                1000000000, &failure);
  if (error == 0) printf("mean %g, deviation %g\n", summary.mean, summary.deviation);

  struct progress progress = {0, 0};
  for (uint32_t sent = 0; error == 0 && progress.done < MANY;) {
    /* Written in place: no copy. A deadline, so that whatever happens each call ends. */
    isth_request request = {.method = STATISTICS_SUMMARIZE,
                            .size = sizeof sample,
                            .deadline_ns = isth_now_ns() + 1000000000,
                            .callback = on_reply,
                            .user = &progress};
    void *payload;
    error = sent == MANY ? ISTH_E_RING_FULL : isth_client_claim(client, &request, &payload, NULL);
    if (error == 0) {
      memcpy(payload, &sample, sizeof sample);
      isth_client_commit(client);
      sent++;
    } else if (error == ISTH_E_RING_FULL || error == ISTH_E_TOO_MANY_CALLS) {
      /* The service is behind, or all is sent: take replies, which makes room. */
      isth_client_wait(client, 100000000);
      error = isth_client_status(client);
    }
  }
  if (error == 0) printf("%u replies, %u of them errors\n", (unsigned)progress.done, (unsigned)progress.failed);
  isth_client_close(client);
  return error == 0 ? 0 : complain(error, &failure);
}
