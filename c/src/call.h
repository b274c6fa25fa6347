/* call.h: a call as its handler sees it. One struct for all kinds of calls. */
#ifndef ISTH_CALL_H
#define ISTH_CALL_H

#include "service.h"

#include <stdarg.h>

struct isth_call {
  const struct isth__taken *request; /* payload in shared memory, but of a stream */
  isth_replies replies;
  unsigned int thread;
  struct isth__scratch *scratch;
  const struct isth__metadata *metadata; /* in the scratch; NULL: none came */
  isth_message in, out;                  /* without bytes until asked for */
  int refusal;                           /* the code that the message belongs to; 0: none */
  size_t message_bytes;
  char message[ISTH_MESSAGE_BYTES];
  size_t most; /* bytes of the largest reply */
  /* Of a call with many replies; else NULL. */
  struct isth__stream *stream;
  /* Of all others. */
  struct isth__lane *lane;
  struct isth__record *record; /* of the reply; claimed before the handler runs */
  size_t room;                 /* payload bytes that `record` was claimed for; 0: there is none */
  size_t output_bytes;
  bool out_counts; /* the reply is `out`, not what lies in `record` */
  bool kept;       /* a responder or a stream answers it */
};

/* Fills in what all calls have alike. */
static inline void isth__call_begin(isth_call *call, const struct isth__taken *request, isth_replies replies,
                                    unsigned int thread) {
  call->request = request;
  call->replies = replies;
  call->thread = thread;
  call->metadata = NULL;
  call->in.bytes = NULL;
  call->out.bytes = NULL;
  call->refusal = 0;
  call->stream = NULL;
}

/* The header of a reply to a request: of its end, with status 0. */
static inline struct isth__header isth__reply_header(const struct isth__header *request) {
  return (struct isth__header){
      .kind = ISTH__RECORD_REPLY, .method = request->method, .call_id = request->call_id, .trace = request->trace};
}

/* printf into a message of at most ISTH_MESSAGE_BYTES - 1 bytes, cut between characters. Returns how many. */
size_t isth__format_message(char *message, const char *format, va_list arguments);

/* Time left until a deadline (0: none), as isth_call_remaining_ns says. */
int64_t isth__remaining_ns(uint64_t deadline_ns);

#endif
