/* provide.c: making segments for other programs, and removing them. */
#include "place.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

/* The system's way to say that an owner stays as it is. */
enum { KEEP_OWNER = -1 };

static int fail_creation(isth_failure *failure, const char *call, const char *text) {
  if (errno == EEXIST) return isth__fail(failure, ISTH_E_SEGMENT_EXISTS, "%s", text);
  if (errno == EINVAL || errno == EFBIG || errno == ENOENT || errno == ENOTDIR)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "%s: %s: %s", text, call, strerror(errno));
  return isth__fail_system(failure, ISTH_E_SYSTEM, call, text);
}

static int create_system_v(const isth_segment_creation *creation, mode_t mode, const char *text,
                           isth_failure *failure) {
  /* The umask has no part in it. */
  int id = shmget(creation->name.key, creation->bytes, IPC_CREAT | IPC_EXCL | (int)mode);
  if (id < 0) return fail_creation(failure, "shmget", text);
  if (creation->uid < 0 && creation->gid < 0) return 0;
  struct shmid_ds status;
  if (shmctl(id, IPC_STAT, &status) == 0) {
    if (creation->uid >= 0) status.shm_perm.uid = (uid_t)creation->uid;
    if (creation->gid >= 0) status.shm_perm.gid = (gid_t)creation->gid;
    status.shm_perm.mode = mode & 0777;
    if (shmctl(id, IPC_SET, &status) == 0) return 0;
  }
  int error = fail_creation(failure, "shmctl", text);
  shmctl(id, IPC_RMID, NULL);
  return error;
}

/* Whole before others may open it: the mode comes last. What `call` failed is said where it is not 0. */
static const char *fill_file(int fd, const isth_segment_creation *creation, mode_t mode) {
  int error;
  do {
    error = posix_fallocate(fd, 0, (off_t)creation->bytes);
  } while (error == EINTR);
  if (error != 0) {
    errno = error;
    return "posix_fallocate";
  }
  uid_t uid = creation->uid < 0 ? (uid_t)KEEP_OWNER : (uid_t)creation->uid;
  gid_t gid = creation->gid < 0 ? (gid_t)KEEP_OWNER : (gid_t)creation->gid;
  if ((creation->uid >= 0 || creation->gid >= 0) && fchown(fd, uid, gid) != 0) return "fchown";
  return fchmod(fd, mode) == 0 ? NULL : "fchmod";
}

static int create_file(const isth_segment_creation *creation, mode_t mode, const char *text, isth_failure *failure) {
  bool is_posix = creation->name.kind == ISTH_SEGMENT_POSIX;
  int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const char *name = creation->name.name, *failed = is_posix ? "shm_open" : "open";
  int fd = is_posix ? shm_open(name, flags, S_IRUSR | S_IWUSR) : open(name, flags, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail_creation(failure, failed, text);
  failed = fill_file(fd, creation, mode);
  int error = failed == NULL ? 0 : fail_creation(failure, failed, text);
  close(fd);
  if (error == 0) return 0;
  if (is_posix) {
    shm_unlink(name);
  } else {
    unlink(name);
  }
  return error;
}

static int check_name(const isth_segment_name *name, isth_failure *failure) {
  switch (name->kind) {
  case ISTH_SEGMENT_SYSTEM_V: return 0;
  case ISTH_SEGMENT_POSIX:
    if (isth__object_name_valid(name->name)) return 0;
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a POSIX segment's name is \"/name\", without another slash");
  case ISTH_SEGMENT_FILE:
    if (name->name != NULL && name->name[0] != 0) return 0;
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a file's path is missing");
  case ISTH_SEGMENT_FD: break;
  }
  return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "what has no name cannot be created or removed");
}

static bool owner_valid(int64_t owner) { return owner >= KEEP_OWNER && owner < UINT32_MAX; }

int isth_segment_create(const isth_segment_creation *creation, isth_failure *failure) {
  int error = check_name(&creation->name, failure);
  if (error != 0) return error;
  if (creation->name.kind == ISTH_SEGMENT_SYSTEM_V && creation->name.key == 0)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a System V segment is created by a key other than 0");
  if (creation->bytes == 0 || creation->bytes > INT64_MAX)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a segment has 1 to %lld bytes", (long long)INT64_MAX);
  if (creation->mode > 0777)
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "a mode is 1 to 0777, not 0%o", creation->mode);
  if (!owner_valid(creation->uid) || !owner_valid(creation->gid))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "an owner is a user's or group's number, or -1");
  char text[ISTH__NAME_TEXT_BYTES];
  isth__name_text(&creation->name, text);
  mode_t mode = creation->mode == 0 ? S_IRUSR | S_IWUSR : (mode_t)creation->mode;
  if (creation->name.kind == ISTH_SEGMENT_SYSTEM_V) return create_system_v(creation, mode, text, failure);
  return create_file(creation, mode, text, failure);
}

static int remove_file(const char *path, const char *text, isth_failure *failure) {
  struct stat status;
  if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
    return isth__fail(failure, ISTH_E_INVALID_ARGUMENT, "%s is no regular file", text);
  return unlink(path) == 0 ? 0 : isth__fail_system(failure, ISTH_E_SEGMENT_MISSING, "unlink", text);
}

int isth_segment_remove(const isth_segment_name *name, isth_failure *failure) {
  int error = check_name(name, failure);
  if (error != 0) return error;
  char text[ISTH__NAME_TEXT_BYTES];
  isth__name_text(name, text);
  if (name->kind == ISTH_SEGMENT_FILE) return remove_file(name->name, text, failure);
  if (name->kind == ISTH_SEGMENT_POSIX)
    return shm_unlink(name->name) == 0 ? 0 : isth__fail_system(failure, ISTH_E_SEGMENT_MISSING, "shm_unlink", text);
  int id = name->key != 0 ? shmget(name->key, 0, 0) : name->id;
  if (id >= 0 && shmctl(id, IPC_RMID, NULL) == 0) return 0;
  if (errno == EINVAL || (name->key == 0 && id < 0)) errno = ENOENT;
  return isth__fail_system(failure, ISTH_E_SEGMENT_MISSING, "shmctl", text);
}
