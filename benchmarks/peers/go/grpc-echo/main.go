// grpc-echo serves the method of ../../grpc/echo.proto on a Unix socket: it answers with the bytes that it got.
//
// Usage: grpc-echo --socket PATH --bytes N
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"isthmus/benchmarks/peers/go/lifeline"
)

// Flow control never holds back what is in flight here. Setting it also turns off the estimator, which would ping.
const window = 64 << 20

func echo(request *wrapperspb.BytesValue) *wrapperspb.BytesValue {
	return wrapperspb.Bytes(request.GetValue())
}

// handle is what protoc-gen-go-grpc makes of a method.
func handle(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	request := new(wrapperspb.BytesValue)
	if err := decode(request); err != nil {
		return nil, err
	}
	if intercept == nil {
		return echo(request), nil
	}
	info := &grpc.UnaryServerInfo{FullMethod: "/isthmus.bench.Echo/Call"}
	return intercept(ctx, request, info, func(_ context.Context, request any) (any, error) {
		return echo(request.(*wrapperspb.BytesValue)), nil
	})
}

func main() {
	path := flag.String("socket", "", "where it listens")
	bytes := flag.Int("bytes", 64, "of the largest payload")
	flag.Parse()
	listener, err := net.Listen("unix", *path)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(*bytes+1024),
		grpc.InitialWindowSize(window),
		grpc.InitialConnWindowSize(window),
	)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "isthmus.bench.Echo",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Call", Handler: handle}},
	}, nil)
	go func() {
		if err := server.Serve(listener); err != nil {
			log.Fatal(err)
		}
	}()
	fmt.Println("ready")
	lifeline.Wait()
	server.Stop()
}
