/* platform_linux.c: memfd and its seals, sockets, who others are, futexes, threads. */
#include "platform.h"

#ifndef ISTH_PLATFORM_POSIX

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_PASSRIGHTS /* Linux 6.16; not every libc has it */
#define SO_PASSRIGHTS 83
#endif
#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1; not every libc has it */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

enum { SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

/* Memory that can still be sealed. */
static int create_sealable(size_t bytes) {
  int fd = memfd_create("isthmus", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -errno;
  if (ftruncate(fd, (off_t)bytes) == 0) return fd;
  int error = -errno;
  close(fd);
  return error;
}

static int seal_memory(int fd, int seals) {
  if (fcntl(fd, F_ADD_SEALS, SIZE_SEALS | seals | F_SEAL_SEAL) == 0) return fd;
  int error = -errno;
  close(fd);
  return error;
}

int isth__memory_create(size_t bytes) {
  int fd = create_sealable(bytes);
  return fd < 0 ? fd : seal_memory(fd, 0);
}

int isth__memory_create_owned(size_t bytes, void **mapped) {
  int fd = create_sealable(bytes);
  if (fd < 0) return fd;
  *mapped = isth__memory_map(fd, bytes, true);
  if (*mapped == NULL) {
    int error = -errno;
    close(fd);
    return error;
  }
  int sealed = seal_memory(fd, F_SEAL_FUTURE_WRITE);
  if (sealed < 0) isth__memory_unmap(*mapped, bytes);
  return sealed;
}

bool isth__memory_is_owned(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_FUTURE_WRITE) != 0;
}

bool isth__memory_verify(int fd, size_t bytes) {
  /* The seals come first: once they are there, the size that fstat then reports cannot change any more. Only memfds have
   * seals, so this also refuses every other kind of file. */
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & SIZE_SEALS) != SIZE_SEALS || (seals & F_SEAL_WRITE) != 0) return false;
  /* Huge pages can run out at any later fault, which would be a SIGBUS: only ordinary pages are acceptable. */
  struct statfs system;
  if (fstatfs(fd, &system) != 0 || system.f_type != TMPFS_MAGIC) return false;
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_size >= 0 && (uint64_t)status.st_size == bytes;
}

void *isth__memory_map(int fd, size_t bytes, bool writable) {
  void *mapped = mmap(NULL, bytes, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
  return mapped == MAP_FAILED ? NULL : mapped;
}

void isth__memory_unmap(void *mapped, size_t bytes) {
  if (mapped != NULL) munmap(mapped, bytes);
}

bool isth__memory_mend(const void *address) {
  (void)address;
  return false;
}

int isth__reopen(int fd, int flags) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int opened = open(path, flags | O_CLOEXEC);
  return opened >= 0 ? opened : -errno;
}

int isth__futex_wait(const void *word, uint32_t value, uint64_t timeout_ns) {
  const struct timespec timeout = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
  return syscall(SYS_futex, word, FUTEX_WAIT, value, &timeout, NULL, 0) == 0 ? 0 : -errno;
}

void isth__futex_wake(const void *word) { (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }

int isth__socket_open(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd >= 0 ? fd : -errno;
}

int isth__socket_accept(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return fd >= 0 ? fd : -errno;
}

int isth__socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

void isth__socket_refuse_descriptors(int socket) {
  const int off = 0;
  (void)setsockopt(socket, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);
}

ptrdiff_t isth__socket_receive(int socket, struct msghdr *message) {
  ssize_t received = recvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  return received >= 0 ? received : -errno;
}

int isth__poll(struct pollfd *descriptors, size_t count, uint64_t timeout_ns) {
  const struct timespec timeout = {(time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u)};
  return ppoll(descriptors, (nfds_t)count, &timeout, NULL);
}

bool isth__peers_known(void) { return true; }

int isth__peer_credentials(int socket, uint32_t *uid, uint32_t *gid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -errno;
  *uid = peer.uid;
  *gid = peer.gid;
  return 0;
}

static bool share_one(const gid_t *theirs, size_t their_count, const uint32_t *groups, size_t count) {
  for (size_t i = 0; i < their_count; i++)
    for (size_t j = 0; j < count; j++)
      if (theirs[i] == groups[j]) return true;
  return false;
}

int isth__peer_in_groups(int socket, const uint32_t *groups, size_t count) {
  /* Asked with no room first: the kernel then says how much it takes. They never change once the peer has connected. */
  socklen_t size = 0;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) != 0 && errno != ERANGE) return -errno;
  if (size == 0) return 0;
  gid_t *theirs = malloc(size);
  if (theirs == NULL) return -ENOMEM;
  int found = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, theirs, &size) == 0
                  ? share_one(theirs, size / sizeof *theirs, groups, count)
                  : -errno;
  free(theirs);
  return found;
}

