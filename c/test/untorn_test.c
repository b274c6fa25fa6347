/* untorn_test.c: copying that tears no scalar, the digest, and patience. */
#include "untorn.h"

#include "atomic.h"
#include "patience.h"

#include "check.h"
#include "random.h"
#include "resources.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* ---- copying ---- */

static void every_place_and_size_is_copied(void) {
  enum { BYTES = 64, AROUND = 16 };
  _Alignas(8) unsigned char shared[BYTES + 2 * AROUND], expected[sizeof shared], own[BYTES], back[BYTES];
  struct random random = random_start(1);
  for (size_t at = 0; at < 8; at++) {
    for (size_t size = 0; size <= BYTES - 8; size++) {
      for (size_t i = 0; i < sizeof shared; i++) shared[i] = (unsigned char)random_next(&random);
      for (size_t i = 0; i < sizeof own; i++) own[i] = back[i] = (unsigned char)random_next(&random);
      memcpy(expected, shared, sizeof shared);
      memcpy(expected + AROUND + at, own, size);
      isth__untorn_store(shared + AROUND + at, own, size);
      CHECK(memcmp(shared, expected, sizeof shared) == 0);
      unsigned char kept = back[size];
      isth__untorn_load(back, shared + AROUND + at, size);
      CHECK(memcmp(back, own, size) == 0);
      CHECK_EQUAL(back[size], kept);
      if (size == 0) continue;
      isth__untorn_reserve(shared + AROUND + at, size);
      CHECK(memcmp(shared, expected, sizeof shared) == 0);
    }
  }
}

/* Scalars of each size at their alignment, in a struct that begins at no good place. */
struct scalars {
  uint8_t shift[3];
  uint8_t u8;
  uint32_t u32;
  uint64_t u64;
  uint16_t u16;
  uint8_t end[3];
};

enum { BEGIN = 1, SIZE = sizeof(struct scalars) - BEGIN };
static _Alignas(8) unsigned char contested[sizeof(struct scalars)];
static _Atomic bool is_over;

static void *write_on(void *argument) {
  (void)argument;
  unsigned char zeros[SIZE], ones[SIZE];
  memset(zeros, 0, SIZE);
  memset(ones, 0xFF, SIZE);
  while (!is_over) {
    isth__untorn_store(contested + BEGIN, zeros, SIZE);
    isth__untorn_store(contested + BEGIN, ones, SIZE);
  }
  return NULL;
}

static void no_scalar_is_torn(void) {
  pthread_t thread;
  memset(contested, 0, sizeof contested);
  CHECK_EQUAL(pthread_create(&thread, NULL, write_on, NULL), 0);
  size_t changes = 0, rounds = is_slow() ? 20000 : 2000000;
  struct scalars read = {.u8 = 0}, last = {.u8 = 0};
  for (size_t i = 0; i < rounds || changes < 10; i++) {
    isth__untorn_load((unsigned char *)&read + BEGIN, contested + BEGIN, SIZE);
    CHECK(read.u16 == 0 || read.u16 == UINT16_MAX);
    CHECK(read.u32 == 0 || read.u32 == UINT32_MAX);
    CHECK(read.u64 == 0 || read.u64 == UINT64_MAX);
    changes += read.u64 != last.u64;
    last = read;
  }
  is_over = true;
  pthread_join(thread, NULL);
}

enum { COUNTED = 100000 };

static void *count_up(void *argument) {
  for (size_t i = 0; i < COUNTED; i++) isth__add_relaxed((isth__atomic_u32 *)argument, 1);
  return NULL;
}

static void making_room_loses_nothing(void) {
  isth__atomic_u32 count = 0;
  pthread_t thread;
  CHECK_EQUAL(pthread_create(&thread, NULL, count_up, &count), 0);
  while (isth__load_relaxed(&count) < COUNTED) isth__untorn_reserve((unsigned char *)&count, sizeof count);
  pthread_join(thread, NULL);
  CHECK_EQUAL(isth__load_relaxed(&count), COUNTED);
}

