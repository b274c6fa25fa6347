/* message_test.c: messages with tails: how they are written and read, and that only those which lie as they should are
 * accepted. */
#include "platform.h"

#include <isthmus/isthmus.h>

#include "random.h"
#include "resources.h"

#include <stdalign.h>

static alignas(64) unsigned char memory[1024];

/* ---- writing and reading ---- */

struct note {
  double weight;
  isth_span text, blob, numbers;
};

static void what_is_written_can_be_read(void) {
  isth_message message;
  memset(memory, 0xee, sizeof memory);
  isth_message_init(&message, memory, sizeof memory);
  struct note *note = isth_message_begin(&message, sizeof *note);
  CHECK(note == (void *)memory);
  CHECK_EQUAL(message.size, sizeof *note);
  note->weight = 2.5;
  CHECK(isth_message_append_text(&message, &note->text, "three", 5));
  CHECK(isth_message_append_bytes(&message, &note->blob, "\0\1\2", 3));
  double *numbers = isth_message_append(&message, &note->numbers, 4, sizeof *numbers, alignof(double));
  CHECK_EQUAL((uintptr_t)numbers % alignof(double), 0);
  for (int i = 0; i < 4; i++) {
    CHECK(numbers[i] == 0);
    numbers[i] = i;
  }
  /* A text and its NUL, the bytes, a gap of zeros up to the next multiple of 8. */
  CHECK_EQUAL(note->text.offset, 32);
  CHECK_EQUAL(note->blob.offset, 38);
  CHECK_EQUAL(note->numbers.offset, 48);
  CHECK_EQUAL(message.size, 48 + 32);
  for (int i = 41; i < 48; i++) CHECK_EQUAL(memory[i], 0);
  CHECK_EQUAL(memory[message.size], 0xee);

  isth_text text = isth_message_text(&message, note->text);
  CHECK_EQUAL(text.length, 5);
  CHECK(strcmp(text.bytes, "three") == 0);
  isth_bytes blob = isth_message_bytes(&message, note->blob);
  CHECK(blob.length == 3 && memcmp(blob.data, "\0\1\2", 3) == 0);
  CHECK(isth_message_tail(&message, note->numbers, sizeof(double)) == numbers);
}

static void empty_tails_have_no_bytes(void) {
  isth_message message;
  isth_message_init(&message, memory, sizeof memory);
  struct note *note = isth_message_begin(&message, sizeof *note);
  note->text = note->blob = note->numbers = (isth_span){9, 9};
  CHECK(isth_message_append_text(&message, &note->text, NULL, 0));
  CHECK(isth_message_append_bytes(&message, &note->blob, NULL, 0));
  CHECK(isth_message_append(&message, &note->numbers, 0, 8, 8) != NULL);
  CHECK_EQUAL(message.size, sizeof *note);
  const isth_span *spans[] = {&note->text, &note->blob, &note->numbers};
  for (int i = 0; i < 3; i++) CHECK(spans[i]->offset == 0 && spans[i]->length == 0);
  isth_text text = isth_message_text(&message, note->text);
  CHECK(text.length == 0 && text.bytes[0] == '\0');
  CHECK(isth_message_bytes(&message, note->blob).data == NULL);
  CHECK(isth_message_tail(&message, note->numbers, 8) == NULL);
}

static void what_has_no_room_changes_nothing(void) {
  static const unsigned char data[sizeof memory];
  for (size_t capacity = 0; capacity < 200; capacity++) {
    isth_message message;
    isth_message_init(&message, memory, capacity);
    memset(memory, 0xee, sizeof memory);
    struct note *note = isth_message_begin(&message, sizeof *note);
    CHECK_EQUAL(note != NULL, capacity >= sizeof *note);
    if (note == NULL) {
      CHECK_EQUAL(message.size, 0);
      continue;
    }
    isth_span before = note->numbers;
    CHECK_EQUAL(isth_message_append_text(&message, &note->text, "seven..", 7), capacity >= 40);
    size_t size = message.size;
    bool fits = ((size + 15) & ~(size_t)15) + 48 <= capacity;
    CHECK_EQUAL(isth_message_append(&message, &note->numbers, 3, 16, 16) != NULL, fits);
    if (!fits) CHECK(message.size == size && memcmp(&before, &note->numbers, sizeof before) == 0);
    size = message.size;
    CHECK_EQUAL(isth_message_append_bytes(&message, &note->blob, data, 50), size + 50 <= capacity);
    CHECK_EQUAL(isth_message_write(&message, data, capacity - message.size + 1), false);
    CHECK(isth_message_write(&message, data, capacity - message.size));
    CHECK(isth_message_write(&message, NULL, 0));
    for (size_t i = capacity; i < sizeof memory; i++) CHECK_EQUAL(memory[i], 0xee);
  }
}

