#include "quote.h"

#include "black_scholes.h"

/* As examples/pricing/pricing.c refuses. */
static const char *check(const quote_request *request) {
  if (request->spot <= 0) return "spot must be above 0";
  if (request->strike <= 0) return "strike must be above 0";
  if (request->expiry < 0) return "expiry must be 0 or more";
  if (request->volatility < 0) return "volatility must be 0 or more";
  return NULL;
}

const char *quote_answer(const quote_request *request, quote_reply *reply) {
  const char *refusal = check(request);
  if (refusal != NULL) return refusal;
  bsm_option option = {.spot = request->spot,
                       .strike = request->strike,
                       .rate = request->rate,
                       .dividend_yield = request->dividend_yield,
                       .expiry = request->expiry,
                       .put = request->kind != 0};
  bsm_quote quote;
  if (bsm_price(&option, request->volatility, &quote) != NULL) return "a result is not finite";
  *reply = (quote_reply){quote.price, quote.delta, quote.gamma, quote.vega, quote.theta, quote.rho};
  return NULL;
}
