/* listener_test.c: the socket file: whose it is, what it replaces, its mode, and who removes it. */
#include "raw.h"

#include "resources.h"

#include <sys/stat.h>
#include <sys/wait.h>

static char folder[] = "/tmp/isth-test-XXXXXX";
static char path[sizeof folder + 16];

static int open_at(isth_service **service, const char *at, unsigned int mode, isth_failure *failure) {
  isth_service_options options;
  isth_service_options_init(&options);
  options.path = at;
  options.mode = mode;
  return isth_service_open(service, &echo_schema, &options, failure);
}

/* Leaves a socket file that nobody listens on. */
static void leave_stale_socket(void) {
  struct sockaddr_un address;
  CHECK(isth__socket_address(&address, path));
  unlink(path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(listener, 1), 0);
  close(listener);
}

static void a_stale_socket_is_replaced(void) {
  isth_service *service;
  leave_stale_socket();
  CHECK_EQUAL(open_at(&service, path, 0, NULL), 0);
  close(raw_connect(path));
  isth_service_close(service);
  CHECK(access(path, F_OK) != 0);
}

static void a_live_socket_is_in_use(void) {
  isth_service *first, *second;
  isth_failure failure;
  CHECK_EQUAL(open_at(&first, path, 0, NULL), 0);
  size_t before = count_descriptors();
  CHECK_EQUAL(open_at(&second, path, 0, &failure), ISTH_E_SOCKET_IN_USE);
  CHECK(second == NULL);
  CHECK(strstr(failure.message, path) != NULL);
  CHECK_EQUAL(count_descriptors(), before);
  close(raw_connect(path));
  isth_service_close(first);
}

static void a_full_queue_is_alive(void) {
  struct sockaddr_un address;
  CHECK(isth__socket_address(&address, path));
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(listener, 0), 0);
  int queued = raw_connect(path);
  isth_service *service;
  CHECK_EQUAL(open_at(&service, path, 0, NULL), ISTH_E_SOCKET_IN_USE);
  close(queued);
  close(listener);
  unlink(path);
}

static void other_files_are_not_touched(void) {
  isth_service *service;
  isth_failure failure;
  FILE *file = fopen(path, "w");
  fputs("precious", file);
  fclose(file);
  CHECK_EQUAL(open_at(&service, path, 0, &failure), ISTH_E_SOCKET_IN_USE);
  CHECK(strstr(failure.message, "not a socket") != NULL);
  struct stat status;
  CHECK_EQUAL(stat(path, &status), 0);
  CHECK_EQUAL(status.st_size, 8);
  unlink(path);
  /* Nor links, wherever they lead, nor folders. */
  CHECK_EQUAL(symlink("/tmp/isth-test-nowhere", path), 0);
  CHECK_EQUAL(open_at(&service, path, 0, NULL), ISTH_E_SOCKET_IN_USE);
  CHECK_EQUAL(lstat(path, &status), 0);
  unlink(path);
  CHECK_EQUAL(open_at(&service, folder, 0, NULL), ISTH_E_SOCKET_IN_USE);
}

static void the_mode_is_exactly_as_asked(void) {
  static const mode_t masks[] = {0, 022, 077, 0777};
  static const unsigned int modes[] = {0600, 0660, 0666, 0777, 0620};
  mode_t before = umask(0);
  for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
    for (size_t j = 0; j < sizeof modes / sizeof modes[0]; j++) {
      isth_service *service;
      struct stat status;
      umask(masks[i]);
      CHECK_EQUAL(open_at(&service, path, modes[j], NULL), 0);
      CHECK_EQUAL(stat(path, &status), 0);
      CHECK_EQUAL(status.st_mode & 07777, modes[j]);
      isth_service_close(service);
    }
  }
  isth_service *service;
  struct stat status;
  CHECK_EQUAL(open_at(&service, path, 0, NULL), 0);
  CHECK_EQUAL(stat(path, &status), 0);
  CHECK_EQUAL(status.st_mode & 07777, 0600);
  isth_service_close(service);
  umask(before);
  CHECK_EQUAL(open_at(&service, path, 01600, NULL), ISTH_E_INVALID_ARGUMENT);
}

