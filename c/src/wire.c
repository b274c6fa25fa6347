#include "wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int isth__fail(isth_failure *failure, int error, const char *format, ...) {
  if (failure != NULL) {
    va_list arguments;
    failure->error = error;
    va_start(arguments, format);
    vsnprintf(failure->message, sizeof failure->message, format, arguments);
    va_end(arguments);
  }
  return error;
}

bool isth__socket_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t length = path == NULL ? 0 : strlen(path);
  if (length == 0 || length >= sizeof address->sun_path) return false;
  memcpy(address->sun_path, path, length);
  return true;
}

union control_room {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(int) * (ISTH__MAX_FDS + 1))];
};

ptrdiff_t isth__send(int socket, const void *bytes, size_t size, const int *descriptors, size_t count) {
  /* sendmsg does not write through iov_base; the type has no const because recvmsg shares it. */
  struct iovec part = {(void *)(uintptr_t)bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  union control_room control;
  if (count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

/* Takes the descriptors out of a received message; those over the limit are closed. 0, -EPROTO: there were some, or -EMFILE. */
static int collect_descriptors(struct msghdr *message, int *descriptors, size_t limit, size_t *count) {
  size_t surplus = 0;
  *count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t received = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < received; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
      if (*count < limit) {
        descriptors[(*count)++] = descriptor;
      } else {
        close(descriptor);
        surplus++;
      }
    }
  }
  if (surplus > 0) return -EPROTO;
  /* Cut off although none was too many: the kernel could not install them. */
  return (message->msg_flags & MSG_CTRUNC) != 0 ? -EMFILE : 0;
}

ptrdiff_t isth__receive(int socket, void *bytes, size_t size, int *descriptors, size_t *count) {
  struct iovec part = {bytes, size};
  union control_room control;
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ptrdiff_t received;
  do {
    received = isth__socket_receive(socket, &message);
  } while (received == -EINTR);
  if (received < 0) {
    *count = 0;
    return received;
  }
  size_t limit = *count;
  int error = collect_descriptors(&message, descriptors, limit, count);
  if (error == 0) return received;
  for (size_t i = 0; i < *count; i++) close(descriptors[i]);
  *count = 0;
  return error;
}

void isth__hash_text(const uint8_t hash[32], char text[17]) {
  for (size_t i = 0; i < 8; i++) snprintf(text + 2 * i, 3, "%02x", hash[i]);
}
