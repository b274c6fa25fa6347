/* control.c: the control thread: accepts clients, keeps their channels, notices when they go, and asks them to. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "failpoint.h"
#include "poller.h"
#include "seats.h"

enum {
  MAX_GUESTS = 64,
  EVENTS = 64,
  ACCEPT_PAUSE_MS = 10, /* before the next try, where accepting is impossible for now */
  /* Connections are taken as they come, so many of them; more than that one a millisecond. */
  ACCEPT_BURST = 512,
  ACCEPT_MS = 1
};

static struct isth__watched listener_watched = {ISTH__SOURCE_LISTENER};
static struct isth__watched event_watched = {ISTH__SOURCE_EVENT};
static struct isth__watched parent_watched = {ISTH__SOURCE_PARENT};

static int watch(const isth_service *service, int fd, struct isth__watched *watched) {
  return isth__poller_add(service->poller, fd, ISTH__POLL_INPUT, watched);
}

static void count_refused(isth_service *service) {
  isth__store_relaxed(&service->refused, isth__load_relaxed(&service->refused) + 1);
}

static void remove_guest(isth_service *service, struct isth__guest *guest) {
  struct isth__guest **at = &service->guests;
  while (*at != guest) at = &(*at)->next;
  *at = guest->next;
  service->guest_count--;
  if (guest->control >= 0) isth__poller_remove(service->poller, guest->control);
  isth__guest_free(guest);
}

/* Whoever has been at the handshake for the longest is the least likely to finish it: a good client takes microseconds. So
 * silent guests never keep a good one out. */
static void turn_out_oldest(isth_service *service) {
  struct isth__guest *oldest = NULL;
  for (struct isth__guest *guest = service->guests; guest != NULL; guest = guest->next) oldest = guest;
  if (oldest == NULL) return;
  count_refused(service);
  remove_guest(service, oldest);
}

/* Deals with a connection that cannot be accepted: the listener stays readable, so that just going on would spin. */
static void accept_failed(isth_service *service, int error) {
  if (error == EAGAIN || error == EINTR || error == ECONNABORTED) return;
  count_refused(service);
  if (error == EMFILE || error == ENFILE) {
    /* Accepts it in the place of the spare descriptor, only to close it. */
    close(service->spare);
    int control = isth__socket_accept(service->listener);
    if (control >= 0) close(control);
    service->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (control >= 0) return;
  }
  poll(NULL, 0, ACCEPT_PAUSE_MS);
}

/* Who connects without end would keep this thread busy, and so whoever has to share a CPU with it. */
static void pace_accepts(isth_service *service) {
  const uint64_t cost_ns = ACCEPT_MS * UINT64_C(1000000);
  uint64_t now_ns = isth__now_ns();
  if (service->accepts_paid_ns < now_ns) service->accepts_paid_ns = now_ns;
  service->accepts_paid_ns += cost_ns;
  if (service->accepts_paid_ns > now_ns + ACCEPT_BURST * cost_ns) poll(NULL, 0, ACCEPT_MS);
}

/* Only called when no event waits to be dispatched: it may free a guest. */
static void accept_guest(isth_service *service) {
  pace_accepts(service);
  int control = isth__socket_accept(service->listener);
  if (control < 0) {
    accept_failed(service, -control);
    return;
  }
  if (service->guest_count == MAX_GUESTS) turn_out_oldest(service);
  struct isth__guest *guest = calloc(1, sizeof *guest);
  if (guest == NULL) {
    close(control);
    count_refused(service);
    return;
  }
  ISTH__FAILPOINT(guest_accepted);
  guest->watched.source = ISTH__SOURCE_GUEST;
  guest->control = control;
  guest->deadline_ns = isth__after_ns(service->options.handshake_timeout_ns);
  guest->next = service->guests;
  service->guests = guest;
  service->guest_count++;
  if (watch(service, control, &guest->watched) != 0) remove_guest(service, guest);
}

static void count_channels(isth_service *service, int change) {
  service->channel_count += (uint32_t)change;
  isth__store_relaxed(&service->open_channels, service->channel_count);
}

