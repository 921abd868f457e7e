// SPDX-License-Identifier: MIT
//! What a call allocates: nothing once a key exists, and nothing that is left behind.

// Older versions of clippy take what `thread_local!` makes of a `const` for one of ours.
#![allow(clippy::declare_interior_mutable_const)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

use mobivate::Error;
use support::{client, create_account, PASSWORD};

/// Counts what Rust has allocated and not freed, how often this thread allocates, and the keys that it frees unwiped.
struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);
thread_local!(static ALLOCATIONS: Cell<usize> = const { Cell::new(0) });
static UNWIPED: AtomicUsize = AtomicUsize::new(0);
const KEY_CAPACITY: usize = 4096 + 1;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        LIVE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if layout.size() == KEY_CAPACITY
            && std::slice::from_raw_parts(memory, KEY_CAPACITY).iter().any(|&byte| byte != 0)
        {
            UNWIPED.fetch_add(1, Ordering::Relaxed);
        }
        LIVE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        System.dealloc(memory, layout);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Anonymous pages alone: those of files come and go with what else runs.
fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A hundred calls on a client of their own: created, refused, and with a long key.
fn hundred_calls(usual: &str, long: &str) {
    let mut client = client("HTTP");
    for turn in 0..100 {
        match turn % 10 {
            8 => assert_eq!(client.create_key(long, PASSWORD).unwrap().as_bytes().len(), 4096),
            9 => assert!(matches!(client.create_key(usual, "wrong"), Err(Error::Credentials(_)))),
            _ => assert_eq!(client.create_key(usual, PASSWORD).unwrap().as_bytes().len(), 36),
        }
    }
}

/// Only the key's own place, which the library is given with the request. A key that exists is not lost to an
/// allocation that fails.
fn nothing_is_allocated_once_a_key_exists() {
    let username = "allocations-rust@example.com";
    let mut client = client("HTTP");
    for key_size in [36, 256, 4096] {
        create_account(username, &format!(r#"{{"key_size": {key_size}}}"#));
        let before = ALLOCATIONS.with(Cell::get);
        let key = client.create_key(username, PASSWORD).unwrap();
        assert_eq!((ALLOCATIONS.with(Cell::get) - before, key.as_bytes().len()), (1, key_size));
    }
}

fn ten_thousand_calls_leave_nothing() {
    let (usual, long) = ("leaks-rust@example.com", "leaks-long-rust@example.com");
    create_account(usual, "{}");
    create_account(long, r#"{"key_size": 4096}"#);
    for _ in 0..10 {
        hundred_calls(usual, long);
    }
    let before = (LIVE.load(Ordering::Relaxed), descriptors());
    let resident = resident_bytes();
    for _ in 0..90 {
        hundred_calls(usual, long);
    }
    assert_eq!((LIVE.load(Ordering::Relaxed), descriptors()), before);
    assert_eq!(UNWIPED.load(Ordering::Relaxed), 0, "keys were freed and not wiped");
    // What the library allocates comes in the allocator's steps: more than those, and less than 470 bytes of each call.
    let grown = resident_bytes().saturating_sub(resident);
    println!("resident size grew by {grown} bytes");
    assert!(grown <= 4 * 1024 * 1024, "resident size grew by {grown} bytes");
}

/// One after the other: what the one allocates must not be counted as the other's.
#[test]
fn memory() {
    nothing_is_allocated_once_a_key_exists();
    ten_thousand_calls_leave_nothing();
}
