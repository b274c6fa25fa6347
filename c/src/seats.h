/*
 * seats.h: the threads of streams. A seat is one, made when it is first needed and then kept; there are max_streams.
 *
 * A handler may run on although its service stops. So the seats live until the last of their threads has ended, and
 * those threads use nothing of the service. The lock of the seats is taken before that of an outgoing queue.
 */
#ifndef ISTH_SEATS_H
#define ISTH_SEATS_H

#include "service.h"

struct isth__stream;
struct isth__seat;

/* NULL: out of memory. `first_number` is the number of the first seat's thread. They run where the caller may, and not
 * just where serving threads are pinned. */
struct isth__seats *isth__seats_create(uint32_t count, uint32_t first_number);
void isth__seats_release(struct isth__seats *seats);

/* Tells all streams to end, and waits for them up to a bound. Threads of those that run on are left behind. */
void isth__seats_stop(struct isth__seats *seats);

uint32_t isth__seats_taken(struct isth__seats *seats);

/* Takes a free seat. NULL: there is none. */
struct isth__seat *isth__seat_take(struct isth__seats *seats);
/* Gives back a seat whose stream was not begun. */
void isth__seat_leave(struct isth__seat *seat);
/* Has the seat's thread run a stream, which it frees. Returns 0; else the stream is still the caller's: CLOSED where
 * the service stops, SYSTEM where there can be no further thread. */
int isth__seat_begin(struct isth__seat *seat, struct isth__stream *stream);

struct isth__scratch *isth__seat_scratch(struct isth__seat *seat);
unsigned int isth__seat_number(const struct isth__seat *seat);

#endif
