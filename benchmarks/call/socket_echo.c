/* socket_echo.c: the peer of the Unix-socket contestant: answers what it reads, one connection. Usage: socket_echo PATH CPU */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char bytes[65536];
  cpu_set_t cpus;
  if (argc < 3 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  CPU_ZERO(&cpus);
  CPU_SET(atoi(argv[2]), &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
  strcpy(address.sun_path, argv[1]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0)
    return 1;
  int peer = accept(listener, NULL, NULL);
  for (;;) {
    ssize_t got = read(peer, bytes, sizeof bytes);
    if (got <= 0) return 0;
    for (ssize_t sent = 0; sent < got;) {
      ssize_t now = write(peer, bytes + sent, (size_t)(got - sent));
      if (now < 0) return 1;
      sent += now;
    }
  }
}
