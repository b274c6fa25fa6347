/*
 * A client of siege.schema.ts that checks whatever it gets, in rounds, until its standard input ends:
 *
 *   load SOCKET LEDGER FIRST_NUMBER TIMEOUT_MS PATIENT
 *
 * Each round calls in every way there is, and reads and writes regions; every third ends its connection. PATIENT 1: a call that
 * reaches its deadline, or a handshake that does, is a failure. It prints "clean" after a round in which nothing went wrong and
 * "disturbed" after any other, and at its end what became of its calls, as JSON. Exit status 1: something was not as promised, as it
 * says on stderr.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "siege.h"

enum {
  WORKS = 16,
  LATERS = 4,
  AGAINS = 2,
  DELIVERIES = 2, /* of which the second is cancelled */
  CALLS = WORKS + LATERS + AGAINS + DELIVERIES,
  NOTES = 3,
  PARTS = 24,
  PART_BYTES = 700,
  LONG_BYTES = 6000, /* so that padding is needed now and then */
  RING_BYTES = 16384,
  WINDOW_BYTES = 4096,
  NUMBERS = 1 << 20, /* of each client: ledger.ts */
  FIRST_KEY = 16,
  KEYS = 3,
  MOST_CLIENTS = 1000,
  MOST_REFUSED = 4096,
  STATUSES = 128,
  MARGIN_S = 30, /* after its deadline, on a machine that does other things */
  GROWN_KIB = 16384
};

#define REQUIRE(condition, ...)                                                                                        \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      fprintf(stderr, "load.c:%d: ", __LINE__);                                                                        \
      fprintf(stderr, __VA_ARGS__);                                                                                    \
      fputc('\n', stderr);                                                                                             \
      exit(1);                                                                                                         \
    }                                                                                                                  \
  } while (0)

struct call {
  uint32_t number, method;
  uint32_t size;  /* of the content */
  uint32_t parts; /* that have come */
  uint64_t id, deadline_ns;
  uint32_t outcomes;
  int status;
  bool to_cancel;
  isth_client *client;
};

static struct {
  const char *path;
  const unsigned char *ledger;
  uint32_t first_number, next_number;
  uint64_t timeout_ns;
  bool patient;
  uint64_t calls, counts[STATUSES];
  uint32_t refused[MOST_REFUSED], refused_count;
  bool disturbed;
} load;

/* ---- checks ---- */

static unsigned char content_at(uint32_t number, size_t i) {
  return (unsigned char)(number * 31 + number / 256 + i * 7);
}

static void count(int status) {
  REQUIRE(status <= 0 && status > -STATUSES, "status %d", status);
  load.counts[-status]++;
  if (status != 0) load.disturbed = true;
}

/* What a call may end with while instances are killed and stopped. */
static void check_status(int status) {
  /* A ring that a stopped instance does not empty fills up, with calls that came to their deadlines. */
  bool late = status == ISTH_E_DEADLINE_EXCEEDED || status == ISTH_E_HANDSHAKE_TIMEOUT || status == ISTH_E_RING_FULL ||
              status == ISTH_E_TOO_MANY_CALLS;
  REQUIRE(status == 0 || status == ISTH_E_INSTANCE_LOST || status == ISTH_E_INSTANCE_DRAINING ||
              status == ISTH_E_NO_INSTANCE || (late && !load.patient),
          "a call ended with %s", isth_error_name(status));
}

static void check_content(uint32_t number, isth_bytes content, size_t size, bool inverted) {
  REQUIRE(content.length == size, "call %u: %zu bytes, not %zu", number, content.length, size);
  for (size_t i = 0; i < size; i++) {
    unsigned char expected = content_at(number, i);
    if (inverted) expected = (unsigned char)~expected;
    REQUIRE(content.data[i] == expected, "call %u: byte %zu is wrong", number, i);
  }
}

static void check_digits(uint64_t number, const uint64_t *digits, size_t places, const char *what) {
  for (size_t i = 0; i < places; i++)
    REQUIRE(digits[i] == number * (i + 1), "%s is torn: place %zu of %llu is %llu", what, i, (unsigned long long)number,
            (unsigned long long)digits[i]);
}

static size_t count_descriptors(void) {
  size_t entries = 0;
  DIR *folder = opendir("/proc/self/fd");
  REQUIRE(folder != NULL, "/proc/self/fd");
  while (readdir(folder) != NULL) entries++;
  closedir(folder);
  return entries;
}

