/* main_test.c: a whole service program: its options, its messages, its exit codes, and what stops it. */
#include "platform.h"

#include "echo.h"

#include "resources.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int set_up(isth_service *service) { return isth_service_handle(service, ECHO, 0, on_echo, NULL); }

static int set_up_wrongly(isth_service *service) {
  (void)service;
  return ISTH_E_CONFIG_INVALID;
}

struct program {
  pid_t pid;
  int output; /* stdout and stderr */
  char text[4096];
};

static char path[64];

/* Starts a service program in a process of its own. `arguments` end with NULL. */
static void start_with(struct program *program, char **arguments, int (*setup)(isth_service *)) {
  int pipes[2], count = 0;
  while (arguments[count] != NULL) count++;
  CHECK_EQUAL(pipe2(pipes, O_CLOEXEC), 0);
  fflush(NULL);
  program->pid = fork();
  CHECK(program->pid >= 0);
  if (program->pid == 0) {
    dup2(pipes[1], STDOUT_FILENO);
    dup2(pipes[1], STDERR_FILENO);
    close(pipes[0]);
    close(pipes[1]);
    int code = isth_service_main(count, arguments, &echo_schema, setup);
    fflush(NULL);
    _exit(code);
  }
  close(pipes[1]);
  program->output = pipes[0];
}

static void start(struct program *program, char **arguments) { start_with(program, arguments, set_up); }

/* The exit code, once the program has ended; `text` is what it printed. */
static int finish(struct program *program) {
  size_t length = 0;
  ssize_t got;
  while ((got = read(program->output, program->text + length, sizeof program->text - 1 - length)) > 0)
    length += (size_t)got;
  program->text[length] = '\0';
  close(program->output);
  int status;
  CHECK_EQUAL(waitpid(program->pid, &status, 0), program->pid);
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* Waits until it serves, and calls it. */
static void call_it(void) {
  isth_client *client = NULL;
  WAIT_UNTIL(isth_client_open(&client, path, &echo_schema, NULL, NULL) == 0);
  uint64_t value = 3, answer = 0;
  CHECK_EQUAL(isth_client_call_sync(client, ECHO, &value, 8, &answer, 8, NULL, PATIENT_NS, NULL), 0);
  CHECK_EQUAL(answer, 3);
  isth_client_close(client);
}

static void help_is_printed(void) {
  struct program program;
  start(&program, (char *[]){"echo", "--help", NULL});
  CHECK_EQUAL(finish(&program), 0);
  CHECK(strstr(program.text, "usage: echo") != NULL);
  static const char *const options[] = {"--socket",  "--mode", "--allow-uid", "--allow-gid",
                                        "--threads", "--wait", "--cpus",      "ISTHMUS_SOCKET"};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) CHECK(strstr(program.text, options[i]) != NULL);
}

static void wrong_usage_exits_with_2(void) {
  static char *const wrong[][4] = {
      {"echo", "--nonsense", NULL},        {"echo", "stray", NULL},
      {"echo", "--threads", NULL},         {"echo", "--threads", "0", NULL},
      {"echo", "--threads", "65", NULL},   {"echo", "--threads", "2x", NULL},
      {"echo", "--threads", "", NULL},     {"echo", "--wait", "sleep", NULL},
      {"echo", "--cpus", "-1", NULL},      {"echo", "--cpus", "99999999999999999999", NULL},
      {"echo", "--cpus", "", NULL},        {"echo", "--cpus", "0,", NULL},
      {"echo", "--cpus", "2-1", NULL},     {"echo", "--cpus", "0-", NULL},
      {"echo", "--cpus", "0 1", NULL},     {"echo", "--cpus", "0-63,0", NULL},
      {"echo", "--socket", NULL},          {"echo", "--mode", "0", NULL},
      {"echo", "--mode", "1000", NULL},    {"echo", "--mode", "680", NULL},
      {"echo", "--mode", "-1", NULL},      {"echo", "--mode", "rw", NULL},
      {"echo", "--allow-uid", NULL},       {"echo", "--allow-uid", "root", NULL},
      {"echo", "--allow-uid", "-1", NULL}, {"echo", "--allow-uid", "4294967295", NULL},
      {"echo", "--allow-gid", "0x1", NULL}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct program program;
    char *arguments[4];
    memcpy(arguments, wrong[i], sizeof arguments);
    start(&program, arguments);
    CHECK_EQUAL(finish(&program), 2);
    CHECK(strstr(program.text, wrong[i][1]) != NULL && strstr(program.text, "is not valid") != NULL);
    CHECK(strstr(program.text, "usage: echo") != NULL);
  }
}

static void signals_stop_it(void) {
  static const int signals[] = {SIGTERM, SIGINT};
  for (size_t i = 0; i < 2; i++) {
    struct program program;
    start(&program,
          (char *[]){"echo", "--socket", path, "--threads", "3", "--wait", i == 0 ? "block" : "adaptive", NULL});
    call_it();
    uint64_t begin = isth_now_ns();
    CHECK_EQUAL(kill(program.pid, signals[i]), 0);
    CHECK_EQUAL(finish(&program), 0);
    CHECK(isth_now_ns() - begin < PATIENT_NS / 2);
    CHECK(program.text[0] == '\0');
    CHECK(access(path, F_OK) != 0);
  }
}

