// SPDX-License-Identifier: MIT

// Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mobivate"
	"mobivate/tests/standin"
	"os"
	"strconv"
	"strings"
)

type object = map[string]any

type outcome struct {
	key    string
	err    error
	closed bool
}

func must(holds bool, format string, arguments ...any) {
	if !holds {
		panic(fmt.Errorf(format, arguments...))
	}
}

// text is a text of the data: as it is, or {"repeat": [TEXT, COUNT]}.
func text(rule any, otherwise string) string {
	switch value := rule.(type) {
	case nil:
		return otherwise
	case string:
		return value
	default:
		repeat := value.(object)["repeat"].([]any)
		return strings.Repeat(repeat[0].(string), int(repeat[1].(float64)))
	}
}

func client(one object) *mobivate.Client {
	baseURL := text(one["base_url"], "https")
	group, member, _ := strings.Cut(baseURL, ".")
	switch group {
	case "https", "http":
		baseURL = standin.Fact(group)
	case "hosts":
		baseURL = "https://" + standin.Fact(group, member)
	case "tls_faults":
		baseURL = standin.Fact(group, member)
	}
	options := mobivate.Options{BaseURL: baseURL, NoProxy: true}
	if one["ca_file"] != false {
		options.CAFile = standin.Fact("ca_file")
	}
	made, err := mobivate.New(options)
	must(err == nil, "New: %v", err)
	if set, found := one["options"].(object); found {
		for name, value := range set {
			err := made.Set(name, value.(string))
			must(err == nil, "%s: %v", name, err)
		}
	}
	return made
}

func createKey(ctx context.Context, client *mobivate.Client, username, password string) outcome {
	key, err := client.CreateKey(ctx, username, []byte(password))
	if err != nil {
		return outcome{err: err, closed: errors.Is(err, mobivate.ErrClosed) && !errors.Is(err, mobivate.ErrCancelled)}
	}
	return outcome{key: key.Text()}
}

func compare(found outcome, expected object) {
	if expected["closed"] == true {
		must(found.closed, "not the error of a closed client: %v", found.err)
		return
	}
	values := object{"status": "MBV_OK", "key_state": "replaced", "http_status": 0, "server_code": 0,
		"server_message": "", "retry_after_ms": -1, "key_size": len(found.key)}
	message := ""
	if found.err != nil {
		var failure *mobivate.Error
		must(errors.As(found.err, &failure), "not an error of the library: %v", found.err)
		must(errors.Is(found.err, failure.Status), "errors.Is does not know the status")
		message = failure.Error()
		values["status"], values["key_state"] = failure.Status.String(), failure.KeyState.String()
		values["http_status"], values["server_code"] = failure.HTTPStatus, failure.ServerCode
		values["server_message"] = failure.ServerMessage
		if failure.RetryAfter >= 0 {
			values["retry_after_ms"] = int(failure.RetryAfter.Milliseconds())
		}
		inWords := false
		for _, words := range []string{"The old key still works.", "The old key is revoked.", "The old key may be revoked", "another thread"} {
			inWords = inWords || strings.Contains(message, words) && (words == "another thread") == (failure.Status == mobivate.ErrBusy)
		}
		must(inWords || expected["requests"] == nil, "the key state is not in the text: %s", message)
	}
	for name, value := range expected {
		switch name {
		case "requests", "valid":
		case "message_contains":
			for _, part := range list(value) {
				must(strings.Contains(message, part), "%q lacks %q", message, part)
			}
		case "message_lacks":
			for _, part := range list(value) {
				must(!strings.Contains(message+fmt.Sprint(values["server_message"]), part), "%q contains %q", message, part)
			}
		default:
			have, known := values[name]
			must(known, "there is nothing to expect of %q", name)
			must(fmt.Sprint(have) == fmt.Sprint(value), "%s is %v and not %v: %s", name, have, value, message)
		}
	}
}

func list(value any) []string {
	if one, is := value.(string); is {
		return []string{one}
	}
	var texts []string
	for _, one := range value.([]any) {
		texts = append(texts, one.(string))
	}
	return texts
}

