/*
 * harness.h: what the generated layout programs share: the flat form (see flat.ts), and the commands on standard input.
 *
 * A command is {schema, what, size, argument}, 32 bits each, and `size` bytes. Answers go to standard output, each
 * with its own size before it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isthmus/isthmus.h>

/* What a generated program knows of one schema. */
struct schema {
  size_t fixed_bytes;
  isth_checker checker;
  void (*read)(const isth_message *message);  /* the whole message, which has been checked, to the flat form */
  bool (*write)(isth_message *message);       /* the flat form to a message; false if there is no room */
  void (*touch)(const isth_message *message); /* reads tails of a message that has not been checked */
};

enum { CHECK = 0, WRITE = 1, FUZZ = 2, LAYOUT = 3 };

static _Noreturn void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(3);
}

/* The library's checks need it; there are no calls here. */
int isth_refuse(isth_call *call, int code, const char *format, ...) {
  (void)call, (void)code;
  fail(format);
}

/* ---- the flat form ---- */

static unsigned char *flat;
static size_t flat_size, flat_at, flat_capacity;

static void put_bytes(const void *data, size_t size) {
  if (flat_size + size > flat_capacity) {
    flat_capacity = (flat_size + size) * 2;
    flat = (unsigned char *)realloc(flat, flat_capacity);
    if (flat == NULL) fail("no memory");
  }
  if (size > 0) memcpy(flat + flat_size, data, size);
  flat_size += size;
}

static void put_number(uint64_t value) { put_bytes(&value, sizeof(value)); }
static void put_double(double value) { put_bytes(&value, sizeof(value)); }
static void put_byte(bool value) {
  unsigned char byte = value;
  put_bytes(&byte, 1);
}
static void put_count(size_t value) {
  uint32_t count = (uint32_t)value;
  put_bytes(&count, sizeof(count));
}
static void put_text(isth_text text) {
  if (text.bytes[text.length] != '\0') fail("a text does not end");
  put_count(text.length);
  put_bytes(text.bytes, text.length);
}
static void put_data(isth_bytes bytes) {
  put_count(bytes.length);
  put_bytes(bytes.data, bytes.length);
}

static const unsigned char *get_bytes(size_t size) {
  const unsigned char *data = flat + flat_at;
  if (size > flat_size - flat_at) fail("the flat form is too short");
  flat_at += size;
  return data;
}
static uint64_t get_number(void) { return isth_load_u64(get_bytes(8)); }
static double get_double(void) { return isth_load_f64(get_bytes(8)); }
static bool get_byte(void) { return *get_bytes(1) != 0; }
static uint32_t get_count(void) { return isth_load_u32(get_bytes(4)); }

static void put_string(const char *member) { put_text((isth_text){member, strlen(member)}); }
/* Into a member that is zero so far. */
static void get_string(char *member) {
  uint32_t length = get_count();
  memcpy(member, get_bytes(length), length);
}

/* ---- layouts, and tails of which nothing is known ---- */

static void put_layout(const char *format, size_t number) {
  char text[200];
  put_bytes(text, (size_t)snprintf(text, sizeof(text), format, number));
}

static void touch_bytes(const void *first, size_t size) {
  static volatile unsigned char sink;
  for (size_t i = 0; i < size; i++) sink = ((const unsigned char *)first)[i];
  (void)sink;
}
static void touch_text(isth_text text) { touch_bytes(text.bytes, text.length + 1); }

/* ---- messages ---- */

/* A copy of a message at an address of exactly its size, so that a sanitizer sees every byte that is read beyond it. */
static isth_message copy_of(const unsigned char *bytes, size_t size) {
  isth_message message;
  void *memory;
  if (posix_memalign(&memory, 64, size == 0 ? 1 : size) != 0) fail("no memory");
  if (size > 0) memcpy(memory, bytes, size);
  isth_message_init(&message, memory, size);
  message.size = size;
  return message;
}

static uint32_t verdict(const struct schema *schema, const isth_message *message, isth_check_role role) {
  isth_check check;
  isth_failure failure;
  int error = isth_check_message(&check, message, schema->fixed_bytes, schema->checker, role);
  if (error == 0) return 0;
  if (isth_check_report(&check, &failure) != error) fail("two errors for one message");
  if (strlen(failure.message) < 10) fail("a failure without words");
  return (uint32_t)-error;
}

static void answer(const void *data, size_t size) {
  uint32_t count = (uint32_t)size;
  fwrite(&count, sizeof(count), 1, stdout);
  if (size > 0) fwrite(data, 1, size, stdout);
}

