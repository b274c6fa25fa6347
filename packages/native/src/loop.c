/*
 * loop.c: how a channel waits on the event loop.
 *
 *   polling: an idle handle runs a turn on every turn of the loop, which then never sleeps
 *   armed:   the instance signals the event descriptor at the next reply, and the loop sleeps
 *
 * `spin` polls, `block` arms, `adaptive` polls until nothing has come for spin_ns and then arms, and arms at once while polling
 * finds nothing; and none does anything when no call is in flight. Only then may the process exit: the one handle that counts as
 * alive does so while calls are in flight. A call with many replies that nobody waits for just now does not count; its replies
 * are taken all the same, since those of other calls lie behind them, but nothing polls for them.
 */
#include "addon.h"

static struct channel *of(void *handle) { return uv_handle_get_data((uv_handle_t *)handle); }

static void on_idle(uv_idle_t *idle) { run_turn(of(idle)); }

static void on_event(uv_poll_t *poll, int status, int events) {
  struct channel *channel = of(poll);
  (void)status;
  (void)events;
  isth_client_clear_event(channel->client);
  if (isth_client_status(channel->client) != 0) uv_poll_stop(poll);
  loop_disarm(channel);
  run_turn(channel);
}

static void on_control(uv_poll_t *poll, int status, int events) {
  struct channel *channel = of(poll);
  (void)status;
  (void)events;
  isth_client_check(channel->client);
  /* A socket at its end stays readable, so that turns follow each other until all that had come is delivered and the loss is
   * told. Then the channel is closed. */
  run_turn(channel);
}

static void on_timer(uv_timer_t *timer) {
  struct channel *channel = of(timer);
  channel->timer_due_ns = 0;
  isth_client_check(channel->client);
  run_turn(channel);
}

static void poll_start(struct channel *channel) {
  loop_disarm(channel);
  if (channel->idle_active) return;
  channel->idle_active = true;
  uv_idle_start(&channel->idle, on_idle);
}

static void poll_stop(struct channel *channel) {
  if (!channel->idle_active) return;
  channel->idle_active = false;
  uv_idle_stop(&channel->idle);
}

/* While the loop sleeps nobody looks at the clock: a timer has to. One that fires too early only looks again. Returns whether
 * anything is due at all. */
static bool start_timer(struct channel *channel) {
  uint64_t due_ns = isth_client_next_deadline_ns(channel->client);
  if (due_ns == 0) return false;
  if (channel->timer_due_ns != 0 && channel->timer_due_ns <= due_ns) return true;
  uint64_t now_ns = isth_now_ns();
  channel->timer_due_ns = due_ns;
  uv_update_time(channel->timer.loop);
  uv_timer_start(&channel->timer, on_timer, due_ns > now_ns ? (due_ns - now_ns + 999999) / 1000000 : 0, 0);
  return true;
}

static void sleep_or_poll(struct channel *channel) {
  if (!channel->armed) channel->armed = isth_client_arm(channel->client);
  if (channel->armed) {
    poll_stop(channel);
    start_timer(channel);
  } else {
    poll_start(channel);
  }
}

static void keep_alive(struct channel *channel, bool alive) {
  if (channel->kept_alive == alive) return;
  channel->kept_alive = alive;
  if (alive) {
    uv_ref((uv_handle_t *)&channel->control_poll);
  } else {
    uv_unref((uv_handle_t *)&channel->control_poll);
  }
}

void loop_wait(struct channel *channel) {
  /* Work for another turn: replies that a synchronous call came across, as it may have word that the instance ends; and
   * requests that a turn had no time left for. */
  bool work = channel->parked_count > 0 || channel->control[CONTROL_OUTBOX_BYTES] > 0 || drain_is_untold(channel);
  bool awaited = work || channel->calls > (uint32_t)channel->control[CONTROL_IDLE_STREAMS];
  keep_alive(channel, awaited);
  if (!work && channel->calls == 0) {
    poll_stop(channel);
    loop_disarm(channel);
    /* The instance may still have to be told of it, which needs room in a ring that was full. */
    if (channel->cancelled) channel->cancelled = start_timer(channel);
  } else if (work || (awaited && channel->options.wait == ISTH_WAIT_SPIN)) {
    poll_start(channel);
  } else if (!awaited || channel->options.wait == ISTH_WAIT_BLOCK) {
    sleep_or_poll(channel);
  } else {
    if (channel->spin_until_ns == 0) channel->spin_until_ns = isth_client_poll_until_ns(channel->client);
    if (isth_now_ns() < channel->spin_until_ns) {
      poll_start(channel);
    } else {
      sleep_or_poll(channel);
    }
  }
}

void loop_wait_anew(struct channel *channel) {
  channel->spin_until_ns = 0;
  if (!channel->in_turn) loop_wait(channel);
}

void loop_disarm(struct channel *channel) {
  if (!channel->armed) return;
  channel->armed = false;
  isth_client_disarm(channel->client);
}

static void on_closed(uv_handle_t *handle) {
  struct channel *channel = of(handle);
  if (--channel->open_handles == 0) channel_release(channel);
}

static void list_handles(struct channel *channel, uv_handle_t *handles[HANDLES]) {
  handles[0] = (uv_handle_t *)&channel->idle;
  handles[1] = (uv_handle_t *)&channel->timer;
  handles[2] = (uv_handle_t *)&channel->event_poll;
  handles[3] = (uv_handle_t *)&channel->control_poll;
}

bool loop_start(struct channel *channel) {
  uv_loop_t *loop;
  if (napi_get_uv_event_loop(channel->env, &loop) != napi_ok) return false;
  /* In this order: loop_stop closes as many as were initialised. */
  uv_idle_init(loop, &channel->idle);
  uv_timer_init(loop, &channel->timer);
  channel->open_handles = 2;
  if (uv_poll_init(loop, &channel->event_poll, isth_client_event_fd(channel->client)) == 0) {
    channel->open_handles++;
    if (uv_poll_init(loop, &channel->control_poll, isth_client_control_fd(channel->client)) == 0)
      channel->open_handles++;
  }
  uv_handle_t *handles[HANDLES];
  list_handles(channel, handles);
  for (int i = 0; i < channel->open_handles; i++) {
    uv_handle_set_data(handles[i], channel);
    uv_unref(handles[i]);
  }
  return channel->open_handles == HANDLES && uv_poll_start(&channel->event_poll, UV_READABLE, on_event) == 0 &&
         uv_poll_start(&channel->control_poll, UV_READABLE | UV_DISCONNECT, on_control) == 0;
}

void loop_stop(struct channel *channel) {
  uv_handle_t *handles[HANDLES];
  list_handles(channel, handles);
  for (int i = 0, open = channel->open_handles; i < open; i++) uv_close(handles[i], on_closed);
}
