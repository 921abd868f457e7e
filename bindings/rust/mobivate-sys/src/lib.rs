// SPDX-License-Identifier: MIT
//! The declarations of `mobivate.h`, as they are. What each function promises stands in that header;
//! the crate `mobivate` is the safe interface.
//!
//! The build script links the library that `MOBIVATE_LIBRARY` names: a shared one, or a static one that
//! needs libc alone. Else, with the feature `bundled`, it links the static library that comes with these
//! crates, and without it the shared one that pkg-config knows as `mobivate`.

#![allow(non_camel_case_types)]

use std::marker::{PhantomData, PhantomPinned};
use std::os::raw::c_char;

/// The version of the header that these are the declarations of.
pub const MBV_VERSION_NUMBER: i32 = 10100;
/// As the size of a text: the text is a C string and ends at its NUL.
pub const MBV_NUL_TERMINATED: usize = usize::MAX;
/// The capacity in bytes to pass for a key. It counts the NUL.
pub const MBV_KEY_CAPACITY: usize = 256;

pub const MBV_OK: i32 = 0;
pub const MBV_ERR_INVALID_ARGUMENT: i32 = -1;
pub const MBV_ERR_NO_MEMORY: i32 = -2;
pub const MBV_ERR_BUSY: i32 = -3;
pub const MBV_ERR_CANCELLED: i32 = -4;
pub const MBV_ERR_TIMEOUT: i32 = -5;
pub const MBV_ERR_RESOLVE: i32 = -6;
pub const MBV_ERR_CONNECT: i32 = -7;
pub const MBV_ERR_TLS: i32 = -8;
pub const MBV_ERR_TRANSPORT: i32 = -9;
pub const MBV_ERR_CREDENTIALS: i32 = -10;
pub const MBV_ERR_RATE_LIMITED: i32 = -11;
pub const MBV_ERR_REJECTED: i32 = -12;
pub const MBV_ERR_SERVER: i32 = -13;
pub const MBV_ERR_PROTOCOL: i32 = -14;
pub const MBV_ERR_BUFFER_TOO_SMALL: i32 = -15;
pub const MBV_ERR_INTERNAL: i32 = -99;

pub const MBV_KEY_UNCHANGED: i32 = 0;
pub const MBV_KEY_REPLACED: i32 = 1;
pub const MBV_KEY_UNKNOWN: i32 = 2;

/// A client of the library: only ever behind a pointer.
#[repr(C)]
pub struct mbv_client {
    _opaque: [u8; 0],
    _not_send_sync_or_unpin: PhantomData<(*mut u8, PhantomPinned)>,
}

extern "C" {
    pub fn mbv_new() -> *mut mbv_client;
    pub fn mbv_free(client: *mut mbv_client);
    pub fn mbv_set(client: *mut mbv_client, option: *const c_char, value: *const c_char) -> i32;
    pub fn mbv_create_key(
        client: *mut mbv_client,
        username: *const c_char,
        username_size: usize,
        password: *const c_char,
        password_size: usize,
        key: *mut c_char,
        key_capacity: usize,
        key_size: *mut usize,
    ) -> i32;
    pub fn mbv_get_key(
        client: *mut mbv_client,
        username: *const c_char,
        username_size: usize,
        password: *const c_char,
        password_size: usize,
        key: *mut c_char,
        key_capacity: usize,
        key_size: *mut usize,
    ) -> i32;
    pub fn mbv_test_key(client: *mut mbv_client, key: *const c_char, key_size: usize) -> i32;
    pub fn mbv_take_key(
        client: *mut mbv_client,
        key: *mut c_char,
        key_capacity: usize,
        key_size: *mut usize,
    ) -> i32;
    pub fn mbv_error_message(client: *const mbv_client, buffer: *mut c_char, capacity: usize) -> usize;
    pub fn mbv_key_state(client: *const mbv_client) -> i32;
    pub fn mbv_http_status(client: *const mbv_client) -> i32;
    pub fn mbv_server_code(client: *const mbv_client) -> i32;
    pub fn mbv_server_message(client: *const mbv_client, buffer: *mut c_char, capacity: usize) -> usize;
    pub fn mbv_retry_after_ms(client: *const mbv_client) -> i64;
    pub fn mbv_cancel(client: *mut mbv_client);
    pub fn mbv_uncancel(client: *mut mbv_client);
    pub fn mbv_status_name(status: i32) -> *const c_char;
    pub fn mbv_status_message(status: i32) -> *const c_char;
    pub fn mbv_version() -> *const c_char;
    pub fn mbv_version_number() -> i32;
}
