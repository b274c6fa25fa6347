/* allowed_test.c: who may connect, by user and group. What needs another user's processes runs as root only, and says so. */
#include "allowed.h"

#include "fake.h"
#include "resources.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Nobody's, as far as this machine's user table goes: only their numbers matter. */
enum { USER = 54321, GROUP = 54322, EXTRA = 54323, STRANGER = 54329 };

/* Somebody to connect as. */
struct person {
  uint32_t uid, gid;
  gid_t groups[3];
  size_t group_count;
};

static const struct person person = {USER, GROUP, {EXTRA, EXTRA + 1, EXTRA + 2}, 3};

/* Where nobody knows who connects there is nothing to test but that lists are refused. */
static bool peers_are_known(void) {
  if (isth__peers_known()) return true;
  fprintf(stderr, "allowed_test: the platform does not say who connects\n");
  return false;
}

static bool may_change_user(void) {
  if (!peers_are_known()) return false;
  if (geteuid() == 0) return true;
  fprintf(stderr, "allowed_test: not root: connecting as another user is not tested\n");
  return false;
}

/* What comes of connecting, in a process of its own that becomes `as` first: 0 or the error. */
static int connect_as(const struct person *as, const char *path, bool describe) {
  int results[2], result = 1;
  CHECK_EQUAL(pipe(results), 0);
  pid_t child = fork_child();
  if (child == 0) {
    isth_client *client = NULL;
    isth_client_options options = patient_client(NULL);
    char *text = NULL;
    if (setgroups(as->group_count, as->groups) != 0 || setresgid(as->gid, as->gid, as->gid) != 0 ||
        setresuid(as->uid, as->uid, as->uid) != 0)
      _exit(1);
    result = describe ? isth_describe(path, PATIENT_NS, &text, NULL)
                      : isth_client_open(&client, path, &echo_schema, &options, NULL);
    CHECK_EQUAL(write(results[1], &result, sizeof result), sizeof result);
    _exit(0);
  }
  close(results[1]);
  CHECK_EQUAL(read(results[0], &result, sizeof result), sizeof result);
  close(results[0]);
  CHECK_EQUAL(waitpid(child, NULL, 0), child);
  return result;
}

/* A service in a process of its own, so that ours has no thread when it forks. */
struct guarded {
  pid_t pid;
  char path[64];
};

/* Answers with the number of those that were refused. */
static int on_refused(isth_call *call, void *user) {
  isth_service_stats stats;
  isth_service_get_stats(user, &stats);
  memcpy(isth_call_output(call, sizeof stats.refused), &stats.refused, sizeof stats.refused);
  return 0;
}

static void guarded_start(struct guarded *guarded, isth_service_options *options) {
  static int number;
  snprintf(guarded->path, sizeof guarded->path, "/tmp/isth-allowed-%d-%d.sock", (int)getpid(), number++);
  options->path = guarded->path;
  options->mode = 0666;
  options->handshake_timeout_ns = PATIENT_NS;
  guarded->pid = fork_child();
  if (guarded->pid == 0) {
    isth_service *service;
    CHECK_EQUAL(isth_service_open(&service, &echo_schema, options, NULL), 0);
    CHECK_EQUAL(isth_service_handle(service, ECHO, 8, on_refused, service), 0);
    CHECK_EQUAL(isth_service_run(service, NULL), 0);
    _exit(0);
  }
  WAIT_UNTIL(access(guarded->path, F_OK) == 0);
}

static void guarded_stop(struct guarded *guarded) {
  kill_child(guarded->pid);
  unlink(guarded->path);
}

/* Waits until it listens; `as` must be one of those that may connect. */
static uint64_t refused_of(const struct guarded *guarded) {
  isth_client *client = NULL;
  isth_client_options options = patient_client(NULL);
  uint64_t refused = UINT64_MAX;
  WAIT_UNTIL(isth_client_open(&client, guarded->path, &echo_schema, &options, NULL) == 0);
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, NULL, 0, &refused, 8, NULL, PATIENT_NS, NULL), 0);
  isth_client_close(client);
  return refused;
}

static void only_users_that_are_named_may_connect(void) {
  if (!may_change_user()) return;
  const uint32_t uids[] = {USER, 0};
  struct person other = person;
  struct guarded guarded;
  isth_service_options options;
  isth_service_options_init(&options);
  options.allowed_uids = uids;
  options.allowed_uid_count = 2;
  guarded_start(&guarded, &options);
  CHECK_EQUAL(refused_of(&guarded), 0);
  CHECK_EQUAL(connect_as(&person, guarded.path, false), 0);
  other.uid = STRANGER;
  CHECK_EQUAL(connect_as(&other, guarded.path, false), ISTH_E_PERMISSION_DENIED);
  /* Not even the schema's text. */
  CHECK_EQUAL(connect_as(&other, guarded.path, true), ISTH_E_PERMISSION_DENIED);
  CHECK_EQUAL(connect_as(&person, guarded.path, true), 0);
  CHECK_EQUAL(refused_of(&guarded), 2);
  guarded_stop(&guarded);
}

