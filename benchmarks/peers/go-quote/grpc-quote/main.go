// grpc-quote serves quote.proto on a Unix socket, answered by C in its process, through cgo.
//
// Usage: grpc-quote -socket PATH
package main

//go:generate protoc -I . --go_out=quotepb --go_opt=paths=source_relative --go-grpc_out=quotepb --go-grpc_opt=paths=source_relative quote.proto

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"isthmus/benchmarks/quote/grpc-quote/quotepb"
	"isthmus/benchmarks/quote/quote"
	"isthmus/benchmarks/quote/server"
)

type pricing struct {
	quotepb.UnimplementedPricingServer
}

func (pricing) Quote(_ context.Context, r *quotepb.QuoteRequest) (*quotepb.QuoteReply, error) {
	input := quote.Input{
		Spot: r.Spot, Strike: r.Strike, Rate: r.Rate, Expiry: r.Expiry, DividendYield: r.DividendYield,
		Volatility: r.Volatility, Kind: uint32(r.Kind),
	}
	var reply quote.Reply
	if err := quote.Answer(&input, &reply); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &quotepb.QuoteReply{
		Price: reply.Price, Delta: reply.Delta, Gamma: reply.Gamma, Vega: reply.Vega, Theta: reply.Theta, Rho: reply.Rho,
	}, nil
}

func main() {
	path := flag.String("socket", "", "where it listens")
	flag.Parse()
	listener, err := net.Listen("unix", *path)
	if err != nil {
		log.Fatal(err)
	}
	grpcServer := grpc.NewServer()
	quotepb.RegisterPricingServer(grpcServer, pricing{})
	go func() { log.Fatal(grpcServer.Serve(listener)) }()
	fmt.Println("ready")
	server.UntilEnd()
}