/* Answers what C thinks of a message, and what it reads in it. */
static void check_command(const struct schema *schema, const unsigned char *bytes, size_t size) {
  isth_message message = copy_of(bytes, size);
  uint32_t verdicts[2];
  verdicts[0] = verdict(schema, &message, ISTH_CHECK_INPUT);
  verdicts[1] = verdict(schema, &message, ISTH_CHECK_REPLY);
  answer(verdicts, sizeof(verdicts));
  flat_size = 0;
  if (verdicts[1] == 0) schema->read(&message);
  answer(flat, flat_size);
  schema->touch(&message);
  free(message.bytes);
}

/* Answers with the message that C makes from a flat form. With less room than that takes there is no message. */
static void write_command(const struct schema *schema, const unsigned char *bytes, size_t size) {
  static _Alignas(64) unsigned char memory[1 << 20];
  isth_message message;
  size_t needed;
  flat_size = 0;
  put_bytes(bytes, size);
  flat_at = 0;
  isth_message_init(&message, memory, sizeof(memory));
  memset(memory, 0xee, sizeof(memory));
  if (!schema->write(&message)) fail("no room");
  if (flat_at != flat_size) fail("the flat form is too long");
  needed = message.size;
  answer(memory, needed);
  flat_at = 0;
  isth_message_init(&message, memory, needed - 1);
  if (schema->write(&message)) fail("there cannot be room");
}

/* ---- hostile messages ---- */

static uint64_t random_state;

/* xorshift64*, as in c/test/random.h. */
static uint64_t random_below(uint64_t bound) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * UINT64_C(2685821657736338717) % bound;
}

/* A byte, a word that may be a span's offset or length, or a word taken from elsewhere in the message. */
static void change(isth_message *message) {
  uint32_t word = 0;
  size_t at;
  if (message->size == 0) return;
  if (message->size < 4 || random_below(3) == 0) {
    message->bytes[random_below(message->size)] = (unsigned char)random_below(256);
    return;
  }
  at = random_below(message->size - 3) & (random_below(8) == 0 ? ~(size_t)0 : ~(size_t)3);
  switch (random_below(6)) {
  case 0: word = (uint32_t)random_below(UINT64_C(1) << 32); break;
  case 1: word = (uint32_t)random_below(message->size + 9); break;
  case 2: word = (uint32_t)random_below(6); break;
  case 3: word = UINT32_MAX - (uint32_t)random_below(9); break;
  case 4: word = isth_load_u32(message->bytes + at) + (uint32_t)random_below(17) - 8; break;
  case 5: word = isth_load_u32(message->bytes + (random_below(message->size - 3) & ~(size_t)3)); break;
  }
  memcpy(message->bytes + at, &word, sizeof(word));
}

/* Answers how many of `count` changed messages were good as an input, good as a reply, and malformed. */
static void fuzz_command(const struct schema *schema, const unsigned char *bytes, size_t size, uint32_t count) {
  uint32_t seen[3] = {0, 0, 0};
  random_state = isth_load_u32(bytes) * UINT64_C(2) + 1;
  bytes += 4;
  size -= 4;
  for (uint32_t i = 0; i < count; i++) {
    isth_message message = copy_of(bytes, random_below(8) == 0 ? (size_t)random_below(size + 1) : size);
    uint32_t input, reply;
    for (uint64_t changes = 1 + random_below(3); changes > 0; changes--) change(&message);
    input = verdict(schema, &message, ISTH_CHECK_INPUT);
    reply = verdict(schema, &message, ISTH_CHECK_REPLY);
    if (input == 0 && reply != 0) fail("an input is checked for less than a reply");
    flat_size = 0;
    if (reply == 0) schema->read(&message);
    schema->touch(&message);
    seen[0] += input == 0;
    seen[1] += reply == 0;
    seen[2] += reply == (uint32_t)-ISTH_E_MALFORMED_MESSAGE;
    free(message.bytes);
  }
  answer(seen, sizeof(seen));
}

/* ---- the program ---- */

static int run(const struct schema *schemas, size_t schema_count, void (*print_layout)(void)) {
  static unsigned char bytes[1 << 20];
  uint32_t head[4];
  while (fread(head, sizeof(head), 1, stdin) == 1) {
    const struct schema *schema = &schemas[head[0]];
    size_t size = head[2];
    if (head[0] >= schema_count || size > sizeof(bytes)) fail("a bad command");
    if (size > 0 && fread(bytes, 1, size, stdin) != size) fail("a short command");
    switch (head[1]) {
    case CHECK: check_command(schema, bytes, size); break;
    case WRITE: write_command(schema, bytes, size); break;
    case FUZZ: fuzz_command(schema, bytes, size, head[3]); break;
    case LAYOUT:
      flat_size = 0;
      print_layout();
      answer(flat, flat_size);
      break;
    default: fail("no such command");
    }
  }
  free(flat);
  return 0;
}
