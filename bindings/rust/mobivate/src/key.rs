// SPDX-License-Identifier: MIT
use std::fmt;
use std::ptr;
use std::sync::atomic::{compiler_fence, Ordering};

/// An API key. It is wiped from memory when it is dropped, and `{:?}` does not show it.
///
/// A key cannot be cloned: every further copy is one that you make, and wipe.
pub struct Key {
    // The library writes the key and a NUL into it; it never moves.
    pub(crate) buffer: Box<[u8]>,
    pub(crate) size: usize,
}

/// The longest key of the library, and the NUL behind it.
const CAPACITY: usize = 4096 + 1;

impl Key {
    pub(crate) fn new() -> Key {
        Key { buffer: vec![0; CAPACITY].into_boxed_slice(), size: 0 }
    }

    /// The key as text. It is printable ASCII without spaces, at most 4096 bytes.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The same as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[..self.size]
    }
}

/// For [`Client::test_key`](crate::Client::test_key), which takes a key as it is.
impl AsRef<[u8]> for Key {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        for byte in self.buffer.iter_mut() {
            // SAFETY: a reference is valid to write to. A plain write to memory that is about to be
            // freed would be optimised away.
            unsafe { ptr::write_volatile(byte, 0) };
        }
        compiler_fence(Ordering::SeqCst);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(***)")
    }
}
