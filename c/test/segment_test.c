/* segment_test.c: attaching to memory of every kind that another program made, and making some for one. */
#include "segments.h"

#include "random.h"
#include "resources.h"

#include <sys/socket.h>

/* At a place that is aligned to nothing much, and on no page's boundary. */
enum { OFFSET = 3 * 4096 + 40, ROOM = 5 * 4096 };

struct tank {
  uint32_t level, limit;
  double temperature;
  char name[16];
};

static const struct tank first = {70, 100, 21.5, "north"}, second = {71, 100, 21.25, "north"};

enum { KINDS = 5 };

struct kind {
  isth_segment_name name;
  unsigned char *memory; /* as the old program has it mapped */
  size_t mapped;
};

/* One segment of each kind, made by hand. */
static void make_kinds(struct kind kinds[KINDS]) {
  int key = fresh_key(SEGMENT_KEY), other = fresh_key(SEGMENT_KEY);
  const char *object = fresh_name(OBJECT), *path = fresh_name(PATH);
  kinds[0] = (struct kind){{.kind = ISTH_SEGMENT_SYSTEM_V, .key = key}, old_segment(key, ROOM), 0};
  kinds[1] = (struct kind){{.kind = ISTH_SEGMENT_SYSTEM_V}, old_segment(other, ROOM), 0};
  kinds[1].name.id = shmget(other, 0, 0);
  kinds[2] = (struct kind){{.kind = ISTH_SEGMENT_POSIX, .name = object}, old_object(object, ROOM), ROOM};
  kinds[3] = (struct kind){{.kind = ISTH_SEGMENT_FILE, .name = path}, old_file(path, ROOM), ROOM};
  int fd = memfd_create("old", MFD_CLOEXEC);
  kinds[4] = (struct kind){{.kind = ISTH_SEGMENT_FD, .fd = fd}, old_mapping(dup(fd), ROOM), ROOM};
}

static void remove_kinds(struct kind kinds[KINDS]) {
  for (size_t i = 0; i < KINDS; i++) {
    if (kinds[i].mapped > 0) {
      munmap(kinds[i].memory, kinds[i].mapped);
    } else {
      shmdt(kinds[i].memory);
    }
  }
  close(kinds[4].name.fd);
  remove_belongings();
}

static isth_segment_options options_of(const struct kind *kind) {
  return (isth_segment_options){.name = kind->name, .offset = OFFSET, .bytes = sizeof(struct tank)};
}

static void what_an_old_program_wrote_is_read(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  for (size_t i = 0; i < KINDS; i++) {
    isth_segment_options options = options_of(&kinds[i]);
    memcpy(kinds[i].memory + OFFSET, &first, sizeof first);
    isth_segment *segment = must_attach(&options);
    struct tank tank;
    isth_segment_stamp stamp, again;
    CHECK_EQUAL(isth_segment_read(segment, 0, &tank, sizeof tank, 0, &stamp, NULL), 0);
    CHECK(memcmp(&tank, &first, sizeof tank) == 0);
    /* A part, with the version of the whole. */
    double temperature;
    CHECK_EQUAL(isth_segment_read(segment, offsetof(struct tank, temperature), &temperature, 8, 0, &again, NULL), 0);
    CHECK(temperature == first.temperature);
    CHECK(again.version == stamp.version);
    CHECK_EQUAL(isth_segment_read(segment, 0, NULL, 0, 0, &again, NULL), 0);
    CHECK(again.version == stamp.version);
    memcpy(kinds[i].memory + OFFSET, &second, sizeof second);
    CHECK_EQUAL(isth_segment_read(segment, 0, &tank, sizeof tank, 0, &again, NULL), 0);
    CHECK(memcmp(&tank, &second, sizeof tank) == 0);
    CHECK(again.version != stamp.version);
    memcpy(kinds[i].memory + OFFSET, &first, sizeof first);
    CHECK_EQUAL(isth_segment_read(segment, 0, &tank, sizeof tank, 0, &again, NULL), 0);
    CHECK(again.version == stamp.version);
    CHECK_EQUAL(isth_segment_write(segment, 0, &tank, sizeof tank, NULL, 0, NULL, NULL), ISTH_E_REGION_READ_ONLY);
    isth_segment_detach(segment);
  }
  remove_kinds(kinds);
}