static void admit(isth_service *service, struct isth__channel *channel) {
  channel->next = service->channels;
  service->channels = channel;
  count_channels(service, 1);
  isth__store_relaxed(&service->channels_total, isth__load_relaxed(&service->channels_total) + 1);
  isth__socket_refuse_descriptors(channel->control);
  /* The socket was watched for the guest: from here on input means the end. */
  isth__poller_change(service->poller, channel->control, ISTH__POLL_INPUT, &channel->watched);
  for (uint32_t i = 0; i < channel->lane_count; i++)
    isth__worker_command(isth__worker_at(service, i), &channel->lanes[i].attach);
  ISTH__FAILPOINT(channel_admitted);
}

/* Ends a channel: the client sees end of file, the serving threads are asked to let go. */
static void close_channel(isth_service *service, struct isth__channel *channel) {
  if (channel->closing) return;
  channel->closing = true;
  isth__store_relaxed(&channel->gone, 1);
  isth__poller_remove(service->poller, channel->control);
  close(channel->control);
  channel->control = -1;
  for (uint32_t i = 0; i < channel->lane_count; i++)
    isth__worker_command(isth__worker_at(service, i), &channel->lanes[i].detach);
  ISTH__FAILPOINT(channel_closed);
}

/* Closes channels that a serving thread found broken, and frees those that all serving threads have let go of. */
static void free_retired(isth_service *service) {
  struct isth__channel **at = &service->channels;
  while (*at != NULL) {
    struct isth__channel *channel = *at;
    /* From break_channel. */
    if (!channel->closing && isth__load_acquire(&channel->broken)) {
      isth__store_relaxed(&service->corrupt_channels, isth__load_relaxed(&service->corrupt_channels) + 1);
      close_channel(service, channel);
    }
    /* Pairs with the release in worker.c's let_go. */
    if (channel->closing && isth__load_acquire(&channel->lanes_in_use) == 0) {
      *at = channel->next;
      /* Counted after it is gone, so that whoever reads the counter finds its memory and descriptors given back. */
      ISTH__FAILPOINT(channel_freed);
      isth__channel_free(channel);
      count_channels(service, -1);
    } else {
      at = &channel->next;
    }
  }
}

static void advance_guest(isth_service *service, struct isth__guest *guest) {
  struct isth__channel *channel;
  switch (isth__guest_advance(service, guest, &channel)) {
  case ISTH__GUEST_STAYS:
    /* The text did not go at once. Nothing that the guest sends is of interest any more. */
    if (guest->state == ISTH__GUEST_TEXT)
      isth__poller_change(service->poller, guest->control, ISTH__POLL_OUTPUT, &guest->watched);
    return;
  case ISTH__GUEST_ADMITTED: admit(service, channel); break;
  case ISTH__GUEST_LEAVES: break;
  }
  remove_guest(service, guest);
}