static void paths_have_a_limit(void) {
  isth_service *service;
  isth_failure failure;
  char longest[200];
  size_t length = (size_t)snprintf(longest, sizeof longest, "%s/", folder);
  memset(longest + length, 'x', sizeof longest - length);
  longest[108] = '\0';
  CHECK_EQUAL(open_at(&service, longest, 0, &failure), ISTH_E_INVALID_ARGUMENT);
  CHECK(strstr(failure.message, "107") != NULL);
  longest[107] = '\0';
  CHECK_EQUAL(open_at(&service, longest, 0, NULL), 0);
  isth_client *client;
  isth_client_options options;
  isth_client_options_init(&options);
  options.connect_timeout_ns = 20000000;
  CHECK_EQUAL(isth_client_open(&client, longest, NULL, &options, NULL), ISTH_E_HANDSHAKE_TIMEOUT);
  isth_service_close(service);
  CHECK(access(longest, F_OK) != 0);
  CHECK_EQUAL(open_at(&service, "", 0, NULL), ISTH_E_INVALID_ARGUMENT);
  unsetenv("ISTHMUS_SOCKET");
  CHECK_EQUAL(open_at(&service, NULL, 0, &failure), ISTH_E_INVALID_ARGUMENT);
  CHECK(strstr(failure.message, "ISTHMUS_SOCKET") != NULL);
  setenv("ISTHMUS_SOCKET", path, 1);
  CHECK_EQUAL(open_at(&service, NULL, 0, NULL), 0);
  CHECK_EQUAL(access(path, F_OK), 0);
  isth_service_close(service);
}

static void a_missing_folder_is_named(void) {
  isth_service *service;
  isth_failure failure;
  CHECK_EQUAL(open_at(&service, "/tmp/isth-test-no-folder/x.sock", 0, &failure), ISTH_E_SYSTEM);
  CHECK(strstr(failure.message, "/tmp/isth-test-no-folder") != NULL);
  CHECK(strstr(failure.message, "No such file") != NULL);
}

/* Root may do anything, so a child becomes somebody who may not. */
static void a_forbidden_folder_is_permission_denied(void) {
  CHECK_EQUAL(chmod(folder, 0500), 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    isth_service *service;
    isth_failure failure;
    if (getuid() == 0) CHECK_EQUAL(setuid(65534), 0);
    CHECK_EQUAL(open_at(&service, path, 0, &failure), ISTH_E_PERMISSION_DENIED);
    CHECK(strstr(failure.message, "Permission denied") != NULL);
    _exit(0);
  }
  int status;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  /* One that may be read but not written to, which only fails when the socket is bound. */
  CHECK_EQUAL(chmod(folder, 0555), 0);
  child = fork();
  if (child == 0) {
    isth_service *service;
    if (getuid() == 0) CHECK_EQUAL(setuid(65534), 0);
    CHECK_EQUAL(open_at(&service, path, 0, NULL), ISTH_E_PERMISSION_DENIED);
    _exit(0);
  }
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK_EQUAL(status, 0);
  CHECK_EQUAL(chmod(folder, 0700), 0);
}

static void a_client_without_permission_is_told(void) {
  isth_service *service;
  CHECK_EQUAL(open_at(&service, path, 0600, NULL), 0);
  CHECK_EQUAL(chmod(folder, 0711), 0);
  if (getuid() == 0) {
    pid_t child = fork();
    if (child == 0) {
      isth_client *client;
      CHECK_EQUAL(setuid(65534), 0);
      CHECK_EQUAL(isth_client_open(&client, path, NULL, NULL, NULL), ISTH_E_PERMISSION_DENIED);
      _exit(0);
    }
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
  }
  CHECK_EQUAL(chmod(folder, 0700), 0);
  isth_service_close(service);
}

