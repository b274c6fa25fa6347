/*
 * Owner and client of the service `feed`, through the generated functions. As `feed client SOCKET WHAT` it is a client; else it is
 * the service, which has written its regions before it listens.
 */
#include <stdio.h>
#include <stdlib.h>

#include "feed.h"

static feed_quote quote_of(const char *symbol, double bid) {
  feed_quote quote;
  memset(&quote, 0, sizeof quote);
  strncpy(quote.symbol, symbol, sizeof quote.symbol - 1);
  quote.bid = bid;
  feed_quote_set_port(&quote, 443);
  quote.live = true;
  quote.side = FEED_SIDE_SELL;
  quote.at = 1700000000500000000;
  return quote;
}

static feed_row row_of(uint8_t number) {
  feed_row row;
  memset(&row, 0, sizeof row);
  row.level = number;
  memcpy(row.tag, "\0\1\2", 3);
  row.tag[0] = number;
  feed_row_set_port(&row, (uint16_t)(256 * number + 1));
  feed_row_set_count(&row, -number);
  row.side = number == 1 ? FEED_SIDE_BUY : FEED_SIDE_SELL;
  memcpy(row.note, "row", 3);
  return row;
}

/* ---- the owner ---- */

static int write_rows(isth_service *service) {
  int status = 0;
  for (uint8_t number = 1; number <= 2 && status == 0; number++) {
    feed_row row = row_of(number);
    status = feed_by_level_write(feed_by_level_of_service(service), &row, 0, NULL);
    if (status == 0) status = feed_by_tag_write(feed_by_tag_of_service(service), &row, 0, NULL);
    if (status == 0) status = feed_by_port_write(feed_by_port_of_service(service), &row, 0, NULL);
    if (status == 0) status = feed_by_count_write(feed_by_count_of_service(service), &row, 0, NULL);
    if (status == 0) status = feed_by_side_write(feed_by_side_of_service(service), &row, 0, NULL);
  }
  return status;
}

static int setup(isth_service *service) {
  isth_region *market = feed_market_of_service(service);
  isth_stamp stamp = {0, 0};
  feed_quote quote = quote_of("ACME", 1.5);
  int status = feed_market_write(market, &quote, 0, &stamp);
  if (status != 0 || stamp.version != 1) return ISTH_E_INTERNAL;
  quote = quote_of("EIGHTCHS", 2.5);
  status = feed_market_write(market, &quote, ISTH_ANY_VERSION, NULL);
  if (status == 0) status = feed_market_write_bid(market, "EIGHTCHS", 3.5, 1, &stamp);
  if (status == 0) status = feed_market_write_port(market, "EIGHTCHS", 80, 2, NULL);
  if (status == 0) status = feed_market_write_live(market, "EIGHTCHS", false, 3, NULL);
  if (status == 0) status = feed_market_write_side(market, "EIGHTCHS", FEED_SIDE_BUY, 4, NULL);
  if (status == 0) status = feed_market_write_at(market, "EIGHTCHS", -1, 5, NULL);
  if (status == 0) status = write_rows(service);
  return status == 0 ? feed_register(service) : status;
}

/* ---- a client ---- */

static int failed(const char *what, int status) {
  fprintf(stderr, "%s: %s\n", what, isth_error_name(status));
  return 1;
}

static void print(const char *what, int status) {
  printf("%s: %s\n", what, status == 0 ? "done" : isth_error_name(status));
}

static void print_quote(int status, const feed_quote *quote, isth_stamp stamp) {
  if (status != 0)
    print("quote", status);
  else
    printf("%s %g %u %s %d %lld, version %llu\n", quote->symbol, quote->bid, (unsigned)feed_quote_get_port(quote),
           quote->live ? "live" : "dead", (int)quote->side, (long long)quote->at, (unsigned long long)stamp.version);
}

