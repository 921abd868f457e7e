// SPDX-License-Identifier: MIT
//! Ten thousand calls leave no memory and no descriptor behind.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicIsize, Ordering};

use mobivate::Error;
use support::{Json, StandIn};

/// Counts what Rust has allocated and not freed.
struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        System.alloc(layout)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        System.dealloc(memory, layout);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn resident_bytes() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A hundred calls on a client of their own: created, refused, and with a long key.
fn hundred_calls(standin: &StandIn, usual: &str, long: &str) {
    let mut client = standin.client("http").unwrap();
    for turn in 0..100 {
        match turn % 10 {
            8 => assert_eq!(client.create_key(long, "correct-password").unwrap().as_bytes().len(), 4096),
            9 => assert!(matches!(client.create_key(usual, "wrong"), Err(Error::Credentials(_)))),
            _ => assert_eq!(client.create_key(usual, "correct-password").unwrap().as_bytes().len(), 36),
        }
    }
}

#[test]
fn ten_thousand_calls_leave_nothing() {
    let standin = StandIn::new();
    let (usual, long) = ("leaks-rust@example.com", "leaks-long-rust@example.com");
    standin.create_account(usual, "correct-password", &Json::Object(Vec::new()));
    standin.create_account(
        long,
        "correct-password",
        &Json::Object(vec![("key".to_owned(), "k".repeat(4096).as_str().into())]),
    );
    for _ in 0..10 {
        hundred_calls(&standin, usual, long);
    }
    let before = (LIVE.load(Ordering::Relaxed), descriptors());
    let resident = resident_bytes();
    for _ in 0..90 {
        hundred_calls(&standin, usual, long);
    }
    assert_eq!((LIVE.load(Ordering::Relaxed), descriptors()), before);
    // 28 bytes lost by each call would show.
    let grown = resident_bytes().saturating_sub(resident);
    assert!(grown <= 256 * 1024, "resident size grew by {grown} bytes");
}
