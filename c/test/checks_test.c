/* Which field is bad and why; and numbers at any address, in either byte order. */
#include "check.h"

#include <isthmus/isthmus.h>
#include <stdlib.h>
#include <string.h>

/* A struct as a generated header has it: a flag, a text, and a list of such structs. */
struct node {
  uint32_t flag; /* 0 or 1 */
  isth_span name;
  isth_span children;
};

static int walks;

static bool node_is_valid(isth_check *check, const unsigned char *at) {
  isth_elements text, children;
  if (isth_load_u32(at + offsetof(struct node, flag)) > 1) return isth_check_wrong(check, "must be 0 or 1", "/flag");
  if (!isth_check_text(check, at + offsetof(struct node, name), &text)) return isth_check_within(check, "/name");
  if (!isth_elements_are_text(text)) return isth_check_wrong(check, "must be text", "/name");
  if (!isth_check_tail(check, at + offsetof(struct node, children), sizeof(struct node), 4, &children))
    return isth_check_within(check, "/children");
  for (size_t i = 0; i < children.count; i++)
    if (!node_is_valid(check, children.first + i * sizeof(struct node)))
      return isth_check_within(check, "/children/%zu", i);
  return true;
}

static bool counted_is_valid(isth_check *check, const unsigned char *at) {
  walks++;
  return node_is_valid(check, at);
}

static _Alignas(64) unsigned char memory[1 << 16];

static struct node *begin(isth_message *message) {
  isth_message_init(message, memory, sizeof memory);
  return isth_message_begin(message, sizeof(struct node));
}

static int check_message(isth_check *check, const isth_message *message, isth_check_role role) {
  walks = 0;
  return isth_check_message(check, message, sizeof(struct node), counted_is_valid, role);
}

static void expect(const isth_check *check, int error, const char *text) {
  isth_failure failure;
  CHECK_EQUAL(isth_check_report(check, &failure), error);
  CHECK_EQUAL(failure.error, error);
  if (strcmp(failure.message, text) != 0) fprintf(stderr, "%s\n", failure.message);
  CHECK(strcmp(failure.message, text) == 0);
  CHECK_EQUAL(isth_check_report(check, NULL), error);
}

static void test_good_messages_take_one_walk(void) {
  isth_message message;
  isth_check check;
  struct node *root = begin(&message);
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), 0);
  CHECK(isth_message_append_text(&message, &root->name, "n\xc3\xa9", 3));
  struct node *child = isth_message_append(&message, &root->children, 2, sizeof *child, 4);
  CHECK(isth_message_append_text(&message, &child[1].name, "second", 6));
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), 0);
  CHECK_EQUAL(walks, 1);
}

static void test_the_place_is_put_together_from_all_levels(void) {
  isth_message message;
  isth_check check;
  struct node *root = begin(&message);
  struct node *child = isth_message_append(&message, &root->children, 18, sizeof *child, 4);
  struct node *grandchild = isth_message_append(&message, &child[17].children, 1, sizeof *child, 4);
  grandchild->flag = 2;
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), ISTH_E_INVALID_INPUT);
  expect(&check, ISTH_E_INVALID_INPUT, "field /children/17/children/0/flag must be 0 or 1");
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_REPLY), ISTH_E_HANDLER_FAULT);
  grandchild->flag = 0;
  isth_message_append_text(&message, &grandchild->name, "\xff", 1);
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_REPLY), ISTH_E_HANDLER_FAULT);
  expect(&check, ISTH_E_HANDLER_FAULT, "field /children/17/children/0/name must be text");
  isth_message_append_text(&message, &grandchild->name, "a\0b", 3);
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_REPLY), ISTH_E_HANDLER_FAULT);
}

