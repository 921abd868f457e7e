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

// rotate creates a key, tests it and hands it to store.
func rotate(ctx context.Context, client *mobivate.Client, username string, password []byte, store func(*mobivate.Key) error) error {
	key, err := client.CreateKey(ctx, username, password)
	var failure *mobivate.Error
	if errors.As(err, &failure) && failure.KeyState == mobivate.KeyUnknown {
		if found, askErr := client.GetKey(ctx, username, password); askErr == nil {
			key, err = found, nil
		}
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
		status   error
		state    mobivate.KeyState
	}{
		"created":           {scenario: map[string]any{}, stored: true},
		"answer lost":       {scenario: lost, stored: true},
		"lost, not settled": {map[string]any{"creates": true, "cut": lost["cut"], "get": failing}, false, mobivate.ErrTransport, mobivate.KeyUnknown},
		"not testable":      {map[string]any{"test": failing}, false, mobivate.ErrServer, mobivate.KeyUnchanged},
	} {
		username, stored := newAccount(t, row.scenario), ""
		err := rotate(context.Background(), client, username, []byte(password), func(key *mobivate.Key) error {
			stored = key.Text()
			return nil
		})
		valid := await(t, username, 1)
		var failure *mobivate.Error
		if row.stored && (err != nil || stored != valid.ValidKey || valid.Requests != 1) {
			t.Error(name, err, valid.Requests)
		}
		if !row.stored && (stored != "" || !errors.Is(err, row.status) || !errors.As(err, &failure) || failure.KeyState != row.state) {
			t.Error(name, err)
		}
	}
}
