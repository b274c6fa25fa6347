/* echo.c: the service that is measured: its handler only copies. */
#include "echo.h"

int echo_on_echo(isth_call *call, const echo_message *in, echo_message *out) {
  (void)call;
  *out = *in;
  return 0;
}

int main(int argc, char **argv) { return echo_main(argc, argv); }
