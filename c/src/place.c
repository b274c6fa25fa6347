#include "place.h"

#include "patience.h"
#include "untorn.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

bool isth__object_name_valid(const char *name) {
  size_t length = name == NULL ? 0 : strlen(name);
  return length >= 2 && length <= NAME_MAX && name[0] == '/' && strchr(name + 1, '/') == NULL &&
         strcmp(name, "/.") != 0 && strcmp(name, "/..") != 0;
}

void isth__name_text(const isth_segment_name *name, char text[ISTH__NAME_TEXT_BYTES]) {
  size_t size = ISTH__NAME_TEXT_BYTES;
  switch (name->kind) {
  case ISTH_SEGMENT_SYSTEM_V:
    if (name->key != 0) {
      snprintf(text, size, "the System V segment of key 0x%x", (unsigned int)name->key);
    } else {
      snprintf(text, size, "the System V segment of id %d", name->id);
    }
    return;
  case ISTH_SEGMENT_POSIX: snprintf(text, size, "the POSIX segment %s", name->name); return;
  case ISTH_SEGMENT_FILE: snprintf(text, size, "the file %s", name->name); return;
  case ISTH_SEGMENT_FD: snprintf(text, size, "the descriptor %d", name->fd); return;
  }
}

int isth__fail_system(isth_failure *failure, int missing, const char *call, const char *what) {
  int error = errno, code = ISTH_E_SYSTEM;
  if (error == ENOENT || error == ENOTDIR || error == EIDRM) code = missing;
  if (error == EACCES || error == EPERM || error == EROFS) code = ISTH_E_PERMISSION_DENIED;
  if (error == ENOMEM || error == ENOSPC || error == EDQUOT) code = ISTH_E_OUT_OF_MEMORY;
  return isth__fail(failure, code, "%s: %s: %s", what, call, strerror(error));
}

#ifndef SHM_DEST /* the system keeps no removed segments that can still be found */
#define SHM_DEST 0
#endif

/* ---- System V ---- */

static int place_find_id(const isth_segment_name *name) { return name->key != 0 ? shmget(name->key, 0, 0) : name->id; }

static int place_open_system_v(struct isth__place *place, const isth_segment_name *name, bool writable,
                               isth_failure *failure) {
  const char *text = place->text;
  struct shmid_ds status;
  place->id = place_find_id(name);
  if (place->id < 0 && name->key == 0) errno = EINVAL;
  if (place->id < 0 || shmctl(place->id, IPC_STAT, &status) != 0) {
    if (errno == EINVAL) errno = ENOENT; /* what System V says of an id that is none */
    return isth__fail_system(failure, ISTH_E_SEGMENT_MISSING, "shmget", text);
  }
  /* The size of what has this id never changes. */
  void *attached = shmat(place->id, NULL, writable ? 0 : SHM_RDONLY);
  if (attached == (void *)-1) {
    if (errno == EINVAL) errno = ENOENT;
    return isth__fail_system(failure, ISTH_E_SEGMENT_MISSING, "shmat", text);
  }
  place->attached = attached;
  place->bytes = status.shm_segsz;
  uint64_t identity[4] = {(uint64_t)place->id, (uint64_t)status.shm_cpid, (uint64_t)status.shm_ctime, status.shm_segsz};
  struct isth__digest digest;
  isth__digest_begin(&digest);
  place->identity = isth__digest_end(&digest, (const unsigned char *)identity, sizeof identity);
  return 0;
}

/* ---- what has a descriptor ---- */

enum { LEASE_NS = 100000000 };

static int open_patiently(const char *name, int flags, bool is_object) {
  struct isth__patience patience = isth__patience_begin(LEASE_NS);
  int fd;
  do {
    fd = is_object ? isth__object_open(name, flags | O_NONBLOCK) : open(name, flags | O_NONBLOCK);
  } while (fd < 0 && errno == EWOULDBLOCK && isth__patience_wait(&patience));
  return fd;
}

int isth__open_now(const char *path, int flags) { return open_patiently(path, flags, false); }

static int place_open_descriptor(const isth_segment_name *name, bool writable) {
  int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY;
  if (name->kind == ISTH_SEGMENT_FILE) return isth__open_now(name->name, flags);
  if (name->kind == ISTH_SEGMENT_FD) return fcntl(name->fd, F_DUPFD_CLOEXEC, 0);
  return open_patiently(name->name, flags, true);
}

