/*
 * hostile.c: an instance of the service `probe` that means harm, on ISTHMUS_SOCKET. Its argument says how:
 *   scribble  writes anything anywhere in the memory that it shares, and answers at times, with any bytes
 *   garbage   answers every call at once, with any status and any bytes
 *   silent    takes calls and never answers
 *   signals   wakes the client without end, and never answers
 *   leaves    ends the connection at each step of the handshake, or some calls later
 */
#include "forge.h"

#include <probe.h>

typedef void (*harm)(int control, struct random *random);

static bool has_gone(const struct forged *forged) {
  char byte;
  return recv(forged->control, &byte, 1, MSG_DONTWAIT) == 0;
}

static void scribble(int control, struct random *random) { forge_service(control, probe_schema()->hash, random); }

static void answer_garbage(struct forged *forged, struct isth__lane *lane, struct random *random) {
  struct isth__taken request;
  struct isth__record *record;
  if (isth__consumer_take(&lane->requests, &request) != 1) return;
  isth__consumer_release(&lane->requests);
  size_t size = random_below(random, 400);
  if (isth__producer_claim(&lane->replies, size, &record) != 0) return;
  unsigned char *payload = isth__record_payload(record);
  for (size_t i = 0; i < size; i++) payload[i] = (unsigned char)random_next(random);
  struct isth__header header = {.kind = ISTH__RECORD_REPLY, .call_id = request.header.call_id};
  if (random_below(random, 2) == 0) header.status = (int32_t)random_next(random) >> random_below(random, 32);
  (void)isth__producer_commit(&lane->replies, record, &header, size);
  isth__wake_signal(forged->descriptors[1]);
}

static void garbage(int control, struct random *random) {
  struct forged forged;
  bool accepted = forge_accept(&forged, control, probe_schema()->hash);
  while (accepted && !has_gone(&forged)) {
    for (int i = 0; i < FORGED_LANES; i++) answer_garbage(&forged, &forged.lanes[i], random);
    usleep(100);
  }
  forge_leave(&forged);
}

static void silent(int control, struct random *random) {
  struct forged forged;
  (void)random;
  if (forge_accept(&forged, control, probe_schema()->hash)) (void)raw_closed(control, -1);
  forge_leave(&forged);
}

static void signals(int control, struct random *random) {
  struct forged forged;
  (void)random;
  bool accepted = forge_accept(&forged, control, probe_schema()->hash);
  while (accepted && !has_gone(&forged)) isth__wake_signal(forged.descriptors[1]);
  forge_leave(&forged);
}

static void leaves(int control, struct random *random) {
  struct forged forged;
  struct isth__hello hello;
  switch (random_below(random, 4)) {
  case 0: close(control); return;
  case 1:
    (void)raw_receive(control, &hello, sizeof hello, 60000);
    (void)raw_send(control, &hello, sizeof hello / 2, NULL, 0);
    close(control);
    return;
  default:
    if (forge_accept(&forged, control, probe_schema()->hash))
      for (uint64_t calls = random_below(random, 20); calls > 0 && !has_gone(&forged); usleep(1000))
        calls -= forge_reply(random, &forged.lanes[calls % FORGED_LANES]) != 0;
    forge_leave(&forged);
  }
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    harm harm;
  } harms[] = {
      {"scribble", scribble}, {"garbage", garbage}, {"silent", silent}, {"signals", signals}, {"leaves", leaves}};
  const char *path = getenv("ISTHMUS_SOCKET");
  struct random random = random_start(argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
  struct sockaddr_un address;
  CHECK(argc > 1 && path != NULL && isth__socket_address(&address, path));
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK_EQUAL(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
  CHECK_EQUAL(listen(listener, 8), 0);
  for (;;) {
    int control = accept(listener, NULL, NULL);
    CHECK(control >= 0);
    for (size_t i = 0; i < sizeof harms / sizeof harms[0]; i++)
      if (strcmp(argv[1], harms[i].name) == 0) harms[i].harm(control, &random);
  }
}
