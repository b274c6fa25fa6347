#include "black_scholes.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

static const double SQRT_HALF = 0.70710678118654752440;
static const double SQRT_2PI = 2.50662827463100050242;

/* erfc keeps its relative precision far out in the tail, where 1 - N(x) would have lost it. */
static double normal_cdf(double x) { return 0.5 * erfc(-x * SQRT_HALF); }

static double normal_density(double x) { return exp(-0.5 * x * x) / SQRT_2PI; }

/* What all formulas are made of: both legs discounted to today, and the logarithm of their ratio. */
typedef struct terms {
  double spot;          /* S exp((b - r) T) */
  double strike;        /* K exp(-r T) */
  double log_moneyness; /* ln(F / K), where F is the forward price S exp(b T) */
} terms;

static terms terms_of(const bsm_option *option) {
  double rate_time = option->rate * option->expiry;
  double yield_time = option->dividend_yield * option->expiry;
  double gap = option->spot - option->strike;
  /* Near the money the gap is exact, so that log1p keeps the digits that dividing first would round away; far from it,
   * the difference of logarithms cannot overflow. */
  double log_ratio =
      fabs(gap) < 0.5 * option->strike ? log1p(gap / option->strike) : log(option->spot) - log(option->strike);
  return (terms){option->spot * exp(-yield_time), option->strike * exp(-rate_time),
                 log_ratio + (rate_time - yield_time)};
}

/* x / v, where 0 / 0 is the limit for a forward price at the strike. */
static double standardise(double x, double v) { return x == 0 ? 0 : x / v; }

typedef struct valued {
  double value;
  double slope;    /* the value's derivative by v */
  double rounding; /* how far rounding may have taken the value from the truth */
} valued;

/*
 * The value of the option of the two that is out of the money: of the call if the forward price is below the strike, else
 * of the put. `v` is volatility * sqrt(expiry). By put-call parity the other one is worth that much more than its
 * intrinsic value; so computed, parity and the no-arbitrage bounds hold in spite of rounding.
 */
static valued time_value(const terms *t, double v) {
  double smaller = fmin(t->spot, t->strike), larger = fmax(t->spot, t->strike);
  double h = standardise(-fabs(t->log_moneyness), v);
  double d1 = h + 0.5 * v, d2 = h - 0.5 * v;
  double gain = smaller * normal_cdf(d1), cost = larger * normal_cdf(d2);
  double slope = smaller * normal_density(d1);
  /* Each product has a relative error of some DBL_EPSILON, and each argument of |d2| times that. Both distributions turn
   * the latter into the same error of the value, since larger * density(d2) is slope too. Then there is the absolute error
   * of a distribution too small for a normal double. Scaled down before they are added, large values do not overflow. */
  double unit = 2 * DBL_EPSILON;
  double rounding = unit * gain - d2 * (unit * slope) + DBL_TRUE_MIN * (1 + larger);
  return (valued){v > 0 && gain > cost ? gain - cost : 0, slope, rounding};
}

static double intrinsic_value(const terms *t, bool put) {
  return fmax(0, put ? t->strike - t->spot : t->spot - t->strike);
}

const char *bsm_price(const bsm_option *option, double volatility, bsm_quote *quote) {
  terms t = terms_of(option);
  double side = option->put ? -1 : 1;
  double v = volatility * sqrt(option->expiry);
  double h = standardise(t.log_moneyness, v);
  double d1 = h + 0.5 * v, d2 = h - 0.5 * v;
  double spot_weight = side * normal_cdf(side * d1), strike_weight = side * normal_cdf(side * d2);
  double density = normal_density(d1);
  double carry_factor = t.spot / option->spot;

  quote->price = intrinsic_value(&t, option->put) + time_value(&t, v).value;
  quote->delta = carry_factor * spot_weight;
  quote->vega = t.spot * density * sqrt(option->expiry);
  quote->rho = option->expiry * t.strike * strike_weight;
  quote->theta = option->dividend_yield * t.spot * spot_weight - option->rate * t.strike * strike_weight;
  /* A density of 0 wins over the division by 0 beside it: it vanishes faster than v does. */
  quote->gamma = density > 0 ? carry_factor * density / v / option->spot : 0;
  if (density > 0) quote->theta -= t.spot * density * volatility / (2 * sqrt(option->expiry));

  /* fmin and fmax above drop a NaN, so the terms are asked first. */
  if (!isfinite(t.spot) || !isfinite(t.strike) || isnan(t.log_moneyness) || !isfinite(quote->price)) return "price";
  if (!isfinite(quote->delta)) return "delta";
  if (!isfinite(quote->gamma)) return "gamma";
  if (!isfinite(quote->vega)) return "vega";
  if (!isfinite(quote->theta)) return "theta";
  if (!isfinite(quote->rho)) return "rho";
  return NULL;
}

