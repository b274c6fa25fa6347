#ifndef HOP_COPY_H
#define HOP_COPY_H

#include <stddef.h>

/* Copies `bytes` bytes. */
void echo(const void *request, void *reply, size_t bytes);

#endif