/* Reading a page is not enough to give it its place on a disk: so it must be written to, whatever compilers know. */
static void making_room_writes(void) {
  enum { PAGE = 4096 };
  for (size_t page = 0; page < 2; page++) {
    pid_t child = fork_child();
    if (child == 0) {
      unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      /* A sanitizer has a handler of its own. */
      signal(SIGSEGV, SIG_DFL);
      if (pages == MAP_FAILED || mprotect(pages + page * PAGE, PAGE, PROT_READ) != 0) _exit(2);
      isth__untorn_reserve(pages + PAGE - 8, 16);
      _exit(1);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  }
}

/* ---- the digest ---- */

static uint64_t digest_of(const void *data, size_t bytes) {
  struct isth__digest digest;
  isth__digest_begin(&digest);
  return isth__digest_end(&digest, data, bytes);
}

/* As the xxHash project's own test and its ports give them: longer and shorter than a stripe, and with each kind of
 * rest. */
static void the_digest_is_xxh64(void) {
  CHECK(digest_of("", 0) == 0xEF46DB3751D8E999);
  CHECK(digest_of("a", 1) == 0xD24EC4F1A98C6E5B);
  CHECK(digest_of("abc", 3) == 0x44BC2CF5AD770999);
  CHECK(digest_of("Nobody inspects the spammish repetition", 39) == 0xFBCEA83C8A378BF1);
}

static void pieces_make_the_same_digest(void) {
  enum { MOST = 300 };
  unsigned char data[MOST];
  struct random random = random_start(2);
  for (size_t i = 0; i < MOST; i++) data[i] = (unsigned char)random_next(&random);
  for (size_t bytes = 0; bytes <= MOST; bytes++) {
    uint64_t whole = digest_of(data, bytes);
    for (size_t first = 0; first <= bytes; first += 32) {
      struct isth__digest digest;
      isth__digest_begin(&digest);
      isth__digest_add(&digest, data, first);
      CHECK(isth__digest_end(&digest, data + first, bytes - first) == whole);
    }
    if (bytes == 0) continue;
    /* Each bit counts, and so does the length. */
    size_t at = random_below(&random, bytes), bit = random_below(&random, 8);
    data[at] ^= (unsigned char)(1u << bit);
    CHECK(digest_of(data, bytes) != whole);
    data[at] ^= (unsigned char)(1u << bit);
    CHECK(digest_of(data, bytes - 1) != whole);
  }
}

/* ---- patience ---- */

static void patience_ends(void) {
  struct isth__patience none = isth__patience_begin(0);
  CHECK(!isth__patience_wait(&none));
  size_t rounds = 0;
  /* Spins, then at least five pauses, twice as long each, and a few of 5 ms: not more than these. Fewer where the machine is held up. */
  for (int attempts = 0; rounds <= 32 + 5; attempts++) {
    CHECK(attempts < 20);
    uint64_t before_ns = isth__now_ns();
    struct isth__patience some = isth__patience_begin(60000000);
    for (rounds = 0; isth__patience_wait(&some);) rounds++;
    CHECK(isth__now_ns() - before_ns >= 60000000);
    CHECK(rounds <= 32 + 7 + 60 / 5);
  }
  struct isth__patience endless = isth__patience_begin(UINT64_MAX);
  for (size_t i = 0; i < 40; i++) CHECK(isth__patience_wait(&endless));
}

int main(void) {
  static const struct test_case tests[] = {
      {"every place and size is copied", every_place_and_size_is_copied},
      {"no scalar is torn", no_scalar_is_torn},
      {"making room loses nothing", making_room_loses_nothing},
      {"making room writes", making_room_writes},
      {"the digest is XXH64", the_digest_is_xxh64},
      {"pieces make the same digest", pieces_make_the_same_digest},
      {"patience ends", patience_ends},
  };
  return RUN_TESTS("untorn_test", tests);
}
