// SPDX-License-Identifier: MIT

package tests

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"mobivate.example/go/mobivate"
)

// The README's.
func rotate(ctx context.Context, client *mobivate.Client, username string, password []byte, store func(*mobivate.Key) error) error {
	key, err := client.CreateKey(ctx, username, password)
	if failure, ok := err.(*mobivate.Error); ok && failure.KeyState == mobivate.KeyUnknown {
		key, err = client.GetKey(ctx, username, password) // the new one, or the old one
	}
	if err != nil {
		return err
	}
	defer key.Wipe()
	if accepted, err := client.TestKey(ctx, key.Bytes()); err != nil {
		return err
	} else if !accepted {
		return errors.New("the service refuses the account's key")
	}
	return store(key)
}

// What the README shows is what is tested here.
func TestRotationIsTheREADMEs(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("rotate_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(readme), "## Rotating a key")
	_, shown, _ = strings.Cut(shown, "```go\n")
	shown, _, found := strings.Cut(shown, "```")
	if !found || !strings.Contains(string(own), shown) {
		t.Error(shown)
	}
}

func TestRotating(t *testing.T) {
	client := newClient(t, "https")
	lost := map[string]any{"creates": true, "cut": map[string]any{"after": 0, "how": "close"}}
	failing := map[string]any{"status": 500, "body": map[string]any{"code": 500, "message": "Internal"}}
	for name, row := range map[string]struct {
		scenario any
		stored   bool
	}{
		"created":           {map[string]any{}, true},
		"answer lost":       {lost, true},
		"lost, not settled": {map[string]any{"creates": true, "cut": lost["cut"], "get": failing}, false},
		"not testable":      {map[string]any{"test": failing}, false},
	} {
		username, stored := newAccount(t, row.scenario), ""
		err := rotate(context.Background(), client, username, []byte(password), func(key *mobivate.Key) error {
			stored = key.Text()
			return nil
		})
		valid := await(t, username, 1)
		if row.stored && (err != nil || stored != valid.ValidKey || valid.Requests != 1) {
			t.Error(name, err, valid.Requests)
		}
		if !row.stored && (stored != "" || !errors.Is(err, mobivate.ErrServer)) {
			t.Error(name, err)
		}
	}
}
