/*
 * segment.h: shared memory that exists already: made by another program, or made here for one. System V, POSIX, files.
 *
 * Nothing here has to do with services and their protocol. A segment is attached with the size of the struct that lies
 * in it and with the guard that its programs use, and is then read and written under that guard.
 *
 * Caveats first:
 *  - Functions that take a timeout wait for the guard at most that long, and not at all with 0.
 *  - A file, or a POSIX segment, can become shorter while it is mapped. Touching what is gone raises SIGBUS, which
 *    would end the process. The first attach installs a handler for SIGBUS, which turns a fault in one of these
 *    functions into SEGMENT_TRUNCATED and passes any other on to the handler that was there before. A program that
 *    installs its own later must pass on what is not its own. The library must not be unloaded after that.
 *  - The bytes of a guard that lies inside the struct (a seqlock's counter, a mutex) are read as they are, count for no
 *    version, and are never written but by taking and releasing it.
 *  - Attaching to a file or a POSIX segment opens it, and detaching closes it, which drops the classic fcntl() locks
 *    that this very process holds on it.
 *  - All functions are thread-safe, but detaching. What is attached is of no use to a child of fork.
 */
#ifndef ISTHMUS_SEGMENT_H
#define ISTHMUS_SEGMENT_H

#include <isthmus/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct isth_segment isth_segment;

/* What names a segment. */
typedef enum isth_segment_kind {
  ISTH_SEGMENT_SYSTEM_V, /* `key`, or `id` where key is 0: shmget, shmat */
  ISTH_SEGMENT_POSIX,    /* `name`: "/name", as shm_open takes it */
  ISTH_SEGMENT_FILE,     /* `name`: a path of a regular file */
  ISTH_SEGMENT_FD        /* `fd`: a descriptor of memory or a regular file; the caller's, only used while attaching */
} isth_segment_kind;

typedef struct isth_segment_name {
  isth_segment_kind kind;
  const char *name;
  int key, id, fd;
} isth_segment_name;

/* How the programs that share the memory keep out of each other's way. */
typedef enum isth_guard_kind {
  /* Not at all: what is read may be torn, but no aligned 1, 2, 4 or 8 bytes. */
  ISTH_GUARD_NONE,
  /* A counter of `width` bytes (4 or 8) at `offset`, odd while somebody writes. */
  ISTH_GUARD_SEQLOCK,
  /* sem_open(`name`), a semaphore that is 1 when free. */
  ISTH_GUARD_POSIX_SEMAPHORE,
  /* semget(`key`), or `id` where key is 0: number `number` of the set, 1 when free. `undo`: with SEM_UNDO, as all of its
   * programs should. */
  ISTH_GUARD_SYSTEM_V_SEMAPHORE,
  /* glibc's pthread_mutex_t at `offset`, PTHREAD_PROCESS_SHARED and best PTHREAD_MUTEX_ROBUST, without a priority
   * protocol. */
  ISTH_GUARD_MUTEX,
  /* flock() on the file `name`, shared while reading; NULL: on the segment's own. */
  ISTH_GUARD_FLOCK,
  /* fcntl() lock on the whole file `name`, shared while reading; NULL: on the segment's own. It excludes F_SETLK and
   * F_OFD_SETLK. */
  ISTH_GUARD_FCNTL
} isth_guard_kind;

typedef struct isth_guard {
  isth_guard_kind kind;
  size_t offset; /* from the segment's beginning */
  size_t width;
  const char *name;
  int key, id;
  unsigned int number;
  bool undo;
} isth_guard;

typedef struct isth_segment_options {
  isth_segment_name name;
  size_t offset; /* where the struct begins, from the segment's beginning */
  size_t bytes;  /* of the struct, 1 or more */
  /* false: mapped read-only, and writing is REGION_READ_ONLY. A guard that is memory is mapped for writing all the same
   * where it must be (a mutex). */
  bool writable;
  isth_guard guard;
  /* Bytes that the segment must have at `magic_offset`, or it is a SEGMENT_MISMATCH; NULL: none. */
  const void *magic;
  size_t magic_offset, magic_bytes;
} isth_segment_options;

/* What is known of a value beside its bytes. */
typedef struct isth_segment_stamp {
  /* Equal for equal bytes: the counter of a seqlock, divided by 2; else a 64-bit hash of the bytes (XXH64). */
  uint64_t version;
} isth_segment_stamp;

