/* wait.c: how a client waits: spinning, sleeping, or one after the other. */
#include "client.h"

#include <poll.h>
#include <string.h>

uint64_t isth_now_ns(void) { return isth__now_ns(); }

uint64_t isth_deadline_ns(uint64_t timeout_ns) {
  enum { LONG_NS = 1000000000 }; /* a 64th of that is more than the coarse clock is behind */
  if (timeout_ns < LONG_NS) return isth__after_ns(timeout_ns);
  return isth__later_ns(isth__coarse_now_ns() + timeout_ns / 64, timeout_ns);
}

uint64_t isth_client_poll_until_ns(isth_client *client) {
  switch (client->options.wait) {
  case ISTH_WAIT_SPIN: return UINT64_MAX;
  case ISTH_WAIT_ADAPTIVE:
    if (isth__polls_begin(&client->polls, client->options.spin_ns)) return client->polls.until_ns;
    break;
  case ISTH_WAIT_BLOCK: break;
  }
  return isth__now_ns();
}

bool isth_client_arm(isth_client *client) {
  isth_client_uncork(client);
  isth__polls_in_vain(&client->polls);
  if (client->status != 0 || client->expiring) return false;
  client->armed = true;
  bool found = false;
  for (uint32_t i = 0; i < client->lane_count && !found; i++) found = isth__consumer_sleep(&client->lanes[i].replies);
  if (!found) return true;
  isth_client_disarm(client);
  return false;
}

void isth_client_disarm(isth_client *client) {
  if (!client->armed) return;
  client->armed = false;
  for (uint32_t i = 0; i < client->lane_count; i++) isth__consumer_awake(&client->lanes[i].replies);
}

void isth_client_clear_event(isth_client *client) {
  client->signalled = false;
  /* At its end the descriptor stays readable, so that whoever waited on it again would never sleep. */
  if (!isth__wake_clear(client->connection.wake)) isth__client_lose(client, ISTH_E_INSTANCE_LOST);
}

/* Sleeps until there may be outcomes, a deadline has passed, the instance has gone, or it is `until_ns`. */
static void sleep_until(isth_client *client, uint64_t until_ns) {
  /* Not as soon as it fired, which would delay the outcome that it announced. */
  if (client->signalled) isth_client_clear_event(client);
  if (!isth_client_arm(client)) return;
  uint64_t next_ns = isth_client_next_deadline_ns(client);
  if (next_ns != 0 && next_ns < until_ns) until_ns = next_ns;
  uint64_t now_ns = isth__now_ns();
  uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
  struct pollfd ready[2] = {{client->connection.wake, POLLIN, 0}, {client->connection.control, POLLIN, 0}};
  isth__poll(ready, 2, left_ns);
  isth_client_disarm(client);
  client->signalled = ready[0].revents != 0;
  isth__client_check_clock(client);
  if (ready[1].revents != 0) isth_client_check(client);
}

/* One step of waiting, as the wait option says; of an adaptive client the first one begins a wait. Returns whether it slept. */
static bool wait_step(isth_client *client, uint32_t step, uint64_t until_ns) {
  switch (client->options.wait) {
  case ISTH_WAIT_SPIN: isth__pause(); return false;
  case ISTH_WAIT_ADAPTIVE:
    if (step == 0) isth__polls_begin(&client->polls, client->options.spin_ns);
    if (isth__polls_go_on(&client->polls)) {
      isth__pause();
      return false;
    }
    break;
  case ISTH_WAIT_BLOCK: break;
  }
  sleep_until(client, until_ns);
  return true;
}

size_t isth_client_wait(isth_client *client, uint64_t timeout_ns) {
  if (client->in_callback) return 0;
  isth_client_uncork(client);
  uint64_t until_ns = isth__after_ns(timeout_ns);
  bool slept = client->options.wait == ISTH_WAIT_BLOCK;
  for (uint32_t step = 0;; step++) {
    size_t count = isth_client_poll(client, 0);
    if (count > 0 || client->status != 0) return count;
    if ((slept || step % 16 == 15) && isth__now_ns() >= until_ns) return 0;
    slept = wait_step(client, step, until_ns);
  }
}

/* Calls, and waits until the callback has set `*done`. */
static int call_until(isth_client *client, const isth_request *request, const bool *done) {
  int error = isth_client_call(client, request, NULL);
  if (error != 0) return error;
  isth_client_uncork(client);
  /* Bounded: the call has a deadline, and poll looks at the clock by itself. */
  for (uint32_t step = 0;; step++) {
    isth_client_poll(client, 0);
    if (*done) return 0;
    (void)wait_step(client, step, request->deadline_ns);
  }
}

struct waited_call {
  const isth_request *request;
  bool done;
};

static void waited(const isth_reply *reply) {
  struct waited_call *call = reply->user;
  isth_reply outcome = *reply;
  outcome.user = call->request->user;
  if (!reply->more) call->done = true;
  if (call->request->callback != NULL) call->request->callback(&outcome);
}

int isth_client_call_wait(isth_client *client, const isth_request *request) {
  if (client->in_callback || request->deadline_ns == 0 || request->replies == ISTH_REPLIES_NONE)
    return ISTH_E_INVALID_ARGUMENT;
  struct waited_call call = {.request = request};
  isth_request sent = *request;
  sent.callback = waited;
  sent.user = &call;
  return call_until(client, &sent, &call.done);
}

struct sync_call {
  bool done;
  void *reply;
  size_t capacity, size;
  int status;
  isth_failure *failure;
};

int isth__client_report(const isth_reply *reply, isth_failure *failure) {
  if (reply->status == 0) return 0;
  if (reply->size == 0) return isth__fail(failure, reply->status, "%s", isth_error_message(reply->status));
  int bytes = reply->size < ISTH_MESSAGE_BYTES ? (int)reply->size : ISTH_MESSAGE_BYTES - 1;
  return isth__fail(failure, reply->status, "%.*s", bytes, (const char *)reply->payload);
}

static void sync_done(const isth_reply *reply) {
  struct sync_call *call = reply->user;
  call->done = true;
  call->status = isth__client_report(reply, call->failure);
  if (call->status != 0) return;
  call->size = reply->size;
  if (reply->size > call->capacity) {
    call->status = isth__fail(call->failure, ISTH_E_REPLY_TOO_LARGE, "the reply has %zu bytes, the buffer %zu",
                              reply->size, call->capacity);
  } else if (reply->size > 0) {
    memcpy(call->reply, reply->payload, reply->size);
  }
}

int isth_client_call_sync(isth_client *client, uint32_t method, const void *payload, size_t size, void *reply,
                          size_t capacity, size_t *reply_size, uint64_t timeout_ns, isth_failure *failure) {
  if (client->in_callback) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a callback may not wait for a call");
  struct sync_call call = {.reply = reply, .capacity = capacity, .failure = failure};
  isth_request request = {.method = method,
                          .payload = payload,
                          .size = size,
                          .deadline_ns = isth_deadline_ns(timeout_ns == 0 ? UINT64_C(5000000000) : timeout_ns),
                          .callback = sync_done,
                          .user = &call};
  int error = call_until(client, &request, &call.done);
  if (error != 0) return isth__fail(failure, error, "%s", isth_error_message(error));
  if (reply_size != NULL) *reply_size = call.size;
  return call.status;
}
