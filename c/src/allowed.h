/* allowed.h: who may connect, of those whom the socket's mode lets in. */
#ifndef ISTH_ALLOWED_H
#define ISTH_ALLOWED_H

#include "platform.h"

#include <isthmus/service.h>

enum { ISTH__MAX_ALLOWED = 64 };

/* Both counts 0: everybody. */
struct isth__allowed {
  uint32_t uids[ISTH__MAX_ALLOWED], gids[ISTH__MAX_ALLOWED];
  size_t uid_count, gid_count;
};

/* Copies the options' lists, which from then on are the copies. Returns 0, INVALID_ARGUMENT, or UNSUPPORTED_PLATFORM where nobody
 * can say who connects. */
int isth__allowed_take(struct isth__allowed *allowed, isth_service_options *options, isth_failure *failure);

/* Whether whoever is at the other end of a socket may connect. Where that cannot be found out: no. */
bool isth__allowed_peer(const struct isth__allowed *allowed, int socket);

#endif
