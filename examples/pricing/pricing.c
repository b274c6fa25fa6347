/*
 * The pricing service: what pricing.schema.ts declares, answered with black_scholes.c. The header generated/pricing.h, made
 * from the schema by `isthmus gen`, declares the structs and these handlers, and checks each input before they see it.
 */
#include "black_scholes.h"
#include "generated/pricing.h"

/* Refuses what makes no sense whichever method is asked. Returns 0 for a sensible option. */
static int check(isth_call *call, const bsm_option *option) {
  if (option->spot <= 0)
    return isth_refuse(call, PRICING_ERROR_SPOT_NOT_POSITIVE, "spot is %g: it must be above 0", option->spot);
  if (option->strike <= 0)
    return isth_refuse(call, PRICING_ERROR_STRIKE_NOT_POSITIVE, "strike is %g: it must be above 0", option->strike);
  if (option->expiry < 0)
    return isth_refuse(call, PRICING_ERROR_EXPIRY_NEGATIVE, "expiry is %g years: it must be 0 or more", option->expiry);
  return 0;
}

int pricing_on_quote(isth_call *call, const pricing_quote_request *in, pricing_quote_reply *out) {
  bsm_option option = {.spot = in->spot,
                       .strike = in->strike,
                       .rate = in->rate,
                       .dividend_yield = in->dividend_yield,
                       .expiry = in->expiry,
                       .put = in->kind == PRICING_OPTION_KIND_PUT};
  int refusal = check(call, &option);
  if (refusal != 0) return refusal;
  if (in->volatility < 0)
    return isth_refuse(call, PRICING_ERROR_VOLATILITY_NEGATIVE, "volatility is %g: it must be 0 or more",
                       in->volatility);
  bsm_quote quote;
  const char *unbounded = bsm_price(&option, in->volatility, &quote);
  if (unbounded != NULL)
    return isth_refuse(call, PRICING_ERROR_RESULT_NOT_FINITE,
                       "%s has no finite value here (the price is %g): without time value it does not exist where the "
                       "forward price equals the strike, and extreme inputs exceed the range of a double",
                       unbounded, quote.price);
  *out = (pricing_quote_reply){.price = quote.price,
                               .delta = quote.delta,
                               .gamma = quote.gamma,
                               .vega = quote.vega,
                               .theta = quote.theta,
                               .rho = quote.rho};
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
  int refusal = check(call, &option);
  if (refusal != 0) return refusal;
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