static void sizes_that_overflow_have_no_room(void) {
  isth_message message;
  isth_span span = {1, 2};
  isth_message_init(&message, memory, sizeof memory);
  CHECK(isth_message_append(&message, &span, SIZE_MAX, 8, 8) == NULL);
  CHECK(isth_message_append(&message, &span, SIZE_MAX / 8 + 2, 8, 8) == NULL);
  CHECK(isth_message_append(&message, &span, 2, SIZE_MAX / 2 + 1, 8) == NULL);
  CHECK(isth_message_append(&message, &span, 1, SIZE_MAX, 8) == NULL);
  CHECK(isth_message_append(&message, &span, 1, 0, 8) == NULL);
  CHECK(isth_message_append(&message, &span, 1, 8, 0) == NULL);
  CHECK(isth_message_append(&message, &span, 1, 8, 24) == NULL);
  CHECK(isth_message_append(&message, &span, 1, 8, 128) == NULL);
  CHECK(!isth_message_append_text(&message, &span, "", SIZE_MAX));
  CHECK(!isth_message_append_bytes(&message, &span, "", SIZE_MAX));
  CHECK(!isth_message_write(&message, "", SIZE_MAX));
  CHECK(message.size == 0 && span.offset == 1 && span.length == 2);
}

/* Reads with spans that point anywhere: memory of just the message's size shows a byte too far to the address
 * sanitizer. */
static void reading_stays_inside_the_message(void) {
  struct random random = random_start(1);
  for (int round = is_slow() ? 2000 : 50000; round > 0; round--) {
    size_t size = random_below(&random, 40);
    isth_message message = {malloc(size + (size == 0)), size, size};
    for (size_t i = 0; i < size; i++) message.bytes[i] = (unsigned char)random_below(&random, 3);
    isth_span span = {(uint32_t)random_below(&random, 45), (uint32_t)random_below(&random, 45)};
    if (random_below(&random, 8) == 0) span.length = UINT32_MAX - (uint32_t)random_below(&random, 45);
    if (random_below(&random, 8) == 0) span.offset = UINT32_MAX - (uint32_t)random_below(&random, 45);
    size_t element = 1 + random_below(&random, 9);
    uint64_t end = (uint64_t)span.offset + (uint64_t)span.length * element, sum = 0;
    const unsigned char *tail = isth_message_tail(&message, span, element);
    CHECK_EQUAL(tail != NULL, span.length > 0 && end <= size);
    for (size_t i = 0; tail != NULL && i < span.length * element; i++) sum += tail[i];
    CHECK(sum <= 2 * size);
    isth_text text = isth_message_text(&message, span);
    bool whole = span.length > 0 && (uint64_t)span.offset + span.length < size && text.bytes[text.length] == '\0';
    CHECK_EQUAL(text.bytes[text.length], 0);
    CHECK(text.length == 0 || (whole && text.length == span.length));
    CHECK_EQUAL(isth_message_bytes(&message, span).length,
                (uint64_t)span.offset + span.length <= size ? span.length : 0);
    free(message.bytes);
  }
}

/* ---- UTF-8 ---- */