static void what_is_written_an_old_program_reads(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  for (size_t i = 0; i < KINDS; i++) {
    isth_segment_options options = options_of(&kinds[i]);
    options.writable = true;
    memset(kinds[i].memory + OFFSET - 8, 0xAA, sizeof(struct tank) + 16);
    isth_segment *segment = must_attach(&options);
    isth_segment_stamp written, read;
    CHECK_EQUAL(isth_segment_write(segment, 0, &first, sizeof first, NULL, 0, &written, NULL), 0);
    CHECK(memcmp(kinds[i].memory + OFFSET, &first, sizeof first) == 0);
    CHECK_EQUAL(isth_segment_read(segment, 0, NULL, 0, 0, &read, NULL), 0);
    CHECK(written.version == read.version);
    uint32_t level = 99;
    CHECK_EQUAL(isth_segment_write(segment, offsetof(struct tank, level), &level, 4, NULL, 0, NULL, NULL), 0);
    CHECK_EQUAL(((struct tank *)(void *)(kinds[i].memory + OFFSET))->level, 99);
    /* Nothing beside it. */
    for (size_t at = 0; at < 8; at++) {
      CHECK_EQUAL(kinds[i].memory[OFFSET - 8 + at], 0xAA);
      CHECK_EQUAL(kinds[i].memory[OFFSET + sizeof(struct tank) + at], 0xAA);
    }
    isth_segment_detach(segment);
  }
  remove_kinds(kinds);
}

static void without_a_guard_only_what_cannot_tear_is_written(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  isth_segment_options options = options_of(&kinds[0]);
  options.writable = true;
  isth_segment *segment = must_attach(&options);
  unsigned char bytes[sizeof(struct tank)] = {1};
  uint64_t expected = 0;
  for (size_t size = 0; size <= sizeof bytes; size++) {
    for (size_t offset = 0; offset + size <= sizeof bytes; offset++) {
      bool whole = size == sizeof bytes, scalar = size == 1 || size == 2 || size == 4 || size == 8;
      int wanted = whole || (scalar && offset % size == 0) ? 0 : ISTH_E_INVALID_ARGUMENT;
      CHECK_EQUAL(isth_segment_write(segment, offset, bytes, size, NULL, 0, NULL, NULL), wanted);
    }
  }
  CHECK_EQUAL(isth_segment_write(segment, 0, bytes, sizeof bytes, &expected, 0, NULL, NULL), ISTH_E_INVALID_ARGUMENT);
  isth_segment_detach(segment);
  remove_kinds(kinds);
}

static void any_part_at_any_place_is_the_right_one(void) {
  enum { BYTES = 5000 };
  struct random random = random_start(7);
  const char *path = fresh_name(PATH);
  unsigned char *memory = old_file(path, 3 * BYTES), copy[BYTES], mirror[BYTES];
  for (size_t i = 0; i < 3 * BYTES; i++) memory[i] = (unsigned char)random_next(&random);
  for (size_t round = 0; round < 200; round++) {
    const char *lock = path;
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = path},
                                    .offset = random_below(&random, 2 * BYTES),
                                    .bytes = 1 + random_below(&random, BYTES),
                                    .writable = true,
                                    .guard = {.kind = ISTH_GUARD_FLOCK, .name = lock}};
    isth_segment *segment = must_attach(&options);
    size_t offset = random_below(&random, options.bytes), size = 1 + random_below(&random, options.bytes - offset);
    isth_segment_stamp read, after;
    CHECK_EQUAL(isth_segment_read(segment, offset, copy, size, 0, &read, NULL), 0);
    CHECK(memcmp(copy, memory + options.offset + offset, size) == 0);
    memcpy(mirror, memory + options.offset, options.bytes);
    for (size_t i = 0; i < size; i++) mirror[offset + i] = copy[i] = (unsigned char)random_next(&random);
    CHECK_EQUAL(isth_segment_write(segment, offset, copy, size, &read.version, 0, &after, NULL), 0);
    CHECK(memcmp(mirror, memory + options.offset, options.bytes) == 0);
    CHECK_EQUAL(isth_segment_read(segment, 0, NULL, 0, 0, &read, NULL), 0);
    CHECK(read.version == after.version);
    isth_segment_detach(segment);
  }
  munmap(memory, 3 * BYTES);
  remove_belongings();
}