static int place_open_file(struct isth__place *place, const isth_segment_name *name, bool writable,
                           isth_failure *failure) {
  const char *text = place->text;
  place->fd = place_open_descriptor(name, writable);
  if (place->fd < 0) {
    if (errno == EISDIR || errno == ENXIO || errno == ELOOP || errno == EBADF)
      return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "%s is no regular file: %s", text, strerror(errno));
    return isth__fail_system(failure, ISTH_E_SEGMENT_MISSING, "open", text);
  }
  struct stat status;
  if (fstat(place->fd, &status) != 0) return isth__fail_system(failure, ISTH_E_SYSTEM, "fstat", text);
  if (!S_ISREG(status.st_mode)) return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "%s is no regular file", text);
  place->bytes = (uint64_t)status.st_size;
  place->device = status.st_dev;
  place->inode = status.st_ino;
  /* Files of huge pages can only be mapped by whole ones. */
  size_t block = (size_t)status.st_blksize;
  if (block > place->granule && (block & (block - 1)) == 0) place->granule = block;
  /* An inode's number is used again once the file is gone, so its birth is needed; 0 where the file system knows of
   * none. */
  uint64_t identity[3] = {status.st_dev, status.st_ino, isth__birth(place->fd)};
  struct isth__digest digest;
  isth__digest_begin(&digest);
  place->identity = isth__digest_end(&digest, (const unsigned char *)identity, sizeof identity);
  return 0;
}

/* ---- any ---- */

int isth__place_open(struct isth__place *place, const isth_segment_name *name, bool writable, isth_failure *failure) {
  *place = (struct isth__place){
      .kind = name->kind, .key = name->key, .id = -1, .fd = -1, .granule = (size_t)sysconf(_SC_PAGESIZE)};
  bool is_named = name->kind == ISTH_SEGMENT_POSIX || name->kind == ISTH_SEGMENT_FILE;
  if (name->kind == ISTH_SEGMENT_POSIX && !isth__object_name_valid(name->name))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a POSIX segment's name is \"/name\", without another slash");
  if (name->kind == ISTH_SEGMENT_FILE && (name->name == NULL || name->name[0] == 0))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a file's path is missing");
  if (is_named && (place->name = strdup(name->name)) == NULL)
    return isth__fail(failure, ISTH_E_OUT_OF_MEMORY, "no memory for a name");
  if (!is_named && name->kind != ISTH_SEGMENT_SYSTEM_V && name->kind != ISTH_SEGMENT_FD)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "no such kind of segment: %d", (int)name->kind);
  isth__name_text(name, place->text);
  if (name->kind == ISTH_SEGMENT_SYSTEM_V) return place_open_system_v(place, name, writable, failure);
  return place_open_file(place, name, writable, failure);
}

void isth__place_close(struct isth__place *place) {
  if (place->attached != NULL) shmdt(place->attached);
  if (place->fd >= 0) close(place->fd);
  free(place->name);
}

bool isth__place_current(const struct isth__place *place) {
  struct stat status;
  struct shmid_ds segment;
  switch (place->kind) {
  case ISTH_SEGMENT_SYSTEM_V:
    if (place->key != 0) return shmget(place->key, 0, 0) == place->id;
    return shmctl(place->id, IPC_STAT, &segment) == 0 && (segment.shm_perm.mode & SHM_DEST) == 0;
  case ISTH_SEGMENT_POSIX:
    return isth__object_stat(place->name, &status) && status.st_dev == place->device && status.st_ino == place->inode;
  case ISTH_SEGMENT_FILE:
    return stat(place->name, &status) == 0 && status.st_dev == place->device && status.st_ino == place->inode;
  case ISTH_SEGMENT_FD: break;
  }
  return true;
}

int isth__place_map(const struct isth__place *place, uint64_t offset, size_t bytes, bool writable,
                    struct isth__window *window, isth_failure *failure) {
  if (place->attached != NULL) {
    *window = (struct isth__window){place->attached + offset, place->attached, (size_t)place->bytes};
    return 0;
  }
  *window = (struct isth__window){.base = NULL};
  /* Both ends on a granule. No overflow: the end is at most a file's size, below 2^63. */
  uint64_t begin = offset & ~((uint64_t)place->granule - 1);
  uint64_t end = (offset + bytes + place->granule - 1) & ~((uint64_t)place->granule - 1);
  int protection = PROT_READ | (writable ? PROT_WRITE : 0);
  void *base = mmap(NULL, end - begin, protection, MAP_SHARED, place->fd, (off_t)begin);
  if (base == MAP_FAILED) return isth__fail_system(failure, ISTH_E_SYSTEM, "mmap", place->text);
  *window = (struct isth__window){(unsigned char *)base + (offset - begin), base, (size_t)(end - begin)};
  return 0;
}

void isth__place_unmap(const struct isth__place *place, struct isth__window *window) {
  if (place->attached == NULL && window->base != NULL) munmap(window->base, window->mapped);
  window->base = NULL;
}
