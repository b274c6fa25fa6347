/* provide_test.c: making segments for other programs, and removing them. */
#include "segments.h"

#include "resources.h"

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

int main(void) {
  static const struct test_case tests[] = {
      {"what is made is as asked for", what_is_made_is_as_asked_for},
      {"what cannot be made leaves nothing", what_cannot_be_made_leaves_nothing},
      {"only segments are removed", only_segments_are_removed},
  };
  return RUN_TESTS("provide_test", tests);
}
