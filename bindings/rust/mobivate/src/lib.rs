// SPDX-License-Identifier: MIT
//! Create API keys of the Mobivate bulk-SMS service, and know whether the old key still works.
//!
//! Creating a key revokes the one that the account had. So an [`Error`] of [`Client::create_key`] always says
//! whether the old key still works: in its text, and as [`Error::key_state`]. Where that is unknown,
//! [`Client::get_key`] hands over the key that the account has now. [`Client::test_key`] tells whether the service
//! accepts a key. Neither of these changes anything.
//!
//! ```no_run
//! use mobivate::{Client, Error};
//!
//! # fn main() -> Result<(), Error> {
//! let mut client = Client::new()?;
//! match client.create_key("first.last@example.com", "your-pass") {
//!     Ok(key) => println!("{}", key.as_str()),
//!     Err(Error::RateLimited(details)) => eprintln!("{details} Wait for {:?}.", details.retry_after),
//!     Err(error) => eprintln!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The crate is a safe interface of the C library libmobivate, which it needs at build time (found by
//! pkg-config) and at run time. With the feature `bundled` the program carries that library instead.

#![warn(missing_docs)]

mod client;
mod error;
mod key;

use std::ffi::CStr;

pub use client::{CancelHandle, Client};
pub use error::{Details, Error, KeyState};
pub use key::Key;

/// The version of the libmobivate that is loaded, such as `"1.1.0"`.
pub fn version() -> &'static str {
    // SAFETY: the library returns a static C string.
    let version = unsafe { CStr::from_ptr(mobivate_sys::mbv_version()) };
    version.to_str().unwrap_or_default()
}