static void test_malformed_tails_are_told_apart(void) {
  isth_message message;
  isth_check check;
  struct node *root = begin(&message);
  struct node *child = isth_message_append(&message, &root->children, 1, sizeof *child, 4);
  child->children = root->children;
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), ISTH_E_MALFORMED_MESSAGE);
  expect(&check, ISTH_E_MALFORMED_MESSAGE, "field /children/0/children overlaps another tail");
  child->children = (isth_span){0, 0};
  root->name = (isth_span){UINT32_MAX, 1};
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_REPLY), ISTH_E_MALFORMED_MESSAGE);
  expect(&check, ISTH_E_MALFORMED_MESSAGE, "field /name lies outside the message");
  message.size = 3;
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), ISTH_E_MALFORMED_MESSAGE);
  expect(&check, ISTH_E_MALFORMED_MESSAGE, "the message is shorter than its fixed part");
  CHECK_EQUAL(walks, 0);
}

static void test_tails_out_of_order_take_two_walks(void) {
  isth_message message;
  isth_check check;
  struct node *root = begin(&message);
  struct node *child = isth_message_append(&message, &root->children, 2, sizeof *child, 4);
  CHECK(isth_message_append_text(&message, &child[1].name, "late", 4));
  CHECK(isth_message_append_text(&message, &root->name, "later", 5));
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), 0);
  CHECK_EQUAL(walks, 2);
  /* Two of them share a byte, which only the second walk sees. */
  root->name = (isth_span){child[1].name.offset + 2, 2};
  child[0].name = (isth_span){root->name.offset - 2, 4};
  child[1].name = (isth_span){0, 0};
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), ISTH_E_MALFORMED_MESSAGE);
  expect(&check, ISTH_E_MALFORMED_MESSAGE, "field /children/0/name overlaps another tail");
  /* A value that is bad after tails out of order: what the second walk would need is given back. */
  child[0].name = (isth_span){0, 0};
  child[1].flag = 7;
  CHECK_EQUAL(check_message(&check, &message, ISTH_CHECK_INPUT), ISTH_E_INVALID_INPUT);
}