func compareAccount(username string, before standin.Account, found outcome, expected object) {
	requests, known := expected["requests"].(float64)
	after := standin.Await(username, before.Requests+int(requests))
	must(!known || after.Requests-before.Requests == int(requests), "%d requests", after.Requests-before.Requests)
	if wanted, known := expected["valid"]; known {
		valid := "lost"
		if after.ValidKey == before.ValidKey {
			valid = "old"
		} else if after.ValidKey == found.key {
			valid = "new"
		}
		must(valid == wanted, "the valid key is the %s one, and not the %v", valid, wanted)
	}
}

type runner struct {
	one                object
	username, password string
	client             *mobivate.Client
	ctx                context.Context
}

// start begins a call, and waits until the stand-in has its request.
func (r *runner) start(before standin.Account) (context.CancelFunc, chan outcome) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan outcome, 1)
	go func() { ended <- createKey(ctx, r.client, r.username, r.password) }()
	standin.Await(r.username, before.Requests+1)
	return cancel, ended
}

func (r *runner) step(step object) {
	expected, _ := step["expect"].(object)
	before := standin.Account{}
	if r.one["username"] == nil {
		before = standin.Await(r.username, 0)
	}
	switch step["do"] {
	case "create_key":
		found := createKey(r.ctx, r.client, text(step["username"], r.username), text(step["password"], r.password))
		compare(found, expected)
		compareAccount(r.username, before, found, expected)
	case "create_key_then_cancel":
		cancel, ended := r.start(before)
		cancel()
		found := <-ended
		must(errors.Is(found.err, context.Canceled), "the context's error is not the cause: %v", found.err)
		compare(found, expected)
		compareAccount(r.username, before, found, expected)
	case "create_key_while_busy":
		cancel, ended := r.start(before)
		found := createKey(context.Background(), r.client, r.username, r.password)
		compare(found, expected)
		compareAccount(r.username, before, found, expected)
		cancel()
		compare(<-ended, object{"status": "MBV_ERR_CANCELLED"})
	case "create_key_on_two_clients":
		names := []string{r.username, "second-" + r.username}
		clients := []*mobivate.Client{r.client, client(r.one)}
		defer clients[1].Close()
		standin.Create(names[1], r.password, r.one["scenario"])
		var ended [2]chan outcome
		var earlier [2]standin.Account
		for i := range names {
			i := i
			ended[i], earlier[i] = make(chan outcome, 1), standin.Await(names[i], 0)
			go func() { ended[i] <- createKey(r.ctx, clients[i], names[i], r.password) }()
		}
		for i, name := range names {
			found := <-ended[i]
			compare(found, expected)
			compareAccount(name, earlier[i], found, expected)
		}
	case "cancel":
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r.ctx = ctx
	case "uncancel":
		r.ctx = context.Background()
	case "set":
		compare(outcome{err: r.client.Set(step["option"].(string), step["value"].(string))}, expected)
	case "close":
		must(r.client.Close() == nil, "Close failed")
	default:
		must(false, "there is no step %q", step["do"])
	}
}

func run(one object) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	r := runner{one: one, password: text(one["password"], "correct-password"), ctx: context.Background()}
	r.username = text(one["username"], one["name"].(string)+"-go@example.com")
	if one["username"] == nil {
		standin.Create(r.username, r.password, one["scenario"])
	}
	r.client = client(one)
	defer r.client.Close()
	for _, value := range one["steps"].([]any) {
		step := value.(object)
		times, _ := strconv.Atoi(fmt.Sprint(step["repeat"]))
		for i := 0; i < times || i == 0; i++ {
			r.step(step)
		}
	}
	return nil
}

func main() {
	data, err := os.ReadFile(os.Getenv("MOBIVATE_CASES"))
	if err != nil {
		panic(err)
	}
	var table struct{ Cases []object }
	if err := json.Unmarshal(data, &table); err != nil {
		panic(err)
	}
	failed := 0
	for _, one := range table.Cases {
		if err := run(one); err != nil {
			failed++
			fmt.Printf("not ok %s: %v\n", one["name"], err)
		} else {
			fmt.Printf("ok %s\n", one["name"])
		}
	}
	fmt.Printf("%d passed, %d failed, 0 skipped\n", len(table.Cases)-failed, failed)
	if failed > 0 || len(table.Cases) == 0 {
		os.Exit(1)
	}
}
