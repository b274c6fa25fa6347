/* The C half of feed.schema.ts: a service; or, with a socket and a command, a client that tells on its standard output what it found. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"

static isth_service *service;
static pthread_t ticking;
static atomic_bool is_ticking, stopping;

static void fill(feed_tick *tick, uint64_t count) {
  memset(tick, 0, sizeof *tick);
  tick->count = count;
  for (size_t i = 0; i < 6; i++) tick->words[i] = count * (i + 2);
  tick->side = count % 2 == 0 ? FEED_SIDE_BUY : FEED_SIDE_SELL;
  tick->low = (uint32_t)count;
}

static int write_tick(uint64_t count) {
  feed_tick tick;
  fill(&tick, count);
  int status = feed_ticks_write(feed_ticks_of_service(service), &tick, ISTH_ANY_VERSION, NULL);
  if (status == 0) status = feed_board_write(feed_board_of_service(service), &tick, ISTH_ANY_VERSION, NULL);
  return status;
}

static void *tick_for_ever(void *data) {
  (void)data;
  /* Another process may have the lock of `board`. */
  for (uint64_t count = 1; !stopping; count++) write_tick(count);
  return NULL;
}

static void stop_ticking(void *user) {
  (void)user;
  stopping = true;
  if (is_ticking) pthread_join(ticking, NULL);
}

int feed_on_tick(isth_call *call, const feed_times *in) {
  (void)call;
  if (in->times == 0) {
    if (pthread_create(&ticking, NULL, tick_for_ever, NULL) != 0) return ISTH_E_OUT_OF_MEMORY;
    is_ticking = true;
    return 0;
  }
  for (uint32_t i = 1; i <= in->times; i++) {
    int status = write_tick(i);
    if (status != 0) return status;
  }
  return 0;
}

int feed_on_quote(isth_call *call, const feed_quote *in, feed_version *out) {
  isth_stamp stamp = {0, 0};
  (void)call;
  int status = feed_market_write(feed_market_of_service(service), in, ISTH_ANY_VERSION, &stamp);
  out->version = stamp.version;
  out->time = stamp.time_ns;
  return status;
}

int feed_on_order(isth_call *call, const feed_key *in, feed_quote *out) {
  (void)call;
  return feed_orders_read(feed_orders_of_service(service), in->symbol, out, NULL);
}

int feed_on_spoil(isth_call *call) {
  feed_tick tick;
  int wrong = 77;
  (void)call;
  fill(&tick, 1);
  memcpy(&tick.side, &wrong, sizeof wrong);
  return feed_board_write(feed_board_of_service(service), &tick, ISTH_ANY_VERSION, NULL);
}

static int set_up(isth_service *opened) {
  service = opened;
  int status = isth_service_on_stop(opened, stop_ticking, NULL);
  return status == 0 ? feed_register(opened) : status;
}

static int fail(const char *what, int status) {
  fprintf(stderr, "feed: %s: %s\n", what, isth_error_name(status));
  return 1;
}

/* read SYMBOL: one row of `market`. */
static int read_quote(isth_client *client, const char *symbol) {
  isth_region *market;
  feed_quote quote;
  isth_stamp stamp;
  int status = feed_market_of_client(client, &market);
  if (status == 0) status = feed_market_read(market, symbol, &quote, &stamp);
  if (status != 0) return fail("read", status);
  printf("%s %g %" PRIu32 " %d %" PRIu64 "\n", quote.symbol, quote.price, quote.size, (int)quote.side, stamp.version);
  isth_region_close(market);
  return 0;
}

/* wait COUNT: until `ticks` is there with this count. */
static int wait_tick(isth_client *client, uint64_t count) {
  isth_region *ticks;
  feed_tick tick;
  int status = feed_ticks_of_client(client, &ticks);
  if (status != 0) return fail("wait", status);
  do {
    uint64_t changes = isth_region_changes(ticks);
    status = feed_ticks_read(ticks, &tick, NULL);
    if (status == 0 && tick.count >= count) break;
    if (status == 0 || status == ISTH_E_REGION_EMPTY) status = isth_region_wait(ticks, changes, 5000000000);
  } while (status == 0);
  if (status != 0) return fail("wait", status);
  printf("%" PRIu64 "\n", tick.count);
  isth_region_close(ticks);
  return 0;
}

/* add TIMES: counts `board` up, so that no other writer's addition is lost. */
static int add(isth_client *client, uint64_t times) {
  isth_region *board;
  int status = feed_board_of_client(client, &board);
  for (uint64_t done = 0; status == 0 && done < times;) {
    feed_tick tick = {0};
    isth_stamp stamp = {0, 0};
    status = feed_board_read(board, &tick, &stamp);
    if (status == ISTH_E_REGION_EMPTY) status = 0;
    if (status != 0) break;
    fill(&tick, tick.count + 1);
    status = feed_board_write(board, &tick, stamp.version, NULL);
    if (status == 0) done++;
    if (status == ISTH_E_REGION_CONFLICT || status == ISTH_E_LOCK_TIMEOUT) status = 0;
  }
  if (status != 0) return fail("add", status);
  isth_region_close(board);
  return 0;
}

/* write: `board`, without end. */
static int write_for_ever(isth_client *client) {
  isth_region *board;
  int status = feed_board_of_client(client, &board);
  for (uint64_t count = 1; status == 0 || status == ISTH_E_LOCK_TIMEOUT; count++) {
    feed_tick tick;
    fill(&tick, count);
    status = feed_board_write(board, &tick, ISTH_ANY_VERSION, NULL);
    if (count == 1000) {
      puts("writing");
      fflush(stdout);
    }
  }
  return fail("write", status);
}

/* fill: `page`, without end. */
static int fill_for_ever(isth_client *client) {
  static feed_page page;
  isth_region *region;
  int status = feed_page_of_client(client, &region);
  for (page.first = 1; status == 0 || status == ISTH_E_LOCK_TIMEOUT; page.first++) {
    status = feed_page_write(region, &page, ISTH_ANY_VERSION, NULL);
    if (page.first == 1000) {
      puts("filling");
      fflush(stdout);
    }
  }
  return fail("fill", status);
}

int main(int argc, char **argv) {
  isth_client_options options;
  isth_client *client;
  isth_failure failure;
  if (argc < 3 || argv[1][0] == '-') return isth_service_main(argc, argv, feed_schema(), set_up);
  isth_client_options_init(&options);
  int status = isth_client_open(&client, argv[1], feed_schema(), &options, &failure);
  if (status != 0) return fail(failure.message, status);
  const char *command = argv[2], *argument = argc > 3 ? argv[3] : "";
  int code = 2;
  if (strcmp(command, "read") == 0) code = read_quote(client, argument);
  if (strcmp(command, "wait") == 0) code = wait_tick(client, strtoull(argument, NULL, 10));
  if (strcmp(command, "add") == 0) code = add(client, strtoull(argument, NULL, 10));
  if (strcmp(command, "write") == 0) code = write_for_ever(client);
  if (strcmp(command, "fill") == 0) code = fill_for_ever(client);
  isth_client_close(client);
  return code;
}
