// SPDX-License-Identifier: MIT

// The agent of the conformance cases: tests/bindings/README.md says what it is told.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"mobivate.example/go/mobivate"
)

// A client, the context of its calls, and the outcome of the call that was started.
type slot struct {
	client *mobivate.Client
	ctx    context.Context
	cancel context.CancelFunc
	call   chan string
}

var slots = map[string]*slot{}

// What calls with secrets in strings leave.
var kept []string

func field(text string) string {
	if text == "" {
		return "-"
	}
	return hex.EncodeToString([]byte(text))
}

func text(field string) string {
	decoded, _ := hex.DecodeString(strings.TrimPrefix(field, "-"))
	return string(decoded)
}

func outcome(state mobivate.KeyState, key *mobivate.Key, err error) string {
	failure, isFailure := err.(*mobivate.Error)
	switch {
	case err == nil && key == nil:
		return fmt.Sprint("MBV_OK ", state, " 0 0 - -1 - -")
	case err == nil:
		return fmt.Sprint("MBV_OK ", state, " 0 0 - -1 - ", field(key.Text()))
	case err == mobivate.ErrClosed:
		return "closed"
	case !isFailure:
		return "error " + field(err.Error())
	}
	wait := int64(-1)
	if failure.RetryAfter >= 0 {
		wait = failure.RetryAfter.Milliseconds()
	}
	return fmt.Sprint(failure.Status, " ", failure.KeyState, " ", failure.HTTPStatus, " ", failure.ServerCode, " ",
		field(failure.ServerMessage), " ", wait, " ", field(err.Error()), " -")
}

func created(key *mobivate.Key, err error) string { return outcome(mobivate.KeyReplaced, key, err) }

func found(key *mobivate.Key, err error) string { return outcome(mobivate.KeyUnchanged, key, err) }

func tested(accepted bool, err error) string {
	if err == nil && !accepted {
		return "MBV_ERR_CREDENTIALS unchanged 0 0 - -1 - -"
	}
	return found(nil, err)
}

// newClient takes options by the header's names, and gives them as Go's user does.
func newClient(words []string) (*slot, error) {
	option := map[string]string{}
	for i := 0; i < len(words); i += 2 {
		option[text(words[i])] = text(words[i+1])
	}
	client, err := mobivate.New(mobivate.Options{
		BaseURL: option["base_url"], CAFile: option["ca_file"], Proxy: option["proxy"], NoProxy: option["proxy"] == "",
		Timeout: milliseconds(option["timeout_ms"]), ConnectTimeout: milliseconds(option["connect_timeout_ms"]),
	})
	ctx, cancel := context.WithCancel(context.Background())
	return &slot{client: client, ctx: ctx, cancel: cancel}, err
}

func milliseconds(text string) time.Duration {
	count, _ := strconv.Atoi(text)
	return time.Duration(count) * time.Millisecond
}

func repeat(client *mobivate.Client, count int, kind, secretsIn, username, path string) error {
	secret, err := os.ReadFile(path)
	ctx, text := context.Background(), ""
	if secretsIn == "text" {
		text = string(secret)
		kept = append(kept, text)
	}
	call := map[string]func() (*mobivate.Key, error){
		"create bytes": func() (*mobivate.Key, error) { return client.CreateKey(ctx, username, secret) },
		"create text":  func() (*mobivate.Key, error) { return client.CreateKeyString(ctx, username, text) },
		"get bytes":    func() (*mobivate.Key, error) { return client.GetKey(ctx, username, secret) },
		"get text":     func() (*mobivate.Key, error) { return client.GetKeyString(ctx, username, text) },
		"test bytes":   func() (*mobivate.Key, error) { return accepted(client.TestKey(ctx, secret)) },
		"test text":    func() (*mobivate.Key, error) { return accepted(client.TestKeyString(ctx, text)) },
	}[kind+" "+secretsIn]
	for i := 0; i < count && err == nil; i++ {
		var key *mobivate.Key
		if key, err = call(); key != nil && secretsIn == "text" {
			kept = append(kept, key.Text())
		} else if key != nil {
			key.Wipe()
		}
	}
	for i := range secret {
		secret[i] = 0
	}
	return err
}

func accepted(isAccepted bool, err error) (*mobivate.Key, error) {
	if err == nil && !isAccepted {
		err = errors.New("the key is refused")
	}
	return nil, err
}

func answer(command string, words []string) string {
	switch command {
	case "runtime":
		return field("go " + strings.TrimPrefix(runtime.Version(), "go"))
	case "quit":
		return "ok"
	case "new":
		made, err := newClient(words[1:])
		slots[words[0]] = made
		return found(nil, err)
	}
	s := slots[words[0]]
	switch command {
	case "set":
		return found(nil, s.client.Set(text(words[1]), text(words[2])))
	case "create":
		return created(s.client.CreateKey(s.ctx, text(words[1]), []byte(text(words[2]))))
	case "get":
		return found(s.client.GetKey(s.ctx, text(words[1]), []byte(text(words[2]))))
	case "test":
		return tested(s.client.TestKey(s.ctx, []byte(text(words[1]))))
	case "start":
		s.call = make(chan string, 1)
		go func() { s.call <- created(s.client.CreateKeyString(s.ctx, text(words[1]), text(words[2]))) }()
	case "wait":
		return <-s.call
	case "cancel":
		s.cancel()
	case "uncancel":
		s.ctx, s.cancel = context.WithCancel(context.Background())
	case "close":
		if err := s.client.Close(); err != nil {
			return found(nil, err)
		}
	case "repeat":
		count, err := strconv.Atoi(words[1])
		if err == nil {
			err = repeat(s.client, count, words[2], words[3], text(words[4]), text(words[5]))
		}
		if err != nil {
			return "error " + field(err.Error())
		}
	default:
		return "error " + field("there is no command "+command)
	}
	return "ok"
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	for input.Scan() {
		words := strings.Fields(input.Text())
		fmt.Println(answer(words[0], words[1:]))
		if words[0] == "quit" {
			return
		}
	}
}