/* Segments and regions that are mapped, or the resident memory, by one line of a file in /proc/self. */
static long read_proc(const char *path, const char *wanted, bool number) {
  char line[512];
  long result = 0;
  FILE *file = fopen(path, "r");
  REQUIRE(file != NULL, "%s", path);
  while (fgets(line, sizeof line, file) != NULL) {
    const char *at = strstr(line, wanted);
    if (at != NULL) result += number ? strtol(at + strlen(wanted), NULL, 10) : 1;
  }
  fclose(file);
  return result;
}

static long count_segments(void) { return read_proc("/proc/self/maps", "/memfd:isthmus", false); }
static long resident_kib(void) { return read_proc("/proc/self/status", "VmRSS:", true); }

/* ---- calls ---- */

static void end(struct call *call, int status) {
  call->outcomes++;
  call->status = status;
  REQUIRE(call->outcomes == 1, "call %u ended %u times", call->number, call->outcomes);
  REQUIRE(call->deadline_ns + MARGIN_S * UINT64_C(1000000000) > isth_now_ns(), "call %u ended long after its deadline",
          call->number);
  check_status(status);
  count(status);
}

static void take_part(struct call *call, const isth_reply *reply) {
  isth_message message = {(unsigned char *)(uintptr_t)reply->payload, reply->size, reply->size};
  const siege_part *part = siege_part_of(&message);
  REQUIRE(part != NULL && call->outcomes == 0, "call %u: a part after its end, or none", call->number);
  REQUIRE(part->number == call->number && part->index == call->parts, "call %u: part %u of call %u, not %u",
          call->number, part->index, part->number, call->parts);
  check_content(call->number + call->parts, siege_part_get_content(&message, part), PART_BYTES, false);
  call->parts++;
  call->deadline_ns = isth_now_ns() + load.timeout_ns;
  if (!call->to_cancel || call->parts < 3) return;
  REQUIRE(isth_client_cancel(call->client, call->id), "call %u had ended, and a part came", call->number);
  call->outcomes++;
}

static void on_reply(const isth_reply *reply) {
  struct call *call = reply->user;
  if (reply->more) {
    take_part(call, reply);
    return;
  }
  end(call, reply->status);
  if (reply->status != 0) return;
  if (call->method == SIEGE_METHOD_DELIVER) {
    REQUIRE(call->parts == PARTS, "call %u: %u parts", call->number, call->parts);
  } else {
    isth_message message = {(unsigned char *)(uintptr_t)reply->payload, reply->size, reply->size};
    const siege_work *work = siege_work_of(&message);
    REQUIRE(work != NULL && work->number == call->number, "call %u: another call's reply", call->number);
    check_content(call->number, siege_work_get_content(&message, work), call->size, true);
  }
  unsigned int executed = load.ledger[call->number];
  REQUIRE(executed == (call->method == SIEGE_METHOD_AGAIN ? 0 : 1), "call %u was answered, and executed %u times",
          call->number, executed);
}

/* Sends a request, waiting for room. Returns the outcome where it was not sent. */
static int send_request(isth_client *client, const isth_request *request, uint64_t *id) {
  for (;;) {
    int error = isth_client_call(client, request, id);
    if (error != ISTH_E_RING_FULL && error != ISTH_E_TOO_MANY_CALLS) return error;
    if (isth_now_ns() >= request->deadline_ns) return ISTH_E_DEADLINE_EXCEEDED;
    isth_client_wait(client, 1000000);
  }
}

static void note_refused(uint32_t number) {
  if (load.refused_count < MOST_REFUSED) load.refused[load.refused_count++] = number;
}

