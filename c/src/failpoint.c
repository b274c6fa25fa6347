#include "failpoint.h"

#ifdef ISTH_FAILPOINTS
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"

enum { BAD_FAILPOINT = 70, MOST_HITS = 1000000000 };

static const char *const failpoint_names[] = {
#define ISTH__FAILPOINT_NAME(name, side, often, step) #name,
    ISTH__FAILPOINTS(ISTH__FAILPOINT_NAME)
#undef ISTH__FAILPOINT_NAME
};
enum { FAILPOINT_COUNT = sizeof failpoint_names / sizeof failpoint_names[0] };

static const struct {
  const char *name;
  int signal;
} failpoint_actions[] = {{"kill", SIGKILL}, {"stop", SIGSTOP}, {"segv", SIGSEGV}};
enum { ACTION_COUNT = sizeof failpoint_actions / sizeof failpoint_actions[0] };

/* What was asked for: the process's, as its environment is. Written before main, or while the addon is loaded. */
static int chosen_failpoint = -1, chosen_signal;
static isth__atomic_u32 hits_left;

static bool is_word(const char *text, size_t size, const char *word) {
  return strlen(word) == size && memcmp(text, word, size) == 0;
}

/* Reads "name=action@n"; false where it makes no sense. */
static bool choose(const char *text) {
  size_t name_bytes = strcspn(text, "=");
  if (text[name_bytes] == '\0') return false;
  const char *action = text + name_bytes + 1;
  size_t action_bytes = strcspn(action, "@");
  if (action[action_bytes] == '\0') return false;
  char *end;
  unsigned long n = strtoul(action + action_bytes + 1, &end, 10);
  if (*end != '\0' || n < 1 || n > MOST_HITS) return false;
  isth__store_relaxed(&hits_left, (uint32_t)n);
  for (int i = 0; i < ACTION_COUNT; i++)
    if (is_word(action, action_bytes, failpoint_actions[i].name)) chosen_signal = failpoint_actions[i].signal;
  for (int i = 0; i < FAILPOINT_COUNT; i++)
    if (is_word(text, name_bytes, failpoint_names[i])) chosen_failpoint = i;
  return chosen_signal != 0 && chosen_failpoint >= 0;
}

__attribute__((constructor)) static void choose_failpoint(void) {
  const char *text = getenv("ISTHMUS_FAILPOINT");
  if (text == NULL || choose(text)) return;
  fprintf(stderr, "ISTHMUS_FAILPOINT=%s is not name=action@n with a name of failpoint_list.h\n", text);
  _exit(BAD_FAILPOINT);
}

void isth__failpoint_hit(enum isth__failpoint failpoint) {
  if ((int)failpoint != chosen_failpoint) return;
  if (isth__subtract_relaxed(&hits_left, 1) != 1) return;
  int saved = errno;
  if (chosen_signal == SIGSEGV) {
    /* A fault ends a process whatever it has made of the signal; serving threads block all of them. */
    sigset_t fault;
    sigemptyset(&fault);
    sigaddset(&fault, SIGSEGV);
    signal(SIGSEGV, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &fault, NULL);
  }
  /* Taken by this thread before it goes on. */
  raise(chosen_signal);
  errno = saved;
}
#endif
