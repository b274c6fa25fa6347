/* cgo compiles the C files of its package's own folder only. */
#include "../../../http/native/quote.c"
#include "../../../../examples/pricing/black_scholes.c"