static void far_beyond_what_32_bits_count(void) {
  static const size_t far = ((size_t)5 << 30) + 4093;
  int fd = memfd_create("sparse", MFD_CLOEXEC);
  CHECK_EQUAL(ftruncate(fd, (off_t)far + 16), 0);
  isth_segment_options options = {
      .name = {.kind = ISTH_SEGMENT_FD, .fd = fd}, .offset = far, .bytes = 16, .writable = true};
  isth_segment *segment = must_attach(&options);
  unsigned char value[16] = "0123456789abcde", back[16];
  CHECK_EQUAL(isth_segment_write(segment, 0, value, 16, NULL, 0, NULL, NULL), 0);
  CHECK_EQUAL(pread(fd, back, 16, (off_t)far), 16);
  CHECK(memcmp(value, back, 16) == 0);
  isth_segment_detach(segment);
  options.bytes = 17;
  must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the struct");
  close(fd);
}

static void a_reader_has_it_mapped_for_reading_only(void) {
  const char *path = fresh_name(PATH);
  munmap(old_file(path, ROOM), ROOM);
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = path}, .bytes = 8};
  isth_segment *segment = must_attach(&options);
  FILE *maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  char line[512];
  size_t count = 0;
  while (fgets(line, sizeof line, maps) != NULL) {
    if (strstr(line, path) == NULL) continue;
    CHECK(strstr(line, " r--s ") != NULL);
    count++;
  }
  fclose(maps);
  CHECK_EQUAL(count, 1);
  isth_segment_detach(segment);
  remove_belongings();
}

/* ---- what cannot be attached ---- */

static void a_struct_beyond_the_end_is_refused(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  static const size_t places[][2] = {
      {0, ROOM + 1},        {ROOM, 1},     {ROOM + 1, 1},     {ROOM - 8, 9},        {SIZE_MAX, 1},
      {SIZE_MAX, SIZE_MAX}, {1, SIZE_MAX}, {SIZE_MAX - 7, 8}, {(size_t)1 << 63, 8}, {8, (size_t)1 << 63}};
  for (size_t i = 0; i < KINDS; i++) {
    for (size_t j = 0; j < sizeof places / sizeof places[0]; j++) {
      isth_segment_options options = {.name = kinds[i].name, .offset = places[j][0], .bytes = places[j][1]};
      must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the struct");
    }
    isth_segment_options options = {.name = kinds[i].name, .offset = ROOM - 8, .bytes = 8};
    isth_segment_detach(must_attach(&options));
    options.guard = (isth_guard){.kind = ISTH_GUARD_SEQLOCK, .offset = ROOM, .width = 4};
    must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the guard");
    options.guard = (isth_guard){.kind = ISTH_GUARD_NONE};
    options.magic = "abcd";
    options.magic_bytes = 4;
    options.magic_offset = ROOM - 3;
    must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, "the magic");
    options.bytes = 0;
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "at least one byte");
  }
  /* Made, and not yet given its size. */
  const char *path = fresh_name(PATH);
  int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);
  close(fd);
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = path}, .bytes = 8};
  must_refuse(&options, ISTH_E_SEGMENT_TOO_SMALL, path);
  remove_kinds(kinds);
}

static void what_is_not_there_is_missing(void) {
  int key = fresh_key(SEGMENT_KEY), gone = fresh_key(SEGMENT_KEY);
  shmdt(old_segment(gone, 8));
  int id = shmget(gone, 0, 0);
  shmctl(id, IPC_RMID, NULL);
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_SYSTEM_V, .key = key},
                                     {.kind = ISTH_SEGMENT_SYSTEM_V, .id = id},
                                     {.kind = ISTH_SEGMENT_SYSTEM_V, .id = -1},
                                     {.kind = ISTH_SEGMENT_POSIX, .name = fresh_name(OBJECT)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = fresh_name(PATH)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = "/proc/version/none"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    isth_segment_options options = {.name = names[i], .bytes = 8};
    must_refuse(&options, ISTH_E_SEGMENT_MISSING, names[i].name == NULL ? "System V" : names[i].name);
  }
  remove_belongings();
}

static void names_that_are_none_are_refused(void) {
  char long_name[300];
  memset(long_name, 'a', sizeof long_name);
  long_name[0] = '/';
  long_name[sizeof long_name - 1] = 0;
  const char *names[] = {NULL, "", "/", "name", "/a/b", "/.", "/..", "//", long_name};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_POSIX, .name = names[i]}, .bytes = 8};
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "name");
    CHECK_EQUAL(isth_segment_remove(&options.name, NULL), ISTH_E_INVALID_ARGUMENT);
  }
  for (size_t i = 0; i < 2; i++) {
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = names[i]}, .bytes = 8};
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "path");
    CHECK_EQUAL(isth_segment_remove(&options.name, NULL), ISTH_E_INVALID_ARGUMENT);
  }
  isth_segment_options options = {.name = {.kind = (isth_segment_kind)9}, .bytes = 8};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "kind");
}