static void utf8_is_told_from_what_is_not(void) {
  static const struct {
    const char *bytes;
    size_t length;
    bool valid;
  } cases[] = {
      {"", 0, true},
      {"a\0b", 3, true},
      {"\0", 1, true},
      {"gr\xc3\xbc\xc3\x9f", 6, true},
      {"\xe2\x82\xac\xf0\x9f\x98\x80", 7, true},
      {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10, true},
      {"\xc3", 1, false}, /* cut off */
      {"\xe2\x82", 2, false},
      {"\xf0\x9f\x98", 3, false},
      {"\xc3\0\xbc", 3, false}, /* by a NUL */
      {"\x80", 1, false},       /* a continuation alone */
      {"\xc0\x80", 2, false},   /* overlong */
      {"\xe0\x9f\xbf", 3, false},
      {"\xf0\x8f\xbf\xbf", 4, false},
      {"\xed\xa0\x80", 3, false},     /* a surrogate */
      {"\xf4\x90\x80\x80", 4, false}, /* past U+10FFFF */
      {"\xff", 1, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    /* Exactly as long: what lies behind may not matter, nor be read. */
    char *bytes = malloc(cases[i].length + (cases[i].length == 0));
    memcpy(bytes, cases[i].bytes, cases[i].length);
    CHECK_EQUAL(isth_utf8_valid(bytes, cases[i].length), cases[i].valid);
    free(bytes);
  }
}

/* The two functions say the same of text without NULs, whatever the bytes. */
static void a_field_and_a_tail_have_the_same_rules(void) {
  static const unsigned char likely[] = {'a',  0x80, 0xbf, 0xc2, 0xdf, 0xe0, 0xed,
                                         0xef, 0xf0, 0xf4, 0x9f, 0xa0, 0x8f, 0x90};
  struct random random = random_start(2);
  int valid = 0;
  for (int round = is_slow() ? 20000 : 500000; round > 0; round--) {
    char bytes[8];
    size_t length = random_below(&random, sizeof bytes - 1);
    for (size_t i = 0; i < length; i++)
      bytes[i] = (char)(random_below(&random, 8) == 0 ? 1 + random_below(&random, 255)
                                                      : likely[random_below(&random, sizeof likely)]);
    bytes[length] = '\0';
    CHECK_EQUAL(isth_utf8_valid(bytes, length), isth_text_valid(bytes, sizeof bytes));
    valid += isth_utf8_valid(bytes, length);
  }
  CHECK(valid > 100);
}

/* ---- checking, against a model that looks at each byte ---- */

enum { FIELDS = 5, FIXED = FIELDS * sizeof(isth_span), MOST = 200 };

/* How a test declares a tail. */
struct field {
  size_t element_bytes, align;
  bool is_text;
};

static const struct field kinds[] = {{1, 1, true}, {1, 1, false}, {2, 2, false}, {8, 8, false}, {12, 4, false}};

/* Whether each tail lies as it should; too simple to be wrong. */
static bool model_accepts(const isth_message *message, const struct field *fields) {
  bool taken[MOST + 1] = {false};
  isth_span spans[FIELDS];
  memcpy(spans, message->bytes, sizeof spans);
  for (size_t i = 0; i < FIXED; i++) taken[i] = true;
  for (size_t i = 0; i < FIELDS; i++) {
    if (spans[i].length == 0 && spans[i].offset == 0) continue;
    if (spans[i].length == 0 || spans[i].offset % fields[i].align != 0) return false;
    uint64_t begin = spans[i].offset, end = begin + (uint64_t)spans[i].length * fields[i].element_bytes;
    if (fields[i].is_text && (end >= message->size || message->bytes[end] != 0)) return false;
    if (fields[i].is_text) end++;
    if (end > message->size) return false;
    for (uint64_t at = begin; at < end; at++) {
      if (taken[at]) return false;
      taken[at] = true;
    }
  }
  return true;
}

/* Walks as generated code does. `walks` counts how often. */
static int check_tails(const isth_message *message, const struct field *fields, int *walks) {
  isth_tails tails;
  int error;
  *walks = 0;
  if (!isth_tails_begin(&tails, message, FIXED)) return ISTH_E_MALFORMED_MESSAGE;
  do {
    isth_span spans[FIELDS];
    memcpy(spans, message->bytes, sizeof spans);
    ++*walks;
    for (size_t i = 0; i < FIELDS; i++)
      if (!isth_tails_add(&tails, spans[i], fields[i].element_bytes, fields[i].align, fields[i].is_text)) break;
  } while ((error = isth_tails_end(&tails)) == ISTH_TAILS_AGAIN);
  CHECK_EQUAL(error == 0, isth_tails_fault(&tails)[0] == '\0');
  return error;
}

/* Writes tails in a random order, so that they are good; the fields' order in the walk is another one. */
static void write_random(struct random *random, isth_message *message, const struct field *fields, bool in_order) {
  isth_span *spans = isth_message_begin(message, FIXED);
  for (size_t n = 0; n < FIELDS; n++) {
    size_t i = in_order ? n : random_below(random, FIELDS);
    const struct field *field = &fields[i];
    size_t count = random_below(random, 4);
    /* What was written before for this field stays as a gap. */
    if (field->is_text) {
      (void)isth_message_append_text(message, &spans[i], "text", count);
    } else {
      (void)isth_message_append(message, &spans[i], count, field->element_bytes, field->align);
    }
  }
}

static void good_tails_are_accepted_in_any_order(void) {
  struct random random = random_start(3);
  int twice = 0;
  for (int round = is_slow() ? 2000 : 50000; round > 0; round--) {
    isth_message message;
    struct field fields[FIELDS];
    int walks;
    bool in_order = random_below(&random, 2) == 0;
    for (size_t i = 0; i < FIELDS; i++) fields[i] = kinds[random_below(&random, 5)];
    isth_message_init(&message, memory, MOST);
    write_random(&random, &message, fields, in_order);
    CHECK(model_accepts(&message, fields));
    CHECK_EQUAL(check_tails(&message, fields, &walks), 0);
    if (in_order) CHECK_EQUAL(walks, 1);
    twice += walks == 2;
  }
  CHECK(twice > 100);
}

static void only_good_tails_are_accepted(void) {
  struct random random = random_start(4);
  int good = 0, bad = 0;
  for (int round = is_slow() ? 20000 : 1000000; round > 0; round--) {
    isth_message message;
    struct field fields[FIELDS];
    int walks;
    for (size_t i = 0; i < FIELDS; i++) fields[i] = kinds[random_below(&random, 5)];
    isth_message_init(&message, memory, MOST);
    write_random(&random, &message, fields, random_below(&random, 2) == 0);
    /* Spoils one or two numbers, mostly by little. */
    for (uint64_t times = 1 + random_below(&random, 2); times > 0; times--) {
      uint32_t *number = (uint32_t *)(void *)memory + random_below(&random, FIXED / sizeof(uint32_t));
      switch (random_below(&random, 4)) {
      case 0: *number = (uint32_t)random_next(&random); break;
      case 1: *number = (uint32_t)random_below(&random, message.size + 1); break;
      default: *number += (uint32_t)(random_below(&random, 9) - 4); break;
      }
    }
    if (random_below(&random, 6) == 0) message.size -= random_below(&random, message.size - FIXED + 1);
    bool accepted = model_accepts(&message, fields);
    CHECK_EQUAL(check_tails(&message, fields, &walks), accepted ? 0 : ISTH_E_MALFORMED_MESSAGE);
    good += accepted;
    bad += !accepted;
  }
  CHECK(good > 100 && bad > 100);
}

static void each_fault_is_named(void) {
  static const struct {
    const char *fault;
    isth_span first, second;
    struct field kind;
  } cases[] = {
      {"lies outside the message", {0, 0}, {101, 1}, {1, 1, false}},
      {"lies outside the message", {0, 0}, {100, 1}, {1, 1, false}},
      {"lies outside the message", {0, 0}, {40, UINT32_MAX}, {1, 1, false}},
      {"lies outside the message", {0, 0}, {40, UINT32_MAX}, {(size_t)1 << 32, 8, false}},
      {"lies outside the message", {0, 0}, {40, 1}, {SIZE_MAX, 8, false}},
      {"lies outside the message", {0, 0}, {40, 1}, {0, 8, false}},
      {"lies outside the message", {0, 0}, {UINT32_MAX, 1}, {1, 1, false}},
      {"lies inside the fixed part", {0, 0}, {8, 4}, {1, 1, false}},
      {"lies inside the fixed part", {0, 0}, {15, 4}, {1, 1, false}},
      {"is not aligned", {0, 0}, {41, 1}, {8, 8, false}},
      {"is empty, but has an offset", {0, 0}, {40, 0}, {8, 8, false}},
      {"is not followed by a NUL", {0, 0}, {40, 4}, {1, 1, true}},
      {"is not followed by a NUL", {0, 0}, {90, 10}, {1, 1, true}},
      {"overlaps another tail", {40, 8}, {47, 1}, {1, 1, false}},
      {"overlaps another tail", {40, 8}, {32, 9}, {1, 1, false}},
      {"overlaps another tail", {40, 8}, {40, 8}, {1, 1, false}},
      {"overlaps another tail", {16, 60}, {20, 60}, {1, 1, false}}, /* together more than there is */
  };
  isth_message message = {memory, 100, 100};
  memset(memory, 1, sizeof memory);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    isth_tails tails;
    int error;
    CHECK(isth_tails_begin(&tails, &message, 16));
    do {
      CHECK(isth_tails_add(&tails, cases[i].first, 1, 1, false));
      (void)isth_tails_add(&tails, cases[i].second, cases[i].kind.element_bytes, cases[i].kind.align,
                           cases[i].kind.is_text);
    } while ((error = isth_tails_end(&tails)) == ISTH_TAILS_AGAIN);
    CHECK_EQUAL(error, ISTH_E_MALFORMED_MESSAGE);
    CHECK(strcmp(isth_tails_fault(&tails), cases[i].fault) == 0);
  }
  isth_tails tails;
  CHECK(!isth_tails_begin(&tails, &message, 101));
  CHECK_EQUAL(isth_tails_end(&tails), ISTH_E_MALFORMED_MESSAGE);
  CHECK(strcmp(isth_tails_fault(&tails), "is shorter than its fixed part") == 0);
}

