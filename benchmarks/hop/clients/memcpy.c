/* memcpy.c: how long it takes to copy so many bytes within one process, over and over. Usage: memcpy --bytes N --ms N */
#define _GNU_SOURCE
#include "client.h"

typedef struct buffers {
  unsigned char *from, *to;
  size_t bytes;
} buffers;

static const char *copy(void *context, hop_meter *meter) {
  buffers *own = context;
  while (!meter->is_over) {
    uint64_t begin_ns = hop_begin(meter);
    memcpy(own->to, own->from, own->bytes);
    /* The copy is needed, as far as the compiler knows. */
    __asm__ __volatile__("" : : "r"(own->to) : "memory");
    hop_end(meter, begin_ns);
  }
  return NULL;
}

int main(int argc, char **argv) {
  hop_arguments arguments;
  if (!hop_parse(argc, argv, &arguments)) return hop_fail("usage: memcpy --bytes N --ms N");
  buffers own = {malloc(arguments.bytes), malloc(arguments.bytes), arguments.bytes};
  if (own.from == NULL || own.to == NULL) return hop_fail("out of memory");
  hop_pattern(own.from, own.bytes);
  return hop_run(&arguments, copy, &own);
}
