/* segment_test.c: reading and writing memory of every kind that another program made. */
#include "kinds.h"

#include "random.h"
#include "resources.h"

static const struct tank first = {70, 100, 21.5, "north"}, second = {71, 100, 21.25, "north"};

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
  if (is_linux_only("when a file was made")) return;
  const isth_segment_name names[] = {{.kind = ISTH_SEGMENT_POSIX, .name = fresh_name(OBJECT)},
                                     {.kind = ISTH_SEGMENT_FILE, .name = fresh_name(PATH)}};
  for (size_t i = 0; i < 2; i++) {
    uint64_t last = 0;
    for (size_t round = 0; round < 20; round++) {
      struct timespec made, now;
      isth_segment_creation creation = {.name = names[i], .bytes = 8, .uid = -1, .gid = -1};
      isth_segment_options options = {.name = names[i], .bytes = 8};
      CHECK_EQUAL(isth_segment_create(&creation, NULL), 0);
      clock_gettime(CLOCK_REALTIME_COARSE, &made);
      isth_segment *segment = must_attach(&options);
      CHECK(isth_segment_identity(segment) != last);
      last = isth_segment_identity(segment);
      isth_segment_detach(segment);
      CHECK_EQUAL(isth_segment_remove(&names[i], NULL), 0);
      /* The clock of file systems has to tick. */
      WAIT_UNTIL(
          (clock_gettime(CLOCK_REALTIME_COARSE, &now), now.tv_sec != made.tv_sec || now.tv_nsec != made.tv_nsec));
    }
  }
}

/* ---- detaching ---- */

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
      {"one that takes its place is told from it", one_that_takes_its_place_is_told_from_it},
      {"one that comes after it is told from it", one_that_comes_after_it_is_told_from_it},
      {"all is given back", all_is_given_back},
  };
  return RUN_TESTS("segment_test", tests);
}