static void begin(isth_client *client, struct call *call, uint32_t method, bool to_cancel) {
  unsigned char bytes[8192];
  isth_message message;
  *call = (struct call){.number = load.next_number++, .method = method, .client = client, .to_cancel = to_cancel};
  call->deadline_ns = isth_now_ns() + load.timeout_ns;
  isth_message_init(&message, bytes, sizeof bytes);
  siege_order order = {call->number, PARTS, PART_BYTES};
  isth_request request = {.method = method,
                          .payload = &order,
                          .size = sizeof order,
                          .deadline_ns = call->deadline_ns,
                          .callback = on_reply,
                          .user = call,
                          .replies = ISTH_REPLIES_MANY};
  if (method != SIEGE_METHOD_DELIVER) {
    siege_work *work = siege_work_begin(&message);
    call->size = call->number % CALLS == 0 ? LONG_BYTES : call->number * 97 % 1500;
    work->number = call->number;
    unsigned char *content = isth_message_append(&message, &work->content, call->size, 1, 1);
    REQUIRE(content != NULL, "a request of %u bytes", call->size);
    for (size_t i = 0; i < call->size; i++) content[i] = content_at(call->number, i);
    request.payload = message.bytes;
    request.size = message.size;
    request.replies = ISTH_REPLIES_ONE;
  }
  load.calls++;
  int error = send_request(client, &request, &call->id);
  if (error == 0) return;
  note_refused(call->number);
  end(call, error);
}

static void send_notes(isth_client *client) {
  for (int i = 0; i < NOTES; i++) {
    siege_note note = {load.next_number++};
    isth_request request = {.method = SIEGE_METHOD_NOTE,
                            .payload = &note,
                            .size = sizeof note,
                            .deadline_ns = isth_now_ns() + load.timeout_ns,
                            .replies = ISTH_REPLIES_NONE};
    load.calls++;
    int error = send_request(client, &request, NULL);
    check_status(error);
    count(error);
    if (error != 0) note_refused(note.number);
  }
}

static void make_calls(isth_client *client) {
  static struct call calls[CALLS];
  size_t begun = 0, ended = 0;
  for (int i = 0; i < WORKS; i++) begin(client, &calls[begun++], SIEGE_METHOD_WORK, false);
  for (int i = 0; i < LATERS; i++) begin(client, &calls[begun++], SIEGE_METHOD_LATER, false);
  for (int i = 0; i < AGAINS; i++) begin(client, &calls[begun++], SIEGE_METHOD_AGAIN, false);
  for (int i = 0; i < DELIVERIES; i++) begin(client, &calls[begun++], SIEGE_METHOD_DELIVER, i == 1);
  send_notes(client);
  /* on_reply ends the program where one comes too late; here, where none comes at all. The time for each part is a new one. */
  uint64_t until_ns = isth_now_ns() + load.timeout_ns * PARTS + MARGIN_S * UINT64_C(1000000000);
  while (ended < begun) {
    isth_client_wait(client, 20000000);
    for (ended = 0; ended < begun && calls[ended].outcomes == 1; ended++) continue;
    REQUIRE(ended == begun || isth_now_ns() < until_ns, "call %u has no outcome", calls[ended].number);
  }
}

/* ---- regions ---- */

/* A row that no other client writes now. */
static uint32_t board_key(void) {
  return FIRST_KEY + load.first_number / NUMBERS % MOST_CLIENTS * KEYS + load.next_number % KEYS;
}

static void check_regions(isth_client *client) {
  isth_region *gauge, *board;
  siege_gauge value;
  siege_entry entry = {.key = board_key(), .owner = load.first_number};
  siege_note touched;
  isth_stamp stamp, seen;
  REQUIRE(siege_gauge_of_client(client, &gauge) == 0 && siege_board_of_client(client, &board) == 0, "no regions");
  uint64_t changes = isth_region_changes(gauge);
  int status = siege_call_touch(client, &touched, load.timeout_ns, NULL);
  load.calls++;
  check_status(status);
  count(status);
  /* What the owner wrote before it answered is there, whatever has become of it since. */
  if (status == 0) {
    REQUIRE(isth_region_wait(gauge, changes, load.timeout_ns) == 0, "the change was not told");
    REQUIRE(siege_gauge_read(gauge, &value, NULL) == 0, "nothing was written");
    REQUIRE(value.number >= touched.number, "an older value came back");
    check_digits(value.number, value.digits, sizeof value.digits / sizeof value.digits[0], "the gauge");
  }
  (void)isth_region_wait(gauge, isth_region_changes(gauge), 1000000);

  entry.number = load.next_number;
  for (size_t i = 0; i < sizeof entry.digits / sizeof entry.digits[0]; i++) entry.digits[i] = entry.number * (i + 1);
  status = siege_board_write(board, &entry, ISTH_ANY_VERSION, &stamp);
  /* Somebody may have been stopped while he had the lock, or got no processor for as long. */
  REQUIRE(status == 0 || status == ISTH_E_LOCK_TIMEOUT, "writing the board: %s", isth_error_name(status));
  bool written = status == 0;
  siege_entry found;
  for (uint32_t row = 0; row < isth_region_rows(board); row++) {
    status = siege_board_read_row(board, row, &found, NULL);
    REQUIRE(status == 0, "reading row %u of the board: %s", row, isth_error_name(status));
    check_digits(found.number, found.digits, sizeof found.digits / sizeof found.digits[0], "a row of the board");
  }
  if (written)
    REQUIRE(siege_board_read(board, entry.key, &found, &seen) == 0 && found.number == entry.number &&
                seen.version == stamp.version && seen.time_ns == stamp.time_ns,
            "what was written to the board is not there");
  isth_region_close(gauge);
  isth_region_close(board);
}

