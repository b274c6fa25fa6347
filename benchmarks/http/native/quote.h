/*
 * quote.h: the work that all contestants of the HTTP section do: a quote of examples/pricing, with its refusals, by its
 * black_scholes.c. What differs is only how a request gets here. No state; may be called from any thread.
 */
#ifndef QUOTE_H
#define QUOTE_H

#include <stddef.h>
#include <stdint.h>

/* As pricing.schema.ts lays it out, so that the gateway's codecs can write it as well. */
typedef struct quote_request {
  double spot;
  double strike;
  double rate;
  double expiry;
  double dividend_yield;
  double volatility;
  uint32_t kind; /* 0: a call; 1: a put */
} quote_request;

/* The same. */
typedef struct quote_reply {
  double price;
  double delta;
  double gamma;
  double vega;
  double theta;
  double rho;
} quote_reply;

/* Returns NULL, or why the option is refused: a text that is never freed. All values of `request` are finite. */
const char *quote_answer(const quote_request *request, quote_reply *reply);

#endif