static void test_long_places_keep_their_end(void) {
  isth_check check;
  isth_failure failure;
  char long_name[100];
  memset(long_name, 'n', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  isth_check_begin(&check, ISTH_CHECK_INPUT);
  CHECK(!isth_check_wrong(&check, "must be shorter", "/last"));
  for (int i = 0; i < 5; i++) CHECK(!isth_check_within(&check, "/%s", long_name));
  CHECK_EQUAL(isth_check_report(&check, &failure), ISTH_E_INVALID_INPUT);
  char expected[300];
  snprintf(expected, sizeof expected, "field .../%s/last must be shorter", long_name);
  CHECK(strcmp(failure.message, expected) == 0);
  /* To the byte: 188 of them fit, beside what a cut needs and the NUL. */
  for (int extra = -1; extra <= 1; extra++) {
    char name[200];
    memset(name, 'x', sizeof name);
    name[187 + extra] = '\0';
    isth_check_begin(&check, ISTH_CHECK_INPUT);
    CHECK(!isth_check_wrong(&check, "is bad", "/%s", name));
    CHECK(!isth_check_within(&check, "/outer"));
    isth_check_report(&check, &failure);
    CHECK_EQUAL(strlen(failure.message), strlen("field ... is bad") + (extra > 0 ? 0 : strlen(name) + 1));
  }
}

static void test_a_whole_struct_can_be_bad(void) {
  isth_check check;
  isth_check_begin(&check, ISTH_CHECK_INPUT);
  CHECK(!isth_check_fail(&check, "has strange bits"));
  expect(&check, ISTH_E_INVALID_INPUT, "the message has strange bits");
  CHECK(!isth_check_within(&check, "/rows/%d", 3));
  expect(&check, ISTH_E_INVALID_INPUT, "field /rows/3 has strange bits");
}

static void test_sizes(void) {
  isth_check check;
  CHECK(isth_check_fixed(&check, 8, 8, ISTH_CHECK_INPUT));
  CHECK(!isth_check_fixed(&check, 9, 8, ISTH_CHECK_INPUT));
  expect(&check, ISTH_E_MALFORMED_MESSAGE, "the message has 9 bytes, not 8");
  CHECK(isth_check_at_most(&check, 8, 8, ISTH_CHECK_REPLY));
  CHECK(!isth_check_at_most(&check, 9, 8, ISTH_CHECK_REPLY));
  expect(&check, ISTH_E_HANDLER_FAULT, "the message has 9 bytes, and 8 is the most");
  CHECK(!isth_check_at_most(&check, SIZE_MAX, 8, ISTH_CHECK_INPUT));
  CHECK_EQUAL(isth_check_report(&check, NULL), ISTH_E_INVALID_INPUT);

  isth_message message;
  isth_message_init(&message, memory, 4);
  CHECK(isth_check_copy(&check, &message, "abcd", 4));
  CHECK_EQUAL(message.size, 4);
  CHECK(memcmp(memory, "abcd", 4) == 0);
  CHECK(!isth_check_copy(&check, &message, "abcde", 5));
  expect(&check, ISTH_E_REPLY_TOO_LARGE, "the message has 5 bytes, and there is room for 4");
  CHECK(isth_check_copy(&check, &message, NULL, 0));
  CHECK_EQUAL(message.size, 0);
}

static void test_numbers_at_any_address(void) {
  const unsigned char bytes[] = {0xff, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};
  const unsigned char *at = bytes + 1;
  CHECK_EQUAL(isth_load_u16(at), 0x0201);
  CHECK_EQUAL(isth_load_be_u16(at), 0x0102);
  CHECK_EQUAL(isth_load_be_u32(at), 0x01020304);
  CHECK(isth_load_be_u64(at) == UINT64_C(0x0102030405060788));
  CHECK(isth_load_u64(at) == UINT64_C(0x8807060504030201));
  CHECK_EQUAL(isth_load_i8(bytes), -1);
  CHECK_EQUAL(isth_load_be_i16(bytes), -255);
  unsigned char written[9] = {0};
  isth_store_be_i32(written + 1, -2);
  CHECK(memcmp(written, "\0\xff\xff\xff\xfe\0\0\0\0", 9) == 0);
  isth_store_be_f64(written + 1, 1.5);
  CHECK(memcmp(written, "\0\x3f\xf8\0\0\0\0\0\0", 9) == 0);
  CHECK(isth_load_be_f64(written + 1) == 1.5);
  isth_store_be_f32(written + 1, -2);
  CHECK(memcmp(written, "\0\xc0\0\0\0", 5) == 0);
  CHECK(isth_load_be_f32(written + 1) == -2);
}

static void test_which_floats_are_finite(void) {
  CHECK(isth_is_finite_f32(0x7f7fffffu) && isth_is_finite_f32(0x80000000u));
  CHECK(!isth_is_finite_f32(0x7f800000u) && !isth_is_finite_f32(0xffc00001u));
  CHECK(isth_is_finite_f64(UINT64_C(0x7fefffffffffffff)));
  CHECK(!isth_is_finite_f64(UINT64_C(0xfff0000000000000)) && !isth_is_finite_f64(UINT64_C(0x7ff8000000000001)));
}

int main(void) {
  static const struct test_case tests[] = {
      {"good messages take one walk", test_good_messages_take_one_walk},
      {"the place is put together from all levels", test_the_place_is_put_together_from_all_levels},
      {"malformed tails are told apart", test_malformed_tails_are_told_apart},
      {"tails out of order take two walks", test_tails_out_of_order_take_two_walks},
      {"long places keep their end", test_long_places_keep_their_end},
      {"a whole struct can be bad", test_a_whole_struct_can_be_bad},
      {"sizes", test_sizes},
      {"numbers at any address", test_numbers_at_any_address},
      {"which floats are finite", test_which_floats_are_finite},
  };
  return RUN_TESTS("checks_test", tests);
}
