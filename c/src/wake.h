/*
 * wake.h: how one side wakes the other, or one thread another, out of poll or a poller.
 *
 * A wake-up is a connected pair of Unix stream sockets. One end is waited on, and a byte sent into the other one makes it
 * readable. Each side of a channel uses one end, and says with each call that it must not wait (MSG_DONTWAIT): whatever the peer
 * does to flags, time-outs or buffers, a send returns at once, and so does a receive. What is left is among the known limits in
 * ARCHITECTURE.md. An eventfd is one open file in the hands of both sides. Who fills its counter and takes O_NONBLOCK away
 * blocks the write of the other for ever, and there is no flag with which a write could prevent that.
 */
#ifndef ISTH_WAKE_H
#define ISTH_WAKE_H

#include "platform.h"

enum {
  ISTH__WAKE_WAIT = 0,  /* the end that is waited on */
  ISTH__WAKE_SIGNAL = 1 /* the end that signals */
};

/* Makes a pair. Returns 0 or a negative errno; then nothing is open, and both ends are -1. */
int isth__wake_create(int ends[2]);

/* Closes what is open of a pair. */
void isth__wake_close(int ends[2]);

/* True if `fd` can be an end of such a pair: a Unix stream socket that does not listen. */
bool isth__wake_verify(int fd);

/* Through the end that signals, makes the other one readable; without effect where nobody holds that any more. Never blocks, never
 * raises SIGPIPE. Thread-safe and async-signal-safe. */
void isth__wake_signal(int fd);

/* Takes what was signalled from the end that is waited on, up to a bound: a peer that signals without end costs one system
 * call a wake-up. False once nobody can signal any more: then it stays readable, and must not be waited on level-triggered.
 * Never blocks. */
bool isth__wake_clear(int fd);

#endif
