// Gin with the C function in its process, through cgo: no isolation.
package main

import (
	"isthmus/benchmarks/quote/quote"
	"isthmus/benchmarks/quote/server"
)

func main() { server.Gin(quote.Answer) }
