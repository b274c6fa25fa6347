/* The instance of the first version. */
#include "stock.h"

int stock_on_price(isth_call *call, const stock_order *in, stock_receipt *out) {
  stock_list_of_item items = stock_order_get_items(isth_call_in(call), in);
  for (size_t i = 0; i < items.count; i++) out->total += items.items[i].price;
  if (items.count > 0) {
    out->last = items.items[items.count - 1];
    stock_receipt_mark_last(out);
  }
  out->kind = in->kind;
  out->rights = in->rights;
  return 0;
}

int stock_on_count(isth_call *call, const stock_range *in) {
  stock_step step = {0};
  int status = 0;
  for (; step.at < in->to && status == 0; step.at++) status = stock_emit_count(call, &step);
  return status;
}

int main(int argc, char **argv) { return stock_main(argc, argv); }