/* Reads and ignores; true at end of file. */
static bool parent_gone(int fd) {
  char bytes[256];
  ssize_t got = read(fd, bytes, sizeof bytes);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void dispatch(isth_service *service, struct isth__watched *watched) {
  switch (watched->source) {
  case ISTH__SOURCE_LISTENER: break; /* after the others: serve_control */
  case ISTH__SOURCE_EVENT: isth__wake_clear(service->event[ISTH__WAKE_WAIT]); break;
  case ISTH__SOURCE_PARENT:
    if (parent_gone(service->options.parent_fd)) isth_service_stop(service);
    break;
  case ISTH__SOURCE_GUEST: advance_guest(service, (struct isth__guest *)(void *)watched); break;
  case ISTH__SOURCE_CHANNEL: close_channel(service, (struct isth__channel *)(void *)watched); break;
  }
}

/* From here on nobody comes in, and who is there is told to leave: what he sends until he sees that is served as ever. Only called
 * when no event waits to be dispatched: it frees guests. */
static void start_draining(isth_service *service) {
  static const char drain = ISTH__DRAIN;
  service->drain_until_ns = isth__after_ns(service->options.drain_timeout_ns);
  isth__poller_remove(service->poller, service->listener);
  /* Whoever waits in its queue sees the connection end, as guests do, and takes it for an instance that is not there. */
  isth__unlisten(service);
  ISTH__FAILPOINT(drain_unlistened);
  while (service->guests != NULL) {
    count_refused(service);
    remove_guest(service, service->guests);
  }
  for (struct isth__channel *channel = service->channels; channel != NULL; channel = channel->next) {
    if (channel->closing) continue;
    isth__store_relaxed(&channel->lanes[0].requests.control->draining, 1);
    /* There is room, since nothing was sent since the welcome. A client that was not told is waited for no longer than others. */
    (void)isth__send(channel->control, &drain, 1, NULL, 0);
  }
  ISTH__FAILPOINT(drain_told);
}

/* How long to sleep until then, in ms, a minute at most. */
static int sleep_ms(uint64_t until_ns) {
  uint64_t now_ns = isth__now_ns();
  uint64_t left_ms = until_ns <= now_ns ? 0 : (until_ns - now_ns) / 1000000 + 1;
  return left_ms > 60000 ? 60000 : (int)left_ms;
}

/* Ends handshakes that took too long; returns how many ms until the next one does, or -1. */
static int expire_guests(isth_service *service) {
  uint64_t now_ns = isth__now_ns(), next_ns = UINT64_MAX;
  struct isth__guest *guest = service->guests;
  while (guest != NULL) {
    struct isth__guest *next = guest->next;
    if (guest->deadline_ns <= now_ns) {
      count_refused(service);
      remove_guest(service, guest);
    } else if (guest->deadline_ns < next_ns) {
      next_ns = guest->deadline_ns;
    }
    guest = next;
  }
  return next_ns == UINT64_MAX ? -1 : sleep_ms(next_ns);
}

/* Whether it drains, and nobody is left or may stay any longer. */
static bool is_drained(const isth_service *service) {
  return service->drain_until_ns != 0 && (service->channels == NULL || isth__now_ns() >= service->drain_until_ns);
}

static void serve_control(isth_service *service) {
  /* From isth_service_stop. */
  while (!isth__load_acquire(&service->stopping)) {
    /* Pairs with the release in isth_service_drain. */
    if (service->drain_until_ns == 0 && isth__load_acquire(&service->drain_asked)) start_draining(service);
    if (is_drained(service)) break;
    void *ready[EVENTS];
    int timeout_ms = service->guests == NULL ? -1 : expire_guests(service);
    if (service->drain_until_ns != 0) timeout_ms = sleep_ms(service->drain_until_ns);
    int count = isth__poller_wait(service->poller, ready, EVENTS, timeout_ms);
    bool connecting = false;
    for (int i = 0; i < count; i++) {
      connecting = connecting || ready[i] == &listener_watched;
      dispatch(service, ready[i]);
    }
    if (connecting) accept_guest(service);
    free_retired(service);
  }
}

int isth__control_run(isth_service *service, isth_failure *failure) {
  service->poller = isth__poller_create();
  service->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int parent_fd = service->options.parent_fd, error = 0;
  if (service->poller == NULL || service->spare < 0 || watch(service, service->listener, &listener_watched) != 0 ||
      watch(service, service->event[ISTH__WAKE_WAIT], &event_watched) != 0)
    error = isth__fail(failure, ISTH_E_SYSTEM, "the control thread's descriptors: %s", strerror(errno));
  if (error == 0 && parent_fd >= 0 && watch(service, parent_fd, &parent_watched) != 0)
    error = isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "parent_fd %d is not a pipe or socket", parent_fd);
  if (error == 0) error = isth__workers_start(service, failure);
  if (error == 0) serve_control(service);
  ISTH__FAILPOINT(drain_over);

  /* While the serving threads still are there to send what ends them. */
  isth__seats_stop(service->seats);
  isth__workers_stop(service);
  while (service->guests != NULL) remove_guest(service, service->guests);
  while (service->channels != NULL) {
    struct isth__channel *channel = service->channels;
    service->channels = channel->next;
    isth__channel_free(channel);
  }
  count_channels(service, -(int)service->channel_count);
  if (service->spare >= 0) close(service->spare);
  isth__poller_free(service->poller);
  service->poller = NULL;
  return error;
}
