/* metadata_test.c: the block that says for whom a request is: written, read, and refused where it makes no sense. */
#include "metadata.h"

#include "check.h"
#include "random.h"
#include "resources.h"
#include "utf8.h"

/* A block by hand. */
struct block {
  unsigned char bytes[ISTH_MAX_METADATA_BYTES + 64];
  size_t size;
};

/* One entry, whose header may say what is not so. */
static void add_entry(struct block *block, uint16_t key, uint16_t bytes, const char *text, size_t size) {
  memcpy(block->bytes + block->size, &key, 2);
  memcpy(block->bytes + block->size + 2, &bytes, 2);
  memcpy(block->bytes + block->size + 4, text, size);
  memset(block->bytes + block->size + 4 + size, 0, 3);
  block->size += 4 + (size + 3) / 4 * 4;
}

static void entries_lie_as_written_down(void) {
  static const isth_metadata entries[] = {{ISTH_METADATA_SCOPES, "ab", 2}, {ISTH_METADATA_CALLER, "alice", 5}};
  static const unsigned char expected[] = {3, 0, 2, 0, 'a', 'b', 0, 0, 1, 0, 5, 0, 'a', 'l', 'i', 'c', 'e', 0, 0, 0};
  unsigned char block[64];
  uint32_t bytes;
  memset(block, 0xee, sizeof block);
  CHECK_EQUAL(isth__metadata_measure(entries, 2, &bytes), 0);
  CHECK_EQUAL(bytes, sizeof expected);
  isth__metadata_write(entries, 2, block);
  CHECK(memcmp(block, expected, sizeof expected) == 0);
  CHECK_EQUAL(block[sizeof expected], 0xee);
}

