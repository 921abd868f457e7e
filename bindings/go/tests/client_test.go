// SPDX-License-Identifier: MIT

package tests

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"mobivate.example/go/mobivate"
)

const password = "correct-password"

var stalls = map[string]any{"creates": true, "cut": map[string]any{"after": 0, "how": "stall"}}

func newClient(t testing.TB, scheme string) *mobivate.Client {
	t.Helper()
	client, err := mobivate.New(mobivate.Options{
		BaseURL: os.Getenv("MOBIVATE_STANDIN_" + strings.ToUpper(scheme)), CAFile: os.Getenv("MOBIVATE_STANDIN_CA_FILE"), NoProxy: true, Timeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// account is what the stand-in knows of one.
type account struct {
	Requests int    `json:"requests"`
	ValidKey string `json:"valid_key"`
}

// standin gives the stand-in an order, or asks it.
func standin(t testing.TB, method, path string, body any) (state account) {
	t.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, os.Getenv("MOBIVATE_STANDIN_HTTP")+"/standin/accounts"+path, bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
		t.Fatal(response.Status, err)
	}
	return state
}

// await waits until the account's calls have made so many requests.
func await(t testing.TB, username string, requests int) account {
	t.Helper()
	return standin(t, "GET", fmt.Sprintf("/%s?requests=%d&timeout_ms=10000", username, requests), nil)
}

func newAccount(t testing.TB, scenario any) string {
	if scenario == nil {
		scenario = map[string]any{}
	}
	username := fmt.Sprintf("go-%s@example.com", strings.ToLower(t.Name()))
	standin(t, "POST", "", map[string]any{"username": username, "password": password, "scenario": scenario})
	return username
}

// start begins a call, and returns once the stand-in has its request.
func start(t testing.TB, client *mobivate.Client, username string) (context.CancelFunc, <-chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	requests := await(t, username, 0).Requests
	ended := make(chan error, 1)
	go func() {
		_, err := client.CreateKey(ctx, username, []byte(password))
		ended <- err
	}()
	await(t, username, requests+1)
	return cancel, ended
}

func TestErrorCarriesEverything(t *testing.T) {
	client := newClient(t, "https")
	username := newAccount(t, map[string]any{"status": 429, "headers": [][]string{{"Retry-After", "7"}},
		"body": map[string]any{"code": 4290, "message": "Slow down"}})
	_, err := client.CreateKeyString(context.Background(), username, password)
	var failure *mobivate.Error
	if !errors.As(err, &failure) || !errors.Is(err, mobivate.ErrRateLimited) || errors.Is(err, mobivate.ErrServer) {
		t.Fatalf("%#v", err)
	}
	if failure.KeyState != mobivate.KeyUnchanged || failure.HTTPStatus != 429 || failure.ServerCode != 4290 ||
		failure.ServerMessage != "Slow down" || failure.RetryAfter != 7*time.Second || failure.Timeout() {
		t.Errorf("%+v", failure)
	}
	if !strings.Contains(err.Error(), "The old key still works.") {
		t.Error(err)
	}
}

// What a state is lost from must not look as if the old key still worked.
func TestErrorsTravel(t *testing.T) {
	client := newClient(t, "https")
	for state, scenario := range map[mobivate.KeyState]any{
		mobivate.KeyUnchanged: map[string]any{"status": 402, "body": map[string]any{"code": 402, "message": "No credit"}},
		mobivate.KeyUnknown:   map[string]any{"status": 503, "creates": true, "headers": [][]string{{"Retry-After", "7"}}},
	} {
		_, err := client.CreateKeyString(context.Background(), newAccount(t, scenario), password)
		sent, arrived := err.(*mobivate.Error), []*mobivate.Error{{}, {}, nil}
		inJSON, _ := json.Marshal(sent)
		if err := json.Unmarshal(inJSON, arrived[0]); err != nil || !strings.Contains(string(inJSON), `"KeyState":"`+state.String()) {
			t.Error(err, string(inJSON))
		}
		var inGob bytes.Buffer
		if err := gob.NewEncoder(&inGob).Encode(sent); err != nil {
			t.Fatal(err)
		}
		if err := gob.NewDecoder(&inGob).Decode(arrived[1]); err != nil {
			t.Error(err)
		}
		errors.As(fmt.Errorf("rotating: %w", err), &arrived[2])
		for way, failure := range arrived {
			if failure.KeyState != state || !reflect.DeepEqual(failure, sent) || failure.Error() != err.Error() || !errors.Is(failure, sent.Status) {
				t.Errorf("%d: %#v, and it was %#v", way, failure, sent)
			}
		}
	}
	for _, text := range []string{`{}`, `{"Status":-5}`, `{"Status":-5,"KeyState":"a later one"}`} {
		var failure mobivate.Error
		if err := json.Unmarshal([]byte(text), &failure); err != nil || failure.KeyState != mobivate.KeyUnknown ||
			!strings.Contains(failure.Error(), "unknown") {
			t.Error(text, err, failure.Error())
		}
	}
}

func TestContext(t *testing.T) {
	client, username := newClient(t, "https"), newAccount(t, map[string]any{"sequence": []any{stalls, stalls, map[string]any{}}})
	cancel, ended := start(t, client, username)
	cancel()
	err := <-ended
	var failure *mobivate.Error
	if !errors.Is(err, context.Canceled) || !errors.As(err, &failure) || failure.KeyState != mobivate.KeyUnknown {
		t.Fatal(err)
	}
	ctx, release := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer release()
	if _, err := client.CreateKey(ctx, username, []byte(password)); !errors.Is(err, context.DeadlineExceeded) ||
		!errors.Is(err, mobivate.ErrCancelled) {
		t.Error(err)
	}
	// What cancelled an earlier call does not touch a later one.
	later, err := client.CreateKey(context.Background(), username, []byte(password))
	if err != nil || later.Text() != await(t, username, 0).ValidKey {
		t.Error(err)
	}
}

func TestContextOfAnEarlierCallNeverHitsALaterOne(t *testing.T) {
	client, username := newClient(t, "http"), newAccount(t, nil)
	for i := 0; i < 300; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel()
		if _, err := client.CreateKey(ctx, username, []byte(password)); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := client.CreateKey(context.Background(), username, []byte(password)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoGoroutines(t *testing.T) {
	client, username := newClient(t, "https"), newAccount(t, stalls)
	cancel, ended := start(t, client, username)
	if _, err := client.CreateKey(context.Background(), username, []byte(password)); !errors.Is(err, mobivate.ErrBusy) {
		t.Error(err)
	}
	if err := client.Set("timeout_ms", "1"); !errors.Is(err, mobivate.ErrBusy) {
		t.Error(err)
	}
	select {
	case err := <-ended:
		t.Error("the first call has been disturbed:", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, mobivate.ErrCancelled) {
		t.Error(err)
	}
	if requests := await(t, username, 0).Requests; requests != 1 {
		t.Error(requests)
	}
}

func TestClose(t *testing.T) {
	client, username := newClient(t, "https"), newAccount(t, stalls)
	_, ended := start(t, client, username)
	// Nor does a call that was turned away make Close forget the one in progress.
	if _, err := client.CreateKey(context.Background(), username, []byte(password)); !errors.Is(err, mobivate.ErrBusy) {
		t.Error(err)
	}
	var closing sync.WaitGroup
	for i := 0; i < 3; i++ {
		closing.Add(1)
		go func() {
			defer closing.Done()
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	closing.Wait()
	if err := <-ended; !errors.Is(err, mobivate.ErrClosed) || !errors.Is(err, mobivate.ErrCancelled) {
		t.Error(err)
	}
	if _, err := client.CreateKey(context.Background(), username, []byte(password)); err != mobivate.ErrClosed {
		t.Error(err)
	}
	if err := client.Set("timeout_ms", "1"); err != mobivate.ErrClosed {
		t.Error(err)
	}
}

func TestOtherGoroutinesRunOn(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	client, username := newClient(t, "https"), newAccount(t, stalls)
	cancel, ended := start(t, client, username)
	passed := make(chan int)
	go func() {
		for i := 0; i < 1000; i++ {
			passed <- i
		}
		close(passed)
	}()
	for range passed {
	}
	select {
	case err := <-ended:
		t.Error(err)
	default:
	}
	cancel()
	<-ended
}

func TestKeyIsNotShown(t *testing.T) {
	client, username := newClient(t, "https"), newAccount(t, nil)
	key, err := client.CreateKeyString(context.Background(), username, password)
	if err != nil {
		t.Fatal(err)
	}
	valid := await(t, username, 1).ValidKey
	inJSON, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %x %q %d %v %s", key, key, key, key, key, key, key, struct{ Key *mobivate.Key }{key}, inJSON)
	if key.Text() != valid || strings.Contains(shown, valid) || strings.Contains(shown, fmt.Sprintf("%x", valid)) ||
		strings.Contains(shown, fmt.Sprint([]byte(valid))) {
		t.Error(shown)
	}
	bytes := key.Bytes()
	key.Wipe()
	if strings.Trim(string(bytes), "\x00") != "" || key.Text() != "" {
		t.Error("the key is not wiped")
	}
	key.Wipe()
}

func TestForgottenClientIsClosed(t *testing.T) {
	username := newAccount(t, nil)
	open := descriptors(t)
	for i := 0; i < 50; i++ {
		client, err := mobivate.New(mobivate.Options{BaseURL: os.Getenv("MOBIVATE_STANDIN_HTTP"), NoProxy: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.CreateKey(context.Background(), username, []byte(password)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(10 * time.Second); descriptors(t) > open+3 && time.Now().Before(end); {
		runtime.GC()
		runtime.Gosched()
	}
	if left := descriptors(t); left > open+3 {
		t.Errorf("%d descriptors, and %d before", left, open)
	}
}

func TestBadOptions(t *testing.T) {
	for _, options := range []mobivate.Options{{BaseURL: "http://example.com"}, {Timeout: -time.Second}, {CAFile: "/nowhere"}} {
		if client, err := mobivate.New(options); client != nil || !errors.Is(err, mobivate.ErrInvalidArgument) {
			t.Error(options, err)
		}
	}
	client := newClient(t, "https")
	for _, password := range [][]byte{nil, {}} {
		if _, err := client.CreateKey(context.Background(), "u", password); err == nil || !strings.Contains(err.Error(), "is empty") {
			t.Error(err)
		}
	}
}

func TestTenThousandCallsLeakNothing(t *testing.T) {
	client, username := newClient(t, "http"), newAccount(t, nil)
	call := func(count int) {
		for i := 0; i < count; i++ {
			key, err := client.CreateKey(context.Background(), username, []byte(password))
			if err != nil {
				t.Fatal(err)
			}
			key.Wipe()
		}
		runtime.GC()
	}
	call(2000)
	open, resident := descriptors(t), residentKiB(t)
	call(10000)
	if left := descriptors(t); left != open {
		t.Errorf("%d descriptors, and %d before", left, open)
	}
	// More than the steps of the allocators, and less than 420 bytes of each call.
	if grown := residentKiB(t) - resident; grown > 4096 {
		t.Errorf("%d KiB more", grown)
	}
}

func descriptors(t *testing.T) int {
	found, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	return len(found)
}

// Anonymous pages alone: those of files come and go with what else runs.
func residentKiB(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var kib int
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib
}

// The compiler has checked the functions against the header; the numbers are Go's own.
func TestDeclarations(t *testing.T) {
	data, err := os.ReadFile(os.Getenv("MOBIVATE_HEADER"))
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		Status map[string]int `json:"status"`
	}
	if err := json.Unmarshal(data, &header); err != nil {
		t.Fatal(err)
	}
	// Never seen: a key of any size is handed over.
	delete(header.Status, "MBV_ERR_BUFFER_TOO_SMALL")
	own := map[string]int{}
	for number := -200; number <= 0; number++ {
		if name := mobivate.Status(number).String(); name != "MBV_ERR_UNKNOWN" {
			own[name] = number
		}
	}
	if !reflect.DeepEqual(own, header.Status) {
		t.Errorf("%v, and the header has %v", own, header.Status)
	}
}
