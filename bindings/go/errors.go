// SPDX-License-Identifier: MIT

package mobivate

import "time"

// Status is why a call failed. Each is an error of its own, for errors.Is(err, mobivate.ErrTimeout).
type Status int32

// The statuses of the library.
const (
	ok Status = 0

	ErrInvalidArgument Status = -1  // a user name, password, key or option that cannot be used; nothing was sent
	ErrNoMemory        Status = -2  // an allocation failed
	ErrBusy            Status = -3  // the client is in another call
	ErrCancelled       Status = -4  // the context was done, or the client was closed
	ErrTimeout         Status = -5  // Options.Timeout or Options.ConnectTimeout has passed
	ErrResolve         Status = -6  // the host's or the proxy's name was not found
	ErrConnect         Status = -7  // refused or unreachable
	ErrTLS             Status = -8  // the handshake or the certificate failed
	ErrTransport       Status = -9  // the connection broke
	ErrCredentials     Status = -10 // 401
	ErrRateLimited     Status = -11 // 429
	ErrRejected        Status = -12 // any other 4xx
	ErrServer          Status = -13 // 5xx
	ErrProtocol        Status = -14 // an answer that the API does not document
	ErrInternal        Status = -99 // a bug in libmobivate
)

var statusNames = map[Status]string{
	ok:                 "MBV_OK",
	ErrInvalidArgument: "MBV_ERR_INVALID_ARGUMENT",
	ErrNoMemory:        "MBV_ERR_NO_MEMORY",
	ErrBusy:            "MBV_ERR_BUSY",
	ErrCancelled:       "MBV_ERR_CANCELLED",
	ErrTimeout:         "MBV_ERR_TIMEOUT",
	ErrResolve:         "MBV_ERR_RESOLVE",
	ErrConnect:         "MBV_ERR_CONNECT",
	ErrTLS:             "MBV_ERR_TLS",
	ErrTransport:       "MBV_ERR_TRANSPORT",
	ErrCredentials:     "MBV_ERR_CREDENTIALS",
	ErrRateLimited:     "MBV_ERR_RATE_LIMITED",
	ErrRejected:        "MBV_ERR_REJECTED",
	ErrServer:          "MBV_ERR_SERVER",
	ErrProtocol:        "MBV_ERR_PROTOCOL",
	ErrInternal:        "MBV_ERR_INTERNAL",
}

// String is the status' name in mobivate.h, the same in every language.
func (s Status) String() string {
	if name, found := statusNames[s]; found {
		return name
	}
	return "MBV_ERR_UNKNOWN"
}

// Error makes a status a target of errors.Is.
func (s Status) Error() string { return s.String() }

// KeyState is what a call did to the key that the account had. One that was lost on its way is KeyUnknown. GetKey
// and TestKey change no key, so it is KeyUnchanged in their errors.
type KeyState int32

// The states of the old key.
const (
	KeyUnknown   KeyState = iota // it may be revoked: ask with GetKey for the key that the account has now
	KeyUnchanged                 // it surely still works
	KeyReplaced                  // it is revoked
)

func (s KeyState) String() string {
	switch s {
	case KeyUnchanged:
		return "unchanged"
	case KeyReplaced:
		return "replaced"
	default:
		return "unknown"
	}
}

// MarshalText makes a state a word in JSON.
func (s KeyState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes what it does not know for KeyUnknown.
func (s *KeyState) UnmarshalText(text []byte) error {
	*s = KeyUnknown
	for _, known := range []KeyState{KeyUnchanged, KeyReplaced} {
		if known.String() == string(text) {
			*s = known
		}
	}
	return nil
}

// Error is a call that failed. Where it was to create a key, its text says whether the old one still works.
//
// It can travel as JSON or gob: all but what Unwrap returns arrives.
type Error struct {
	Status        Status
	KeyState      KeyState
	HTTPStatus    int           // of the answer; 0 when none came
	ServerCode    int           // the member "code" of the answer's JSON; 0 without one
	ServerMessage string        // the member "message" of the answer's JSON
	RetryAfter    time.Duration // how long the server asks to wait; negative when it did not say
	Message       string        // what Error returns

	cause error
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Status.String() + "; state of the old key: " + e.KeyState.String()
	}
	return e.Message
}

// Is tells whether target is the error's status.
func (e *Error) Is(target error) bool {
	status, is := target.(Status)
	return is && status == e.Status
}

// Unwrap is what cancelled the call: context.Canceled, context.DeadlineExceeded or ErrClosed. Else nil.
func (e *Error) Unwrap() error { return e.cause }

// Timeout tells whether a time-out ended the call, as net.Error does.
func (e *Error) Timeout() bool { return e.Status == ErrTimeout }