/* Elements of one list that all point to one and the same list: with n of them an unbounded walk would visit n
 * squared. */
static void spans_that_share_bytes_do_not_multiply_the_work(void) {
  enum { ROWS = 4000 };
  size_t capacity = 8 + ROWS * sizeof(isth_span) + ROWS;
  isth_message message;
  void *room = aligned_alloc(64, (capacity + 63) & ~(size_t)63);
  isth_message_init(&message, room, capacity);
  isth_span *head = isth_message_begin(&message, sizeof *head);
  isth_span *rows = isth_message_append(&message, head, ROWS, sizeof *rows, 4);
  CHECK(isth_message_append(&message, &rows[0], ROWS, 1, 1) != NULL);
  for (int i = 1; i < ROWS; i++) rows[i] = rows[0];
  isth_tails tails;
  size_t visited = 0;
  int error;
  CHECK(isth_tails_begin(&tails, &message, sizeof *head));
  do {
    bool going = isth_tails_add(&tails, *head, sizeof *rows, 4, false);
    for (int i = 0; going && i < ROWS; i++) {
      going = isth_tails_add(&tails, rows[i], 1, 1, false);
      if (going) visited += rows[i].length;
    }
  } while ((error = isth_tails_end(&tails)) == ISTH_TAILS_AGAIN);
  CHECK_EQUAL(error, ISTH_E_MALFORMED_MESSAGE);
  CHECK(visited <= 2 * capacity);
  free(room);
}

int main(void) {
  static const struct test_case tests[] = {
      {"what is written can be read", what_is_written_can_be_read},
      {"empty tails have no bytes", empty_tails_have_no_bytes},
      {"what has no room changes nothing", what_has_no_room_changes_nothing},
      {"sizes that overflow have no room", sizes_that_overflow_have_no_room},
      {"reading stays inside the message", reading_stays_inside_the_message},
      {"UTF-8 is told from what is not", utf8_is_told_from_what_is_not},
      {"a field and a tail have the same rules", a_field_and_a_tail_have_the_same_rules},
      {"good tails are accepted in any order", good_tails_are_accepted_in_any_order},
      {"only good tails are accepted", only_good_tails_are_accepted},
      {"each fault is named", each_fault_is_named},
      {"spans that share bytes do not multiply the work", spans_that_share_bytes_do_not_multiply_the_work},
  };
  return RUN_TESTS("message_test", tests);
}
