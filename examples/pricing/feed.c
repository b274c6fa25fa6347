/*
 * The market's feed: a service without methods. A thread writes the quotes of a few invented stocks into the region that
 * market.schema.ts declares, 10,000 times a second; whoever connects reads them there, and nobody ever asks it anything.
 */
#define _POSIX_C_SOURCE 200809L /* clock_nanosleep */

#include "generated/feed.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
  STOCKS = 8,
  TRADES_A_ROUND = 10,
  ROUND_NS = 1000000, /* so 10,000 trades a second */
  SECOND_NS = 1000000000
};

/* So many simulated years a trade: a thousand times as fast as a real market, or there would be little to see. */
static const double years_a_trade = 1000.0 / (365.25 * 24 * 3600) * STOCKS * ROUND_NS / SECOND_NS / TRADES_A_ROUND;

static const struct stock {
  char symbol[9];
  double price, volatility; /* volatility: a year */
} stocks[STOCKS] = {{"ANVIL", 42, 0.2},  {"BASALT", 118.4, 0.3}, {"CINDER", 9.75, 0.6}, {"DELTA", 77.1, 0.25},
                    {"EMBER", 251, 0.4}, {"FJORD", 33.33, 0.15}, {"GNEISS", 164, 0.35}, {"HARBOR", 58.2, 0.5}};

static struct feed {
  isth_region *market;
  pthread_t thread;
  atomic_bool stopping;
  uint64_t random;
  double prices[STOCKS]; /* exact, where the quotes are in whole cents */
  feed_quote quotes[STOCKS];
} feed;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016. */
static uint64_t next_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1d;
}

/* About normal, of mean 0 and deviation 1: twelve uniform numbers. */
static double next_step(uint64_t *state) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += (double)(next_random(state) >> 11) * 0x1p-53;
  return sum;
}

static int64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static double to_cents(double price) { return round(price * 100) / 100; }

/* One trade: a step of a geometric random walk, between 1 and 500 USD. */
static int trade(size_t i) {
  feed_quote *quote = &feed.quotes[i];
  double step = stocks[i].volatility * sqrt(years_a_trade) * next_step(&feed.random);
  feed.prices[i] = fmin(fmax(feed.prices[i] * exp(step), 1), 500);
  quote->last = to_cents(feed.prices[i]);
  quote->bid = to_cents(quote->last - 0.01);
  quote->ask = to_cents(quote->last + 0.01);
  quote->volume += 100 * (1 + next_random(&feed.random) % 9);
  quote->updates++;
  quote->time = now_ns(CLOCK_REALTIME);
  return feed_market_write(feed.market, quote, ISTH_ANY_VERSION, NULL);
}

static void open_market(void) {
  for (size_t i = 0; i < STOCKS; i++) {
    feed.prices[i] = feed.quotes[i].open = stocks[i].price;
    memcpy(feed.quotes[i].symbol, stocks[i].symbol, sizeof stocks[i].symbol);
  }
}

static void *run_market(void *argument) {
  (void)argument;
  int64_t due = now_ns(CLOCK_MONOTONIC);
  for (uint64_t round = 0; !atomic_load(&feed.stopping); round++) {
    for (size_t i = 0; i < TRADES_A_ROUND; i++) {
      int error = trade((round * TRADES_A_ROUND + i) % STOCKS);
      if (error == 0) continue;
      fprintf(stderr, "feed: %s: %s\n", isth_error_name(error), isth_error_message(error));
      return NULL;
    }
    due += ROUND_NS;
    int64_t now = now_ns(CLOCK_MONOTONIC);
    if (now - due > SECOND_NS) due = now; /* it was held up: it does not make up for that */
    struct timespec until = {.tv_sec = due / SECOND_NS, .tv_nsec = due % SECOND_NS};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
  return NULL;
}

static void stop(void *argument) {
  (void)argument;
  atomic_store(&feed.stopping, true);
  pthread_join(feed.thread, NULL);
}

static int setup(isth_service *service) {
  feed.market = feed_market_of_service(service);
  feed.random = (uint64_t)now_ns(CLOCK_REALTIME);
  open_market();
  if (pthread_create(&feed.thread, NULL, run_market, NULL) != 0) return ISTH_E_OUT_OF_MEMORY;
  return isth_service_on_stop(service, stop, NULL);
}

int main(int argc, char **argv) { return isth_service_main(argc, argv, feed_schema(), setup); }
