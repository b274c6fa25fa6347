// Package quote is the work that all servers do: the C function of benchmarks/http/native, through cgo.
package quote

/*
#cgo CFLAGS: -O2 -I${SRCDIR}/../../../http/native -I${SRCDIR}/../../../../examples/pricing
#cgo LDFLAGS: -lm
#include "quote.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// Request is an option as clients write it. Fields are checked as far as JSON Schema would; Native refuses the rest.
type Request struct {
	Spot          *float64 `json:"spot" binding:"required"`
	Strike        *float64 `json:"strike" binding:"required"`
	Rate          *float64 `json:"rate" binding:"required"`
	DividendYield float64  `json:"dividendYield"`
	Expiry        *float64 `json:"expiry" binding:"required"`
	Volatility    *float64 `json:"volatility" binding:"required"`
	Kind          string   `json:"kind" binding:"required,oneof=call put"`
}

const (
	call = 0
	put  = 1
)

// Input is what the C function takes: quote_request of native/quote.h.
type Input struct {
	Spot, Strike, Rate, Expiry, DividendYield, Volatility float64
	Kind                                                  uint32
}

// Reply is what it answers: quote_reply of the same.
type Reply struct {
	Price float64 `json:"price"`
	Delta float64 `json:"delta"`
	Gamma float64 `json:"gamma"`
	Vega  float64 `json:"vega"`
	Theta float64 `json:"theta"`
	Rho   float64 `json:"rho"`
}

// Both are handed to C, and to the worker through shared memory, as they lie.
var (
	_ [unsafe.Sizeof(Input{}) - C.sizeof_quote_request]struct{}
	_ [C.sizeof_quote_request - unsafe.Sizeof(Input{})]struct{}
	_ [unsafe.Sizeof(Reply{}) - C.sizeof_quote_reply]struct{}
	_ [C.sizeof_quote_reply - unsafe.Sizeof(Reply{})]struct{}
)

// Input of a request that was bound, so that nothing of it is missing.
func (r *Request) Input() Input {
	input := Input{*r.Spot, *r.Strike, *r.Rate, *r.Expiry, r.DividendYield, *r.Volatility, call}
	if r.Kind == "put" {
		input.Kind = put
	}
	return input
}

// Answer calls C in this process. An error is a refusal.
func Answer(input *Input, reply *Reply) error {
	refusal := C.quote_answer((*C.quote_request)(unsafe.Pointer(input)), (*C.quote_reply)(unsafe.Pointer(reply)))
	if refusal != nil {
		return errors.New(C.GoString(refusal))
	}
	return nil
}
