/* line.c: one side of L, the limit: takes turns with its client at incrementing one word, in a file that both map. Usage: line PATH */
#define _GNU_SOURCE
#include "server.h"
#include "word.h"

int main(int argc, char **argv) {
  hop_word *word = argc == 2 ? hop_map_word(argv[1]) : NULL;
  if (word == NULL || !hop_end_with_stdin()) return 1;
  hop_ready();
  for (uint64_t turn = 1;; turn += 2) {
    hop_await(word, turn);
    hop_store(word, turn + 1);
  }
}
