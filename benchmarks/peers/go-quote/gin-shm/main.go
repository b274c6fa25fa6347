// Gin with a C program behind System V shared memory and semaphores. Usage: gin-shm -worker PROGRAM
package main

import (
	"flag"
	"log"

	"isthmus/benchmarks/quote/server"
)

func main() {
	worker := flag.String("worker", "", "`program` that answers: worker.c")
	flag.Parse()
	shared, err := openSlots(*worker)
	if err != nil {
		log.Fatal(err)
	}
	defer shared.close()
	server.Gin(shared.answer)
}
