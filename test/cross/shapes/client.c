/* Calls each method of the service in service.c through the generated functions, and says what came of it. */
#include <stdio.h>
#include <unistd.h>

#include "allShapes.h"

static _Alignas(64) unsigned char in_memory[1 << 16], out_memory[1 << 16];
static isth_message in, out;
static isth_failure failure;

static const char *outcome(int status) {
  static char text[600];
  if (status == 0) return "ok";
  snprintf(text, sizeof text, "%s: %s", status > 0 ? "refused" : isth_error_name(status), failure.message);
  return text;
}

/* ---- one reply ---- */

static void quote(isth_client *client, double strike, const char *label) {
  all_shapes_leg leg = {strike, ""};
  all_shapes_square square = {0};
  snprintf(leg.label, sizeof leg.label, "%s", label);
  int status = all_shapes_call_quote(client, &leg, &square, 0, &failure);
  printf("quote %g %s: %g, %s\n", strike, label, square.side, outcome(status));
}

static bool fill(all_shapes_request *request) {
  request->side = ALL_SHAPES_SIDE_SELL;
  request->access = ALL_SHAPES_ACCESS_READ | ALL_SHAPES_ACCESS_WRITE;
  all_shapes_frame_set_port(&request->frame, 8080);
  all_shapes_text_7 *labels = all_shapes_request_add_labels(&in, request, 2);
  all_shapes_row *rows = all_shapes_frame_add_rows(&in, &request->frame, 2);
  if (labels == NULL || rows == NULL) return false;
  snprintf(labels[1], sizeof labels[1], "second");
  for (int i = 0; i < 2; i++) {
    const char *name = i == 0 ? "first" : "second";
    double *marks = all_shapes_row_add_marks(&in, &rows[i], 1);
    if (marks == NULL || !all_shapes_row_set_name(&in, &rows[i], name, strlen(name))) return false;
    marks[0] = i + 0.5;
    rows[i].price = 250;
    all_shapes_row_set_grid(&rows[i], 2, 1, 7);
  }
  rows[1].weight = 3;
  all_shapes_row_mark_weight(&rows[1]);
  return true;
}

static void trade(isth_client *client, bool is_test) {
  all_shapes_request *request = all_shapes_request_begin(&in);
  if (request == NULL || !fill(request)) return;
  request->is_test = is_test;
  int status = all_shapes_call_trade(client, &in, &out, 0, &failure);
  printf("trade: %s\n", outcome(status));
  const all_shapes_reply *reply = all_shapes_reply_of(&out);
  if (status != 0 || reply == NULL) return;
  printf("  total %lld\n", (long long)reply->total);
  all_shapes_list_of_row rows = all_shapes_reply_get_rows(&out, reply);
  for (size_t i = 0; i < rows.count; i++) {
    const all_shapes_row *row = &rows.items[i];
    printf("  %s %lld/%lld %g %u %s\n", all_shapes_row_get_name(&out, row).bytes, (long long)row->price,
           (long long)ALL_SHAPES_ROW_PRICE_SCALE, all_shapes_row_get_marks(&out, row).items[0],
           (unsigned)all_shapes_row_get_grid(row, 2, 1), all_shapes_row_has_weight(row) ? "weighed" : "-");
  }
}

static void raw(isth_client *client, const void *data, size_t size) {
  int status = all_shapes_call_raw(client, data, size, &out, 0, &failure);
  printf("raw %zu: %.*s, %s\n", size, (int)out.size, (const char *)out.bytes, outcome(status));
}

/* ---- many replies ---- */

static int print_row(const isth_message *message, void *user) {
  int *left = (int *)user;
  printf("  %s\n", all_shapes_row_get_name(message, all_shapes_row_of(message)).bytes);
  return --*left == 0 ? 99 : 0;
}

static void rows(isth_client *client, double count, const char *label, int enough) {
  all_shapes_leg leg = {count, ""};
  snprintf(leg.label, sizeof leg.label, "%s", label);
  int status = all_shapes_call_rows(client, &leg, &out, print_row, &enough, 0, &failure);
  if (status == 99)
    printf("rows: that was enough\n");
  else
    printf("rows: %s\n", outcome(status));
}

static int print_tick(const all_shapes_square *square, void *user) {
  (void)user;
  printf("  %g\n", square->side);
  return 0;
}

static int print_pulse(void *user) {
  (void)user;
  printf("  pulse\n");
  return 0;
}

static int print_blob(const isth_message *blob, void *user) {
  (void)user;
  printf("  %.*s\n", (int)blob->size, (const char *)blob->bytes);
  return 0;
}

static void blobs(isth_client *client, const char *text) {
  int status = all_shapes_call_blobs(client, text, strlen(text), &out, print_blob, NULL, 0, &failure);
  printf("blobs: %s\n", outcome(status));
}

int main(int argc, char **argv) {
  isth_client *client;
  if (argc < 2 || isth_client_open(&client, argv[1], all_shapes_schema(), NULL, &failure) != 0) {
    fprintf(stderr, "%s\n", failure.message);
    return 1;
  }
  isth_message_init(&in, in_memory, sizeof in_memory);
  isth_message_init(&out, out_memory, sizeof out_memory);

  quote(client, 21, "now");
  quote(client, 4, "later");
  quote(client, 4, "unlucky");
  quote(client, -1, "now");
  trade(client, false);
  trade(client, true);
  raw(client, "desrever", 8);
  raw(client, "?", 1);
  raw(client, "", 0);
  raw(client, in_memory, 101);
  out.capacity = 4;
  raw(client, "too much", 8);
  out.capacity = sizeof out_memory;
  printf("coded: %s\n", outcome(all_shapes_call_coded(client, "\1\2\3", 3, &out, 0, &failure)));

  rows(client, 2, "row", 10);
  rows(client, 0, "row", 10);
  rows(client, 1, "bad", 10);
  rows(client, 1e9, "row", 2);
  printf("ticks: %s\n", outcome(all_shapes_call_ticks(client, print_tick, NULL, 0, &failure)));
  printf("pulses: %s\n", outcome(all_shapes_call_pulses(client, print_pulse, NULL, 0, &failure)));
  blobs(client, "3abcdefg");
  blobs(client, ":abcdefghijklmn"); /* ten at once */
  out.capacity = 2;
  blobs(client, "3abcdefg");
  out.capacity = sizeof out_memory;

  all_shapes_request *request = all_shapes_request_begin(&in);
  if (request == NULL || !fill(request)) return 1;
  for (int i = 0; i < 3; i++) printf("log: %d\n", all_shapes_send_log(client, &in));
  printf("pang: %d\n", all_shapes_send_pang(client));
  printf("ping: %s\n", outcome(all_shapes_call_ping(client, 0, &failure)));
  /* One serving thread takes requests in their order, so what was sent before has been executed. */
  quote(client, 0, "logged");
  quote(client, 0, "pangs");
  isth_client_close(client);
  return 0;
}
