// Package server has what the programs of this module have in common: how they serve, and how they end.
package server

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"

	"isthmus/benchmarks/quote/quote"
)

// Path is where all contestants answer.
const Path = "/v1/call/pricing/quote"

// Gin serves the quote, answered by answer, until this process is to end.
func Gin(answer func(*quote.Input, *quote.Reply) error) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.POST(Path, func(c *gin.Context) {
		var request quote.Request
		if err := c.ShouldBindJSON(&request); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		input := request.Input()
		var reply quote.Reply
		if err := answer(&input, &reply); err != nil {
			c.JSON(http.StatusUnprocessableEntity, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, &reply)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(listener, router)) }()
	fmt.Printf("ready http://%s\n", listener.Addr())
	UntilEnd()
}

// UntilEnd returns at SIGTERM, and when stdin ends: a runner that was killed leaves nothing behind.
func UntilEnd() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end <- syscall.SIGTERM
	}()
	<-end
}