/*
 * Solves time_value(v) = target, 0 < target < min(spot, strike), by Newton's method on the logarithm of the value, which
 * makes a tiny value as good a target as a large one.
 *
 * As a function of v the value is convex up to its point of inflection sqrt(2 |ln(F/K)|) and concave above (Manaster and
 * Koehler 1982), so the search begins there. Above it, Newton's steps in v never overshoot. Below it, the logarithm of the
 * value is nearly linear in 1 / v^2 (its leading term is -ln(F/K)^2 / (2 v^2)), so the steps are taken in that variable.
 * At the money the inflection is 0, and the estimate of Brenner and Subrahmanyam (1988) begins.
 *
 * All the while a bracket is kept: a step that leaves it is replaced by a bisection, or by doubling while it has no upper
 * end. So the search ends whatever rounding does to the steps.
 */
static double solve(const terms *t, double target, int *iterations) {
  const int most = 200; /* bisection alone needs some 60 */
  double inflection = sqrt(2 * fabs(t->log_moneyness));
  double low = 0, high = INFINITY;
  double v = fmax(inflection, fmax(SQRT_2PI * (target / fmin(t->spot, t->strike)), DBL_EPSILON));
  if (target < time_value(t, inflection).value) v = inflection;
  for (*iterations = 1; *iterations < most; ++*iterations) {
    valued now = time_value(t, v);
    if (now.value > target)
      high = v;
    else
      low = v;
    double step = log(now.value / target) * (now.value / now.slope);
    double next = v < inflection || (v == inflection && step > 0) ? v / sqrt(1 + 2 * step / v) : v - step;
    bool inside = next > low && next < high;
    /* Once value and target cannot be told apart, one more step, if it is Newton's own, is as near as rounding lets us. */
    if (fabs(now.value - target) <= now.rounding) return inside ? next : v;
    if (fabs(step) <= DBL_EPSILON * v) return v;
    if (!inside) next = isinf(high) ? 2 * v : low + 0.5 * (high - low);
    v = next;
  }
  return v;
}

bsm_outcome bsm_implied_volatility(const bsm_option *option, double price, bsm_implied *implied) {
  terms t = terms_of(option);
  *implied = (bsm_implied){0, 0, intrinsic_value(&t, option->put), option->put ? t.strike : t.spot};
  if (!isfinite(t.spot) || !isfinite(t.strike) || isnan(t.log_moneyness)) return BSM_UNREPRESENTED;
  if (option->expiry == 0) return BSM_EXPIRED;

  /* In the money, the lower bound is a difference of two rounded numbers, and the price may have been rounded as well. */
  double rounding = implied->lower > 0 ? 8 * DBL_EPSILON * fmax(t.spot, t.strike) : 0;
  double target = price - implied->lower;
  if (target < -rounding) return BSM_BELOW_BOUND;
  if (price >= implied->upper || target >= fmin(t.spot, t.strike)) {
    /* Where the bounds meet, as when the discounted strike underflows, the price at them is that of any volatility. */
    return target <= rounding ? BSM_SOLVED : BSM_ABOVE_BOUND;
  }
  if (target > 0) implied->volatility = solve(&t, target, &implied->iterations) / sqrt(option->expiry);
  return BSM_SOLVED;
}
