/* idle_test.c: who has nothing to do uses no CPU. This guards against a busy loop; it measures nothing. */
#include "echo.h"

#include "resources.h"

static void idle_services_and_clients_sleep(void) {
  enum { CLIENTS = 3 };
  static const isth_wait waits[] = {ISTH_WAIT_ADAPTIVE, ISTH_WAIT_BLOCK};
  struct echo_service echoes[2];
  isth_client *clients[2][CLIENTS];
  for (int i = 0; i < 2; i++) {
    isth_service_options options;
    isth_client_options client_options;
    isth_service_options_init(&options);
    isth_client_options_init(&client_options);
    options.wait = client_options.wait = waits[i];
    options.threads = 2;
    echo_start(&echoes[i], &options);
    for (int j = 0; j < CLIENTS; j++) {
      clients[i][j] = echo_connect(&echoes[i], &client_options);
      CHECK_EQUAL(isth_client_call_sync(clients[i][j], ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
    }
  }
  usleep(100000);
  uint64_t before = cpu_ns();
  /* A client of either kind waits for what does not come. */
  CHECK_EQUAL(isth_client_wait(clients[0][0], 500000000), 0);
  CHECK_EQUAL(isth_client_wait(clients[1][0], 500000000), 0);
  CHECK(cpu_ns() - before < 250000000); /* of 1 s */
  for (int i = 0; i < 2; i++) {
    for (int j = 0; j < CLIENTS; j++) {
      /* And wakes at once where it does. */
      CHECK_EQUAL(isth_client_call_sync(clients[i][j], ECHO, NULL, 0, NULL, 0, NULL, PATIENT_NS, NULL), 0);
      isth_client_close(clients[i][j]);
    }
    echo_stop(&echoes[i]);
  }
}

int main(void) {
  static const struct test_case tests[] = {{"idle services and clients sleep", idle_services_and_clients_sleep}};
  return RUN_TESTS("idle_test", tests);
}
