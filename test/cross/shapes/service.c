/* A handler of each shape that a generated header has. The client is client.c beside this file. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "allShapes.h"

static _Atomic int64_t logged, pangs;

/* ---- answers from another thread ---- */

struct later {
  isth_responder *responder;
  double side;
};

static void *answer_quote(void *argument) {
  struct later *later = argument;
  all_shapes_square out = {later->side};
  if (later->side < 0)
    isth_respond_error(later->responder, ALL_SHAPES_ERROR_BAD_LUCK, "%g is below 0", later->side);
  else
    all_shapes_respond_quote(later->responder, &out);
  free(later);
  return NULL;
}

static int defer_quote(isth_call *call, double side) {
  pthread_t thread;
  struct later *later = malloc(sizeof *later);
  if (later == NULL) return ISTH_E_OUT_OF_MEMORY;
  later->side = side;
  later->responder = isth_call_defer(call);
  if (later->responder == NULL || pthread_create(&thread, NULL, answer_quote, later) != 0) abort();
  pthread_detach(thread);
  return 0;
}

/* What a label asks for: another thread's answer, what was counted, or twice the strike at once. */
int all_shapes_on_quote(isth_call *call, const all_shapes_leg *in, all_shapes_square *out) {
  if (strcmp(in->label, "later") == 0) return defer_quote(call, in->strike);
  if (strcmp(in->label, "unlucky") == 0) return defer_quote(call, -in->strike);
  out->side = strcmp(in->label, "logged") == 0  ? (double)logged
              : strcmp(in->label, "pangs") == 0 ? (double)pangs
                                                : 2 * in->strike;
  return 0;
}

/* ---- messages ---- */

static bool copy_row(const isth_message *from, const all_shapes_row *row, isth_message *to, all_shapes_row *copy) {
  isth_text name = all_shapes_row_get_name(from, row);
  all_shapes_list_of_f64 marks = all_shapes_row_get_marks(from, row);
  all_shapes_list_of_leg legs = all_shapes_row_get_legs(from, row);
  double *marks_copy = all_shapes_row_add_marks(to, copy, marks.count);
  all_shapes_leg *legs_copy = all_shapes_row_add_legs(to, copy, legs.count);
  if (marks_copy == NULL || legs_copy == NULL || !all_shapes_row_set_name(to, copy, name.bytes, name.length))
    return false;
  for (size_t i = 0; i < marks.count; i++) marks_copy[i] = marks.items[i];
  for (size_t i = 0; i < legs.count; i++) legs_copy[i] = legs.items[i];
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 2; j++) all_shapes_row_set_grid(copy, i, j, all_shapes_row_get_grid(row, i, j));
  copy->price = row->price + ALL_SHAPES_ROW_PRICE_SCALE;
  if (all_shapes_row_has_weight(row)) {
    copy->weight = row->weight;
    all_shapes_row_mark_weight(copy);
  }
  return true;
}

/* Answers with the rows of the frame, each a unit dearer, the last one first. */
static bool trade(const isth_message *from, const all_shapes_request *in, isth_message *to, all_shapes_reply *out) {
  all_shapes_list_of_row rows = all_shapes_frame_get_rows(from, &in->frame);
  all_shapes_row *copies = all_shapes_reply_add_rows(to, out, rows.count);
  if (copies == NULL) return false;
  for (size_t i = 0; i < rows.count; i++)
    if (!copy_row(from, &rows.items[rows.count - 1 - i], to, &copies[i])) return false;
  out->total = all_shapes_frame_get_port(&in->frame);
  return true;
}

/* The same, made at once and sent through a responder. */
static int trade_later(isth_call *call, const all_shapes_request *in) {
  isth_message message;
  void *memory = aligned_alloc(64, 1 << 16);
  if (memory == NULL) return ISTH_E_OUT_OF_MEMORY;
  isth_message_init(&message, memory, 1 << 16);
  all_shapes_reply *out = all_shapes_reply_begin(&message);
  bool made = out != NULL && trade(isth_call_in(call), in, &message, out);
  int error = made ? all_shapes_respond_trade(isth_call_defer(call), &message) : ISTH_E_REPLY_TOO_LARGE;
  free(memory);
  return error;
}

int all_shapes_on_trade(isth_call *call, const all_shapes_request *in, all_shapes_reply *out) {
  if (in->is_test) return trade_later(call, in);
  return trade(isth_call_in(call), in, isth_call_out(call), out) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

/* ---- bytes ---- */

int all_shapes_on_raw(isth_call *call, isth_bytes in, isth_message *out) {
  if (in.length == 1) return all_shapes_respond_raw(isth_call_defer(call), "later", 5);
  for (size_t i = in.length; i > 0; i--)
    if (!isth_message_write(out, in.data + i - 1, 1)) return ISTH_E_REPLY_TOO_LARGE;
  return 0;
}

int all_shapes_on_coded(isth_call *call, isth_bytes in, isth_message *out) {
  (void)call;
  return isth_message_write(out, in.data, in.length) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

/* ---- many replies ---- */

int all_shapes_on_rows(isth_call *call, const all_shapes_leg *in) {
  isth_message *message = isth_call_out(call);
  for (int i = 0; i < (int)in->strike; i++) {
    char name[20];
    all_shapes_row *row = all_shapes_row_begin(message);
    int length = snprintf(name, sizeof name, "%s %d", in->label, i);
    if (row == NULL || !all_shapes_row_set_name(message, row, name, (size_t)length)) return ISTH_E_REPLY_TOO_LARGE;
    int error = all_shapes_emit_rows(call, message);
    if (error != 0) return error;
  }
  return strcmp(in->label, "bad") == 0 ? isth_refuse(call, ALL_SHAPES_ERROR_BAD_LUCK, "after %g rows", in->strike) : 0;
}

int all_shapes_on_ticks(isth_call *call) {
  int error = 0;
  for (int i = 0; i < 3 && error == 0; i++) error = all_shapes_emit_ticks(call, &(all_shapes_square){i * 0.5});
  return error;
}

int all_shapes_on_pulses(isth_call *call) {
  int error = all_shapes_emit_pulses(call);
  return error != 0 ? error : all_shapes_emit_pulses(call);
}

/* Pieces of as many bytes as the first byte says, which may be more than the schema allows. */
int all_shapes_on_blobs(isth_call *call, isth_bytes in) {
  size_t piece = in.length > 0 ? (size_t)(in.data[0] - '0') : 1;
  int error = 0;
  for (size_t at = 0; at < in.length && error == 0; at += piece)
    error = all_shapes_emit_blobs(call, in.data + at, in.length - at < piece ? in.length - at : piece);
  return error;
}

/* ---- no reply, or an empty one ---- */

int all_shapes_on_log(isth_call *call, const all_shapes_request *in) {
  logged += (int64_t)all_shapes_request_get_labels(isth_call_in(call), in).count;
  return 0;
}

int all_shapes_on_pang(isth_call *call) {
  (void)call;
  pangs++;
  return 0;
}

int all_shapes_on_ping(isth_call *call) { return all_shapes_respond_ping(isth_call_defer(call)); }

int main(int argc, char **argv) { return all_shapes_main(argc, argv); }
