/*
 * segment.c: reading and writing an attached segment. First without waiting, in the same crossing; where the guard is not free, as a
 * job. What was read, or is to be written, lies in a buffer of JavaScript's: the version, 8 bytes, then the struct.
 */
#include "segment.h"
#include "job.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_BYTES = 8 };

struct segment {
  isth_segment *memory; /* NULL once detached */
  size_t bytes;
  struct shared_buffer buffer;
  bool busy;           /* a job has it */
  atomic_uint holders; /* the JavaScript object, and the job: whoever lets go last detaches */
};

/* One reading or writing. */
struct access {
  struct job job;
  struct segment *segment;
  bool write, stamped, expects;
  size_t offset, size;
  uint64_t expected, timeout_ns;
  isth_segment_stamp stamp;
  unsigned char
      *bytes; /* `size` of them: of the buffer, or, in a job, a copy, since the buffer's may be gone before it ends */
};

static void let_go(struct segment *segment) {
  if (atomic_fetch_sub_explicit(&segment->holders, 1, memory_order_acq_rel) != 1) return;
  isth_segment_detach(segment->memory);
  free(segment);
}

static int perform(struct access *access, uint64_t timeout_ns, isth_failure *failure) {
  isth_segment_stamp *stamp = access->stamped ? &access->stamp : NULL;
  isth_segment *memory = access->segment->memory;
  if (!access->write)
    return isth_segment_read(memory, access->offset, access->bytes, access->size, timeout_ns, stamp, failure);
  return isth_segment_write(memory, access->offset, access->bytes, access->size,
                            access->expects ? &access->expected : NULL, timeout_ns, stamp, failure);
}

static void put_version(const struct access *access) {
  if (access->stamped) memcpy(access->segment->buffer.bytes, &access->stamp.version, VERSION_BYTES);
}

static void execute(struct job *job) {
  struct access *access = (struct access *)(void *)job;
  job->status = perform(access, access->timeout_ns, &job->failure);
}

static napi_value settle(napi_env env, struct job *job) {
  struct access *access = (struct access *)(void *)job;
  napi_value undefined;
  if (!access->write)
    memcpy(access->segment->buffer.bytes + VERSION_BYTES + access->offset, access->bytes, access->size);
  put_version(access);
  napi_get_undefined(env, &undefined);
  return undefined;
}

static void discard(napi_env env, struct job *job) {
  struct access *access = (struct access *)(void *)job;
  /* Where the environment has ended, nobody calls any more. */
  if (env != NULL) access->segment->busy = false;
  let_go(access->segment);
  free(access->bytes);
  free(access);
}

static napi_value start_waiting(napi_env env, napi_value object, const struct access *given) {
  struct access *access = malloc(sizeof *access);
  unsigned char *copy = malloc(given->size);
  napi_ref reference;
  if (access == NULL || copy == NULL || napi_create_reference(env, object, 1, &reference) != napi_ok) {
    free(access);
    free(copy);
    return throw_status(env, ISTH_E_OUT_OF_MEMORY, "to wait for a guard");
  }
  *access = *given;
  /* The object keeps the buffer. */
  access->job = (struct job){.execute = execute, .settle = settle, .discard = discard, .kept = {reference}};
  access->bytes = memcpy(copy, given->bytes, given->size);
  access->segment->busy = true;
  atomic_fetch_add_explicit(&access->segment->holders, 1, memory_order_relaxed);
  return job_start(env, &access->job, "isthmus.segment", true);
}

/* The segment of a call; NULL, and an exception, once it is detached. */
static struct segment *segment_arguments(napi_env env, napi_callback_info info, size_t *count, napi_value *values,
                                         napi_value *object) {
  void *data;
  if (napi_get_cb_info(env, info, count, values, object, &data) != napi_ok) return NULL;
  struct segment *segment = data;
  if (segment->memory != NULL && !segment->busy) return segment;
  throw_status(env, segment->busy ? ISTH_E_INTERNAL : ISTH_E_CLOSED, "");
  return NULL;
}

/* Takes (offset, size, ...). False, and an exception, where they are not within the struct. */
static bool range_arguments(napi_env env, const napi_value *values, struct access *access) {
  double offset = -1, size = -1;
  napi_get_value_double(env, values[0], &offset);
  napi_get_value_double(env, values[1], &size);
  double bytes = (double)access->segment->bytes;
  if (!(offset >= 0 && offset <= bytes && size >= 1 && size <= bytes - offset)) {
    throw_status(env, ISTH_E_INVALID_ARGUMENT, "the part is not within the struct");
    return false;
  }
  access->offset = (size_t)offset;
  access->size = (size_t)size;
  access->bytes = access->segment->buffer.bytes + VERSION_BYTES + access->offset;
  return true;
}

