// nats-echo answers requests to the subject "echo" with the bytes that came with them.
//
// Usage: nats-echo --url nats://HOST:PORT
package main

import (
	"flag"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"

	"isthmus/benchmarks/peers/go/lifeline"
)

func main() {
	url := flag.String("url", nats.DefaultURL, "the broker's")
	flag.Parse()
	connection, err := nats.Connect(*url)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	subscription, err := connection.Subscribe("echo", func(request *nats.Msg) {
		if err := request.Respond(request.Data); err != nil {
			log.Fatal(err)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	// As many as come: the default drops requests beyond 64 MiB that wait.
	if err := subscription.SetPendingLimits(-1, -1); err != nil {
		log.Fatal(err)
	}
	if err := connection.Flush(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	lifeline.Wait()
}