static void only_our_own_socket_is_removed(void) {
  isth_service *first, *second;
  CHECK_EQUAL(open_at(&first, path, 0, NULL), 0);
  CHECK_EQUAL(unlink(path), 0);
  CHECK_EQUAL(open_at(&second, path, 0, NULL), 0);
  isth_service_close(first);
  close(raw_connect(path));
  isth_service_close(second);
  CHECK(access(path, F_OK) != 0);
  /* One that somebody has removed before. */
  CHECK_EQUAL(open_at(&first, path, 0, NULL), 0);
  CHECK_EQUAL(unlink(path), 0);
  isth_service_close(first);
}

/* Many find the same stale socket at once: one replaces it, and no other then takes that one's away. */
static void race(void) {
  enum { RACERS = 8 };
  int start[2], results[2], finish[2];
  pid_t children[RACERS];
  leave_stale_socket();
  CHECK(pipe(start) == 0 && pipe(results) == 0 && pipe(finish) == 0);
  for (int i = 0; i < RACERS; i++) {
    children[i] = fork();
    CHECK(children[i] >= 0);
    if (children[i] != 0) continue;
    char byte;
    isth_service *service;
    isth_failure failure;
    close(start[1]);
    close(finish[1]);
    CHECK_EQUAL(read(start[0], &byte, 1), 0);
    /* Who has the folder may be held up for longer than the others wait for it. */
    int error;
    do error = open_at(&service, path, 0, &failure);
    while (error == ISTH_E_SYSTEM && strstr(failure.message, strerror(EWOULDBLOCK)) != NULL);
    CHECK(error == 0 || error == ISTH_E_SOCKET_IN_USE);
    CHECK_EQUAL(write(results[1], error == 0 ? "w" : "l", 1), 1);
    CHECK_EQUAL(read(finish[0], &byte, 1), 0);
    isth_service_close(service);
    int descriptors[] = {start[0], results[0], results[1], finish[0]};
    for (int j = 0; j < 4; j++) close(descriptors[j]);
    _exit(0);
  }
  int winners = 0, status;
  char letter;
  close(start[1]);
  for (int i = 0; i < RACERS; i++) {
    CHECK_EQUAL(read(results[0], &letter, 1), 1);
    winners += letter == 'w';
  }
  CHECK_EQUAL(winners, 1);
  close(raw_connect(path));
  close(finish[1]);
  for (int i = 0; i < RACERS; i++) {
    CHECK_EQUAL(waitpid(children[i], &status, 0), children[i]);
    CHECK_EQUAL(status, 0);
  }
  CHECK(access(path, F_OK) != 0);
  int descriptors[] = {start[0], results[0], results[1], finish[0]};
  for (int j = 0; j < 4; j++) close(descriptors[j]);
}

static void one_of_many_wins_a_stale_path(void) {
  for (int rounds = is_slow() ? 2 : 25; rounds > 0; rounds--) race();
}

int main(void) {
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/x.sock", folder);
  static const struct test_case tests[] = {
      {"a stale socket is replaced", a_stale_socket_is_replaced},
      {"a live socket is in use", a_live_socket_is_in_use},
      {"a full queue is alive", a_full_queue_is_alive},
      {"other files are not touched", other_files_are_not_touched},
      {"the mode is exactly as asked", the_mode_is_exactly_as_asked},
      {"paths have a limit", paths_have_a_limit},
      {"a missing folder is named", a_missing_folder_is_named},
      {"a forbidden folder is permission denied", a_forbidden_folder_is_permission_denied},
      {"a client without permission is told", a_client_without_permission_is_told},
      {"only our own socket is removed", only_our_own_socket_is_removed},
      {"one of many wins a stale path", one_of_many_wins_a_stale_path},
  };
  int failed = RUN_TESTS("listener_test", tests);
  CHECK_EQUAL(rmdir(folder), 0);
  return failed;
}
