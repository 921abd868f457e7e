// SPDX-License-Identifier: MIT

package mobivate

import (
	"fmt"
	"runtime"
)

// Key is an API key in memory that its owner can wipe. No verb of fmt shows it.
type Key struct {
	bytes []byte
}

// Bytes is the key itself, until Wipe: not a copy.
func (k *Key) Bytes() []byte { return k.bytes }

// Text is a copy of the key that cannot be wiped.
func (k *Key) Text() string { return string(k.bytes) }

// Wipe fills the key's memory with zeros.
func (k *Key) Wipe() {
	wipe(k.bytes[:cap(k.bytes)])
	k.bytes = nil
}

// Format writes the same for every verb, whatever the key.
func (k *Key) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("mobivate.Key(***)"))
}

func wipe(bytes []byte) {
	for i := range bytes {
		bytes[i] = 0
	}
	// The compiler must not see that nobody reads them.
	runtime.KeepAlive(bytes)
}
