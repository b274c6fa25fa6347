/* kinds.h: one segment of each kind, as an old program has it, with a struct in the midst. */
#ifndef ISTH_TEST_KINDS_H
#define ISTH_TEST_KINDS_H

#include "segments.h"

/* At a place that is aligned to nothing much, and on no page's boundary. */
enum { OFFSET = 3 * 4096 + 40, ROOM = 5 * 4096 };

struct tank {
  uint32_t level, limit;
  double temperature;
  char name[16];
};

enum { KINDS = 5 };

struct kind {
  isth_segment_name name;
  unsigned char *memory; /* as the old program has it mapped */
  size_t mapped;
};

/* One segment of each kind, made by hand. */
static inline void make_kinds(struct kind kinds[KINDS]) {
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

static inline void remove_kinds(struct kind kinds[KINDS]) {
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

static inline isth_segment_options options_of(const struct kind *kind) {
  return (isth_segment_options){.name = kind->name, .offset = OFFSET, .bytes = sizeof(struct tank)};
}

#endif
