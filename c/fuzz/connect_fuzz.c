/* connect_fuzz.c: the client's side of the handshake: an instance that says anything, in pieces, with any descriptors. */
#include "connect.h"

#include "served.h"

#include "../test/regioned.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { KINDS = 8, MOST = 2048, PIECES = 32 };

/* What the instance sends, and in which pieces. */
struct script {
  unsigned char bytes[MOST];
  size_t size, piece_count;
  struct piece {
    size_t size, count;
    int descriptors[ISTH__MEMORIES + 2];
  } pieces[PIECES];
};

static int listener, kinds[KINDS];
static char path[64];
static uint64_t memory_bytes[ISTH__MEMORIES];
static struct script script;
static struct isth__regions *regions; /* a good instance's */

/* A memory that anybody may write, or that nobody else may. */
static int memory_of(size_t bytes, bool owned) {
  void *mapped;
  int fd = owned ? isth__memory_create_owned(bytes, &mapped) : isth__memory_create(bytes);
  CHECK(fd >= 0);
  return fd;
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  struct sockaddr_un address;
  int memories[ISTH__MEMORIES];
  (void)argc;
  (void)argv;
  snprintf(path, sizeof path, "/tmp/isth-fuzz-%d.sock", (int)getpid());
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(listener >= 0 && isth__socket_address(&address, path));
  CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(listener, 8), 0);
  /* Its file is removed at once, and reached through a descriptor: nothing is left, however this ends. */
  int file = open(path, O_PATH | O_CLOEXEC);
  CHECK(file >= 0 && unlink(path) == 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  CHECK_EQUAL(isth__regions_create(&regions, &regioned_schema, NULL), 0);
  CHECK_EQUAL(isth__regions_describe(regions, memory_bytes, memories), ISTH__MEMORIES);
  for (int i = 0; i < ISTH__MEMORIES; i++) kinds[i] = memories[i];
  kinds[3] = memory_of(memory_bytes[0] + 1, true);
  kinds[4] = memory_of(memory_bytes[0], false);
  kinds[5] = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  kinds[6] = open("/dev/zero", O_RDWR | O_CLOEXEC);
  kinds[7] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return 0;
}

/* ---- the instance ---- */

static void add(const void *bytes, size_t size) {
  if (size > MOST - script.size) size = MOST - script.size;
  memcpy(script.bytes + script.size, bytes, size);
  script.size += size;
}

static void write_script(struct fuzz_input *input, bool describes) {
  struct isth__offer offer = {.magic = ISTH__MAGIC,
                              .version = ISTH_PROTOCOL_VERSION,
                              .lanes = 1 + (uint32_t)fuzz_below(input, 2),
                              .text_bytes = describes ? (uint32_t)fuzz_below(input, 64) : 0,
                              .max_segment_bytes = UINT64_MAX};
  struct isth__welcome welcome = {.status = 0};
  unsigned char *bytes;
  script.size = 0;
  memcpy(offer.hash, regioned_schema.hash, sizeof offer.hash);
  memcpy(welcome.memory_bytes, memory_bytes, sizeof memory_bytes);
  add(&offer, sizeof offer);
  if (describes) {
    unsigned char text[64];
    add(text, fuzz_bytes(input, text, offer.text_bytes));
  } else {
    add(&welcome, sizeof welcome);
  }
  bytes = script.bytes;
  switch (fuzz_below(input, 4)) {
  case 0: bytes[fuzz_below(input, script.size)] ^= (unsigned char)fuzz_number(input, 1); break;
  case 1: fuzz_scribble(input, bytes, script.size); break;
  case 2: script.size = fuzz_below(input, script.size + 1); break;
  default: break;
  }
}

/* Cuts it into pieces. The descriptors of a good instance come with the welcome's first byte. */
static void cut_script(struct fuzz_input *input) {
  size_t at = 0;
  script.piece_count = 0;
  while (at < script.size && script.piece_count < PIECES) {
    struct piece *piece = &script.pieces[script.piece_count++];
    size_t left = script.size - at,
           until_welcome = at < sizeof(struct isth__offer) ? sizeof(struct isth__offer) - at : left;
    piece->size = fuzz_below(input, 4) == 0 ? 1 + fuzz_below(input, left) : until_welcome < left ? until_welcome : left;
    piece->count = at == sizeof(struct isth__offer) ? ISTH__MEMORIES : 0;
    if (fuzz_below(input, 4) == 0) piece->count = fuzz_below(input, ISTH__MEMORIES + 3);
    for (size_t i = 0; i < piece->count; i++)
      piece->descriptors[i] = kinds[fuzz_below(input, 8) == 0 ? fuzz_below(input, KINDS) : i % KINDS];
    at += piece->size;
  }
}

/* Takes one connection, says all that it has to say, and waits until the client has gone. */
static void *play_script(void *argument) {
  unsigned char sink[512];
  int control = accept(listener, NULL, NULL);
  size_t at = 0;
  (void)argument;
  CHECK(control >= 0);
  for (size_t i = 0; i < script.piece_count; i++) {
    const struct piece *piece = &script.pieces[i];
    if (isth__send(control, script.bytes + at, piece->size, piece->descriptors, piece->count) < 0) break;
    at += piece->size;
  }
  shutdown(control, SHUT_WR);
  while (recv(control, sink, sizeof sink, 0) > 0) continue;
  close(control);
  return NULL;
}

/* ---- the client ---- */

static void read_regions(struct isth__regions *mapped) {
  unsigned char value[sizeof(struct gauge)];
  for (uint32_t id = 1; id <= REGIONS; id++) {
    isth_region *region;
    CHECK_EQUAL(isth__regions_open(mapped, id, &region), 0);
    for (uint32_t row = 0; row < isth_region_rows(region); row++) (void)isth_region_read(region, row, value, NULL);
    isth_region_close(region);
  }
}

static void connect_once(void) {
  struct isth__connection connection;
  isth_client_options options;
  isth_failure failure = {0, ""};
  isth_client_options_init(&options);
  options.request_ring_bytes = options.reply_ring_bytes = 4096;
  options.connect_timeout_ns = UINT64_C(60000000000);
  int error = isth__connect(&connection, path, &regioned_schema, &options, &failure);
  if (error == 0) {
    CHECK(connection.regions != NULL && connection.shape.lanes <= ISTH_MAX_LANES);
    read_regions(connection.regions);
    isth__disconnect(&connection);
  } else {
    CHECK(error < 0 && failure.error == error);
    CHECK(memchr(failure.message, 0, sizeof failure.message) != NULL);
  }
}

static void describe_once(void) {
  char *text;
  isth_failure failure = {0, ""};
  int error = isth_describe(path, UINT64_C(60000000000), &text, &failure);
  CHECK((error == 0) == (text != NULL));
  if (error == 0) fuzz_read(text, strlen(text) + 1);
  isth_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  int before = fuzz_open_descriptors();
  pthread_t instance;
  bool describes = fuzz_below(&input, 4) == 0;
  write_script(&input, describes);
  cut_script(&input);
  CHECK_EQUAL(pthread_create(&instance, NULL, play_script, NULL), 0);
  if (describes) {
    describe_once();
  } else {
    connect_once();
  }
  pthread_join(instance, NULL);
  CHECK_EQUAL(fuzz_open_descriptors(), before);
  return 0;
}
