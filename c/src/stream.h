/*
 * stream.h: calls with many replies: each is a stream, whose handler has a thread to itself.
 *
 * A stream is known to its client's way while its handler runs, under the lock of the way's outgoing queue, so that
 * credit and cancellation reach it; and to its seat (seats.h), so that the service can stop it.
 */
#ifndef ISTH_STREAM_H
#define ISTH_STREAM_H

#include "service.h"

struct isth__stream;

/* Has a handler run for a call. Returns 0: the stream answers it; or the result of isth_refuse. */
int isth__stream_start(const struct isth__serving *serving, isth_call *call,
                       const struct isth__method_handler *handler);

/* A CREDIT or CANCEL of a lane; any other record is PEER_CORRUPT. One for a call that has ended is ignored. */
int isth__stream_control(struct isth__lane *lane, const struct isth__taken *record);

/* Tells the streams of a way that their client has gone. Under the lock of its outgoing queue. */
void isth__streams_lose(struct isth__way *way);

/* Why a stream is to end: CANCELLED, INSTANCE_LOST where the service stops, or 0: it is not. For its handler, which
 * then knows. */
int isth__stream_stopped(struct isth__stream *stream);

/* For the seat: runs the handler, and ends the call; tells it to end, because the service stops; frees it. */
void isth__stream_run(struct isth__stream *stream);
void isth__stream_stop(struct isth__stream *stream);
void isth__stream_free(struct isth__stream *stream);

#endif
