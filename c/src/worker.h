/* worker.h: a serving thread's state. worker.c is the thread, lanes.c what it does with its lanes. */
#ifndef ISTH_WORKER_H
#define ISTH_WORKER_H

#include "service.h"

#include "poller.h"

struct isth__worker {
  struct isth__serving serving;
  struct isth__outgoing *outgoing;
  pthread_t thread;
  bool started;
  struct isth__poller *poller;
  int wake[2];  /* the control thread signals it, and whoever posts a reply */
  int retry_ms; /* how soon a reply ring that was full is looked at again */
  struct isth__lane **lanes;
  size_t lane_count, lane_capacity;
  /* Written by the control thread under the lock; `commanded` says that there is something. */
  pthread_mutex_t lock;
  struct isth__command *inbox;
  isth__atomic_u32 commanded;
};

/* Does what the control thread asked for since the last time. */
void isth__lanes_obey(struct isth__worker *worker);

/* One round over all lanes; returns how many records were dealt with. */
size_t isth__lanes_serve(struct isth__worker *worker);

/* Whether replies wait for their clients to make room. */
bool isth__lanes_have_parcels(const struct isth__worker *worker);

#endif
