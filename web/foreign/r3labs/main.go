// Prints the data of each event, over cuts and restarts.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/r3labs/sse/v2"
)

func main() {
	client := sse.NewClient(os.Args[1])
	// It takes the polite end of a stream for the last word: Subscribe returns, and is called again.
	for {
		_ = client.SubscribeRaw(func(event *sse.Event) {
			if len(event.Event) == 0 {
				fmt.Println(string(event.Data))
			}
		})
		time.Sleep(200 * time.Millisecond)
	}
}
