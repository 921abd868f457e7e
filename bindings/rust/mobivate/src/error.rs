// SPDX-License-Identifier: MIT
use std::ffi::CStr;
use std::fmt;
use std::time::Duration;

use mobivate_sys as sys;

/// What a call did to the key that the account had. [`Client::get_key`](crate::Client::get_key) and
/// [`Client::test_key`](crate::Client::test_key) change no key: it is `Unchanged` in their errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// The old key surely still works.
    Unchanged,
    /// The old key is revoked, and the new one was handed over.
    Replaced,
    /// The old key may be revoked. Ask with [`Client::get_key`](crate::Client::get_key) for the account's key.
    Unknown,
}

/// Why a call failed: a variant for each status of the library.
///
/// `MBV_ERR_BUSY` and `MBV_ERR_BUFFER_TOO_SMALL` have none: `&mut Client` cannot be in two calls, and a
/// [`Key`](crate::Key) is as large as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A text that is empty, not UTF-8 or too long, or an option that cannot be used. Nothing was sent.
    InvalidArgument(Box<Details>),
    /// An allocation failed in the library.
    NoMemory(Box<Details>),
    /// [`CancelHandle::cancel`](crate::CancelHandle::cancel) was called.
    Cancelled(Box<Details>),
    /// The time allowed for the call, or for connecting, has passed.
    Timeout(Box<Details>),
    /// The host's or the proxy's name was not found. The old key still works.
    Resolve(Box<Details>),
    /// Refused, unreachable, or refused by the proxy. The old key still works.
    Connect(Box<Details>),
    /// The TLS handshake failed, or the certificate is not trusted. The old key still works.
    Tls(Box<Details>),
    /// The connection broke.
    Transport(Box<Details>),
    /// The server refused the user name or password (401). It may come
    /// from a proxy, after a key was made: see [`Error::key_state`].
    Credentials(Box<Details>),
    /// The server asks to slow down (429), see [`Details::retry_after`] and [`Error::key_state`].
    RateLimited(Box<Details>),
    /// The server refused for another reason (any other 4xx). See [`Error::key_state`].
    Rejected(Box<Details>),
    /// The server failed (5xx).
    Server(Box<Details>),
    /// An answer that the service does not document.
    Protocol(Box<Details>),
    /// A bug in the library.
    Internal(Box<Details>),
    /// The libmobivate that is loaded is too old or too new for this crate. Nothing was sent.
    IncompatibleLibrary(Box<Details>),
}

/// What is known about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// A sentence or two in English: what went wrong, and, where a key was to be created, whether the old one
    /// still works. It never contains the password or a key.
    pub message: String,
    /// Whether the account's old key still works.
    pub key_state: KeyState,
    /// The status code of the answer, when one came.
    pub http_status: Option<u16>,
    /// The member `code` of the answer's JSON body.
    pub server_code: Option<i32>,
    /// The member `message` of the answer's JSON body, every occurrence of a secret blanked.
    pub server_message: Option<String>,
    /// How long the server asked to wait.
    pub retry_after: Option<Duration>,
}

impl Details {
    /// Of a failure before anything was sent.
    pub(crate) fn unsent(message: String) -> Box<Details> {
        Box::new(Details {
            message,
            key_state: KeyState::Unchanged,
            http_status: None,
            server_code: None,
            server_message: None,
            retry_after: None,
        })
    }
}

impl Error {
    pub(crate) fn new(status: i32, details: Box<Details>) -> Error {
        match status {
            sys::MBV_ERR_INVALID_ARGUMENT => Error::InvalidArgument(details),
            sys::MBV_ERR_NO_MEMORY => Error::NoMemory(details),
            sys::MBV_ERR_CANCELLED => Error::Cancelled(details),
            sys::MBV_ERR_TIMEOUT => Error::Timeout(details),
            sys::MBV_ERR_RESOLVE => Error::Resolve(details),
            sys::MBV_ERR_CONNECT => Error::Connect(details),
            sys::MBV_ERR_TLS => Error::Tls(details),
            sys::MBV_ERR_TRANSPORT => Error::Transport(details),
            sys::MBV_ERR_CREDENTIALS => Error::Credentials(details),
            sys::MBV_ERR_RATE_LIMITED => Error::RateLimited(details),
            sys::MBV_ERR_REJECTED => Error::Rejected(details),
            sys::MBV_ERR_SERVER => Error::Server(details),
            sys::MBV_ERR_PROTOCOL => Error::Protocol(details),
            _ => Error::Internal(details),
        }
    }

    fn parts(&self) -> (i32, &Details) {
        match self {
            Error::InvalidArgument(details) => (sys::MBV_ERR_INVALID_ARGUMENT, details),
            Error::NoMemory(details) => (sys::MBV_ERR_NO_MEMORY, details),
            Error::Cancelled(details) => (sys::MBV_ERR_CANCELLED, details),
            Error::Timeout(details) => (sys::MBV_ERR_TIMEOUT, details),
            Error::Resolve(details) => (sys::MBV_ERR_RESOLVE, details),
            Error::Connect(details) => (sys::MBV_ERR_CONNECT, details),
            Error::Tls(details) => (sys::MBV_ERR_TLS, details),
            Error::Transport(details) => (sys::MBV_ERR_TRANSPORT, details),
            Error::Credentials(details) => (sys::MBV_ERR_CREDENTIALS, details),
            Error::RateLimited(details) => (sys::MBV_ERR_RATE_LIMITED, details),
            Error::Rejected(details) => (sys::MBV_ERR_REJECTED, details),
            Error::Server(details) => (sys::MBV_ERR_SERVER, details),
            Error::Protocol(details) => (sys::MBV_ERR_PROTOCOL, details),
            Error::Internal(details) => (sys::MBV_ERR_INTERNAL, details),
            Error::IncompatibleLibrary(details) => (i32::MIN, details),
        }
    }

    /// What is known about the failure.
    pub fn details(&self) -> &Details {
        self.parts().1
    }

    /// Whether the account's old key still works.
    pub fn key_state(&self) -> KeyState {
        self.details().key_state
    }

    /// The status as libmobivate's header names it, such as `"MBV_ERR_TIMEOUT"`: the same in every
    /// language. `"MBV_ERR_UNKNOWN"` for [`Error::IncompatibleLibrary`], which the library does not have.
    pub fn status_name(&self) -> &'static str {
        // SAFETY: the library returns a static C string for every value.
        let name = unsafe { CStr::from_ptr(sys::mbv_status_name(self.parts().0)) };
        name.to_str().unwrap_or_default()
    }
}

impl fmt::Display for Details {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.details().fmt(formatter)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_library_has_its_variant() {
        let mut found = 0;
        for status in -100..0 {
            let name = unsafe { CStr::from_ptr(sys::mbv_status_name(status)) };
            let expected = match name.to_str().unwrap() {
                "MBV_ERR_UNKNOWN" => continue,
                "MBV_ERR_BUSY" | "MBV_ERR_BUFFER_TOO_SMALL" => "MBV_ERR_INTERNAL",
                name => name,
            };
            let error = Error::new(status, Details::unsent(String::new()));
            assert_eq!(error.status_name(), expected);
            found += 1;
        }
        assert_eq!(found, 16);
    }
}
