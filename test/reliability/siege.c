/*
 * The instance of siege.schema.ts. Every execution of a call is counted in the ledger, a file of one byte for each number that a
 * call can have, which outlives whoever is killed: see ledger.ts.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "siege.h"

enum { TALLY_ROWS = 8 };

static _Atomic unsigned char *ledger;
static size_t ledger_bytes;
static isth_region *gauge, *tally, *board;

/* ---- what a client checks ---- */

static void execute(uint32_t number) {
  if (number < ledger_bytes) atomic_fetch_add(&ledger[number], 1);
}

static unsigned char content_at(uint32_t number, size_t i) {
  return (unsigned char)(number * 31 + number / 256 + i * 7);
}

static void fill_digits(uint64_t number, uint64_t *digits, size_t count) {
  for (size_t i = 0; i < count; i++) digits[i] = number * (i + 1);
}

/* ---- calls ---- */

/* The content with each byte inverted. */
static int answer(const isth_message *request, const siege_work *in, isth_message *reply, siege_work *out) {
  isth_bytes content = siege_work_get_content(request, in);
  unsigned char *inverted = isth_message_append(reply, &out->content, content.length, 1, 1);
  if (inverted == NULL) return ISTH_E_REPLY_TOO_LARGE;
  for (size_t i = 0; i < content.length; i++) inverted[i] = (unsigned char)~content.data[i];
  out->number = in->number;
  return 0;
}

int siege_on_again(isth_call *call, const siege_work *in, siege_work *out) {
  return answer(isth_call_in(call), in, isth_call_out(call), out);
}

int siege_on_work(isth_call *call, const siege_work *in, siege_work *out) {
  execute(in->number);
  return siege_on_again(call, in, out);
}

struct later {
  isth_responder *responder;
  isth_message reply;
  unsigned char bytes[8192];
};

static void *answer_later(void *data) {
  struct later *later = data;
  siege_respond_later(later->responder, &later->reply);
  free(later);
  return NULL;
}

int siege_on_later(isth_call *call, const siege_work *in, siege_work *out) {
  pthread_t thread;
  struct later *later = malloc(sizeof *later);
  (void)out;
  if (later == NULL) return ISTH_E_OUT_OF_MEMORY;
  execute(in->number);
  isth_message_init(&later->reply, later->bytes, sizeof later->bytes);
  siege_work *made = siege_work_begin(&later->reply);
  int status = made == NULL ? ISTH_E_REPLY_TOO_LARGE : answer(isth_call_in(call), in, &later->reply, made);
  if (status == 0) {
    later->responder = isth_call_defer(call);
    if (later->responder == NULL) status = ISTH_E_OUT_OF_MEMORY;
  }
  if (status != 0) {
    free(later);
    return status;
  }
  if (pthread_create(&thread, NULL, answer_later, later) == 0) {
    pthread_detach(thread);
  } else {
    answer_later(later);
  }
  return 0;
}

int siege_on_deliver(isth_call *call, const siege_order *in) {
  int status = 0;
  execute(in->number);
  for (uint32_t index = 0; index < in->parts && status == 0; index++) {
    isth_message *message = isth_call_out(call);
    siege_part *part = siege_part_begin(message);
    if (part == NULL) return ISTH_E_REPLY_TOO_LARGE;
    part->number = in->number;
    part->index = index;
    unsigned char *content = isth_message_append(message, &part->content, in->bytes, 1, 1);
    if (content == NULL) return ISTH_E_REPLY_TOO_LARGE;
    for (size_t i = 0; i < in->bytes; i++) content[i] = content_at(in->number + index, i);
    status = siege_emit_deliver(call, message);
  }
  return status;
}

int siege_on_note(isth_call *call, const siege_note *in) {
  (void)call;
  execute(in->number);
  return 0;
}

/* Writing is tried for 100 ms. A client that was stopped in the middle of it keeps others from the board, and from nothing else. */
int siege_on_touch(isth_call *call, siege_note *out) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static uint32_t touched;
  pthread_mutex_lock(&lock);
  uint32_t number = ++touched;
  siege_gauge value = {.number = number};
  siege_entry entry = {.key = number % TALLY_ROWS, .number = number};
  (void)call;
  fill_digits(number, value.digits, sizeof value.digits / sizeof value.digits[0]);
  fill_digits(number, entry.digits, sizeof entry.digits / sizeof entry.digits[0]);
  int status = siege_gauge_write(gauge, &value, ISTH_ANY_VERSION, NULL);
  if (status == 0) status = siege_tally_write(tally, &entry, ISTH_ANY_VERSION, NULL);
  pthread_mutex_unlock(&lock);
  if (status == 0) status = siege_board_write(board, &entry, ISTH_ANY_VERSION, NULL);
  if (status == ISTH_E_LOCK_TIMEOUT) status = 0;
  if (status == 0) status = siege_gauge_read(gauge, &value, NULL);
  out->number = number;
  return status;
}

/* ---- the process ---- */

static int map_ledger(void) {
  struct stat status;
  const char *path = getenv("SIEGE_LEDGER");
  int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) return ISTH_E_SYSTEM;
  ledger_bytes = (size_t)status.st_size;
  void *mapped = mmap(NULL, ledger_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) return ISTH_E_SYSTEM;
  ledger = mapped;
  return 0;
}

static int setup(isth_service *service) {
  int status = map_ledger();
  gauge = siege_gauge_of_service(service);
  tally = siege_tally_of_service(service);
  board = siege_board_of_service(service);
  return status == 0 ? siege_register(service) : status;
}

int main(int argc, char **argv) { return isth_service_main(argc, argv, siege_schema(), setup); }
