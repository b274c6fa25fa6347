/*
 * black_scholes.h: European options by Black-Scholes-Merton with a generalised cost of carry. Pure mathematics: it knows
 * nothing of Isthmus, keeps no state and may be called from any thread.
 *
 * Formulas: E. G. Haug, "The Complete Guide to Option Pricing Formulas", 2nd ed., chapter 1 (generalised Black-Scholes-
 * Merton) and chapter 2 (greeks); the special cases are in J. C. Hull, "Options, Futures, and Other Derivatives".
 *
 * Haug's cost of carry b is rate - dividend_yield, so that one formula serves
 *   a stock without dividends (Black and Scholes 1973)     dividend_yield = 0
 *   a stock or index with a dividend yield q (Merton 1973) dividend_yield = q
 *   a future (Black 1976), where spot is the futures price dividend_yield = rate
 *   a currency (Garman and Kohlhagen 1983)                 dividend_yield = the foreign rate
 */
#ifndef BLACK_SCHOLES_H
#define BLACK_SCHOLES_H

#include <stdbool.h>

/* The caller sees to it that all values are finite, spot and strike above 0 and expiry 0 or more. */
typedef struct bsm_option {
  double spot;
  double strike;
  double rate;           /* continuously compounded, a year: 0.05 is 5 % */
  double dividend_yield; /* the same */
  double expiry;         /* in years */
  bool put;              /* false: a call */
} bsm_option;

typedef struct bsm_quote {
  double price;
  double delta; /* for 1 of spot */
  double gamma; /* of delta, for 1 of spot */
  double vega;  /* for 1.00 of volatility: divide by 100 for one percentage point */
  double theta; /* for one year that passes: divide by 365 for one day */
  double rho;   /* for 1.00 of rate, dividend_yield unchanged: divide by 100 for one percentage point */
} bsm_quote;

/*
 * Prices `option` at `volatility` (a year, 0 or more). Where volatility or expiry is 0, the results are the limits: the
 * price is the discounted intrinsic value, gamma and vega are 0.
 * Returns NULL, or the name of the first result that has no finite value. That is so where no time value is left and the
 * forward price equals the strike (delta jumps there, and gamma is infinite), and where a result exceeds what a double
 * can hold.
 */
const char *bsm_price(const bsm_option *option, double volatility, bsm_quote *quote);

typedef enum bsm_outcome {
  BSM_SOLVED,
  BSM_EXPIRED,       /* expiry is 0: the price does not depend on the volatility */
  BSM_BELOW_BOUND,   /* the price is less than that at a volatility of 0 */
  BSM_ABOVE_BOUND,   /* the price is not less than that at an infinite volatility */
  BSM_UNREPRESENTED, /* a discounted value exceeds what a double can hold */
} bsm_outcome;

typedef struct bsm_implied {
  double volatility; /* a year */
  int iterations;    /* evaluations of the formula */
  double lower;      /* the no-arbitrage bounds of the price, set whatever the outcome: lower <= price < upper */
  double upper;
} bsm_implied;

/*
 * Finds the volatility at which bsm_price gives `price` (finite). A price at its lower bound, to rounding, answers 0. Near
 * either bound the price hardly depends on the volatility: the answer still reproduces the price, but a change of the
 * price's last digit may change it much.
 */
bsm_outcome bsm_implied_volatility(const bsm_option *option, double price, bsm_implied *implied);

#endif
