/*
 * stepped.h: a client and a service that one thread steps by hand, so that what a call takes can be counted: nobody waits.
 *
 * The client is a real one, after a real handshake. The service never runs: its serving thread's lane is put over the client's
 * memory, and isth__lanes_serve is what that thread would do next.
 */
#ifndef ISTH_BENCH_STEPPED_H
#define ISTH_BENCH_STEPPED_H

#include "client.h"
#include "worker.h"

#include "../test/fake.h"

struct stepped {
  isth_client *client;
  isth_service *service;
  struct isth__worker *worker;
  struct isth__lane *lane;
  struct isth__channel *channel;
  int control; /* the instance's end: while it is open, the client takes the instance to be alive */
};

/* What the client brought, kept by the thread that plays the service in the handshake. */
struct stepped_luggage {
  struct isth__attach attach;
  int descriptors[3], control;
};

static inline void stepped_welcome(int control, const void *detail) {
  struct isth__welcome welcome = {.status = 0};
  struct stepped_luggage *luggage = *(struct stepped_luggage *const *)detail;
  take_luggage(control, &luggage->attach, luggage->descriptors);
  CHECK(raw_send(control, &welcome, sizeof welcome, NULL, 0));
  luggage->control = dup(control);
  CHECK(luggage->control >= 0);
}

/* The serving thread has this lane and no other. */
static inline void stepped_attach(struct stepped *stepped, const struct stepped_luggage *luggage) {
  const struct isth__shape shape = {1, luggage->attach.request_bytes, luggage->attach.reply_bytes};
  struct isth__channel *channel = calloc(1, sizeof *channel + sizeof channel->lanes[0]);
  struct isth__worker *worker = isth__worker_at(stepped->service, 0);
  CHECK(channel != NULL);
  channel->segment_bytes = luggage->attach.segment_bytes;
  channel->segment = isth__memory_map(luggage->descriptors[0], channel->segment_bytes, true);
  CHECK(channel->segment != NULL);
  close(luggage->descriptors[0]);
  channel->client_wake = luggage->descriptors[1];
  struct isth__lane *lane = &channel->lanes[0];
  isth__lane_service(channel->segment, &shape, 0, &lane->requests, &lane->replies);
  lane->channel = channel;
  lane->outgoing = worker->outgoing;
  lane->wake = luggage->descriptors[2];
  worker->lanes = malloc(sizeof(struct isth__lane *));
  CHECK(worker->lanes != NULL);
  worker->lanes[0] = lane;
  worker->lane_count = worker->lane_capacity = 1;
  stepped->channel = channel;
  stepped->worker = worker;
  stepped->lane = lane;
  stepped->control = luggage->control;
}

static inline void stepped_open(struct stepped *stepped) {
  struct stepped_luggage luggage, *kept = &luggage;
  struct fake fake;
  struct echo_service echo;
  isth_failure failure = {0, ""};
  isth_client_options client = patient_client(NULL);
  isth_service_options service;
  char path[64];
  isth_service_options_init(&service);
  snprintf(path, sizeof path, "/tmp/isth-stepped-%d.sock", (int)getpid());
  service.path = path;
  echo_open(&echo, &service);
  isth__unlisten(echo.service);
  stepped->service = echo.service;
  fake_start(&fake, stepped_welcome, &kept);
  client.wait = ISTH_WAIT_SPIN;
  int error = isth_client_open(&stepped->client, fake.path, NULL, &client, &failure);
  if (error != 0) fprintf(stderr, "connect: %s\n", failure.message);
  CHECK_EQUAL(error, 0);
  fake_stop(&fake);
  stepped_attach(stepped, &luggage);
}

static inline void stepped_close(struct stepped *stepped) {
  isth_client_close(stepped->client);
  isth__lane_leave(stepped->lane);
  isth_service_close(stepped->service);
  isth__memory_unmap(stepped->channel->segment, stepped->channel->segment_bytes);
  close(stepped->channel->client_wake);
  close(stepped->lane->wake);
  close(stepped->control);
  free(stepped->channel);
}

#endif
