/*
 * The mathematics as a filter, so that tests in TypeScript can hold it against other truths without the bridge between.
 * A line in is "quote KIND SPOT STRIKE RATE YIELD EXPIRY VOLATILITY" or "implied KIND SPOT STRIKE RATE YIELD EXPIRY PRICE",
 * KIND call or put; a line out is the numbers, with all their digits, or "! REASON".
 */
#include "../black_scholes.h"

#include <stdio.h>
#include <string.h>

static void quote(const bsm_option *option, double volatility) {
  bsm_quote q;
  const char *unbounded = bsm_price(option, volatility, &q);
  if (unbounded)
    printf("! %s\n", unbounded);
  else
    printf("%.17g %.17g %.17g %.17g %.17g %.17g\n", q.price, q.delta, q.gamma, q.vega, q.theta, q.rho);
}

static void implied(const bsm_option *option, double price) {
  static const char *const outcomes[] = {"solved", "expired", "below", "above", "unrepresented"};
  bsm_implied i;
  bsm_outcome outcome = bsm_implied_volatility(option, price, &i);
  if (outcome == BSM_SOLVED)
    printf("%.17g %d\n", i.volatility, i.iterations);
  else
    printf("! %s\n", outcomes[outcome]);
}

int main(void) {
  char line[512], command[16], kind[8];
  while (fgets(line, sizeof line, stdin)) {
    bsm_option option;
    double last;
    if (sscanf(line, "%15s %7s %lf %lf %lf %lf %lf %lf", command, kind, &option.spot, &option.strike, &option.rate,
               &option.dividend_yield, &option.expiry, &last) != 8)
      return 2;
    option.put = strcmp(kind, "put") == 0;
    if (strcmp(command, "quote") == 0)
      quote(&option, last);
    else
      implied(&option, last);
    fflush(stdout);
  }
  return 0;
}
