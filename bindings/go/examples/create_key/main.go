// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"mobivate.example/go/mobivate"
)

func createKey() (*mobivate.Key, error) {
	client, err := mobivate.New(mobivate.Options{})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.CreateKeyString(context.Background(), "first.last@example.com", "your-pass")
}

// exitCode is what the tool mbv would end with.
func exitCode(err error) int {
	var failure *mobivate.Error
	switch {
	case errors.Is(err, mobivate.ErrInvalidArgument):
		return 2 // wrong input; nothing was sent
	case errors.As(err, &failure) && failure.KeyState != mobivate.KeyUnchanged:
		return 5 // unknown, whatever the reason; ask with GetKey
	case errors.Is(err, mobivate.ErrCredentials), errors.Is(err, mobivate.ErrRateLimited), errors.Is(err, mobivate.ErrRejected):
		return 3 // refused; the old key still works
	default:
		return 4 // not sent; the old key still works
	}
}

func main() {
	key, err := createKey()
	if err != nil {
		fmt.Fprintln(os.Stderr, err) // says whether the old key still works, too
		os.Exit(exitCode(err))
	}
	if _, err := fmt.Println(key.Text()); err != nil {
		fmt.Fprintln(os.Stderr, "The key was created, but could not be written:", key.Text())
		os.Exit(6)
	}
}