int isth__peer_pid(int socket) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

bool isth__process_name(int64_t pid, char *name, size_t size) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%lld/comm", (long long)pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return false;
  bool read = fgets(name, (int)size, file) != NULL;
  fclose(file);
  return read;
}

/* As /proc/locks knows it: not in another namespace. */
int64_t isth__flock_holder(int fd) {
  struct stat status;
  FILE *locks = fstat(fd, &status) == 0 ? fopen("/proc/locks", "re") : NULL;
  if (locks == NULL) return 0;
  char line[256];
  int64_t holder = 0;
  while (holder == 0 && fgets(line, sizeof line, locks) != NULL) {
    /* 1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF; one that waits has "->" behind its number. */
    enum { KIND = 1, PROCESS = 4, FILE_NAME = 5, WORDS };
    char *words[WORDS] = {NULL}, *rest = line;
    for (int i = 0; i < WORDS; i++) words[i] = strtok_r(rest, " ", &rest);
    if (words[FILE_NAME] == NULL || strcmp(words[KIND], "FLOCK") != 0) continue;
    char *number = words[FILE_NAME];
    unsigned long major_number = strtoul(number, &number, 16);
    if (*number++ != ':') continue;
    unsigned long minor_number = strtoul(number, &number, 16);
    if (*number++ != ':') continue;
    unsigned long long inode = strtoull(number, NULL, 10);
    if (inode == status.st_ino && makedev((unsigned int)major_number, (unsigned int)minor_number) == status.st_dev)
      holder = strtoll(words[PROCESS], NULL, 10);
  }
  fclose(locks);
  return holder;
}

uint64_t isth__birth(int fd) {
  struct statx more = {.stx_btime = {.tv_sec = 0}};
  (void)statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &more);
  return (uint64_t)more.stx_btime.tv_sec * 1000000000u + more.stx_btime.tv_nsec;
}

int isth__semaphore_change(int set, struct sembuf *operation, uint64_t timeout_ns) {
  uint64_t until_ns = isth__after_ns(timeout_ns);
  for (uint64_t left_ns = timeout_ns;;) {
    const struct timespec left = {(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
    if (left_ns == 0) operation->sem_flg |= IPC_NOWAIT;
    if (semtimedop(set, operation, 1, &left) == 0) return 0;
    /* EAGAIN is for the clock below to say, which may be a little behind the kernel's. */
    if (errno != EINTR && (errno != EAGAIN || left_ns == 0)) return errno;
    uint64_t now_ns = timeout_ns == 0 ? until_ns : isth__now_ns();
    left_ns = now_ns < until_ns ? until_ns - now_ns : 0;
  }
}

/* Where POSIX segments lie. Not shm_open: a lease on one must not make this wait, nor may looking at one open and close it, which
 * would drop the fcntl locks that the program itself has on it. */
enum { OBJECT_PATH_BYTES = sizeof "/dev/shm" + NAME_MAX };
static void object_path(const char *name, char path[OBJECT_PATH_BYTES]) {
  snprintf(path, OBJECT_PATH_BYTES, "/dev/shm%s", name);
}

int isth__object_open(const char *name, int flags) {
  char path[OBJECT_PATH_BYTES];
  object_path(name, path);
  return open(path, flags | O_NOFOLLOW);
}

bool isth__object_stat(const char *name, struct stat *status) {
  char path[OBJECT_PATH_BYTES];
  object_path(name, path);
  return lstat(path, status) == 0;
}

bool isth__fence_register(void) { return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0; }

bool isth__fence_others(void) { return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0; }

int isth__pin_thread(unsigned int cpu) {
  cpu_set_t set;
  if (cpu >= CPU_SETSIZE) return EINVAL;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

_Static_assert(sizeof(struct isth__cpus) == sizeof(cpu_set_t), "one stands for the other");

void isth__cpus_get(struct isth__cpus *cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  (void)sched_getaffinity(0, sizeof set, &set);
  memcpy(cpus, &set, sizeof set);
}

void isth__cpus_use(const struct isth__cpus *cpus) {
  cpu_set_t set;
  memcpy(&set, cpus, sizeof set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

#endif