static void options_say_who_may_connect(void) {
  char us[16], others[16];
  struct program program;
  /* Without that there are no lists: allowed_test.c. */
  if (!isth__peers_known()) return;
  struct stat status;
  isth_client *client;
  isth_failure failure;
  snprintf(us, sizeof us, "%u", (unsigned)geteuid());
  snprintf(others, sizeof others, "%u", (unsigned)geteuid() + 1);
  start(&program,
        (char *[]){"echo", "--socket", path, "--mode", "0620", "--allow-uid", others, "--allow-uid", us, NULL});
  call_it();
  CHECK_EQUAL(stat(path, &status), 0);
  CHECK_EQUAL(status.st_mode & 0777, 0620);
  CHECK_EQUAL(kill(program.pid, SIGINT), 0);
  CHECK_EQUAL(finish(&program), 0);
  start(&program, (char *[]){"echo", "--socket", path, "--allow-uid", others, "--allow-gid", "54321", NULL});
  int error = 0;
  isth_client_options options = patient_client(NULL);
  WAIT_UNTIL((error = isth_client_open(&client, path, &echo_schema, &options, &failure)) != ISTH_E_NO_INSTANCE);
  CHECK_EQUAL(error, ISTH_E_PERMISSION_DENIED);
  CHECK_EQUAL(kill(program.pid, SIGINT), 0);
  CHECK_EQUAL(finish(&program), 0);
}

static void cpus_are_pinned_to_or_refused(void) {
  struct program program;
  char list[32];
  unsigned int cpu = 0;
  cpu_set_t set;
  if (is_linux_only("pinned threads")) return;
  CHECK_EQUAL(sched_getaffinity(0, sizeof set, &set), 0);
  while (!CPU_ISSET(cpu, &set)) cpu++;
  snprintf(list, sizeof list, "%u,%u-%u", cpu, cpu, cpu);
  start(&program, (char *[]){"echo", "--socket", path, "--threads", "2", "--cpus", list, NULL});
  call_it();
  CHECK_EQUAL(kill(program.pid, SIGINT), 0);
  CHECK_EQUAL(finish(&program), 0);
  start(&program, (char *[]){"echo", "--socket", path, "--cpus", "4095", NULL});
  CHECK_EQUAL(finish(&program), 1);
  CHECK(strstr(program.text, "INVALID_ARGUMENT") != NULL && strstr(program.text, "CPU 4095: ") != NULL);
}

static void lists_of_who_may_connect_end(void) {
  enum { MOST = 64 };
  char *arguments[2 * MOST + 6] = {"echo", "--socket", path};
  struct program program;
  for (int i = 0; i <= MOST; i++) {
    arguments[3 + 2 * i] = "--allow-gid";
    arguments[4 + 2 * i] = "7";
  }
  arguments[5 + 2 * MOST] = NULL;
  start(&program, arguments);
  CHECK_EQUAL(finish(&program), 2);
  CHECK(strstr(program.text, "--allow-gid 7 is not valid") != NULL);
}

/* Starts a program that has a client. */
static isth_client *start_with_client(struct program *program, char **arguments) {
  isth_client *client = NULL;
  isth_client_options options = patient_client(NULL);
  start(program, arguments);
  WAIT_UNTIL(isth_client_open(&client, path, &echo_schema, &options, NULL) == 0);
  return client;
}

static void drain(const struct program *program, const isth_client *client) {
  CHECK_EQUAL(kill(program->pid, SIGTERM), 0);
  WAIT_UNTIL(isth_client_draining(client));
  CHECK_EQUAL(isth_client_status(client), 0);
}

static void the_first_sigterm_waits_for_clients(void) {
  struct program program;
  isth_client *client = start_with_client(&program, (char *[]){"echo", "--socket", path, NULL});
  drain(&program, client);
  isth_client_check(client);
  CHECK_EQUAL(isth_client_status(client), 0);
  CHECK_EQUAL(waitpid(program.pid, NULL, WNOHANG), 0);
  isth_client_close(client);
  CHECK_EQUAL(finish(&program), 0);
  CHECK(program.text[0] == '\0');
}

static void the_second_and_sigint_do_not(void) {
  static const int signals[] = {SIGTERM, SIGINT};
  for (size_t i = 0; i < 2; i++) {
    struct program program;
    isth_client *client =
        start_with_client(&program, (char *[]){"echo", "--socket", path, "--drain-timeout", "86400", NULL});
    drain(&program, client);
    CHECK_EQUAL(kill(program.pid, signals[i]), 0);
    CHECK_EQUAL(finish(&program), 0);
    isth_client_check(client);
    CHECK_EQUAL(isth_client_status(client), ISTH_E_INSTANCE_LOST);
    isth_client_close(client);
  }
  struct program program;
  isth_client *client = start_with_client(&program, (char *[]){"echo", "--socket", path, NULL});
  CHECK_EQUAL(kill(program.pid, SIGINT), 0);
  CHECK_EQUAL(finish(&program), 0);
  CHECK(!isth_client_draining(client));
  isth_client_close(client);
}

