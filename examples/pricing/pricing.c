/*
 * The pricing service: what pricing.schema.ts declares, answered with black_scholes.c. The header generated/pricing.h, made
 * from the schema by `isthmus gen`, declares the structs and these handlers, and checks each input before they see it.
 */
#include "black_scholes.h"
#include "generated/pricing.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Why an option is refused. A code of 0: it is not. */
struct refusal {
  int code;
  char reason[ISTH_MESSAGE_BYTES];
};

ISTH_PRINTF(2, 3) static struct refusal refuse(int code, const char *format, ...) {
  struct refusal refusal = {.code = code};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(refusal.reason, sizeof refusal.reason, format, arguments);
  va_end(arguments);
  return refusal;
}

/* Refuses what makes no sense whichever method is asked. */
static struct refusal check(const bsm_option *option) {
  if (option->spot <= 0) return refuse(PRICING_ERROR_SPOT_NOT_POSITIVE, "spot is %g: it must be above 0", option->spot);
  if (option->strike <= 0)
    return refuse(PRICING_ERROR_STRIKE_NOT_POSITIVE, "strike is %g: it must be above 0", option->strike);
  if (option->expiry < 0)
    return refuse(PRICING_ERROR_EXPIRY_NEGATIVE, "expiry is %g years: it must be 0 or more", option->expiry);
  return (struct refusal){0};
}

static struct refusal quote(const pricing_quote_request *in, pricing_quote_reply *out) {
  bsm_option option = {.spot = in->spot,
                       .strike = in->strike,
                       .rate = in->rate,
                       .dividend_yield = in->dividend_yield,
                       .expiry = in->expiry,
                       .put = in->kind == PRICING_OPTION_KIND_PUT};
  struct refusal refusal = check(&option);
  if (refusal.code != 0) return refusal;
  if (in->volatility < 0)
    return refuse(PRICING_ERROR_VOLATILITY_NEGATIVE, "volatility is %g: it must be 0 or more", in->volatility);
  bsm_quote quote;
  const char *unbounded = bsm_price(&option, in->volatility, &quote);
  if (unbounded != NULL)
    return refuse(PRICING_ERROR_RESULT_NOT_FINITE,
                  "%s has no finite value here (the price is %g): without time value it does not exist where the "
                  "forward price equals the strike, and extreme inputs exceed the range of a double",
                  unbounded, quote.price);
  *out = (pricing_quote_reply){.price = quote.price,
                               .delta = quote.delta,
                               .gamma = quote.gamma,
                               .vega = quote.vega,
                               .theta = quote.theta,
                               .rho = quote.rho};
  return refusal;
}

int pricing_on_quote(isth_call *call, const pricing_quote_request *in, pricing_quote_reply *out) {
  struct refusal refusal = quote(in, out);
  return refusal.code == 0 ? 0 : isth_refuse(call, refusal.code, "%s", refusal.reason);
}

/* A list in, and a list of a union out. */
int pricing_on_quote_many(isth_call *call, const pricing_quote_many_request *in, pricing_quote_many_reply *out) {
  isth_message *reply = isth_call_out(call);
  pricing_list_of_quote_request options = pricing_quote_many_request_get_options(isth_call_in(call), in);
  pricing_outcome *outcomes = pricing_quote_many_reply_add_outcomes(reply, out, options.count);
  if (outcomes == NULL) return ISTH_E_REPLY_TOO_LARGE;
  for (size_t i = 0; i < options.count; i++) {
    struct refusal refusal = quote(&options.items[i], &outcomes[i].as.quote);
    if (refusal.code == 0) continue; /* PRICING_OUTCOME_KIND_QUOTE is 0 */
    outcomes[i] = (pricing_outcome){.kind = PRICING_OUTCOME_KIND_REFUSAL, .as.refusal.code = (uint32_t)refusal.code};
    if (!pricing_refusal_set_reason(reply, &outcomes[i].as.refusal, refusal.reason, strlen(refusal.reason)))
      return ISTH_E_REPLY_TOO_LARGE;
  }
  return 0;
}

/* Many replies. */
int pricing_on_ladder(isth_call *call, const pricing_ladder_request *in) {
  pricing_quote_request option = in->option;
  for (uint32_t i = 0; i < in->rungs; i++) {
    option.spot = in->option.spot + (in->highest - in->option.spot) * i / (in->rungs - 1);
    pricing_rung rung = {.spot = option.spot};
    struct refusal refusal = quote(&option, &rung.quote);
    if (refusal.code != 0) return isth_refuse(call, refusal.code, "%s", refusal.reason);
    int error = pricing_emit_ladder(call, &rung);
    if (error != 0) return error;
  }
  return 0;
}

int pricing_on_implied_volatility(isth_call *call, const pricing_implied_volatility_request *in,
                                  pricing_implied_volatility_reply *out) {
  bsm_option option = {.spot = in->spot,
                       .strike = in->strike,
                       .rate = in->rate,
                       .dividend_yield = in->dividend_yield,
                       .expiry = in->expiry,
                       .put = in->kind == PRICING_OPTION_KIND_PUT};
  struct refusal refusal = check(&option);
  if (refusal.code != 0) return isth_refuse(call, refusal.code, "%s", refusal.reason);
  bsm_implied implied;
  switch (bsm_implied_volatility(&option, in->price, &implied)) {
  case BSM_SOLVED:
    out->volatility = implied.volatility;
    out->iterations = (uint32_t)implied.iterations;
    return 0;
  case BSM_EXPIRED:
    return isth_refuse(call, PRICING_ERROR_OPTION_EXPIRED,
                       "expiry is 0: the price no longer depends on the volatility");
  case BSM_BELOW_BOUND:
    return isth_refuse(call, PRICING_ERROR_PRICE_BELOW_BOUND,
                       "price is %.10g, below %.10g: no volatility gives less than the discounted intrinsic value",
                       in->price, implied.lower);
  case BSM_ABOVE_BOUND:
    return isth_refuse(call, PRICING_ERROR_PRICE_ABOVE_BOUND,
                       "price is %.10g, which is not below %.10g: no volatility gives that much", in->price,
                       implied.upper);
  case BSM_UNREPRESENTED: break;
  }
  return isth_refuse(call, PRICING_ERROR_RESULT_NOT_FINITE,
                     "the spot or strike discounted to today exceeds the range of a double");
}

int main(int argc, char **argv) { return pricing_main(argc, argv); }
