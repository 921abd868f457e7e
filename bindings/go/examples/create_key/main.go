// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"fmt"
	"mobivate.example/go/mobivate"
	"os"
)

func main() {
	client, err := mobivate.New(mobivate.Options{})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	key, err := client.CreateKeyString(context.Background(), "first.last@example.com", "your-pass")
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // says what became of the old key, too
		os.Exit(1)
	}
	fmt.Println(key.Text())
}