static void what_is_no_regular_file_is_refused_at_once(void) {
  const char *fifo = fresh_name(PATH), *link = fresh_name(PATH), *object = fresh_name(OBJECT);
  CHECK_EQUAL(mkfifo(fifo, 0600), 0);
  CHECK_EQUAL(symlink("/nowhere", link), 0);
  const char *paths[] = {fifo, "/tmp", "/dev/zero"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    for (int writable = 0; writable < 2; writable++) {
      isth_segment_options options = {
          .name = {.kind = ISTH_SEGMENT_FILE, .name = paths[i]}, .bytes = 8, .writable = writable != 0};
      must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
    }
  }
  /* A POSIX segment is no symbolic link: whoever may make one could lead us to any file. */
  char linked[128];
  snprintf(linked, sizeof linked, "/dev/shm%s", object);
  CHECK_EQUAL(symlink("/etc/passwd", linked), 0);
  isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_POSIX, .name = object}, .bytes = 8};
  must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
  int pipes[2], sockets[2];
  CHECK_EQUAL(pipe(pipes), 0);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const int descriptors[] = {pipes[0], sockets[0], -1};
  for (size_t i = 0; i < 3; i++) {
    options.name = (isth_segment_name){.kind = ISTH_SEGMENT_FD, .fd = descriptors[i]};
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "no regular file");
  }
  for (size_t i = 0; i < 2; i++) {
    close(pipes[i]);
    close(sockets[i]);
  }
  remove_belongings();
}

static void without_permission_nothing_is_attached(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  chmod(kinds[3].name.name, 0400);
  fchmod(kinds[4].name.fd, 0400);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", kinds[4].name.fd);
  int reading = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(reading >= 0);
  pid_t child = fork_child();
  if (child == 0) {
    if (geteuid() == 0) {
      CHECK_EQUAL(setgid(65534), 0);
      CHECK_EQUAL(setuid(65534), 0);
      /* Nobody's: neither reading nor writing. */
      for (size_t i = 0; i < 4; i++) {
        isth_segment_options options = options_of(&kinds[i]);
        must_refuse(&options, ISTH_E_PERMISSION_DENIED, "denied");
      }
    }
    /* Opened for reading only: no writing, and no mutex. */
    isth_segment_options options = options_of(&kinds[4]);
    options.name.fd = reading;
    isth_segment_detach(must_attach(&options));
    options.writable = true;
    must_refuse(&options, ISTH_E_PERMISSION_DENIED, "mmap");
    _exit(0);
  }
  wait_for(child);
  close(reading);
  remove_kinds(kinds);
}

static void a_reader_needs_to_write_a_mutex(void) {
  const char *path = fresh_name(PATH);
  munmap(old_file(path, ROOM), ROOM);
  chmod(path, 0444);
  pid_t child = fork_child();
  if (child == 0) {
    if (geteuid() == 0) CHECK_EQUAL(setuid(65534), 0);
    isth_segment_options options = {.name = {.kind = ISTH_SEGMENT_FILE, .name = path}, .bytes = 8};
    isth_segment_detach(must_attach(&options));
    options.guard = (isth_guard){.kind = ISTH_GUARD_MUTEX};
    must_refuse(&options, ISTH_E_PERMISSION_DENIED, "taking a mutex");
    _exit(0);
  }
  wait_for(child);
  remove_belongings();
}

static void another_magic_is_a_mismatch(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  for (size_t i = 0; i < KINDS; i++) {
    isth_segment_options options = options_of(&kinds[i]);
    options.magic = "TANK\0\1";
    options.magic_bytes = 6;
    options.magic_offset = 4093; /* over the boundary of a page */
    must_refuse(&options, ISTH_E_SEGMENT_MISMATCH, "magic at 4093");
    memcpy(kinds[i].memory + 4093, "TANK\0\1", 6);
    isth_segment_detach(must_attach(&options));
    kinds[i].memory[4093 + 5] = 2;
    must_refuse(&options, ISTH_E_SEGMENT_MISMATCH, "magic at 4093");
    options.magic = NULL;
    must_refuse(&options, ISTH_E_INVALID_ARGUMENT, "magic");
  }
  remove_kinds(kinds);
}

