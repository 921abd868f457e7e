// SPDX-License-Identifier: MIT

// Package standin is the stand-in service as the tests see it: its facts, and the truth that it knows.
package standin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
)

var facts map[string]any

func init() {
	if err := json.Unmarshal([]byte(os.Getenv("MOBIVATE_STANDIN")), &facts); err != nil {
		panic("MOBIVATE_STANDIN is missing: run this by ./test")
	}
}

// Account is what the stand-in knows of one.
type Account struct {
	Requests int    `json:"requests"`
	ValidKey string `json:"valid_key"`
}

// Fact is one of the stand-in's facts, by its path: Fact("tls_faults", "expired").
func Fact(path ...string) string {
	var value any = facts
	for _, name := range path {
		value = value.(map[string]any)[name]
	}
	return value.(string)
}

func ask(method, path string, body any, answer any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	request, err := http.NewRequest(method, Fact("http")+"/standin/"+path, bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		panic(fmt.Sprint(response.Status, err, string(said)))
	}
	if err := json.Unmarshal(said, answer); err != nil {
		panic(err)
	}
}

// Create creates an account, or resets it.
func Create(username, password string, scenario any) Account {
	var account Account
	if scenario == nil {
		scenario = map[string]any{}
	}
	ask("POST", "accounts", map[string]any{"username": username, "password": password, "scenario": scenario}, &account)
	return account
}

// Await waits until an account's call has made so many requests.
func Await(username string, requests int) Account {
	var account Account
	ask("GET", fmt.Sprintf("accounts/%s?requests=%d&timeout_ms=10000", url.PathEscape(username), requests), nil, &account)
	if account.Requests < requests {
		panic("the request did not come")
	}
	return account
}
