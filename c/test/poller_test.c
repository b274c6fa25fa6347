/* poller_test.c: of which descriptors a poller tells, and how often. */
#include "poller.h"

#include "check.h"
#include "random.h"
#include "resources.h"
#include "wake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

enum { PAIRS = 40, ROOM = 64, SOON_MS = 30000 };

static void of_nothing_nothing_is_told(void) {
  size_t before = count_descriptors();
  struct isth__poller *poller = isth__poller_create();
  void *ready[ROOM];
  CHECK(poller != NULL);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 1), 0);
  isth__poller_remove(poller, STDIN_FILENO); /* it is not there */
  isth__poller_free(poller);
  isth__poller_free(NULL);
  CHECK_EQUAL(count_descriptors(), before);
}

static void input_is_told_of_until_it_is_taken(void) {
  int ends[2];
  char byte;
  void *ready[ROOM];
  struct isth__poller *poller = isth__poller_create();
  CHECK_EQUAL(isth__socket_pair(ends), 0);
  CHECK_EQUAL(isth__poller_add(poller, ends[0], ISTH__POLL_INPUT, &byte), 0);
  CHECK_EQUAL(isth__poller_add(poller, ends[0], ISTH__POLL_INPUT, &byte), -EEXIST);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  CHECK_EQUAL(write(ends[1], "ab", 2), 2);
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
    CHECK(ready[0] == &byte);
  }
  char bytes[2];
  CHECK_EQUAL(read(ends[0], bytes, 2), 2);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  /* So is end of file. */
  CHECK_EQUAL(shutdown(ends[1], SHUT_WR), 0);
  for (int i = 0; i < 3; i++) CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
  isth__poller_remove(poller, ends[0]);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  CHECK_EQUAL(isth__poller_change(poller, ends[0], ISTH__POLL_INPUT, NULL), -ENOENT);
  close(ends[0]);
  close(ends[1]);
  isth__poller_free(poller);
}

static void output_is_told_of_while_there_is_room(void) {
  int ends[2];
  char bytes[4096] = {0}, data;
  void *ready[ROOM];
  struct isth__poller *poller = isth__poller_create();
  CHECK_EQUAL(isth__socket_pair(ends), 0);
  CHECK_EQUAL(isth__poller_add(poller, ends[0], ISTH__POLL_INPUT, NULL), 0);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  CHECK_EQUAL(isth__poller_change(poller, ends[0], ISTH__POLL_OUTPUT, &data), 0);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
  CHECK(ready[0] == &data);
  while (send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  /* Input is of no interest then. */
  CHECK_EQUAL(write(ends[1], "!", 1), 1);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
  while (recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
  close(ends[0]);
  close(ends[1]);
  isth__poller_free(poller);
}

static void the_end_of_signals_is_told_of_once(void) {
  int ends[2];
  char data;
  void *ready[ROOM];
  struct isth__poller *poller = isth__poller_create();
  CHECK_EQUAL(isth__wake_create(ends), 0);
  CHECK_EQUAL(isth__poller_add(poller, ends[ISTH__WAKE_WAIT], ISTH__POLL_SIGNALS, &data), 0);
  for (int i = 0; i < 3; i++) {
    CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, 0), 0);
    isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
    CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
    CHECK(ready[0] == &data);
    CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  }
  /* What was signalled right before is not lost. */
  isth__wake_signal(ends[ISTH__WAKE_SIGNAL]);
  close(ends[ISTH__WAKE_SIGNAL]);
  ends[ISTH__WAKE_SIGNAL] = -1;
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
  CHECK(isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  int told = 0;
  for (int i = 0; i < 5; i++) told += isth__poller_wait(poller, ready, ROOM, 0);
  CHECK(told <= 1);
  CHECK(!isth__wake_clear(ends[ISTH__WAKE_WAIT]));
  /* A descriptor of the same number is another one. */
  isth__poller_remove(poller, ends[ISTH__WAKE_WAIT]);
  int others[2];
  CHECK_EQUAL(isth__wake_create(others), 0);
  CHECK_EQUAL(dup2(others[ISTH__WAKE_WAIT], ends[ISTH__WAKE_WAIT]), ends[ISTH__WAKE_WAIT]);
  CHECK_EQUAL(isth__poller_add(poller, ends[ISTH__WAKE_WAIT], ISTH__POLL_SIGNALS, &data), 0);
  isth__wake_signal(others[ISTH__WAKE_SIGNAL]);
  CHECK_EQUAL(isth__poller_wait(poller, ready, ROOM, SOON_MS), 1);
  isth__wake_close(others);
  isth__wake_close(ends);
  isth__poller_free(poller);
}

/* However few are told of at once, each has its turn; and those that were removed have none. */
static void each_gets_its_turn(void) {
  int ends[PAIRS][2], told[PAIRS] = {0};
  bool is_there[PAIRS], is_ready[PAIRS];
  struct random random = random_start(1);
  struct isth__poller *poller = isth__poller_create();
  for (int i = 0; i < PAIRS; i++) {
    CHECK_EQUAL(isth__socket_pair(ends[i]), 0);
    CHECK_EQUAL(isth__poller_add(poller, ends[i][0], ISTH__POLL_INPUT, &told[i]), 0);
  }
  int expected = 0;
  for (int i = 0; i < PAIRS; i++) {
    is_there[i] = random_below(&random, 4) != 0;
    is_ready[i] = random_below(&random, 2) != 0;
    if (!is_there[i]) isth__poller_remove(poller, ends[i][0]);
    if (is_ready[i]) CHECK_EQUAL(write(ends[i][1], "!", 1), 1);
    expected += is_there[i] && is_ready[i];
  }
  for (int round = 0; round < 2 * expected; round++) {
    void *ready[3];
    int count = isth__poller_wait(poller, ready, 3, SOON_MS);
    CHECK(count >= 1 && count <= 3);
    for (int i = 0; i < count; i++) ++*(int *)ready[i];
  }
  for (int i = 0; i < PAIRS; i++) {
    CHECK_EQUAL(told[i] > 0, is_there[i] && is_ready[i]);
    close(ends[i][0]);
    close(ends[i][1]);
  }
  isth__poller_free(poller);
}

static void what_cannot_be_waited_for_is_refused(void) {
  struct isth__poller *poller = isth__poller_create();
  int folder = open("/tmp", O_RDONLY), null = open("/dev/null", O_RDONLY);
  CHECK_EQUAL(isth__poller_add(poller, folder, ISTH__POLL_INPUT, NULL), -EPERM);
  CHECK_EQUAL(isth__poller_add(poller, null, ISTH__POLL_INPUT, NULL), -EPERM);
  CHECK_EQUAL(isth__poller_add(poller, -1, ISTH__POLL_INPUT, NULL), -EBADF);
  close(folder);
  close(null);
  isth__poller_free(poller);
}

int main(void) {
  static const struct test_case tests[] = {
      {"of nothing nothing is told", of_nothing_nothing_is_told},
      {"input is told of until it is taken", input_is_told_of_until_it_is_taken},
      {"output is told of while there is room", output_is_told_of_while_there_is_room},
      {"the end of signals is told of once", the_end_of_signals_is_told_of_once},
      {"each gets its turn", each_gets_its_turn},
      {"what cannot be waited for is refused", what_cannot_be_waited_for_is_refused},
  };
  return RUN_TESTS("poller_test", tests);
}