/* ---- which one it is ---- */

static void one_that_takes_its_place_is_told_from_it(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  isth_segment *segments[KINDS];
  uint64_t identities[KINDS];
  for (size_t i = 0; i < KINDS; i++) {
    isth_segment_options options = options_of(&kinds[i]);
    segments[i] = must_attach(&options);
    identities[i] = isth_segment_identity(segments[i]);
    isth_segment *again = must_attach(&options);
    CHECK(isth_segment_current(segments[i]));
    CHECK(identities[i] == isth_segment_identity(again));
    isth_segment_detach(again);
    for (size_t j = 0; j < i; j++) CHECK(identities[i] != identities[j]);
  }
  /* Removed. */
  for (size_t i = 0; i < 4; i++) {
    CHECK_EQUAL(isth_segment_remove(&kinds[i].name, NULL), 0);
    CHECK(!isth_segment_current(segments[i]));
    unsigned char byte;
    CHECK_EQUAL(isth_segment_read(segments[i], 0, &byte, 1, 0, NULL, NULL), 0);
  }
  CHECK(isth_segment_current(segments[4]));
  /* Made anew. */
  for (size_t i = 0; i < 4; i++) {
    if (i == 1) continue; /* an id is never used again */
    isth_segment_creation creation = {.name = kinds[i].name, .bytes = ROOM, .uid = -1, .gid = -1};
    CHECK_EQUAL(isth_segment_create(&creation, NULL), 0);
    CHECK(!isth_segment_current(segments[i]));
    isth_segment_options options = options_of(&kinds[i]);
    isth_segment *other = must_attach(&options);
    CHECK(identities[i] != isth_segment_identity(other));
    isth_segment_detach(other);
  }
  for (size_t i = 0; i < KINDS; i++) isth_segment_detach(segments[i]);
  remove_kinds(kinds);
}

/* A file system gives the number of an inode that is gone to the next file. */
static void one_that_comes_after_it_is_told_from_it(void) {
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_POSIX, .name = fresh_name(OBJECT)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = fresh_name(PATH)}};
  for (size_t i = 0; i < 2; i++) {
    uint64_t last = 0;
    for (size_t round = 0; round < 20; round++) {
      isth_segment_creation creation = {.name = names[i], .bytes = 8, .uid = -1, .gid = -1};
      isth_segment_options options = {.name = names[i], .bytes = 8};
      CHECK_EQUAL(isth_segment_create(&creation, NULL), 0);
      isth_segment *segment = must_attach(&options);
      CHECK(isth_segment_identity(segment) != last);
      last = isth_segment_identity(segment);
      isth_segment_detach(segment);
      CHECK_EQUAL(isth_segment_remove(&names[i], NULL), 0);
      usleep(12000); /* the clock of file systems ticks that often */
    }
  }
}

/* ---- making and removing ---- */

static unsigned int mode_of(const isth_segment_name *name, unsigned int *uid) {
  struct stat status;
  struct shmid_ds segment;
  char path[128];
  if (name->kind == ISTH_SEGMENT_SYSTEM_V) {
    CHECK_EQUAL(shmctl(shmget(name->key, 0, 0), IPC_STAT, &segment), 0);
    *uid = segment.shm_perm.uid;
    return segment.shm_perm.mode & 0777;
  }
  snprintf(path, sizeof path, "%s%s", name->kind == ISTH_SEGMENT_POSIX ? "/dev/shm" : "", name->name);
  CHECK_EQUAL(stat(path, &status), 0);
  *uid = status.st_uid;
  return status.st_mode & 07777;
}

