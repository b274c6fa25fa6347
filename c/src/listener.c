/* listener.c: the socket file: bound without a moment in which two instances, or a stranger, could have it. */
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, LOCK_TRIES = 200 };

/* Locks the folder, so that two instances cannot both find a stale socket and replace each other's. The lock ends with the
 * descriptor; it leaves no file behind. Returns a descriptor or -1. */
static int lock_folder(const char *path) {
  char copy[sizeof((struct sockaddr_un *)NULL)->sun_path];
  snprintf(copy, sizeof copy, "%s", path);
  int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -1;
  for (int i = 0; i < LOCK_TRIES; i++) {
    if (flock(folder, LOCK_EX | LOCK_NB) == 0) return folder;
    if (errno != EWOULDBLOCK && errno != EINTR) break;
    poll(NULL, 0, 5);
  }
  close(folder);
  return -1;
}

/* Whether somebody accepts connections on it. A socket that went away meanwhile is not alive: its owner has just stopped. */
static bool is_alive(const struct sockaddr_un *address) {
  int probe = isth__socket_open();
  if (probe < 0) return true;
  bool alive = connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ||
               (errno != ECONNREFUSED && errno != ENOENT);
  close(probe);
  return alive;
}

static int bind_fresh(isth_service *service, const struct sockaddr_un *address, isth_failure *failure) {
  const char *path = service->socket_path;
  /* The mode is set before the file exists, and once more after it because bind applies the umask. */
  fchmod(service->listener, service->options.mode);
  if (bind(service->listener, (const struct sockaddr *)address, sizeof *address) != 0) {
    if (errno != EADDRINUSE) goto failed;
    struct stat status;
    if (lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode))
      return isth__fail(failure, ISTH_E_SOCKET_IN_USE, "%s exists and is not a socket", path);
    if (is_alive(address)) return isth__fail(failure, ISTH_E_SOCKET_IN_USE, "%s", path);
    unlink(path);
    if (bind(service->listener, (const struct sockaddr *)address, sizeof *address) != 0) goto failed;
  }
  struct stat status;
  if (chmod(path, service->options.mode) != 0 || lstat(path, &status) != 0) goto failed;
  service->socket_device = status.st_dev;
  service->socket_inode = status.st_ino;
  if (listen(service->listener, BACKLOG) != 0) goto failed;
  return 0;
failed:
  return isth__fail(failure, errno == EACCES || errno == EPERM ? ISTH_E_PERMISSION_DENIED : ISTH_E_SYSTEM,
                    "listening on %s: %s", path, strerror(errno));
}

int isth__listen(isth_service *service, isth_failure *failure) {
  struct sockaddr_un address;
  if (!isth__socket_address(&address, service->options.path))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT,
                      "a socket path has 1 to 107 bytes; give one as an option or in ISTHMUS_SOCKET");
  snprintf(service->socket_path, sizeof service->socket_path, "%s", address.sun_path);
  service->options.path = service->socket_path;
  service->listener = isth__socket_open();
  if (service->listener < 0) return isth__fail(failure, ISTH_E_SYSTEM, "socket: %s", strerror(-service->listener));
  int folder = lock_folder(service->socket_path);
  if (folder < 0)
    return isth__fail(failure, errno == EACCES ? ISTH_E_PERMISSION_DENIED : ISTH_E_SYSTEM, "the folder of %s: %s",
                      service->socket_path, strerror(errno));
  int error = bind_fresh(service, &address, failure);
  close(folder);
  return error;
}

void isth__unlisten(isth_service *service) {
  if (service->listener < 0) return;
  struct stat status;
  if (service->socket_inode != 0 && lstat(service->socket_path, &status) == 0 &&
      (uint64_t)status.st_dev == service->socket_device && (uint64_t)status.st_ino == service->socket_inode)
    unlink(service->socket_path);
  close(service->listener);
  service->listener = -1;
}