/* ---- the process ---- */

static bool input_ended(void) {
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  return poll(&input, 1, 0) > 0;
}

/* NULL: nobody is there for a moment. */
static isth_client *connect_to_instance(void) {
  isth_client *client;
  isth_client_options options;
  isth_client_options_init(&options);
  options.wait = ISTH_WAIT_BLOCK;
  options.request_ring_bytes = options.reply_ring_bytes = RING_BYTES;
  options.stream_window_bytes = WINDOW_BYTES;
  options.connect_timeout_ns = load.timeout_ns;
  isth_failure failure = {0, ""};
  int error = isth_client_open(&client, load.path, siege_schema(), &options, &failure);
  check_status(error);
  if (error == 0) return client;
  load.disturbed = true;
  return NULL;
}

static void open_ledger(const char *path) {
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  REQUIRE(file >= 0 && fstat(file, &status) == 0, "%s", path);
  void *mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, file, 0);
  REQUIRE(mapped != MAP_FAILED, "%s", path);
  close(file);
  load.ledger = mapped;
}

static void print_summary(void) {
  const char *comma = "";
  printf("{\"calls\":%llu,\"outcomes\":{", (unsigned long long)load.calls);
  for (int i = 0; i < STATUSES; i++) {
    if (load.counts[i] == 0) continue;
    printf("%s\"%s\":%llu", comma, isth_error_name(-i), (unsigned long long)load.counts[i]);
    comma = ",";
  }
  printf("}}\n");
}

/* While there is no connection. */
static void check_resources(size_t descriptors, long kib) {
  REQUIRE(count_descriptors() == descriptors, "%zu descriptors, %zu at the start", count_descriptors(), descriptors);
  REQUIRE(count_segments() == 0, "%ld segments are mapped", count_segments());
  REQUIRE(kib == 0 || resident_kib() < kib + GROWN_KIB, "%ld KiB, and %ld at the start", resident_kib(), kib);
}

/* Nobody executes what was never sent. */
static void check_refused(void) {
  for (uint32_t i = 0; i < load.refused_count; i++)
    REQUIRE(load.ledger[load.refused[i]] == 0, "call %u was refused, and executed", load.refused[i]);
}

int main(int argc, char **argv) {
  REQUIRE(argc == 6, "usage: load SOCKET LEDGER FIRST_NUMBER TIMEOUT_MS PATIENT");
  load.path = argv[1];
  open_ledger(argv[2]);
  load.first_number = load.next_number = (uint32_t)strtoul(argv[3], NULL, 10);
  load.timeout_ns = strtoull(argv[4], NULL, 10) * 1000000;
  load.patient = argv[5][0] == '1';
  setvbuf(stdout, NULL, _IOLBF, 0);
  size_t descriptors = count_descriptors();
  long kib = 0;
  isth_client *client = NULL;
  for (unsigned int round = 1; !input_ended() && load.next_number < load.first_number + NUMBERS - 2 * CALLS; round++) {
    load.disturbed = false;
    if (client == NULL) client = connect_to_instance();
    if (client != NULL) {
      make_calls(client);
      check_regions(client);
    }
    printf(load.disturbed ? "disturbed\n" : "clean\n");
    poll(NULL, 0, 1); /* leaves others some of the processor */
    if (client == NULL) continue;
    if (round % 3 != 0 && isth_client_status(client) == 0 && !isth_client_draining(client)) continue;
    isth_client_close(client);
    client = NULL;
    if (kib == 0) kib = resident_kib();
    check_resources(descriptors, kib);
  }
  isth_client_close(client);
  check_resources(descriptors, kib);
  check_refused();
  print_summary();
  return 0;
}
