/*
 * platform_posix.c: the same with what POSIX.1-2008 has, and a little that POSIX.1-2024 has and every system had before:
 * MSG_DONTWAIT, MAP_ANONYMOUS, getentropy. For systems other than Linux; built and tested there too.
 *
 * What is different from platform_linux.c:
 *
 *  - Memory cannot be sealed. A peer that cuts it off makes whoever touches it next fault. That is survived: the handler of
 *    src/fault.c puts zeros in the place of the whole mapping, which then is like that of a peer which scribbled zeros.
 *    Not where a program has installed a handler for SIGBUS of its own later and does not call ours, nor in a thread that
 *    blocks SIGBUS. On a system that signals it as SIGSEGV, it ends the process.
 *  - What only the owner may write is passed on as a descriptor that is open for reading only, of memory whose mode
 *    lets nobody open it for writing. Its owner's other processes can change the mode: a client of the same user that means
 *    harm can write it where the system has /dev/fd, or another way to open a descriptor anew.
 *  - That a descriptor is of shared memory, and not of an ordinary file, cannot be told on every system.
 *  - Several writers need locks that belong to an opening (F_OFD_SETLK), and an opening of their own. Where there are no
 *    such, their regions cannot be opened for writing: UNSUPPORTED_PLATFORM.
 *  - Waiting for a change of a region looks at it once a millisecond.
 *  - Who is at the other end of a socket is not known, threads are not pinned, and mutexes of other programs are not guards.
 *
 * Both sides of a channel have to be of this build: the other one takes sealed memory only.
 */
#include "platform.h"

#ifdef ISTH_PLATFORM_POSIX

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_TRIES = 16, LOOK_NS = 1000000 };

/* ---- memory ---- */

/* Creates memory with a name that nobody guesses, opens it once more for reading only if `reader` is not NULL, and takes the
 * name away. A process that is killed within these few instructions leaves a name of an empty object behind. */
static int create_nameless(mode_t mode, int *reader) {
  for (int tries = 0; tries < NAME_TRIES; tries++) {
    uint64_t random;
    char name[32];
    int error = isth__random(&random, sizeof random);
    if (error != 0) return error;
    snprintf(name, sizeof name, "/isthmus-%016llx", (unsigned long long)random);
    int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, mode);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) return -errno;
    if (reader != NULL) *reader = shm_open(name, O_RDONLY, 0);
    error = errno;
    shm_unlink(name);
    if (reader == NULL || *reader >= 0) return fd;
    close(fd);
    return -error;
  }
  return -EEXIST;
}

static int resize_memory(int fd, size_t bytes) {
  if (bytes > (size_t)INT64_MAX) return -EINVAL;
  if (ftruncate(fd, (off_t)bytes) != 0) return -errno;
  /* Else a page for which there is no room would be missed when it is written first. Not every system can do it. */
  int error = posix_fallocate(fd, 0, (off_t)bytes);
  return error == ENOSPC || error == ENOMEM || error == EFBIG ? -error : 0;
}

int isth__memory_create(size_t bytes) {
  int fd = create_nameless(0600, NULL);
  if (fd < 0) return fd;
  int error = resize_memory(fd, bytes);
  if (error == 0) return fd;
  close(fd);
  return error;
}

int isth__memory_create_owned(size_t bytes, void **mapped) {
  int reader = -1, writer = create_nameless(0400, &reader);
  if (writer < 0) return writer;
  int error = resize_memory(writer, bytes);
  if (error == 0) {
    *mapped = isth__memory_map(writer, bytes, true);
    if (*mapped == NULL) error = -errno;
  }
  close(writer);
  if (error == 0) return reader;
  close(reader);
  return error;
}

bool isth__memory_is_owned(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) == O_RDONLY;
}

static bool is_memory(const struct stat *status) {
#ifdef S_TYPEISSHM
  if (S_TYPEISSHM(status)) return true;
#endif
  return S_ISREG(status->st_mode);
}

bool isth__memory_verify(int fd, size_t bytes) {
  struct stat status;
  return fstat(fd, &status) == 0 && is_memory(&status) && status.st_size >= 0 && (uint64_t)status.st_size == bytes;
}

/* Systems whose /dev/fd only duplicates have one offset for both descriptors. */
static bool has_own_offset(int fd, int of) {
  uint32_t random;
  if (isth__random(&random, sizeof random) != 0) return false;
  off_t place = (off_t)random + 1;
  return lseek(fd, place, SEEK_SET) == place && lseek(of, 0, SEEK_CUR) != place;
}

int isth__reopen(int fd, int flags) {
  char path[32];
  snprintf(path, sizeof path, "/dev/fd/%d", fd);
  int opened = open(path, flags | O_CLOEXEC);
  /* No such file: the descriptor is none, or the system has no such folder. */
  if (opened < 0) return errno != ENOENT || fcntl(fd, F_GETFD) < 0 ? -errno : -ENOTSUP;
  if (has_own_offset(opened, fd)) return opened;
  close(opened);
  return -ENOTSUP;
}