static void bad_entries_are_refused(void) {
  static char long_text[ISTH_MAX_METADATA_BYTES + 1];
  memset(long_text, 'x', sizeof long_text);
  static const struct {
    isth_metadata entries[5];
    size_t count;
  } cases[] = {
      {{{(isth_metadata_key)0, "a", 1}}, 1},
      {{{(isth_metadata_key)5, "a", 1}}, 1},
      {{{(isth_metadata_key)65537, "a", 1}}, 1},
      {{{ISTH_METADATA_CALLER, "a", 1}, {ISTH_METADATA_CALLER, "b", 1}}, 2},
      {{{ISTH_METADATA_CALLER, NULL, 1}}, 1},
      {{{ISTH_METADATA_CALLER, "a\0b", 3}}, 1},
      {{{ISTH_METADATA_CALLER, "a", 2}}, 1},
      {{{ISTH_METADATA_CALLER, "\xff", 1}}, 1},
      {{{ISTH_METADATA_CALLER, "\xc3\xb6", 1}}, 1},
      {{{ISTH_METADATA_CALLER, "\xed\xa0\x80", 3}}, 1},
      {{{ISTH_METADATA_CALLER, long_text, ISTH_MAX_METADATA_BYTES - 3}}, 1},
      {{{ISTH_METADATA_CALLER, long_text, sizeof long_text}}, 1},
      {{{ISTH_METADATA_CALLER, long_text, SIZE_MAX}}, 1},
      {{{ISTH_METADATA_CALLER, long_text, 2044}, {ISTH_METADATA_TENANT, long_text, 2045}}, 2},
      {{{ISTH_METADATA_CALLER, "a", 1},
        {ISTH_METADATA_TENANT, "a", 1},
        {ISTH_METADATA_SCOPES, "a", 1},
        {ISTH_METADATA_METHOD, "a", 1},
        {ISTH_METADATA_METHOD, "a", 1}},
       5},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint32_t bytes = 1;
    CHECK_EQUAL(isth__metadata_measure(cases[i].entries, cases[i].count, &bytes), ISTH_E_INVALID_ARGUMENT);
    CHECK_EQUAL(bytes, 0);
  }
  uint32_t bytes;
  CHECK_EQUAL(isth__metadata_measure(NULL, 1, &bytes), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(isth__metadata_measure(NULL, 0, &bytes), 0);
  CHECK_EQUAL(bytes, 0);
}

static void the_largest_block_is_taken(void) {
  static char text[ISTH_MAX_METADATA_BYTES];
  static struct isth__metadata metadata;
  memset(text, 'x', sizeof text);
  const isth_metadata halves[] = {{ISTH_METADATA_CALLER, text, 2044}, {ISTH_METADATA_TENANT, text, 2044}};
  const isth_metadata whole = {ISTH_METADATA_METHOD, text, ISTH_MAX_METADATA_BYTES - 4};
  const struct {
    const isth_metadata *entries;
    size_t count;
  } cases[] = {{halves, 2}, {&whole, 1}};
  for (size_t i = 0; i < 2; i++) {
    unsigned char block[ISTH_MAX_METADATA_BYTES];
    uint32_t bytes;
    CHECK_EQUAL(isth__metadata_measure(cases[i].entries, cases[i].count, &bytes), 0);
    CHECK_EQUAL(bytes, ISTH_MAX_METADATA_BYTES);
    isth__metadata_write(cases[i].entries, cases[i].count, block);
    CHECK_EQUAL(isth__metadata_read(&metadata, block, bytes, NULL), 0);
    for (size_t j = 0; j < cases[i].count; j++)
      CHECK_EQUAL(strlen(isth__metadata_text(&metadata, cases[i].entries[j].key)), cases[i].entries[j].size);
  }
}

static void an_empty_text_is_not_none(void) {
  struct isth__metadata metadata;
  struct block block = {.size = 0};
  CHECK_EQUAL(isth__metadata_read(&metadata, block.bytes, 0, NULL), 0);
  for (int key = -1; key < 7; key++) CHECK(isth__metadata_text(&metadata, (isth_metadata_key)key) == NULL);
  add_entry(&block, ISTH_METADATA_SCOPES, 0, "", 0);
  CHECK_EQUAL(isth__metadata_read(&metadata, block.bytes, block.size, NULL), 0);
  for (int key = -1; key < 7; key++) {
    const char *text = isth__metadata_text(&metadata, (isth_metadata_key)key);
    CHECK(key == ISTH_METADATA_SCOPES ? text != NULL && text[0] == '\0' : text == NULL);
  }
}

static void check_refused(const struct block *block, const char *place, const char *what) {
  struct isth__metadata metadata;
  isth_failure failure;
  CHECK_EQUAL(isth__metadata_read(&metadata, block->bytes, block->size, &failure), ISTH_E_MALFORMED_MESSAGE);
  CHECK_EQUAL(failure.error, ISTH_E_MALFORMED_MESSAGE);
  if (strstr(failure.message, place) == NULL || strstr(failure.message, what) == NULL) {
    fprintf(stderr, "%s: lacks %s: %s\n", failure.message, place, what);
    exit(1);
  }
}

static void malformed_blocks_are_refused_with_their_place(void) {
  static const struct {
    uint16_t key, bytes;
    const char *text;
    size_t size;
    const char *what;
  } cases[] = {
      {0, 1, "a", 1, "a key that does not exist"},
      {5, 1, "a", 1, "a key that does not exist"},
      {UINT16_MAX, 1, "a", 1, "a key that does not exist"},
      {1, 1, "a", 1, "a key that was there before"},
      {2, 5, "abcd", 4, "a text that is longer than the rest"},
      {2, UINT16_MAX, "abcd", 4, "a text that is longer than the rest"},
      {2, 1, "", 0, "a text that is longer than the rest"},
      {2, 3, "a\0b", 3, "a text that is not UTF-8, or has a NUL"},
      {2, 4, "abc", 3, "a text that is not UTF-8, or has a NUL"},
      {2, 1, "\x80", 1, "a text that is not UTF-8, or has a NUL"},
      {2, 1, "\xc3\xb6", 2, "a text that is not UTF-8, or has a NUL"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct block block = {.size = 0};
    add_entry(&block, ISTH_METADATA_CALLER, 5, "alice", 5);
    add_entry(&block, cases[i].key, cases[i].bytes, cases[i].text, cases[i].size);
    check_refused(&block, "at byte 12:", cases[i].what);
  }
  struct block block = {.size = 0};
  add_entry(&block, ISTH_METADATA_CALLER, 5, "alice", 5);
  for (block.size = 13; block.size < 16; block.size++) check_refused(&block, "at byte 1", "an end within an entry");
  block.size = ISTH_MAX_METADATA_BYTES + 4;
  check_refused(&block, "at byte 4096:", "more than there may be");
}

/* Entries of random keys, in a random order, with random texts; returns how many. */
static size_t random_entries(struct random *random, isth_metadata entries[ISTH__METADATA_KEYS],
                             char texts[ISTH__METADATA_KEYS][ISTH_MAX_METADATA_BYTES]) {
  size_t count = random_below(random, ISTH__METADATA_KEYS + 1), most = random_below(random, 4) == 0 ? 1300 : 40;
  unsigned int keys[] = {1, 2, 3, 4};
  for (size_t i = 0; i < count; i++) {
    size_t other = i + random_below(random, ISTH__METADATA_KEYS - i);
    unsigned int key = keys[other];
    keys[other] = keys[i];
    entries[i] = (isth_metadata){(isth_metadata_key)key, texts[i], random_utf8(random, texts[i], most)};
  }
  return count;
}

static void every_block_that_is_written_is_read(void) {
  static char texts[ISTH__METADATA_KEYS][ISTH_MAX_METADATA_BYTES];
  static struct isth__metadata metadata;
  struct random random = random_start(11);
  int read = 0;
  for (int round = is_slow() ? 300 : 20000; round > 0; round--) {
    isth_metadata entries[ISTH__METADATA_KEYS];
    size_t count = random_entries(&random, entries, texts);
    uint32_t bytes;
    int error = isth__metadata_measure(entries, count, &bytes);
    /* Four of the longest are too long, and nothing else is wrong with any. */
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += 4 + (entries[i].size + 3) / 4 * 4;
    CHECK_EQUAL(error, total > ISTH_MAX_METADATA_BYTES ? ISTH_E_INVALID_ARGUMENT : 0);
    if (error != 0) continue;
    /* Of just the size, so that the address sanitizer sees a byte too far. */
    unsigned char *block = malloc(bytes + 1);
    isth__metadata_write(entries, count, block);
    CHECK_EQUAL(isth__metadata_read(&metadata, block, bytes, NULL), 0);
    /* What is read is a private copy. */
    memset(block, 0xff, bytes);
    free(block);
    size_t found = 0;
    for (int key = 1; key <= ISTH__METADATA_KEYS; key++)
      found += isth__metadata_text(&metadata, (isth_metadata_key)key) != NULL;
    CHECK_EQUAL(found, count);
    for (size_t i = 0; i < count; i++) {
      const char *text = isth__metadata_text(&metadata, entries[i].key);
      CHECK_EQUAL(strlen(text), entries[i].size);
      CHECK(memcmp(text, entries[i].text, entries[i].size) == 0);
    }
    read++;
  }
  CHECK(read > 100);
}

/* Whatever lies in a block: it is refused, or its texts are what they promise to be. */
static void random_bytes_are_refused_or_texts(void) {
  static char texts[ISTH__METADATA_KEYS][ISTH_MAX_METADATA_BYTES];
  static struct isth__metadata metadata;
  struct random random = random_start(12);
  int good = 0, refused = 0;
  for (int round = is_slow() ? 1000 : 100000; round > 0; round--) {
    isth_metadata entries[ISTH__METADATA_KEYS];
    uint32_t bytes;
    size_t count = random_entries(&random, entries, texts);
    if (isth__metadata_measure(entries, count, &bytes) != 0) continue;
    unsigned char *block = malloc(bytes + 1);
    isth__metadata_write(entries, count, block);
    /* A few bytes wrong: of wholly random ones hardly a first key would be good. */
    for (uint64_t flips = random_below(&random, 4); flips > 0 && bytes > 0; flips--)
      block[random_below(&random, bytes < 24 ? bytes : 24)] = (unsigned char)random_next(&random);
    size_t cut = random_below(&random, 4) == 0 ? random_below(&random, bytes + 1u) : bytes;
    int error = isth__metadata_read(&metadata, block, cut, NULL);
    free(block);
    CHECK(error == 0 || error == ISTH_E_MALFORMED_MESSAGE);
    *(error == 0 ? &good : &refused) += 1;
    for (int key = 1; key <= ISTH__METADATA_KEYS && error == 0; key++) {
      const char *text = isth__metadata_text(&metadata, (isth_metadata_key)key);
      if (text == NULL) continue;
      const char *end = metadata.bytes + sizeof metadata.bytes;
      CHECK(text >= metadata.bytes && text < end);
      CHECK(isth_text_valid(text, (size_t)(end - text)));
    }
  }
  CHECK(good > 100 && refused > 100);
}

int main(void) {
  static const struct test_case tests[] = {
      {"entries lie as written down", entries_lie_as_written_down},
      {"bad entries are refused", bad_entries_are_refused},
      {"the largest block is taken", the_largest_block_is_taken},
      {"an empty text is not none", an_empty_text_is_not_none},
      {"malformed blocks are refused with their place", malformed_blocks_are_refused_with_their_place},
      {"every block that is written is read", every_block_that_is_written_is_read},
      {"random bytes are refused or texts", random_bytes_are_refused_or_texts},
  };
  return RUN_TESTS("metadata_test", tests);
}
