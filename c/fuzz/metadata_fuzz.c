/* metadata_fuzz.c: a request's metadata, of any bytes; and what was written is read again. */
#include "metadata.h"

#include "fuzz.h"

/* They lie in a block of so many bytes. */
static void read_texts(const struct isth__metadata *metadata, size_t size) {
  for (int key = 0; key <= ISTH__METADATA_KEYS + 1; key++) {
    const char *text = isth__metadata_text(metadata, (isth_metadata_key)key);
    if (text == NULL) continue;
    CHECK(text >= metadata->bytes && text < metadata->bytes + size);
    CHECK(memchr(text, 0, (size_t)(metadata->bytes + size - text)) != NULL);
    CHECK(isth_utf8_valid(text, strlen(text)));
  }
}

/* A block of anything. */
static void read_any(struct fuzz_input *input, struct isth__metadata *metadata) {
  size_t size = fuzz_below(input, 2) == 0 ? input->left : fuzz_below(input, ISTH_MAX_METADATA_BYTES + 64);
  isth_failure failure = {0, ""};
  unsigned char *block = calloc(1, size + (size == 0));
  CHECK(block != NULL);
  (void)fuzz_bytes(input, block, size);
  int error = isth__metadata_read(metadata, block, size, &failure);
  CHECK(error == 0 || (error == ISTH_E_MALFORMED_MESSAGE && failure.message[0] != '\0'));
  if (error == 0) read_texts(metadata, size);
  free(block);
}

/* Entries of anything: what can be measured can be read, and says the same. */
static void write_and_read(struct fuzz_input *input, struct isth__metadata *metadata) {
  isth_metadata entries[ISTH__METADATA_KEYS + 1];
  size_t count = fuzz_below(input, ISTH__METADATA_KEYS + 2);
  uint32_t size;
  for (size_t i = 0; i < count; i++) {
    size_t wanted = fuzz_below(input, 8) == 0 ? fuzz_number(input, 2) : fuzz_number(input, 1);
    entries[i] = (isth_metadata){.key = (isth_metadata_key)(fuzz_below(input, 8) == 0 ? fuzz_number(input, 4) : i + 1),
                                 .text = (const char *)input->at,
                                 .size = wanted < input->left ? wanted : input->left};
    input->at += entries[i].size;
    input->left -= entries[i].size;
  }
  int error = isth__metadata_measure(entries, count, &size);
  CHECK(error == 0 || error == ISTH_E_INVALID_ARGUMENT);
  if (error != 0) return;
  CHECK(size <= ISTH_MAX_METADATA_BYTES);
  unsigned char *block = malloc(size + (size == 0));
  CHECK(block != NULL);
  isth__metadata_write(entries, count, block);
  CHECK_EQUAL(isth__metadata_read(metadata, block, size, NULL), 0);
  free(block);
  for (size_t i = 0; i < count; i++) {
    const char *text = isth__metadata_text(metadata, entries[i].key);
    CHECK(text != NULL && strlen(text) == entries[i].size && memcmp(text, entries[i].text, entries[i].size) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  struct isth__metadata *metadata = malloc(sizeof *metadata);
  CHECK(metadata != NULL);
  memset(metadata, 'x', sizeof *metadata);
  if (fuzz_below(&input, 2) == 0) {
    read_any(&input, metadata);
  } else {
    write_and_read(&input, metadata);
  }
  free(metadata);
  return 0;
}
