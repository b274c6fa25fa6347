/* The C half of probe.schema.ts. */
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static _Atomic int64_t total;

static void identify(const isth_call *call, uint32_t tag, probe_identity *out) {
  out->pid = (uint32_t)getpid();
  out->thread = isth_call_thread(call);
  out->tag = tag;
}

/* The reply is the request, byte for byte. */
static int echo_bytes(isth_bytes in, isth_message *out) {
  return isth_message_write(out, in.data, in.length) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

static void pause_for(uint32_t microseconds) {
  struct timespec left = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

int probe_on_echo(isth_call *call, const probe_everything *in, probe_everything *out) {
  (void)call;
  *out = *in;
  return 0;
}

int probe_on_double(isth_call *call, const probe_number64 *in, probe_number64 *out) {
  (void)call;
  out->value = (int64_t)((uint64_t)in->value * 2);
  return 0;
}

int probe_on_blob(isth_call *call, const probe_blob *in, probe_blob *out) {
  (void)call;
  *out = *in;
  return 0;
}

int probe_on_ping(isth_call *call) {
  (void)call;
  return 0;
}

int probe_on_add(isth_call *call, const probe_number64 *in) {
  (void)call;
  total += in->value;
  return 0;
}

int probe_on_total(isth_call *call, probe_number64 *out) {
  (void)call;
  out->value = total;
  return 0;
}

int probe_on_sleep(isth_call *call, const probe_pause *in, probe_identity *out) {
  pause_for(in->microseconds);
  identify(call, in->tag, out);
  return 0;
}

int probe_on_idempotent_sleep(isth_call *call, const probe_pause *in, probe_identity *out) {
  return probe_on_sleep(call, in, out);
}

int probe_on_status(isth_call *call, const probe_code *in, probe_identity *out) {
  total += 1;
  identify(call, 0, out);
  return in->code;
}

int probe_on_refuse(isth_call *call, const probe_code *in) {
  return isth_refuse(call, in->code,
                     "refused with %d, t\xc3\xb6"
                     "dlich",
                     in->code);
}

int probe_on_bad_enum(isth_call *call, probe_everything *out) {
  int wrong = 77;
  (void)call;
  memcpy(&out->colour, &wrong, sizeof wrong);
  return 0;
}

int probe_on_bad_size(isth_call *call, probe_everything *out) {
  (void)out;
  return isth_call_output(call, 3) == NULL ? ISTH_E_REPLY_TOO_LARGE : 0;
}

int probe_on_not_a_number(isth_call *call, probe_everything *out) {
  (void)call;
  out->precise = NAN;
  out->single = INFINITY;
  return 0;
}

int probe_on_context(isth_call *call, probe_context *out) {
  const isth_trace *trace = isth_call_trace(call);
  for (size_t i = 0; i < sizeof trace->trace_id; i++) snprintf(out->trace_id + 2 * i, 3, "%02x", trace->trace_id[i]);
  for (size_t i = 0; i < sizeof trace->span_id; i++) snprintf(out->span_id + 2 * i, 3, "%02x", trace->span_id[i]);
  out->remaining_ns = isth_call_remaining_ns(call);
  out->call_id = isth_call_id(call);
  return 0;
}

int probe_on_crash(isth_call *call) {
  (void)call;
  raise(SIGKILL);
  return 0;
}

int probe_on_idempotent_crash(isth_call *call) { return probe_on_crash(call); }

int probe_on_kinds(isth_call *call, const probe_kinds *in, probe_kinds *out) {
  const isth_message *from = isth_call_in(call);
  (void)in;
  (void)out;
  isth_message *to = isth_call_out(call);
  isth_message_begin(to, 0);
  return echo_bytes((isth_bytes){from->bytes, from->size}, to);
}

static bool copy_tags(const isth_message *from, const probe_point *point, isth_message *to, probe_point *copy) {
  probe_list_of_span tags = probe_point_get_tags(from, point);
  isth_span *copies = probe_point_add_tags(to, copy, tags.count);
  if (copies == NULL) return false;
  for (size_t i = 0; i < tags.count; i++) {
    isth_text tag = isth_message_text(from, tags.items[i]);
    if (!isth_message_append_text(to, &copies[i], tag.bytes, tag.length)) return false;
  }
  return true;
}

int probe_on_reverse(isth_call *call, const probe_points *in, probe_points *out) {
  const isth_message *from = isth_call_in(call);
  isth_message *to = isth_call_out(call);
  probe_list_of_point points = probe_points_get_points(from, in);
  probe_point *copies = probe_points_add_points(to, out, points.count);
  if (copies == NULL) return ISTH_E_REPLY_TOO_LARGE;
  for (size_t i = 0; i < points.count; i++) {
    const probe_point *point = &points.items[points.count - 1 - i];
    isth_text name = probe_point_get_name(from, point);
    probe_point_set_x(&copies[i], probe_point_get_x(point));
    if (!probe_point_set_name(to, &copies[i], name.bytes, name.length) || !copy_tags(from, point, to, &copies[i]))
      return ISTH_E_REPLY_TOO_LARGE;
  }
  return 0;
}

int probe_on_flip(isth_call *call, isth_bytes in, isth_message *out) {
  (void)call;
  for (size_t i = in.length; i > 0; i--) {
    if (!isth_message_write(out, in.data + i - 1, 1)) return ISTH_E_REPLY_TOO_LARGE;
  }
  return 0;
}

int probe_on_fill(isth_call *call, const probe_size *in, isth_message *out) {
  unsigned char piece[1024];
  (void)call;
  memset(piece, 7, sizeof piece);
  for (uint32_t left = in->bytes; left > 0;) {
    uint32_t size = left < sizeof piece ? left : sizeof piece;
    if (!isth_message_write(out, piece, size)) return ISTH_E_REPLY_TOO_LARGE;
    left -= size;
  }
  total += in->bytes;
  return 0;
}

static _Atomic uint32_t bursts_begun, bursts_ended;
static _Atomic uint64_t rows_emitted;
static _Atomic int last_error;

static int emit_row(isth_call *call, const probe_burst *in, uint32_t number) {
  isth_message *message = isth_call_out(call);
  probe_row *row = probe_row_begin(message);
  if (row == NULL) return ISTH_E_REPLY_TOO_LARGE;
  row->number = number;
  row->tag = in->tag;
  row->pid = (uint32_t)getpid();
  if (in->text_bytes > 0) {
    /* With room for its NUL. */
    char *name = isth_message_append(message, &row->name, in->text_bytes + 1, 1, 1);
    if (name == NULL) return ISTH_E_REPLY_TOO_LARGE;
    memset(name, 'x', in->text_bytes);
    row->name.length = in->text_bytes;
  }
  int status = probe_emit_burst(call, message);
  if (status == 0) rows_emitted++;
  return status;
}

int probe_on_burst(isth_call *call, const probe_burst *in) {
  int status = 0;
  bursts_begun++;
  for (uint32_t i = 0; i < in->count && (status == 0 || in->ignore_cancel); i++) {
    if (in->fail_after != 0 && i == in->fail_after) {
      status = isth_refuse(call, in->fail_code, "failed after %u rows", (unsigned)i);
      break;
    }
    if (in->pause_microseconds > 0) pause_for(in->pause_microseconds);
    status = emit_row(call, in, i);
    if (status != 0) last_error = status;
  }
  bursts_ended++;
  return status;
}

int probe_on_burst_once(isth_call *call, const probe_burst *in) { return probe_on_burst(call, in); }

int probe_on_bursts(isth_call *call, probe_bursts *out) {
  (void)call;
  out->begun = bursts_begun;
  out->ended = bursts_ended;
  out->rows = rows_emitted;
  out->last_error = last_error;
  return 0;
}

int probe_on_pieces(isth_call *call, isth_bytes in) {
  int status = 0;
  for (size_t at = 0; at < in.length && status == 0; at += 1000) {
    size_t left = in.length - at;
    status = probe_emit_pieces(call, in.data + at, left < 1000 ? left : 1000);
  }
  return status;
}

int probe_on_nothings(isth_call *call) {
  for (int i = 0; i < 10000; i++) {
    int status = probe_emit_nothings(call);
    if (status != 0) return status;
  }
  return 0;
}

struct later {
  isth_responder *responder;
  probe_pause in;
  probe_identity out;
};

static void *answer_later(void *data) {
  struct later *later = data;
  pause_for(later->in.microseconds);
  probe_respond_later(later->responder, &later->out);
  free(later);
  return NULL;
}

int probe_on_later(isth_call *call, const probe_pause *in, probe_identity *out) {
  struct later *later = malloc(sizeof *later);
  pthread_t thread;
  (void)out;
  if (later == NULL) return ISTH_E_OUT_OF_MEMORY;
  later->in = *in;
  identify(call, in->tag, &later->out);
  later->responder = isth_call_defer(call);
  if (later->responder == NULL) {
    free(later);
    return ISTH_E_OUT_OF_MEMORY;
  }
  if (pthread_create(&thread, NULL, answer_later, later) != 0) {
    isth_respond_error(later->responder, ISTH_E_OUT_OF_MEMORY, "a thread");
    free(later);
    return 0;
  }
  pthread_detach(thread);
  return 0;
}

int probe_on_note(isth_call *call, const probe_number64 *in) { return probe_on_add(call, in); }

int probe_on_remark(isth_call *call, const probe_remark *in) {
  total += (int64_t)probe_remark_get_text(isth_call_in(call), in).length;
  return 0;
}

int probe_on_protobuf(isth_call *call, isth_bytes in, isth_message *out) {
  (void)call;
  return echo_bytes(in, out);
}

int probe_on_msgpack(isth_call *call, isth_bytes in, isth_message *out) {
  (void)call;
  return echo_bytes(in, out);
}

int probe_on_json(isth_call *call, isth_bytes in, isth_message *out) {
  (void)call;
  return echo_bytes(in, out);
}

int probe_on_thrice(isth_call *call, isth_bytes in) {
  int status = 0;
  for (int i = 0; i < 3 && status == 0; i++) status = probe_emit_thrice(call, in.data, in.length);
  return status;
}

/* What a handler was told, kept: the library's texts end with it. */
struct told {
  char *texts[ISTH_METADATA_METHOD];
  char *text;
};

static struct told noted;
static pthread_mutex_t noted_lock = PTHREAD_MUTEX_INITIALIZER;

static struct told hear_caller(isth_call *call, const probe_question *in) {
  struct told told = {{NULL}, NULL};
  for (int key = ISTH_METADATA_CALLER; key <= ISTH_METADATA_METHOD; key++) {
    const char *text = isth_call_metadata(call, (isth_metadata_key)key);
    if (text != NULL) told.texts[key - 1] = strdup(text);
  }
  isth_text question = probe_question_get_text(isth_call_in(call), in);
  told.text = strndup(question.bytes, question.length);
  return told;
}

static void forget_caller(struct told *told) {
  for (int i = 0; i < ISTH_METADATA_METHOD; i++) free(told->texts[i]);
  free(told->text);
  *told = (struct told){{NULL}, NULL};
}

static bool write_caller(const struct told *told, isth_message *message, probe_told *out) {
  static bool (*const set[])(isth_message *, probe_told *, const char *, size_t) = {
      probe_told_set_subject, probe_told_set_tenant, probe_told_set_scopes, probe_told_set_method};
  bool good = probe_told_set_text(message, out, told->text, strlen(told->text));
  for (int i = 0; i < ISTH_METADATA_METHOD; i++) {
    const char *text = told->texts[i];
    if (text != NULL) good = good && set[i](message, out, text, strlen(text));
  }
  out->pid = (uint32_t)getpid();
  return good;
}

int probe_on_caller(isth_call *call, const probe_question *in, probe_told *out) {
  pause_for(in->microseconds);
  struct told told = hear_caller(call, in);
  bool good = write_caller(&told, isth_call_out(call), out);
  forget_caller(&told);
  return good ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

int probe_on_callers(isth_call *call, const probe_question *in) {
  int status = 0;
  for (int i = 0; i < 2 && status == 0; i++) {
    isth_message *message = isth_call_out(call);
    pause_for(in->microseconds);
    struct told told = hear_caller(call, in);
    bool good = write_caller(&told, message, probe_told_begin(message));
    forget_caller(&told);
    status = good ? probe_emit_callers(call, message) : ISTH_E_REPLY_TOO_LARGE;
  }
  return status;
}

int probe_on_caller_later(isth_call *call, const probe_question *in, probe_told *out) {
  isth_message *message = isth_call_out(call);
  isth_responder *responder = isth_call_defer(call);
  if (responder == NULL) return ISTH_E_OUT_OF_MEMORY;
  struct told told = hear_caller(call, in);
  if (write_caller(&told, message, out)) {
    probe_respond_caller_later(responder, message);
  } else {
    isth_respond_error(responder, ISTH_E_REPLY_TOO_LARGE, "who calls");
  }
  forget_caller(&told);
  return 0;
}

int probe_on_note_caller(isth_call *call, const probe_question *in) {
  struct told told = hear_caller(call, in);
  pthread_mutex_lock(&noted_lock);
  forget_caller(&noted);
  noted = told;
  pthread_mutex_unlock(&noted_lock);
  return 0;
}

int probe_on_noted_caller(isth_call *call, probe_told *out) {
  pthread_mutex_lock(&noted_lock);
  bool good = noted.text == NULL || write_caller(&noted, isth_call_out(call), out);
  pthread_mutex_unlock(&noted_lock);
  return good ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

int main(int argc, char **argv) { return probe_main(argc, argv); }