static void what_is_made_is_as_asked_for(void) {
  static const unsigned int masks[] = {0, 022, 077, 0777}, modes[] = {0, 0600, 0640, 0666, 0444, 0777};
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_SYSTEM_V, .key = fresh_key(SEGMENT_KEY)},
                                     {.kind = ISTH_SEGMENT_POSIX, .name = fresh_name(OBJECT)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = fresh_name(PATH)}};
  unsigned int before = umask(0);
  for (size_t i = 0; i < 3; i++) {
    for (size_t j = 0; j < 4; j++) {
      for (size_t k = 0; k < 6; k++) {
        bool gives = geteuid() == 0 && k % 2 == 0;
        isth_segment_creation creation = {
            .name = names[i], .bytes = 12345, .mode = modes[k], .uid = gives ? 65534 : -1, .gid = -1};
        umask(masks[j]);
        CHECK_EQUAL(isth_segment_create(&creation, NULL), 0);
        unsigned int uid;
        CHECK_EQUAL(mode_of(&names[i], &uid), modes[k] == 0 ? 0600 : modes[k]);
        CHECK_EQUAL(uid, gives ? 65534 : geteuid());
        isth_failure failure;
        CHECK_EQUAL(isth_segment_create(&creation, &failure), ISTH_E_SEGMENT_EXISTS);
        isth_segment_options options = {.name = names[i], .bytes = 12345};
        must_refuse(&(isth_segment_options){.name = names[i], .bytes = 12346}, ISTH_E_SEGMENT_TOO_SMALL, "12345");
        isth_segment *segment = must_attach(&options);
        unsigned char bytes[12345];
        CHECK_EQUAL(isth_segment_read(segment, 0, bytes, sizeof bytes, 0, NULL, NULL), 0);
        for (size_t at = 0; at < sizeof bytes; at++) CHECK_EQUAL(bytes[at], 0);
        isth_segment_detach(segment);
        CHECK_EQUAL(isth_segment_remove(&names[i], NULL), 0);
        CHECK_EQUAL(isth_segment_remove(&names[i], &failure), ISTH_E_SEGMENT_MISSING);
        must_refuse(&options, ISTH_E_SEGMENT_MISSING, "");
      }
    }
  }
  umask(before);
}

static void what_cannot_be_made_leaves_nothing(void) {
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_SYSTEM_V, .key = fresh_key(SEGMENT_KEY)},
                                     {.kind = ISTH_SEGMENT_POSIX, .name = fresh_name(OBJECT)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = fresh_name(PATH)}};
  size_t descriptors = count_descriptors();
  for (size_t i = 0; i < 3; i++) {
    isth_segment_creation creation = {.name = names[i], .bytes = (size_t)1 << 62, .uid = -1, .gid = -1};
    int error = isth_segment_create(&creation, NULL);
    CHECK(error == ISTH_E_OUT_OF_MEMORY || error == ISTH_E_INVALID_ARGUMENT);
    creation.bytes = SIZE_MAX;
    CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
    creation.bytes = 0;
    CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
    creation.bytes = 8;
    creation.mode = 04755;
    CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
    creation.mode = 0600;
    creation.uid = UINT32_MAX;
    CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
    creation.uid = -1;
    creation.gid = -2;
    CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
    /* Who may not give it away does not keep it either. Of System V memory, anybody may. */
    pid_t child = fork_child();
    if (child == 0) {
      if (geteuid() == 0) CHECK_EQUAL(setuid(65534), 0);
      creation.uid = 1;
      creation.gid = -1;
      CHECK_EQUAL(isth_segment_create(&creation, NULL), i == 0 ? 0 : ISTH_E_PERMISSION_DENIED);
      if (i == 0) CHECK_EQUAL(isth_segment_remove(&names[i], NULL), 0);
      _exit(0);
    }
    wait_for(child);
    must_refuse(&(isth_segment_options){.name = names[i], .bytes = 1}, ISTH_E_SEGMENT_MISSING, "");
  }
  isth_segment_creation creation = {.name = {.kind = ISTH_SEGMENT_SYSTEM_V}, .bytes = 8, .uid = -1, .gid = -1};
  CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
  creation.name = (isth_segment_name){.kind = ISTH_SEGMENT_FD, .fd = 0};
  CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
  creation.name = (isth_segment_name){.kind = ISTH_SEGMENT_FILE, .name = "/nowhere/at/all"};
  CHECK_EQUAL(isth_segment_create(&creation, NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(count_descriptors(), descriptors);
}

static void only_segments_are_removed(void) {
  const char *link = fresh_name(PATH), *path = fresh_name(PATH);
  munmap(old_file(path, 8), 8);
  CHECK_EQUAL(symlink(path, link), 0);
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_FILE, .name = link},
                                     {.kind = ISTH_SEGMENT_FILE, .name = "/tmp"},
                                     {.kind = ISTH_SEGMENT_FD, .fd = 0}};
  for (size_t i = 0; i < 3; i++) CHECK_EQUAL(isth_segment_remove(&names[i], NULL), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(access(link, F_OK), 0);
  const isth_segment_name none = {.kind = ISTH_SEGMENT_SYSTEM_V, .id = -1};
  CHECK_EQUAL(isth_segment_remove(&none, NULL), ISTH_E_SEGMENT_MISSING);
  int key = fresh_key(SEGMENT_KEY);
  shmdt(old_segment(key, 8));
  pid_t child = fork_child();
  if (child == 0) {
    if (geteuid() == 0) {
      CHECK_EQUAL(setuid(65534), 0);
      const isth_segment_name other = {.kind = ISTH_SEGMENT_SYSTEM_V, .key = key};
      CHECK_EQUAL(isth_segment_remove(&other, NULL), ISTH_E_PERMISSION_DENIED);
      const isth_segment_name file = {.kind = ISTH_SEGMENT_FILE, .name = path};
      CHECK_EQUAL(isth_segment_remove(&file, NULL), ISTH_E_PERMISSION_DENIED);
    }
    _exit(0);
  }
  wait_for(child);
  const isth_segment_name by_id = {.kind = ISTH_SEGMENT_SYSTEM_V, .id = shmget(key, 0, 0)};
  CHECK_EQUAL(isth_segment_remove(&by_id, NULL), 0);
  CHECK(shmget(key, 0, 0) < 0);
  remove_belongings();
}

