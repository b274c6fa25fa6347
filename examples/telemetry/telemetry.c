/*
 * The telemetry service: what telemetry.schema.ts declares. Its payloads are protobuf, so the handler gets the bytes of one
 * message and gives those of another; nanopb decodes and encodes them. Both generated/telemetry.h and
 * generated/telemetry.proto are made from the schema by `isthmus gen`, and build/telemetry.pb.h from the latter.
 */
#include "generated/telemetry.h"
#include "telemetry.pb.h"
#include <pb_decode.h>
#include <pb_encode.h>

typedef struct {
  telemetry_Summary summary;
  double sum;
  int64_t newest;
  size_t read;
  bool out_of_order; /* the reading at index `read` is older than the one before */
} progress;

/* nanopb calls it for each reading, with the bytes of it. False ends the decoding. */
static bool take_reading(pb_istream_t *stream, const pb_field_t *field, void **arg) {
  (void)field;
  progress *so_far = *arg;
  telemetry_Reading reading = telemetry_Reading_init_zero;
  if (!pb_decode(stream, &telemetry_Reading_msg, &reading)) return false;
  if (so_far->read > 0 && reading.taken_at < so_far->newest) {
    so_far->out_of_order = true;
    return false;
  }
  so_far->newest = reading.taken_at;
  so_far->read++;
  /* Left out, it is the schema's default: good. */
  if (reading.has_quality && reading.quality == telemetry_Quality_QUALITY_BAD) return true;
  telemetry_Summary *summary = &so_far->summary;
  if (summary->used == 0 || reading.celsius < summary->lowest) summary->lowest = reading.celsius;
  if (summary->used == 0 || reading.celsius > summary->highest) summary->highest = reading.celsius;
  summary->latest = reading.taken_at;
  so_far->sum += reading.celsius;
  summary->used++;
  return true;
}

/* Lets nanopb write into the reply. */
static bool append(pb_ostream_t *stream, const pb_byte_t *bytes, size_t count) {
  return isth_message_write(stream->state, bytes, count);
}

int telemetry_on_summarize(isth_call *call, isth_bytes in, isth_message *out) {
  progress so_far = {.summary = telemetry_Summary_init_zero};
  telemetry_Batch batch = telemetry_Batch_init_zero;
  batch.readings.funcs.decode = take_reading;
  batch.readings.arg = &so_far;
  pb_istream_t input = pb_istream_from_buffer(in.data, in.length);
  if (!pb_decode(&input, &telemetry_Batch_msg, &batch)) {
    if (!so_far.out_of_order) return ISTH_E_MALFORMED_MESSAGE;
    return isth_refuse(call, TELEMETRY_ERROR_TIME_RUNS_BACKWARDS,
                       "reading %zu is older than the one before it: put them in the order of time", so_far.read);
  }

  telemetry_Summary *summary = &so_far.summary;
  memcpy(summary->sensor, batch.sensor, sizeof(summary->sensor));
  bool any = summary->used > 0;
  summary->has_lowest = summary->has_highest = summary->has_mean = summary->has_latest = any;
  if (any) summary->mean = so_far.sum / summary->used;
  pb_ostream_t output = {.callback = append, .state = out, .max_size = SIZE_MAX};
  return pb_encode(&output, &telemetry_Summary_msg, summary) ? 0 : ISTH_E_REPLY_TOO_LARGE;
}

int main(int argc, char **argv) { return telemetry_main(argc, argv); }
