/* The instance of the next version: it uses all that is new. */
#include <string.h>

#include "stock.h"

static bool answer_note(isth_message *message, stock_receipt *out, isth_text note) {
  return stock_receipt_set_note(message, out, note.bytes, note.length);
}

static bool answer_last(isth_message *message, stock_receipt *out, const stock_item *last, isth_text label) {
  out->last = *last;
  stock_receipt_mark_last(out);
  return stock_item_set_label(message, &out->last, label.bytes, label.length);
}

int stock_on_price(isth_call *call, const stock_order *in, stock_receipt *out) {
  const isth_message *request = isth_call_in(call);
  isth_message *reply = isth_call_out(call);
  stock_list_of_item items = stock_order_get_items(request, in);
  for (size_t i = 0; i < items.count; i++) out->total += items.items[i].price - items.items[i].discount;
  if (items.count > 0) {
    const stock_item *last = &items.items[items.count - 1];
    if (!answer_last(reply, out, last, stock_item_get_label(request, last))) return ISTH_E_REPLY_TOO_LARGE;
  }
  /* A client of the first version knows neither. */
  out->kind = items.count == 0 ? STOCK_KIND_BAG : in->kind;
  out->rights = (stock_rights)(in->rights | STOCK_RIGHTS_WRITE);
  if (!answer_note(reply, out, stock_order_get_note(request, in))) return ISTH_E_REPLY_TOO_LARGE;
  return 0;
}

int stock_on_count(isth_call *call, const stock_range *in) {
  int status = 0;
  for (uint32_t at = 0; at < in->to && status == 0; at += in->by) {
    stock_step step = {at, in->to - at};
    status = stock_emit_count(call, &step);
  }
  return status;
}

int stock_on_cancel(isth_call *call) { return isth_refuse(call, STOCK_ERROR_SOLD_OUT, "there is none left"); }

int main(int argc, char **argv) { return stock_main(argc, argv); }