static void all_is_given_back(void) {
  struct kind kinds[KINDS];
  make_kinds(kinds);
  size_t descriptors = count_descriptors();
  for (size_t i = 0; i < KINDS; i++) {
    isth_segment_options options = options_of(&kinds[i]);
    for (size_t round = 0; round < 50; round++) {
      isth_segment_detach(must_attach(&options));
      isth_segment *segment;
      options.magic = "none";
      options.magic_bytes = 4;
      CHECK_EQUAL(isth_segment_attach(&segment, &options, NULL), ISTH_E_SEGMENT_MISMATCH);
      options.magic_bytes = 0;
    }
    struct shmid_ds status;
    if (i >= 2) continue;
    CHECK_EQUAL(shmctl(i == 1 ? kinds[i].name.id : shmget(kinds[i].name.key, 0, 0), IPC_STAT, &status), 0);
    CHECK_EQUAL(status.shm_nattch, 1);
  }
  CHECK_EQUAL(count_descriptors(), descriptors);
  FILE *maps = fopen("/proc/self/maps", "r");
  CHECK(maps != NULL);
  char line[512];
  size_t mapped = 0;
  while (fgets(line, sizeof line, maps) != NULL)
    mapped += strstr(line, kinds[2].name.name) != NULL || strstr(line, kinds[3].name.name) != NULL;
  fclose(maps);
  CHECK_EQUAL(mapped, 2);
  isth_segment_detach(NULL);
  remove_kinds(kinds);
}

int main(void) {
  static const struct test_case tests[] = {
      {"what an old program wrote is read", what_an_old_program_wrote_is_read},
      {"what is written an old program reads", what_is_written_an_old_program_reads},
      {"without a guard only what cannot tear is written", without_a_guard_only_what_cannot_tear_is_written},
      {"any part at any place is the right one", any_part_at_any_place_is_the_right_one},
      {"far beyond what 32 bits count", far_beyond_what_32_bits_count},
      {"a reader has it mapped for reading only", a_reader_has_it_mapped_for_reading_only},
      {"a struct beyond the end is refused", a_struct_beyond_the_end_is_refused},
      {"what is not there is missing", what_is_not_there_is_missing},
      {"names that are none are refused", names_that_are_none_are_refused},
      {"what is no regular file is refused at once", what_is_no_regular_file_is_refused_at_once},
      {"without permission nothing is attached", without_permission_nothing_is_attached},
      {"a reader needs to write a mutex", a_reader_needs_to_write_a_mutex},
      {"another magic is a mismatch", another_magic_is_a_mismatch},
      {"one that takes its place is told from it", one_that_takes_its_place_is_told_from_it},
      {"one that comes after it is told from it", one_that_comes_after_it_is_told_from_it},
      {"what is made is as asked for", what_is_made_is_as_asked_for},
      {"what cannot be made leaves nothing", what_cannot_be_made_leaves_nothing},
      {"only segments are removed", only_segments_are_removed},
      {"all is given back", all_is_given_back},
  };
  return RUN_TESTS("segment_test", tests);
}
