/*
 * peer.c: a program of its own that shares memory as programs did before there was Isthmus: with shmget or shm_open or mmap, and
 * with one of the guards that they use.
 *
 *   peer KIND NAME GUARD [NAME]     KIND: systemV posix file; GUARD: none seqlock posixSemaphore systemVSemaphore mutex flock fcntl
 *
 * Takes commands, a line each, and answers each with a line. At the end of its input it removes what it made.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SEGMENT_BYTES = 4096, COUNTER_AT = 8, MUTEX_AT = 64, STRUCT_AT = 128 };

#pragma pack(1)
struct boiler {
  char tag[8];
  uint32_t alarms;
  unsigned char pressure[2]; /* the most significant byte first */
  double level;
  int32_t setpoint;
};
#pragma pack()

static const char *kind, *name, *guard, *guard_name;
static char *memory;
static int fd = -1, lock_fd = -1, semaphores = -1;
static sem_t *semaphore;

static int is(const char *what, const char *wanted) { return strcmp(what, wanted) == 0; }

static key_t key_of(const char *text) { return (key_t)strtol(text, NULL, 0); }

static _Atomic uint32_t *counter(void) { return (_Atomic uint32_t *)(void *)(memory + COUNTER_AT); }

static pthread_mutex_t *mutex(void) { return (pthread_mutex_t *)(void *)(memory + MUTEX_AT); }

static struct boiler *boiler(void) { return (struct boiler *)(void *)(memory + STRUCT_AT); }

static int make_guard(void) {
  if (is(guard, "posixSemaphore")) {
    semaphore = sem_open(guard_name, O_CREAT, 0600, 1);
    return semaphore != SEM_FAILED;
  }
  if (is(guard, "systemVSemaphore")) {
    semaphores = semget(key_of(guard_name), 1, IPC_CREAT | 0600);
    return semaphores >= 0 && semctl(semaphores, 0, SETVAL, 1) == 0;
  }
  if (is(guard, "mutex")) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    return pthread_mutex_init(mutex(), &attributes) == 0;
  }
  if (is(guard, "flock") || is(guard, "fcntl")) {
    lock_fd = open(guard_name, O_RDWR | O_CREAT, 0600);
    return lock_fd >= 0;
  }
  return 1;
}

