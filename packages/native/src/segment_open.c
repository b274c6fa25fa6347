/* segment_open.c: attaching to segments, making and removing them. Files may be slow, so the first two are jobs. */
#include "job.h"
#include "segment.h"

#include <stdlib.h>
#include <string.h>

struct opening {
  struct job job;
  bool create;                  /* or attach */
  isth_segment_options options; /* its texts and its magic are `texts`' */
  isth_segment_creation creation;
  void *texts[3];
  isth_segment *segment;
};

static void execute(struct job *job) {
  struct opening *opening = (struct opening *)(void *)job;
  job->status = opening->create ? isth_segment_create(&opening->creation, &job->failure)
                                : isth_segment_attach(&opening->segment, &opening->options, &job->failure);
}

static napi_value settle(napi_env env, struct job *job) {
  struct opening *opening = (struct opening *)(void *)job;
  napi_value undefined;
  if (opening->create) return napi_get_undefined(env, &undefined) == napi_ok ? undefined : NULL;
  isth_segment *segment = opening->segment;
  opening->segment = NULL;
  return segment_object(env, segment, opening->options.bytes);
}

static void discard(napi_env env, struct job *job) {
  struct opening *opening = (struct opening *)(void *)job;
  (void)env;
  isth_segment_detach(opening->segment);
  for (size_t i = 0; i < sizeof opening->texts / sizeof opening->texts[0]; i++) free(opening->texts[i]);
  free(opening);
}

/* Makes `copy` one of a property that is a text; NULL where it is none. False: there is no memory. */
static bool text_option(napi_env env, napi_value options, const char *name, void **copy) {
  napi_value value;
  size_t size;
  if (napi_get_named_property(env, options, name, &value) != napi_ok ||
      napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok)
    return true;
  *copy = malloc(size + 1);
  return *copy != NULL && napi_get_value_string_utf8(env, value, *copy, size + 1, NULL) == napi_ok;
}

/* The same of the magic. */
static bool read_magic(napi_env env, napi_value options, struct opening *opening) {
  napi_value value;
  bool there = false;
  size_t size = 0;
  void *bytes = NULL;
  if (napi_get_named_property(env, options, "magic", &value) != napi_ok) return true;
  napi_is_typedarray(env, value, &there);
  if (!there || napi_get_typedarray_info(env, value, NULL, &size, &bytes, NULL, NULL) != napi_ok || size == 0)
    return true;
  opening->texts[2] = malloc(size);
  if (opening->texts[2] == NULL) return false;
  opening->options.magic = memcpy(opening->texts[2], bytes, size);
  opening->options.magic_bytes = size;
  opening->options.magic_offset = (size_t)number_option(env, options, "magicOffset", 0);
  return true;
}

/* The options of all three: numbers and texts that segment.ts names. */
static struct opening *opening_create(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value given;
  napi_get_cb_info(env, info, &count, &given, NULL, NULL);
  struct opening *opening = calloc(1, sizeof *opening);
  if (opening == NULL) {
    throw_status(env, ISTH_E_OUT_OF_MEMORY, "a segment");
    return NULL;
  }
  opening->job = (struct job){.execute = execute, .settle = settle, .discard = discard};
  if (!text_option(env, given, "name", &opening->texts[0]) ||
      !text_option(env, given, "guardName", &opening->texts[1]) || !read_magic(env, given, opening)) {
    discard(env, &opening->job);
    throw_status(env, ISTH_E_OUT_OF_MEMORY, "a segment");
    return NULL;
  }
  isth_segment_options *options = &opening->options;
  options->name.name = opening->texts[0];
  options->guard.name = opening->texts[1];
  options->name.kind = (isth_segment_kind)(int)number_option(env, given, "kind", 0);
  options->name.key = (int)number_option(env, given, "key", 0);
  options->name.id = (int)number_option(env, given, "id", 0);
  options->name.fd = (int)number_option(env, given, "fd", 0);
  options->offset = (size_t)number_option(env, given, "offset", 0);
  options->bytes = (size_t)number_option(env, given, "bytes", 0);
  options->writable = number_option(env, given, "writable", 0) != 0;
  isth_guard *guard = &options->guard;
  guard->kind = (isth_guard_kind)(int)number_option(env, given, "guard", 0);
  guard->offset = (size_t)number_option(env, given, "guardOffset", 0);
  guard->width = (size_t)number_option(env, given, "guardWidth", 0);
  guard->key = (int)number_option(env, given, "guardKey", 0);
  guard->id = (int)number_option(env, given, "guardId", 0);
  guard->number = (unsigned int)number_option(env, given, "guardNumber", 0);
  guard->undo = number_option(env, given, "guardUndo", 0) != 0;
  opening->creation = (isth_segment_creation){.name = options->name,
                                              .bytes = options->bytes,
                                              .mode = (unsigned int)number_option(env, given, "mode", 0),
                                              .uid = (int64_t)number_option(env, given, "uid", 0),
                                              .gid = (int64_t)number_option(env, given, "gid", 0)};
  return opening;
}

/* attachSegment(options): a promise of a segment object. */
napi_value attach_segment(napi_env env, napi_callback_info info) {
  struct opening *opening = opening_create(env, info);
  return opening == NULL ? NULL : job_start(env, &opening->job, "isthmus.segment", true);
}

/* createSegment(options): a promise of nothing. */
napi_value create_segment(napi_env env, napi_callback_info info) {
  struct opening *opening = opening_create(env, info);
  if (opening == NULL) return NULL;
  opening->create = true;
  return job_start(env, &opening->job, "isthmus.segment", true);
}

/* removeSegment(options): one system call. */
napi_value remove_segment(napi_env env, napi_callback_info info) {
  struct opening *opening = opening_create(env, info);
  if (opening == NULL) return NULL;
  isth_failure failure = {0};
  int status = isth_segment_remove(&opening->options.name, &failure);
  discard(env, &opening->job);
  return status == 0 ? NULL : throw_status(env, status, failure.message);
}