/* Without a timeout: a boolean, false where the guard is not free. With one: a promise. */
static napi_value carry_out(napi_env env, napi_value object, struct access *access, napi_value timeout) {
  napi_value result;
  napi_valuetype type = napi_undefined;
  double timeout_ms = 0;
  napi_typeof(env, timeout, &type);
  if (type == napi_number) {
    napi_get_value_double(env, timeout, &timeout_ms);
    access->timeout_ns = (uint64_t)(timeout_ms * 1e6);
    return start_waiting(env, object, access);
  }
  isth_failure failure = {0};
  int status = perform(access, 0, &failure);
  bool busy = status == ISTH_E_LOCK_TIMEOUT || status == ISTH_E_REGION_BUSY;
  if (status != 0 && !busy) return throw_status(env, status, failure.message);
  if (status == 0) put_version(access);
  napi_get_boolean(env, status == 0, &result);
  return result;
}

/* read(offset, size, stamped, timeoutMs?) */
static napi_value read_segment(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value values[4], object;
  struct access access = {.segment = segment_arguments(env, info, &count, values, &object)};
  if (access.segment == NULL || !range_arguments(env, values, &access)) return NULL;
  napi_get_value_bool(env, values[2], &access.stamped);
  return carry_out(env, object, &access, values[3]);
}

/* write(offset, size, expected | undefined, timeoutMs?) */
static napi_value write_segment(napi_env env, napi_callback_info info) {
  size_t count = 4;
  bool lossless;
  napi_value values[4], object;
  struct access access = {
      .segment = segment_arguments(env, info, &count, values, &object), .write = true, .stamped = true};
  if (access.segment == NULL || !range_arguments(env, values, &access)) return NULL;
  access.expects = napi_get_value_bigint_uint64(env, values[2], &access.expected, &lossless) == napi_ok;
  return carry_out(env, object, &access, values[3]);
}

/* isCurrent() */
static napi_value is_current(napi_env env, napi_callback_info info) {
  napi_value object, result;
  struct segment *segment = segment_arguments(env, info, NULL, NULL, &object);
  if (segment == NULL) return NULL;
  napi_get_boolean(env, isth_segment_current(segment->memory), &result);
  return result;
}

/* detach(): any number of times. */
static napi_value detach_object(napi_env env, napi_callback_info info) {
  void *data;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  struct segment *segment = data;
  if (segment->busy) return throw_status(env, ISTH_E_INTERNAL, "");
  isth_segment_detach(segment->memory);
  segment->memory = NULL;
  return NULL;
}

static void finalize_object(napi_env env, void *data, void *hint) {
  struct segment *segment = data;
  (void)hint;
  shared_buffer_release(env, &segment->buffer);
  let_go(segment);
}

static bool share(napi_env env, struct segment *segment, napi_value object) {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
      {"read", read_segment}, {"write", write_segment}, {"isCurrent", is_current}, {"detach", detach_object}};
  napi_value value;
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, segment, &value) !=
            napi_ok ||
        napi_set_named_property(env, object, functions[i].name, value) != napi_ok)
      return false;
  }
  return napi_create_bigint_uint64(env, isth_segment_identity(segment->memory), &value) == napi_ok &&
         napi_set_named_property(env, object, "identity", value) == napi_ok &&
         shared_buffer_create(env, &segment->buffer, VERSION_BYTES + segment->bytes) &&
         napi_get_reference_value(env, segment->buffer.reference, &value) == napi_ok &&
         napi_set_named_property(env, object, "buffer", value) == napi_ok;
}

napi_value segment_object(napi_env env, isth_segment *memory, size_t bytes) {
  napi_value object;
  struct segment *segment = calloc(1, sizeof *segment);
  if (segment == NULL) {
    isth_segment_detach(memory);
    return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a segment");
  }
  segment->memory = memory;
  segment->bytes = bytes;
  atomic_init(&segment->holders, 1);
  if (napi_create_object(env, &object) != napi_ok ||
      napi_add_finalizer(env, object, segment, finalize_object, NULL, NULL) != napi_ok) {
    let_go(segment);
  } else if (share(env, segment, object)) {
    return object;
  }
  return throw_status(env, ISTH_E_OUT_OF_MEMORY, "a segment's buffer");
}
