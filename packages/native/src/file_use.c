/*
 * file_use.c: whether anybody has a file open or mapped, as the kernel knows it, whatever processes can be seen. It grants a write
 * lease only on a file that nobody else has open, and a mapping keeps its file open. The lease is given back at once; who opens the file
 * in that moment waits for that.
 */
#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* 1: it is used; 0: it is not; -1: it is not known, since only the owner and the privileged are told. */
static int file_used(const char *path) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  /* Somebody has a lease himself. */
  if (fd < 0) return errno == EWOULDBLOCK ? 1 : -1;
  /* Who opens it meanwhile has the kernel tell us, by a signal that ends the process unless it is one that is ignored. */
  int result = -1;
  if (fcntl(fd, F_SETSIG, SIGURG) == 0) {
    if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
      result = 0;
    } else if (errno == EAGAIN) {
      result = 1;
    }
  }
  /* Gives the lease back, too. */
  close(fd);
  return result;
}

/* isFileUsed(path): undefined where it is not known. */
napi_value is_file_used(napi_env env, napi_callback_info info) {
  char path[4096] = "";
  size_t count = 1;
  napi_value value, result;
  napi_get_cb_info(env, info, &count, &value, NULL, NULL);
  napi_get_value_string_utf8(env, value, path, sizeof path, NULL);
  int used = file_used(path);
  if (used < 0) {
    napi_get_undefined(env, &result);
  } else {
    napi_get_boolean(env, used != 0, &result);
  }
  return result;
}