/*
 * Attaches. Strings and magic are copied. `failure` (may be NULL) names what is wrong.
 * Errors: SEGMENT_MISSING, GUARD_MISSING, PERMISSION_DENIED, SEGMENT_TOO_SMALL (the struct, the guard or the magic lies
 * beyond its end), SEGMENT_MISMATCH (another magic; a mutex that is none, or is not process-shared), SEGMENT_TRUNCATED,
 * INVALID_ARGUMENT (also for what is no regular file), OUT_OF_MEMORY, UNSUPPORTED_PLATFORM (a mutex, of another libc
 * than glibc), SYSTEM (also for a file with a lease that its holder does not give back within 100 ms).
 */
ISTH_API int isth_segment_attach(isth_segment **segment, const isth_segment_options *options, isth_failure *failure);

/* Detaches. Nothing may use it any more. NULL is allowed. */
ISTH_API void isth_segment_detach(isth_segment *segment);

/* Whether its name, and that of its guard, still lead to this memory and this guard: false once another one has taken
 * the place of either, or it was removed. Then attach anew. ISTH_SEGMENT_FD has no name, but its guard may. A few
 * system calls. */
ISTH_API bool isth_segment_current(const isth_segment *segment);

/* A number that tells this memory from any other that its name may lead to, equal in every process: of the device,
 * inode and time of birth, or of the shmid, its creator and the time of its last change of mode or owner. */
ISTH_API uint64_t isth_segment_identity(const isth_segment *segment);

/*
 * Copies `size` bytes (0: none, for the stamp alone) from `offset` of the struct, under the guard. Both may be NULL:
 * stamp (which spares reading and hashing the rest of the struct), failure.
 * Errors: LOCK_TIMEOUT (`failure` names the holder's process where the system knows it), LOCK_OWNER_DIED (the lock is
 * ours to use from here on, but what it guards may be half-written; or it can never be used again, which the failure
 * says), GUARD_MISSING (the semaphore was removed), PERMISSION_DENIED (of a System V semaphore that this process may
 * not change), SEGMENT_TRUNCATED, REGION_BUSY (a seqlock's counter stays odd or moves on, for the whole of timeout_ns),
 * SEGMENT_MISMATCH (there is no mutex any more), INVALID_ARGUMENT, OUT_OF_MEMORY, SYSTEM.
 */
ISTH_API int isth_segment_read(isth_segment *segment, size_t offset, void *bytes, size_t size, uint64_t timeout_ns,
                               isth_segment_stamp *stamp, isth_failure *failure);

/*
 * Replaces `size` bytes from `offset` of the struct, under the guard. `expected`: only if the whole struct is at this
 * version; NULL: whatever it is. `stamp` gets the new one's; after REGION_CONFLICT, that of what is there.
 * Without a guard only 1, 2, 4 or 8 bytes that are aligned in memory, or a struct that is written whole, can be
 * replaced, and nothing can be expected: INVALID_ARGUMENT. Errors besides: REGION_READ_ONLY, REGION_CONFLICT, and those
 * of isth_segment_read.
 * After the lock's owner died, who writes the whole struct makes it whole, without LOCK_OWNER_DIED.
 * Nothing was written after an error, but after these: GUARD_MISSING and REGION_BUSY (somebody who did not heed the
 * guard wrote too), where it may be mixed with what others wrote, and SEGMENT_TRUNCATED.
 */
ISTH_API int isth_segment_write(isth_segment *segment, size_t offset, const void *bytes, size_t size,
                                const uint64_t *expected, uint64_t timeout_ns, isth_segment_stamp *stamp,
                                isth_failure *failure);

typedef struct isth_segment_creation {
  isth_segment_name name; /* not an id, not a descriptor */
  size_t bytes;           /* 1 or more; zeroed */
  unsigned int mode;      /* permission bits; 0: 0600. Not reduced by the umask */
  int64_t uid, gid;       /* its owner; -1: as the process. Another one takes privileges */
} isth_segment_creation;

/* Creates a segment for a program that expects to find one. It stays until it is removed. Errors: SEGMENT_EXISTS,
 * PERMISSION_DENIED, INVALID_ARGUMENT, OUT_OF_MEMORY (no room), SYSTEM; nothing is left then. */
ISTH_API int isth_segment_create(const isth_segment_creation *creation, isth_failure *failure);

/* Removes a segment's name; who has it attached keeps it. A System V segment goes by key or id. Errors:
 * SEGMENT_MISSING, PERMISSION_DENIED, INVALID_ARGUMENT, SYSTEM. */
ISTH_API int isth_segment_remove(const isth_segment_name *name, isth_failure *failure);

#ifdef __cplusplus
}
#endif
#endif
