// SPDX-License-Identifier: MIT

// Package mobivate creates Mobivate API keys, and knows whether the old key still works.
//
// Creating a key revokes the one that the account had. So every error of CreateKey, an *Error, says whether the
// old key still works: in its text, and in its KeyState. Where that is unknown, GetKey hands over the key that
// the account has now. TestKey tells whether the service accepts a key. Neither of these changes anything.
package mobivate

/*
#include <stdlib.h>
#include <mobivate.h>

#if !defined(MBV_VERSION_NUMBER) || MBV_VERSION_NUMBER < 10100 || MBV_VERSION_NUMBER >= 20000
#error "this package needs libmobivate >= 1.1.0, < 2; mobivate.h is of another version"
#endif

// An empty slice of Go's has no address: it is empty, and not missing.
static const char *text(const char *address, size_t size) { return size ? address : ""; }

// mbv_create_key or mbv_get_key: cgo cannot call a function by its address.
static int32_t hand_over_key(int creates, mbv_client *client, const char *username, size_t username_size,
                             const char *password, size_t password_size, char *key, size_t key_capacity,
                             size_t *key_size) {
    return (creates ? mbv_create_key : mbv_get_key)(client, text(username, username_size), username_size,
                                                    text(password, password_size), password_size, key, key_capacity,
                                                    key_size);
}

static int32_t test_key(mbv_client *client, const char *key, size_t key_size) {
    return mbv_test_key(client, text(key, key_size), key_size);
}
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// The longest key, and the NUL that the library writes behind it.
const keyCapacity = 4096 + 1

const busyText = "The client is in a call on another thread. What becomes of the old key is that call's to tell."

// ErrClosed is the error of a closed client, and the cause of a call that Close has ended.
var ErrClosed = errors.New("mobivate: the client is closed")

// Options of a new client. The zero value has every default.
type Options struct {
	BaseURL        string        // where the service is; default https://api.mobivatebulksms.com
	Timeout        time.Duration // for a whole call; default 30 s
	ConnectTimeout time.Duration // to resolve, connect and shake hands; default 10 s
	CAFile         string        // PEM file of certificates to trust, in place of the system's
	CADir          string        // directory of such certificates, hashed as by openssl rehash
	Proxy          string        // URL of a proxy; default the environment's, as with curl
	NoProxy        bool          // no proxy at all
	UserAgent      string        // default libmobivate/VERSION
}

// Client keeps a connection for its calls. It makes one call at a time; any goroutine may use it.
type Client struct {
	mu     sync.Mutex
	handle *C.mbv_client
	call   chan struct{} // closed when the call in progress has ended; nil without one
	closed bool
}

// Version is the version of the library that is loaded, such as "1.1.0".
func Version() string { return C.GoString(C.mbv_version()) }

// New makes a client. Close it when it is no longer needed. It sends nothing.
func New(options Options) (*Client, error) {
	if number := C.mbv_version_number(); number < 10100 || number >= 20000 {
		return nil, fmt.Errorf("mobivate: found libmobivate %s; this package needs >= 1.1.0, < 2", Version())
	}
	handle := C.mbv_new()
	if handle == nil {
		return nil, &Error{Status: ErrNoMemory, KeyState: KeyUnchanged, RetryAfter: -1,
			Message: "There was no memory for a client. The old key still works."}
	}
	client := &Client{handle: handle}
	runtime.SetFinalizer(client, (*Client).Close)
	if err := client.setAll(options); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

func (c *Client) setAll(options Options) error {
	type option struct{ name, value string }
	set := []option{
		{"base_url", options.BaseURL}, {"timeout_ms", milliseconds(options.Timeout)},
		{"connect_timeout_ms", milliseconds(options.ConnectTimeout)}, {"ca_file", options.CAFile},
		{"ca_dir", options.CADir}, {"proxy", options.Proxy}, {"user_agent", options.UserAgent},
	}
	for _, setting := range set {
		if setting.value == "" && !(setting.name == "proxy" && options.NoProxy) {
			continue
		}
		if err := c.Set(setting.name, setting.value); err != nil {
			return err
		}
	}
	return nil
}

// Rounded up: a short time is not none at all.
func milliseconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
}

// Set sets an option by its name in mobivate.h, for the calls that follow. On an error nothing has changed.
func (c *Client) Set(option, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.idle(); err != nil {
		return err
	}
	name, text := C.CString(option), C.CString(value)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(text))
	if status := Status(C.mbv_set(c.handle, name, text)); status != ok {
		return &Error{Status: status, KeyState: KeyUnchanged, RetryAfter: -1, Message: c.text()}
	}
	return nil
}

// CreateKey creates a new API key for an account, and so revokes the one it had. It sends at most one request,
// and blocks until it is answered, the client's time-out has passed or ctx is done.
//
// The password is not copied: the caller may wipe it afterwards, and not change it before. An error is an
// *Error, or ErrClosed. A key that was created is always handed over, also when ctx ends at that moment.
func (c *Client) CreateKey(ctx context.Context, username string, password []byte) (*Key, error) {
	return c.handOverKey(ctx, creating, username, password)
}

// CreateKeyString is CreateKey for a password in a string, which cannot be wiped.
func (c *Client) CreateKeyString(ctx context.Context, username, password string) (*Key, error) {
	copied := []byte(password)
	defer wipe(copied)
	return c.CreateKey(ctx, username, copied)
}

// GetKey asks for the API key that an account has now, and changes nothing. After an error of CreateKey with
// KeyUnknown it settles which key is valid, without revoking one more. All else is as for CreateKey, but the
// KeyState of its errors is KeyUnchanged: it does not tell what an earlier call has done.
func (c *Client) GetKey(ctx context.Context, username string, password []byte) (*Key, error) {
	return c.handOverKey(ctx, asking, username, password)
}

// GetKeyString is GetKey for a password in a string, which cannot be wiped.
func (c *Client) GetKeyString(ctx context.Context, username, password string) (*Key, error) {
	copied := []byte(password)
	defer wipe(copied)
	return c.GetKey(ctx, username, copied)
}

// TestKey asks whether the service accepts an API key, and changes nothing: true where it does, false where it
// refuses the key (401). An error tells nothing about the key. The key is not copied, as the password of CreateKey is
// not.
func (c *Client) TestKey(ctx context.Context, key []byte) (bool, error) {
	accepted := false
	err := c.inCall(ctx, func() Status {
		status := Status(C.test_key(c.handle, address(key), C.size_t(len(key))))
		accepted = status == ok
		if status == ErrCredentials {
			return ok
		}
		return status
	})
	return accepted, err
}

// TestKeyString is TestKey for a key in a string, which cannot be wiped.
func (c *Client) TestKeyString(ctx context.Context, key string) (bool, error) {
	copied := []byte(key)
	defer wipe(copied)
	return c.TestKey(ctx, copied)
}

// Which of the calls that hand over a key it is.
const (
	asking   C.int = 0
	creating C.int = 1
)

func (c *Client) handOverKey(ctx context.Context, which C.int, username string, password []byte) (*Key, error) {
	name := []byte(username)
	key := &Key{bytes: make([]byte, keyCapacity)}
	var size C.size_t
	err := c.inCall(ctx, func() Status {
		return Status(C.hand_over_key(which, c.handle, address(name), C.size_t(len(name)), address(password),
			C.size_t(len(password)), address(key.bytes), C.size_t(len(key.bytes)), &size))
	})
	if err != nil {
		return nil, err
	}
	key.bytes = key.bytes[:size]
	return key, nil
}

// inCall is the way of every call: one at a time, ended with ctx, and its error read before another can begin.
func (c *Client) inCall(ctx context.Context, call func() Status) error {
	done, err := c.begin()
	if err != nil {
		return err
	}
	defer c.end(done)
	defer c.cancelWith(ctx)()
	if status := call(); status != ok {
		return c.failure(ctx, status)
	}
	return nil
}

// Close ends the client. A call in progress is cancelled, and has ended when Close returns. A second Close does
// nothing. A client that is forgotten is closed when it is collected.
func (c *Client) Close() error {
	c.mu.Lock()
	call := c.call
	if !c.closed {
		c.closed = true
		runtime.SetFinalizer(c, nil)
		if call == nil {
			c.free()
		} else {
			C.mbv_cancel(c.handle)
		}
	}
	c.mu.Unlock()
	if call != nil {
		<-call
	}
	return nil
}

func (c *Client) free() {
	C.mbv_free(c.handle)
	c.handle = nil
}

// Why nothing but cancelling can be done with the client now, if so.
func (c *Client) idle() error {
	if c.closed {
		return ErrClosed
	}
	if c.call != nil {
		return &Error{Status: ErrBusy, KeyState: KeyUnknown, RetryAfter: -1, Message: busyText}
	}
	return nil
}

func (c *Client) begin() (chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.idle(); err != nil {
		return nil, err
	}
	// What cancelled an earlier call is over; whoever cancels this one comes after.
	C.mbv_uncancel(c.handle)
	c.call = make(chan struct{})
	return c.call, nil
}

func (c *Client) end(done chan struct{}) {
	c.mu.Lock()
	c.call = nil
	if c.closed {
		c.free()
	}
	c.mu.Unlock()
	close(done)
}

// cancelWith cancels the call once ctx is done, until the function that it returns has returned.
func (c *Client) cancelWith(ctx context.Context) func() {
	if ctx.Err() != nil {
		C.mbv_cancel(c.handle)
	}
	if ctx.Done() == nil {
		return func() {}
	}
	over, left := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(left)
		select {
		case <-ctx.Done():
			C.mbv_cancel(c.handle)
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-left
	}
}

func (c *Client) failure(ctx context.Context, status Status) error {
	err := &Error{
		Status:     status,
		KeyState:   keyStateOf(C.mbv_key_state(c.handle)),
		HTTPStatus: int(C.mbv_http_status(c.handle)),
		ServerCode: int(C.mbv_server_code(c.handle)),
		RetryAfter: -1,
		Message:    c.text(),
	}
	if size := C.mbv_server_message(c.handle, nil, 0); size > 0 {
		text := make([]byte, size+1)
		C.mbv_server_message(c.handle, address(text), size+1)
		err.ServerMessage = string(text[:size])
	}
	if wait := C.mbv_retry_after_ms(c.handle); wait >= 0 {
		err.RetryAfter = time.Duration(wait) * time.Millisecond
		if wait > C.int64_t(1<<63-1)/C.int64_t(time.Millisecond) {
			err.RetryAfter = 1<<63 - 1
		}
	}
	if status == ErrCancelled {
		if err.cause = ctx.Err(); err.cause == nil {
			err.cause = ErrClosed
		}
	}
	return err
}

// What this package does not know is unknown.
func keyStateOf(state C.int32_t) KeyState {
	switch state {
	case C.MBV_KEY_UNCHANGED:
		return KeyUnchanged
	case C.MBV_KEY_REPLACED:
		return KeyReplaced
	default:
		return KeyUnknown
	}
}

func (c *Client) text() string {
	size := C.mbv_error_message(c.handle, nil, 0)
	text := make([]byte, size+1)
	C.mbv_error_message(c.handle, address(text), size+1)
	return string(text[:size])
}

func address(bytes []byte) *C.char {
	if len(bytes) == 0 {
		return nil
	}
	return (*C.char)(unsafe.Pointer(&bytes[0]))
}