static void print_row(const char *key, int status, const feed_row *row) {
  if (status != 0)
    print(key, status);
  else
    printf("%s: %u %d\n", key, (unsigned)row->level, (int)feed_row_get_count(row));
}

static void open_region(isth_client *client, int (*of_client)(isth_client *, isth_region **), isth_region **region) {
  int status = of_client(client, region);
  if (status != 0) exit(failed("region", status));
}

/* What the owner wrote, by every kind of key. */
static int read_all(isth_client *client) {
  isth_region *region;
  feed_quote quote;
  feed_row row;
  isth_stamp stamp;
  uint32_t number = 99;
  const uint8_t tags[][3] = {{1, 1, 2}, {2, 1, 2}, {3, 1, 2}};

  open_region(client, feed_market_of_client, &region);
  for (uint32_t at = 0; at < isth_region_rows(region); at++) {
    int status = feed_market_read_row(region, at, &quote, &stamp);
    print_quote(status, &quote, stamp);
  }
  print_quote(feed_market_read(region, "EIGHTCHS", &quote, &stamp), &quote, stamp);
  print("not there", feed_market_read(region, "ACM", &quote, &stamp));
  print("too long for any row", feed_market_read(region, "EIGHTCHSX", &quote, &stamp));
  print("found", feed_market_find(region, "EIGHTCHS", &number));
  printf("number %u\n", (unsigned)number);
  print("beyond the rows", feed_market_read_row(region, 4, &quote, NULL));
  quote = quote_of("ACME", 9);
  print("not ours to write", feed_market_write(region, &quote, ISTH_ANY_VERSION, NULL));
  print("nor a field", feed_market_write_bid(region, "ACME", 9, ISTH_ANY_VERSION, NULL));
  print("as another region", feed_state_read(region, &row, NULL));
  print("by another key", feed_by_level_find(region, 1, &number));
  isth_region_close(region);

  open_region(client, feed_empty_of_client, &region);
  print("never written", feed_empty_read(region, &quote, &stamp));
  isth_region_close(region);

  open_region(client, feed_by_level_of_client, &region);
  for (uint8_t key = 1; key <= 3; key++) print_row("level", feed_by_level_read(region, key, &row, NULL), &row);
  isth_region_close(region);
  open_region(client, feed_by_tag_of_client, &region);
  for (int key = 0; key < 3; key++) print_row("tag", feed_by_tag_read(region, tags[key], &row, NULL), &row);
  isth_region_close(region);
  open_region(client, feed_by_port_of_client, &region);
  for (uint16_t key = 257; key <= 769; key = (uint16_t)(key + 256))
    print_row("port", feed_by_port_read(region, key, &row, NULL), &row);
  isth_region_close(region);
  open_region(client, feed_by_count_of_client, &region);
  for (int64_t key = -1; key >= -3; key--) print_row("count", feed_by_count_read(region, key, &row, NULL), &row);
  isth_region_close(region);
  open_region(client, feed_by_side_of_client, &region);
  print_row("side", feed_by_side_read(region, FEED_SIDE_BUY, &row, NULL), &row);
  print_row("side", feed_by_side_read(region, FEED_SIDE_SELL, &row, NULL), &row);
  isth_region_close(region);
  return 0;
}

