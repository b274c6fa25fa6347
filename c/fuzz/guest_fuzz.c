/* guest_fuzz.c: the service's side of the handshake: bytes and descriptors of any kind, in pieces. */
#include "served.h"

#include "../test/echo.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { LANES = 2, KINDS = 12, SENT_MOST = 80 };

static isth_service *service;
static int kinds[KINDS];
static struct isth__attach good_attach;

static int memory_of(size_t bytes, unsigned int flags, int seals) {
  int fd = memfd_create("fuzz", MFD_CLOEXEC | flags);
  CHECK(fd >= 0);
  CHECK_EQUAL(ftruncate(fd, (off_t)bytes), 0);
  if (seals != 0) CHECK_EQUAL(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

static int socket_of(int type) {
  int ends[2];
  CHECK_EQUAL(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
  close(ends[1]);
  return ends[0];
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  const struct isth__shape shape = {LANES, ISTH__MIN_RING_BYTES, ISTH__MIN_RING_BYTES};
  size_t bytes = (size_t)isth__segment_bytes(&shape);
  const int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  (void)argc;
  (void)argv;
  service = fuzz_service(&echo_schema, LANES);
  good_attach = (struct isth__attach){.lanes = shape.lanes,
                                      .request_bytes = shape.request_bytes,
                                      .reply_bytes = shape.reply_bytes,
                                      .descriptors = 2 + LANES,
                                      .segment_bytes = bytes};
  int at = 0, ends[2];
  CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
  kinds[at++] = memory_of(bytes, MFD_ALLOW_SEALING, sealed);
  kinds[at++] = socket_of(SOCK_STREAM);
  kinds[at++] = memory_of(bytes - 1, MFD_ALLOW_SEALING, sealed);
  kinds[at++] = memory_of(bytes, 0, 0);
  kinds[at++] = memory_of(bytes, MFD_ALLOW_SEALING, F_SEAL_GROW);
  kinds[at++] = memory_of(bytes, MFD_ALLOW_SEALING, sealed | F_SEAL_WRITE);
  kinds[at++] = socket_of(SOCK_DGRAM);
  kinds[at++] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  kinds[at++] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  kinds[at++] = open("/dev/zero", O_RDWR | O_CLOEXEC);
  kinds[at++] = ends[0];
  kinds[at++] = ends[1];
  CHECK_EQUAL(at, KINDS);
  for (int i = 0; i < KINDS; i++) CHECK(kinds[i] >= 0);
  return 0;
}

/* What the guest sends next: whole and good, spoilt in a place, or anything. */
static size_t next_message(struct fuzz_input *input, unsigned char *bytes) {
  struct isth__hello hello = {.magic = ISTH__MAGIC, .version = ISTH_PROTOCOL_VERSION};
  memcpy(hello.hash, echo_schema.hash, sizeof hello.hash);
  uint64_t choice = fuzz_below(input, 8);
  if (choice == 0) return fuzz_bytes(input, bytes, 1 + fuzz_below(input, SENT_MOST));
  if (choice == 1) hello.flags = (uint32_t)fuzz_number(input, 1);
  size_t size = choice < 5 ? sizeof hello : sizeof good_attach;
  memcpy(bytes, choice < 5 ? (const void *)&hello : (const void *)&good_attach, size);
  if (choice == 2 || choice == 5) bytes[fuzz_below(input, size)] ^= (unsigned char)fuzz_number(input, 1);
  return size;
}

/* Descriptors: those that a good client passes, some of them replaced, or any. */
static size_t next_descriptors(struct fuzz_input *input, int descriptors[SENT_MOST]) {
  uint64_t choice = fuzz_below(input, 4);
  if (choice == 0) return 0;
  size_t count = choice == 1 ? fuzz_below(input, ISTH__MAX_FDS + 2) : 2 + LANES;
  for (size_t i = 0; i < count; i++) descriptors[i] = kinds[i == 0 ? 0 : 1];
  if (choice == 2 || choice == 1) descriptors[fuzz_below(input, count + 1)] = kinds[fuzz_below(input, KINDS)];
  return count;
}

static void look_at(const struct isth__channel *channel) {
  CHECK_EQUAL(channel->lane_count, LANES);
  CHECK_EQUAL(channel->segment_bytes, good_attach.segment_bytes);
  fuzz_read(channel->segment, channel->segment_bytes);
  for (uint32_t i = 0; i < LANES; i++) CHECK(channel->lanes[i].wake >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct fuzz_input input = {data, size};
  int before = fuzz_open_descriptors();
  int ends[2];
  struct isth__guest *guest = calloc(1, sizeof *guest);
  CHECK(guest != NULL);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  guest->control = ends[0];
  enum isth__guest_step step = ISTH__GUEST_STAYS;
  struct isth__channel *channel = NULL;
  while (step == ISTH__GUEST_STAYS && input.left > 0) {
    unsigned char bytes[SENT_MOST];
    int descriptors[SENT_MOST];
    size_t length = next_message(&input, bytes), sent = 0;
    while (step == ISTH__GUEST_STAYS && sent < length) {
      size_t piece = fuzz_below(&input, 2) == 0 ? length - sent : 1 + fuzz_below(&input, length - sent);
      size_t count = next_descriptors(&input, descriptors);
      if (isth__send(ends[1], bytes + sent, piece, descriptors, count) != (ptrdiff_t)piece) break;
      sent += piece;
      step = isth__guest_advance(service, guest, &channel);
    }
    while (fuzz_below(&input, 2) == 0 && recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  }
  close(ends[1]);
  if (step == ISTH__GUEST_STAYS) step = isth__guest_advance(service, guest, &channel);
  CHECK(step != ISTH__GUEST_STAYS);
  if (step == ISTH__GUEST_ADMITTED) {
    look_at(channel);
    isth__channel_free(channel);
  }
  isth__guest_free(guest);
  CHECK_EQUAL(fuzz_open_descriptors(), before);
  return 0;
}
