/* flood.h: clients that mean harm, each of which does one thing without end. For tests, and for bench/hostile.c. */
#ifndef ISTH_TEST_FLOOD_H
#define ISTH_TEST_FLOOD_H

#include "hostile.h"
#include "random.h"

#include <stdatomic.h>

enum flood {
  FLOOD_REQUESTS,    /* calls, whose replies it takes */
  FLOOD_UNTAKEN,     /* calls, whose replies it never takes */
  FLOOD_ONE_WAY,     /* calls without replies */
  FLOOD_STREAMS,     /* calls with many replies, which it withdraws */
  FLOOD_CREDIT,      /* for calls that there are not */
  FLOOD_PINGS,       /* as a good client sends one a second */
  FLOOD_WAKES,       /* bytes into the wake-up, for nothing */
  FLOOD_SCRIBBLE,    /* anything, anywhere in its memory; a new channel once that is broken */
  FLOOD_CONNECTIONS, /* handshakes, begun and left at each of their steps */
  FLOODS
};

static const char *const flood_names[FLOODS] = {"requests", "untaken replies", "one-way calls", "streams",    "credit",
                                                "pings",    "wake-ups",        "scribbles",     "connections"};

struct flooder {
  enum flood flood;
  char path[108];
  atomic_bool stop;
  atomic_ullong steps;
  pthread_t thread;
};

static inline void flood_take(struct hostile *hostile) {
  struct isth__taken reply;
  while (isth__consumer_take(&hostile->replies, &reply) == 1) isth__consumer_release(&hostile->replies);
}

static inline void flood_scribble(struct hostile *hostile, struct random *random) {
  size_t bytes = hostile->luggage.attach.segment_bytes;
  uint64_t *words = (uint64_t *)(void *)hostile->segment;
  for (int i = 0; i < 64; i++) {
    uint64_t value = random_next(random);
    /* Small numbers, the largest, powers of two: where bounds are. */
    if (value % 4 == 0) value %= 8;
    if (value % 4 == 1) value = UINT64_MAX - value % 64;
    if (value % 4 == 2) value = UINT64_C(1) << value % 64;
    words[random_below(random, i % 2 == 0 ? bytes / 8 : 8192 / 8)] = value;
  }
  isth__wake_signal(hostile->luggage.lane_signals);
}

/* One step of those that have a channel. */
static inline void flood_step(struct hostile *hostile, enum flood flood, uint64_t step, struct random *random) {
  struct isth__header header = {.kind = ISTH__RECORD_REQUEST, .method = ECHO, .call_id = 1 + step};
  switch (flood) {
  case FLOOD_ONE_WAY:
    header.flags = ISTH__FLAG_ONE_WAY;
    header.method = FORGET;
    break;
  case FLOOD_STREAMS:
    header.call_id = 1 + step % 16;
    header.flags = ISTH__FLAG_MANY;
    header.method = STREAM;
    header.window = 1000;
    if (step % 2 == 1) header = (struct isth__header){.kind = ISTH__RECORD_CANCEL, .call_id = 1 + step / 2 % 16};
    break;
  case FLOOD_CREDIT: header.kind = ISTH__RECORD_CREDIT; break;
  case FLOOD_PINGS: header.method = 0; break;
  case FLOOD_WAKES: isth__wake_signal(hostile->luggage.lane_signals); return;
  case FLOOD_SCRIBBLE: flood_scribble(hostile, random); return;
  default: break;
  }
  bool bare = header.kind != ISTH__RECORD_REQUEST || flood == FLOOD_PINGS;
  (void)hostile_write(hostile, &header, "12345678", bare ? 0 : 8);
  if (flood != FLOOD_UNTAKEN) flood_take(hostile);
}

/* Goes as far into the handshake as `step` says. */
static inline void flood_connect(const char *path, uint64_t step) {
  struct isth__hello hello = raw_hello();
  struct raw_luggage luggage;
  char bytes[sizeof(struct isth__offer)];
  int control = raw_connect(path);
  if (step % 4 >= 1) (void)raw_send(control, &hello, step % 4 == 1 ? sizeof hello / 2 : sizeof hello, NULL, 0);
  if (step % 4 == 3) {
    (void)raw_receive(control, bytes, sizeof bytes, 60000);
    raw_pack(&luggage);
    (void)raw_send(control, &luggage.attach, sizeof luggage.attach, luggage.descriptors, 3);
    raw_unpack(&luggage);
  }
  close(control);
}

/* Does it until it is told to stop. */
static inline void *flood_run(void *argument) {
  struct flooder *flooder = argument;
  struct random random = random_start(flooder->flood + 1u);
  struct hostile hostile;
  bool connected = false;
  for (uint64_t step = 0; !atomic_load(&flooder->stop); step++) {
    char byte;
    if (flooder->flood == FLOOD_CONNECTIONS) {
      flood_connect(flooder->path, step);
    } else {
      if (connected && step % 16 == 0 && recv(hostile.control, &byte, 1, MSG_DONTWAIT) == 0) {
        hostile_close(&hostile);
        connected = false;
      }
      if (!connected) hostile_connect(&hostile, flooder->path);
      connected = true;
      flood_step(&hostile, flooder->flood, step, &random);
    }
    atomic_fetch_add(&flooder->steps, 1);
  }
  if (connected) hostile_close(&hostile);
  return NULL;
}

static inline void flood_start(struct flooder *flooder, enum flood flood, const char *path) {
  flooder->flood = flood;
  snprintf(flooder->path, sizeof flooder->path, "%s", path);
  atomic_init(&flooder->stop, false);
  atomic_init(&flooder->steps, 0);
  CHECK_EQUAL(pthread_create(&flooder->thread, NULL, flood_run, flooder), 0);
}

static inline void flood_stop(struct flooder *flooder) {
  atomic_store(&flooder->stop, true);
  CHECK_EQUAL(pthread_join(flooder->thread, NULL), 0);
}

#endif