/* What a client may do to a region with several writers, and what becomes of bytes that are no value. */
static int write_all(isth_client *client) {
  isth_region *shared, *state;
  isth_stamp stamp = {0, 0};
  feed_quote quote = quote_of("ONE", 1);
  feed_row row = row_of(7);
  const unsigned char bad = 2;

  open_region(client, feed_shared_of_client, &shared);
  print("first", feed_shared_write(shared, &quote, 0, &stamp));
  print("first again", feed_shared_write(shared, &quote, 0, &stamp));
  printf("version %llu\n", (unsigned long long)stamp.version);
  quote.bid = 1.25;
  print("second", feed_shared_write(shared, &quote, stamp.version, &stamp));
  print("a field", feed_shared_write_at(shared, "ONE", 5, stamp.version, &stamp));
  print("a field of no row", feed_shared_write_at(shared, "TWO", 5, ISTH_ANY_VERSION, NULL));
  print_quote(feed_shared_read(shared, "ONE", &quote, &stamp), &quote, stamp);
  quote = quote_of("TWO", 2);
  print("another row", feed_shared_write(shared, &quote, ISTH_ANY_VERSION, NULL));
  quote = quote_of("THREE", 3);
  print("one too many", feed_shared_write(shared, &quote, ISTH_ANY_VERSION, NULL));
  print("as another region", feed_state_write(shared, &row, ISTH_ANY_VERSION, NULL));
  print("not a bool", isth_region_write_part(shared, 0, offsetof(feed_quote, live), &bad, 1, ISTH_ANY_VERSION, NULL));
  print("read", feed_shared_read(shared, "ONE", &quote, NULL));
  print("mended", feed_shared_write_live(shared, "ONE", true, ISTH_ANY_VERSION, NULL));
  print("read", feed_shared_read(shared, "ONE", &quote, NULL));
  isth_region_close(shared);

  open_region(client, feed_state_of_client, &state);
  print("state", feed_state_write_count(state, -5, 0, &stamp));
  print("state", feed_state_write_side(state, FEED_SIDE_SELL, stamp.version, &stamp));
  print_row("state", feed_state_read(state, &row, NULL), &row);
  memset(row.note, 'x', sizeof row.note);
  print("without an end", feed_state_write(state, &row, ISTH_ANY_VERSION, NULL));
  print("read", feed_state_read(state, &row, NULL));
  isth_region_close(state);
  return 0;
}

/* Writes a row of stdin to `state`, whatever its bytes are. */
static int put(isth_client *client) {
  isth_region *state;
  feed_row in;
  if (fread(&in, sizeof in, 1, stdin) != 1) return 1;
  open_region(client, feed_state_of_client, &state);
  int status = feed_state_write(state, &in, ISTH_ANY_VERSION, NULL);
  isth_region_close(state);
  return status == 0 ? 0 : failed("put", status);
}

/* Writes what `state` holds to stdout, byte for byte. */
static int show(isth_client *client) {
  isth_region *state;
  feed_row out;
  open_region(client, feed_state_of_client, &state);
  int status = feed_state_read(state, &out, NULL);
  isth_region_close(state);
  if (status != 0) return failed("show", status);
  return fwrite(&out, sizeof out, 1, stdout) == 1 ? 0 : 1;
}

/* Writes each row of stdin to `state`, and what can then be read to stdout, byte for byte. */
static int echo(isth_client *client) {
  isth_region *state;
  feed_row in, out;
  open_region(client, feed_state_of_client, &state);
  while (fread(&in, sizeof in, 1, stdin) == 1) {
    memset(&out, 0xff, sizeof out);
    int status = feed_state_write(state, &in, ISTH_ANY_VERSION, NULL);
    if (status == 0) status = feed_state_read(state, &out, NULL);
    if (status != 0) return failed("echo", status);
    if (fwrite(&out, sizeof out, 1, stdout) != 1) return 1;
  }
  isth_region_close(state);
  return 0;
}

static const struct {
  const char *name;
  int (*run)(isth_client *client);
} actions[] = {{"read", read_all}, {"write", write_all}, {"put", put}, {"show", show}, {"echo", echo}};

static int be_client(const char *socket, const char *what) {
  isth_client *client;
  isth_failure failure;
  int result = 1;
  if (isth_client_open(&client, socket, feed_schema(), NULL, &failure) != 0) {
    fprintf(stderr, "%s\n", failure.message);
    return 1;
  }
  for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
    if (strcmp(what, actions[i].name) == 0) result = actions[i].run(client);
  isth_client_close(client);
  return result;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "client") == 0) return be_client(argv[2], argv[3]);
  return isth_service_main(argc, argv, feed_schema(), setup);
}
