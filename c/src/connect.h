/* connect.h: the client's side of the handshake. */
#ifndef ISTH_CONNECT_H
#define ISTH_CONNECT_H

#include "wire.h"

#include <isthmus/client.h>

#include "regions.h"
#include "shape.h"
#include "wake.h"

/* What a finished handshake leaves. Owned by whoever asked for it. */
struct isth__connection {
  int control;                    /* the socket */
  int wake;                       /* the end of our wake-up that we wait on; the instance signals it */
  int lane_wakes[ISTH_MAX_LANES]; /* the ends that signal */
  struct isth__shape shape;
  unsigned char *segment;
  size_t segment_bytes;
  struct isth__regions *regions; /* NULL: there are none */
  int pid;                       /* of the instance, as this PID namespace sees it; 0 if it does not */
};

/* Errors: those of isth_client_open. On an error nothing is left open. */
int isth__connect(struct isth__connection *connection, const char *path, const isth_schema *schema,
                  const isth_client_options *options, isth_failure *failure);

void isth__disconnect(struct isth__connection *connection);

#endif
