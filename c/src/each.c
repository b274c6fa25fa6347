/* each.c: a call with many replies, for a program that waits for them. */
#include "client.h"

/* How long one step of waiting takes at most: the call's own deadline ends it, so nothing depends on this. */
#define STEP_NS UINT64_C(1000000000)

struct each_call {
  isth_client_each each;
  void *user;
  isth_failure *failure;
  int status;
  bool done;
};

static void on_reply(const isth_reply *reply) {
  struct each_call *call = reply->user;
  /* Of the replies that came together, some may be left when the call is ended from here. */
  if (call->done) return;
  if (reply->more) {
    call->status = call->each(reply->payload, reply->size, call->user);
    call->done = call->status != 0;
    return;
  }
  call->done = true;
  call->status = isth__client_report(reply, call->failure);
}

int isth_client_call_each(isth_client *client, uint32_t method, const void *payload, size_t size, isth_client_each each,
                          void *user, uint64_t timeout_ns, isth_failure *failure) {
  if (client->in_callback) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a callback may not wait for a call");
  struct each_call call = {.each = each, .user = user, .failure = failure};
  isth_request request = {.method = method,
                          .payload = payload,
                          .size = size,
                          .deadline_ns = isth__after_ns(timeout_ns == 0 ? UINT64_C(5000000000) : timeout_ns),
                          .callback = on_reply,
                          .user = &call,
                          .replies = ISTH_REPLIES_MANY};
  uint64_t id;
  int error = isth_client_call(client, &request, &id);
  if (error != 0) return isth__fail(failure, error, "%s", isth_error_message(error));
  while (!call.done) isth_client_wait(client, STEP_NS);
  /* Ends what `each` did not want to the end; harmless for a call that is over. */
  isth_client_cancel(client, id);
  return call.status;
}
