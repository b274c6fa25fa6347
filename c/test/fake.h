/* fake.h: a service by hand, on a thread of its own, so that a test can get each of its steps wrong. */
#ifndef ISTH_TEST_FAKE_H
#define ISTH_TEST_FAKE_H

#include "raw.h"

/* A service by hand: how it answers the one connection that it takes. */
struct fake {
  int listener;
  pthread_t thread;
  char path[64];
  void (*serve)(int control, const void *detail);
  const void *detail;
};

static inline void *fake_run(void *argument) {
  struct fake *fake = argument;
  int control = accept(fake->listener, NULL, NULL);
  CHECK(control >= 0);
  fake->serve(control, fake->detail);
  close(control);
  return NULL;
}

static inline void fake_start(struct fake *fake, void (*serve)(int control, const void *detail), const void *detail) {
  static int number;
  struct sockaddr_un address;
  snprintf(fake->path, sizeof fake->path, "/tmp/isth-fake-%d-%d.sock", (int)getpid(), number++);
  fake->serve = serve;
  fake->detail = detail;
  CHECK(isth__socket_address(&address, fake->path));
  fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQUAL(bind(fake->listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(fake->listener, 8), 0);
  CHECK_EQUAL(pthread_create(&fake->thread, NULL, fake_run, fake), 0);
}

static inline void fake_stop(struct fake *fake) {
  pthread_join(fake->thread, NULL);
  close(fake->listener);
  unlink(fake->path);
}

static inline struct isth__offer good_offer(void) {
  struct isth__offer offer = {.magic = ISTH__MAGIC,
                              .version = ISTH_PROTOCOL_VERSION,
                              .lanes = 1,
                              .max_segment_bytes = 1 << 30,
                              .service = "fake"};
  memcpy(offer.hash, echo_schema.hash, sizeof offer.hash);
  return offer;
}

static inline void read_hello(int control) {
  struct isth__hello hello;
  CHECK_EQUAL(raw_receive(control, &hello, sizeof hello, 60000), sizeof hello);
  CHECK(hello.magic == ISTH__MAGIC);
  CHECK_EQUAL(hello.version, ISTH_PROTOCOL_VERSION);
}

/* Offers, and takes what the client brings for one lane. */
static inline void take_luggage(int control, struct isth__attach *attach, int descriptors[3]) {
  struct isth__offer offer = good_offer();
  size_t count = 3;
  read_hello(control);
  CHECK(raw_send(control, &offer, sizeof offer, NULL, 0));
  struct pollfd ready = {control, POLLIN, 0};
  CHECK_EQUAL(poll(&ready, 1, 60000), 1);
  CHECK_EQUAL(isth__receive(control, attach, sizeof *attach, descriptors, &count), sizeof *attach);
  CHECK_EQUAL(count, 3);
}

/* Offers, takes what the client brings, and sends `size` bytes of a welcome. */
static inline void welcome_with(int control, const struct isth__welcome *welcome, size_t size) {
  struct isth__attach attach;
  int descriptors[3];
  take_luggage(control, &attach, descriptors);
  for (size_t i = 0; i < 3; i++) close(descriptors[i]);
  CHECK(raw_send(control, welcome, size, NULL, 0));
}

#endif
