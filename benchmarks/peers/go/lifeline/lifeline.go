// Package lifeline ends a server with whoever started it.
package lifeline

import (
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Wait returns at SIGTERM, and when stdin ends, as it does when the process at its other end is gone.
func Wait() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	ended := make(chan struct{})
	go func() {
		// An error ends it as well as end of file does.
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	select {
	case <-terminated:
	case <-ended:
	}
}
