// redis-echo takes requests off the list "requests" and puts the same bytes, in the same order, onto the list "replies".
//
// Usage: redis-echo --socket PATH
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/redis/go-redis/v9"

	"isthmus/benchmarks/peers/go/lifeline"
)

// What waits is taken at once, up to so many requests.
const batch = 128

func work(client *redis.Client) error {
	ctx := context.Background()
	for {
		_, requests, err := client.BLMPop(ctx, 0, "left", batch, "requests").Result()
		if err != nil {
			return err
		}
		if err := client.RPush(ctx, "replies", requests).Err(); err != nil {
			return err
		}
	}
}

func main() {
	path := flag.String("socket", "", "the broker's")
	flag.Parse()
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: *path})
	if err := client.Ping(context.Background()).Err(); err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(work(client)) }()
	fmt.Println("ready")
	lifeline.Wait()
}