static void members_of_a_group_that_is_named_may_connect(void) {
  if (!may_change_user()) return;
  static const struct {
    uint32_t allowed;
    int result;
  } cases[] = {
      {GROUP, 0}, {EXTRA, 0}, {EXTRA + 2, 0}, {STRANGER, ISTH_E_PERMISSION_DENIED}, {USER, ISTH_E_PERMISSION_DENIED}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const uint32_t uids[] = {0}, gids[] = {STRANGER + 1, cases[i].allowed};
    struct guarded guarded;
    isth_service_options options;
    isth_service_options_init(&options);
    options.allowed_uids = uids;
    options.allowed_uid_count = 1;
    options.allowed_gids = gids;
    options.allowed_gid_count = 2;
    guarded_start(&guarded, &options);
    CHECK_EQUAL(refused_of(&guarded), 0);
    CHECK_EQUAL(connect_as(&person, guarded.path, false), cases[i].result);
    struct person alone = {USER, GROUP + 10, {0}, 0};
    CHECK_EQUAL(connect_as(&alone, guarded.path, false), ISTH_E_PERMISSION_DENIED);
    guarded_stop(&guarded);
  }
}

/* What anybody can test: whether he himself is let in. */
static void we_are_let_in_if_we_are_named(void) {
  if (!peers_are_known()) return;
  const uint32_t us = geteuid(), our_group = getegid(), others[] = {us + 1, our_group + 1};
  static const int results[] = {0, 0, ISTH_E_PERMISSION_DENIED, ISTH_E_PERMISSION_DENIED};
  for (int i = 0; i < 4; i++) {
    struct echo_service echo;
    isth_client *client;
    isth_failure failure;
    isth_service_stats stats;
    isth_service_options options;
    isth_client_options patient = patient_client(NULL);
    isth_service_options_init(&options);
    if (i == 0) options.allowed_uids = &us, options.allowed_uid_count = 1;
    if (i == 1) options.allowed_gids = &our_group, options.allowed_gid_count = 1;
    if (i == 2) options.allowed_uids = others, options.allowed_uid_count = 1;
    /* Whose other groups could be any. */
    if (i == 3 && getgroups(0, NULL) == 0) options.allowed_gids = others + 1, options.allowed_gid_count = 1;
    if (i == 3 && options.allowed_gid_count == 0) break;
    echo_start(&echo, &options);
    CHECK_EQUAL(isth_client_open(&client, echo.path, &echo_schema, &patient, &failure), results[i]);
    if (results[i] != 0) CHECK(strstr(failure.message, "only users and groups that this process has not") != NULL);
    /* The client learns that it is in just before it is counted. */
    WAIT_UNTIL((isth_service_get_stats(echo.service, &stats), stats.channels_total + stats.refused == 1));
    CHECK_EQUAL(stats.refused, results[i] != 0);
    isth_client_close(client);
    echo_stop(&echo);
  }
}

static int open_with(const uint32_t *uids, size_t uid_count, const uint32_t *gids, size_t gid_count) {
  isth_service *service;
  isth_failure failure;
  isth_service_options options;
  char path[64];
  snprintf(path, sizeof path, "/tmp/isth-allowed-open-%d.sock", (int)getpid());
  isth_service_options_init(&options);
  options.path = path;
  options.allowed_uids = uids;
  options.allowed_uid_count = uid_count;
  options.allowed_gids = gids;
  options.allowed_gid_count = gid_count;
  int error = isth_service_open(&service, &echo_schema, &options, &failure);
  if (error != 0)
    CHECK(strstr(failure.message, error == ISTH_E_UNSUPPORTED_PLATFORM ? "who connects" : "allowed_") != NULL);
  isth_service_close(service);
  return error;
}

static void lists_have_a_limit(void) {
  static const uint32_t ids[ISTH__MAX_ALLOWED + 1];
  int most = isth__peers_known() ? 0 : ISTH_E_UNSUPPORTED_PLATFORM;
  CHECK_EQUAL(open_with(ids, ISTH__MAX_ALLOWED, ids, ISTH__MAX_ALLOWED), most);
  CHECK_EQUAL(open_with(NULL, 0, ids, 1), most);
  CHECK_EQUAL(open_with(NULL, 0, NULL, 0), 0);
  CHECK_EQUAL(open_with(ids, ISTH__MAX_ALLOWED + 1, NULL, 0), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(open_with(NULL, 0, ids, ISTH__MAX_ALLOWED + 1), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(open_with(NULL, 0, ids, SIZE_MAX), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(open_with(NULL, 1, NULL, 0), ISTH_E_INVALID_ARGUMENT);
  CHECK_EQUAL(open_with(NULL, 0, NULL, 1), ISTH_E_INVALID_ARGUMENT);
}

/* The lists are copied: what the caller does with his afterwards changes nothing. */
static void lists_are_copied(void) {
  if (!peers_are_known()) return;
  uint32_t us = geteuid();
  struct isth__allowed allowed = {.uid_count = 0};
  isth_service_options options = {.allowed_uids = &us, .allowed_uid_count = 1};
  int ends[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  CHECK_EQUAL(isth__allowed_take(&allowed, &options, NULL), 0);
  us++;
  CHECK(isth__allowed_peer(&allowed, ends[0]));
  CHECK(options.allowed_uids != &us);
  close(ends[0]);
  close(ends[1]);
  /* Of whom nothing is known is not let in. */
  CHECK(!isth__allowed_peer(&allowed, ends[0]));
  int pipe_ends[2];
  CHECK_EQUAL(pipe(pipe_ends), 0);
  CHECK(!isth__allowed_peer(&allowed, pipe_ends[0]));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

int main(void) {
  static const struct test_case tests[] = {
      /* While there is no other thread: these fork. */
      {"only users that are named may connect", only_users_that_are_named_may_connect},
      {"members of a group that is named may connect", members_of_a_group_that_is_named_may_connect},
      {"we are let in if we are named", we_are_let_in_if_we_are_named},
      {"lists have a limit", lists_have_a_limit},
      {"lists are copied", lists_are_copied},
  };
  alarm(240);
  return RUN_TESTS("allowed_test", tests);
}
