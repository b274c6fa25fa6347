#include "allowed.h"

#include <string.h>

#include "wire.h"

static bool copy_list(uint32_t *copy, const uint32_t **list, size_t count) {
  if (count > ISTH__MAX_ALLOWED || (count > 0 && *list == NULL)) return false;
  if (count > 0) memcpy(copy, *list, count * sizeof *copy);
  *list = copy;
  return true;
}

int isth__allowed_take(struct isth__allowed *allowed, isth_service_options *options, isth_failure *failure) {
  if (!copy_list(allowed->uids, &options->allowed_uids, options->allowed_uid_count) ||
      !copy_list(allowed->gids, &options->allowed_gids, options->allowed_gid_count))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "allowed_uids and allowed_gids have at most %d entries each",
                      ISTH__MAX_ALLOWED);
  allowed->uid_count = options->allowed_uid_count;
  allowed->gid_count = options->allowed_gid_count;
  if (allowed->uid_count + allowed->gid_count > 0 && !isth__peers_known())
    return isth__fail(failure, ISTH_E_UNSUPPORTED_PLATFORM, "it does not say who connects: allow by the socket's mode");
  return 0;
}

static bool has(const uint32_t *list, size_t count, uint32_t id) {
  for (size_t i = 0; i < count; i++)
    if (list[i] == id) return true;
  return false;
}

bool isth__allowed_peer(const struct isth__allowed *allowed, int socket) {
  uint32_t uid = 0, gid = 0; /* gcc does not see that a failure leaves before they are read */
  if (allowed->uid_count + allowed->gid_count == 0) return true;
  if (isth__peer_credentials(socket, &uid, &gid) != 0) return false;
  if (has(allowed->uids, allowed->uid_count, uid) || has(allowed->gids, allowed->gid_count, gid)) return true;
  return allowed->gid_count > 0 && isth__peer_in_groups(socket, allowed->gids, allowed->gid_count) == 1;
}