/* ---- sockets ---- */

/* Another thread may fork and exec in between: the child then has the descriptor too. POSIX.1-2008 has no other way. */
static int prepare_socket(int fd, bool blocks) {
  if (fd < 0) return -errno;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && (blocks || fcntl(fd, F_SETFL, O_NONBLOCK) == 0)) return fd;
  int error = -errno;
  close(fd);
  return error;
}

int isth__socket_open(void) { return prepare_socket(socket(AF_UNIX, SOCK_STREAM, 0), false); }

int isth__socket_accept(int listener) { return prepare_socket(accept(listener, NULL, NULL), false); }

int isth__socket_pair(int ends[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -errno;
  int error = prepare_socket(ends[0], true);
  if (error < 0) {
    close(ends[1]);
    return error;
  }
  error = prepare_socket(ends[1], true);
  if (error >= 0) return 0;
  close(ends[0]);
  return error;
}

void isth__socket_refuse_descriptors(int socket) { (void)socket; }

ptrdiff_t isth__socket_receive(int socket, struct msghdr *message) {
  ssize_t received = recvmsg(socket, message, MSG_DONTWAIT);
  if (received < 0) return -errno;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
      (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
  }
  return received;
}

int isth__poll(struct pollfd *descriptors, size_t count, uint64_t timeout_ns) {
  uint64_t timeout_ms = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  return poll(descriptors, (nfds_t)count, timeout_ms > 60000 ? 60000 : (int)timeout_ms);
}

/* ---- who others are ---- */

bool isth__peers_known(void) { return false; }

int isth__peer_credentials(int socket, uint32_t *uid, uint32_t *gid) {
  (void)socket;
  *uid = *gid = UINT32_MAX; /* nobody's */
  return -ENOTSUP;
}

int isth__peer_in_groups(int socket, const uint32_t *groups, size_t count) {
  (void)socket;
  (void)groups;
  (void)count;
  return -ENOTSUP;
}

int isth__peer_pid(int socket) {
  (void)socket;
  return 0;
}

bool isth__process_name(int64_t pid, char *name, size_t size) {
  (void)pid;
  if (size > 0) name[0] = 0;
  return false;
}

int64_t isth__flock_holder(int fd) {
  (void)fd;
  return 0;
}

int isth__object_open(const char *name, int flags) { return shm_open(name, flags & (O_RDONLY | O_RDWR), 0); }

bool isth__object_stat(const char *name, struct stat *status) {
  int fd = shm_open(name, O_RDONLY, 0);
  if (fd < 0) return false;
  bool known = fstat(fd, status) == 0;
  close(fd);
  return known;
}

uint64_t isth__birth(int fd) {
  (void)fd;
  return 0;
}

/* ---- waiting ---- */

static void sleep_a_little(uint64_t ns) {
  const struct timespec time = {0, (long)(ns < LOOK_NS ? ns : LOOK_NS)};
  nanosleep(&time, NULL);
}

int isth__futex_wait(const void *word, uint32_t value, uint64_t timeout_ns) {
  const volatile uint32_t *looked_at = word;
  uint64_t until_ns = isth__after_ns(timeout_ns);
  if (*looked_at != value) return -EAGAIN;
  for (;;) {
    uint64_t now_ns = isth__now_ns();
    if (now_ns >= until_ns) return -ETIMEDOUT;
    sleep_a_little(until_ns - now_ns);
    if (*looked_at != value) return 0;
  }
}

void isth__futex_wake(const void *word) { (void)word; }

bool isth__fence_register(void) { return false; }

bool isth__fence_others(void) { return false; }

int isth__semaphore_change(int set, struct sembuf *operation, uint64_t timeout_ns) {
  uint64_t until_ns = isth__after_ns(timeout_ns);
  operation->sem_flg = (short)(operation->sem_flg | IPC_NOWAIT);
  for (;;) {
    if (semop(set, operation, 1) == 0) return 0;
    if (errno != EAGAIN && errno != EINTR) return errno;
    uint64_t now_ns = timeout_ns == 0 ? until_ns : isth__now_ns();
    if (now_ns >= until_ns) return EAGAIN;
    sleep_a_little(until_ns - now_ns);
  }
}

/* ---- threads ---- */

int isth__pin_thread(unsigned int cpu) {
  (void)cpu;
  return ENOTSUP;
}

void isth__cpus_get(struct isth__cpus *cpus) { memset(cpus, 0, sizeof *cpus); }

void isth__cpus_use(const struct isth__cpus *cpus) { (void)cpus; }

#endif