static void draining_has_an_end(void) {
  struct program program;
  isth_client *client = start_with_client(&program, (char *[]){"echo", "--socket", path, "--drain-timeout", "1", NULL});
  uint64_t begin = isth_now_ns();
  drain(&program, client);
  CHECK_EQUAL(finish(&program), 0);
  CHECK(isth_now_ns() - begin >= 1000000000);
  isth_client_close(client);
}

static void the_environment_names_the_socket(void) {
  struct program program;
  setenv("ISTHMUS_SOCKET", path, 1);
  start(&program, (char *[]){"echo", NULL});
  call_it();
  CHECK_EQUAL(kill(program.pid, SIGTERM), 0);
  CHECK_EQUAL(finish(&program), 0);
  unsetenv("ISTHMUS_SOCKET");
  start(&program, (char *[]){"echo", NULL});
  CHECK_EQUAL(finish(&program), 1);
  CHECK(strstr(program.text, "INVALID_ARGUMENT") != NULL && strstr(program.text, "ISTHMUS_SOCKET") != NULL);
}

static void it_ends_with_its_parent(void) {
  int pipes[2];
  char number[16];
  struct program program;
  /* No O_CLOEXEC is needed: the child is forked and never executes. It must not hold the writing end itself. */
  CHECK_EQUAL(pipe(pipes), 0);
  snprintf(number, sizeof number, "%d", pipes[0]);
  setenv("ISTHMUS_PARENT_FD", number, 1);
  CHECK_EQUAL(fcntl(pipes[1], F_SETFD, FD_CLOEXEC), 0);
  int writing_end = pipes[1];
  program.pid = fork();
  CHECK(program.pid >= 0);
  if (program.pid == 0) {
    close(writing_end);
    _exit(isth_service_main(3, (char *[]){"echo", "--socket", path, NULL}, &echo_schema, set_up));
  }
  close(pipes[0]);
  call_it();
  /* What the parent writes is no reason to stop. */
  CHECK_EQUAL(write(writing_end, "hello", 5), 5);
  call_it();
  close(writing_end);
  int status;
  CHECK_EQUAL(waitpid(program.pid, &status, 0), program.pid);
  CHECK_EQUAL(status, 0);
  CHECK(access(path, F_OK) != 0);

  setenv("ISTHMUS_PARENT_FD", "seven", 1);
  start(&program, (char *[]){"echo", "--socket", path, NULL});
  CHECK_EQUAL(finish(&program), 2);
  CHECK(strstr(program.text, "ISTHMUS_PARENT_FD") != NULL);
  /* A file has no end of file to wait for. */
  int file = open("/dev/null", O_RDONLY);
  snprintf(number, sizeof number, "%d", file);
  setenv("ISTHMUS_PARENT_FD", number, 1);
  start(&program, (char *[]){"echo", "--socket", path, NULL});
  CHECK_EQUAL(finish(&program), 1);
  CHECK(strstr(program.text, "parent_fd") != NULL);
  close(file);
  unsetenv("ISTHMUS_PARENT_FD");
}

static void failures_exit_with_1_and_say_why(void) {
  struct program first, second;
  start(&first, (char *[]){"echo", "--socket", path, NULL});
  call_it();
  start(&second, (char *[]){"echo", "--socket", path, NULL});
  CHECK_EQUAL(finish(&second), 1);
  CHECK(strstr(second.text, "echo: SOCKET_IN_USE") != NULL && strstr(second.text, path) != NULL);
  call_it();
  CHECK_EQUAL(kill(first.pid, SIGTERM), 0);
  CHECK_EQUAL(finish(&first), 0);
  start_with(&first, (char *[]){"echo", "--socket", path, NULL}, set_up_wrongly);
  CHECK_EQUAL(finish(&first), 1);
  CHECK(strstr(first.text, "CONFIG_INVALID") != NULL);
  CHECK(access(path, F_OK) != 0);
}

int main(void) {
  snprintf(path, sizeof path, "/tmp/isth-test-%d-main.sock", (int)getpid());
  unsetenv("ISTHMUS_SOCKET");
  unsetenv("ISTHMUS_PARENT_FD");
  static const struct test_case tests[] = {
      {"help is printed", help_is_printed},
      {"wrong usage exits with 2", wrong_usage_exits_with_2},
      {"signals stop it", signals_stop_it},
      {"options say who may connect", options_say_who_may_connect},
      {"CPUs are pinned to, or refused", cpus_are_pinned_to_or_refused},
      {"lists of who may connect end", lists_of_who_may_connect_end},
      {"the first SIGTERM waits for clients", the_first_sigterm_waits_for_clients},
      {"the second and SIGINT do not", the_second_and_sigint_do_not},
      {"draining has an end", draining_has_an_end},
      {"the environment names the socket", the_environment_names_the_socket},
      {"it ends with its parent", it_ends_with_its_parent},
      {"failures exit with 1 and say why", failures_exit_with_1_and_say_why},
  };
  return RUN_TESTS("main_test", tests);
}
