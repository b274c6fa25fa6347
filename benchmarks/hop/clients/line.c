/* line.c: the other side of L: how long one cache line takes from one CPU to another and back. Usage: line PATH --ms N */
#define _GNU_SOURCE
#include "client.h"
#include "../servers/word.h"

typedef struct turns {
  hop_word *word;
  uint64_t turn;
} turns;

static const char *take_turns(void *context, hop_meter *meter) {
  turns *own = context;
  while (!meter->is_over) {
    uint64_t begin_ns = hop_begin(meter);
    hop_store(own->word, own->turn);
    hop_await(own->word, own->turn + 1);
    own->turn += 2;
    hop_end(meter, begin_ns);
  }
  return NULL;
}

int main(int argc, char **argv) {
  hop_arguments arguments;
  if (!hop_parse(argc, argv, &arguments)) return hop_fail("usage: line PATH --ms N");
  turns own = {.word = hop_map_word(arguments.address), .turn = 1};
  if (own.word == NULL) return hop_fail("no memory");
  return hop_run(&arguments, take_turns, &own);
}