static int make(void) {
  if (is(kind, "systemV")) {
    int id = shmget(key_of(name), SEGMENT_BYTES, IPC_CREAT | 0600);
    memory = id < 0 ? (char *)MAP_FAILED : shmat(id, NULL, 0);
  } else {
    fd = is(kind, "posix") ? shm_open(name, O_CREAT | O_RDWR, 0600) : open(name, O_CREAT | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, SEGMENT_BYTES) != 0) return 0;
    memory = mmap(NULL, SEGMENT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (memory == (char *)MAP_FAILED) return 0;
  memset(memory, 0, SEGMENT_BYTES);
  memcpy(memory, "BOIL", 4);
  strcpy(boiler()->tag, "B-7");
  return make_guard();
}

static int lock(void) {
  struct sembuf down = {0, -1, SEM_UNDO};
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (is(guard, "seqlock")) return atomic_fetch_add(counter(), 1) % 2 == 0;
  if (is(guard, "posixSemaphore")) return sem_wait(semaphore) == 0;
  if (is(guard, "systemVSemaphore")) return semop(semaphores, &down, 1) == 0;
  if (is(guard, "mutex")) return pthread_mutex_lock(mutex()) == 0;
  if (is(guard, "flock")) return flock(lock_fd, LOCK_EX) == 0;
  if (is(guard, "fcntl")) return fcntl(lock_fd, F_SETLKW, &whole) == 0;
  return 1;
}

static int unlock(void) {
  struct sembuf up = {0, 1, SEM_UNDO};
  struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  if (is(guard, "seqlock")) return atomic_fetch_add(counter(), 1) % 2 == 1;
  if (is(guard, "posixSemaphore")) return sem_post(semaphore) == 0;
  if (is(guard, "systemVSemaphore")) return semop(semaphores, &up, 1) == 0;
  if (is(guard, "mutex")) return pthread_mutex_unlock(mutex()) == 0;
  if (is(guard, "flock")) return flock(lock_fd, LOCK_UN) == 0;
  if (is(guard, "fcntl")) return fcntl(lock_fd, F_SETLK, &whole) == 0;
  return 1;
}

/* Field by field, through volatile, so that the compiler makes of it what a reader could see half of. */
static void put(uint32_t number) {
  volatile struct boiler *it = boiler();
  it->alarms = number;
  it->pressure[0] = (unsigned char)(number >> 8);
  it->pressure[1] = (unsigned char)number;
  it->level = number;
  it->setpoint = (int32_t)number;
}

static int write_number(uint32_t number) {
  if (!lock()) return 0;
  put(number);
  return unlock();
}

static int run(long ms) {
  struct timespec now, pause = {0, 1000};
  clock_gettime(CLOCK_MONOTONIC, &now);
  long long end = now.tv_sec * 1000LL + now.tv_nsec / 1000000 + ms;
  uint32_t number = 0;
  do {
    if (!write_number(++number)) return 0;
    /* A guard is not always fair to those who wait. */
    if (number % 8 == 0) nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec * 1000LL + now.tv_nsec / 1000000 < end);
  return 1;
}

/* As a program that counts: what others write meanwhile stays. */
static int add(long times) {
  for (long i = 0; i < times; i++) {
    if (!lock()) return 0;
    volatile struct boiler *it = boiler();
    it->alarms = it->alarms + 1;
    if (!unlock()) return 0;
    usleep(100);
  }
  return 1;
}

static int show(void) {
  int locks = !is(guard, "seqlock"); /* whose readers leave it alone */
  if (locks && !lock()) return 0;
  struct boiler copy = *boiler();
  if (locks && !unlock()) return 0;
  printf("%s %u %u %g %d\n", copy.tag, copy.alarms, copy.pressure[0] * 256U + copy.pressure[1], copy.level,
         copy.setpoint);
  return 1;
}

static int remove_guard(void) {
  if (is(guard, "posixSemaphore")) return sem_unlink(guard_name) == 0;
  if (is(guard, "systemVSemaphore")) {
    int id = semget(key_of(guard_name), 0, 0);
    return id >= 0 && semctl(id, 0, IPC_RMID) == 0;
  }
  return is(guard_name, "") || unlink(guard_name) == 0;
}

static int remove_segment(void) {
  if (is(kind, "systemV")) {
    int id = shmget(key_of(name), 0, 0);
    return id >= 0 && shmctl(id, IPC_RMID, NULL) == 0;
  }
  return is(kind, "posix") ? shm_unlink(name) == 0 : unlink(name) == 0;
}

static int obey(const char *command, const char *argument) {
  long number = strtol(argument, NULL, 0);
  if (is(command, "make")) return make();
  if (is(command, "lock")) return lock();
  if (is(command, "unlock")) return unlock();
  if (is(command, "write")) return write_number((uint32_t)number);
  if (is(command, "put")) return put((uint32_t)number), 1;
  if (is(command, "run")) return run(number);
  if (is(command, "add")) return add(number);
  if (is(command, "show")) return show();
  if (is(command, "truncate")) return ftruncate(fd, number) == 0;
  if (is(command, "removeGuard")) return remove_guard();
  if (is(command, "makeGuard")) return make_guard();
  if (is(command, "remove")) return remove_segment();
  if (is(command, "die")) raise(SIGKILL);
  return 0;
}

int main(int argc, char **argv) {
  char line[256], command[32], argument[64];
  if (argc < 4) return 2;
  kind = argv[1];
  name = argv[2];
  guard = argv[3];
  guard_name = argc > 4 ? argv[4] : "";
  setvbuf(stdout, NULL, _IOLBF, 0);
  while (fgets(line, sizeof line, stdin) != NULL) {
    command[0] = argument[0] = '\0';
    sscanf(line, "%31s %63s", command, argument);
    int done = obey(command, argument);
    if (!is(command, "show") || !done) puts(done ? "ok" : "failed");
  }
  remove_segment();
  remove_guard();
  return 0;
}
