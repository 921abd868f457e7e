// SPDX-License-Identifier: MIT
//! What the crate promises beyond the cases of tests/bindings: lifetime, cancelling, errors, secrets.

use std::error::Error as _;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mobivate::{CancelHandle, Client, Error, Key, KeyState};
use support::{Json, StandIn};

const PASSWORD: &str = "correct-password";

fn answers() -> Json {
    Json::Object(Vec::new())
}

fn never_answers() -> Json {
    Json::parse(r#"{"creates": true, "cut": {"after": 0, "how": "stall"}}"#)
}

#[test]
fn types_cross_threads() {
    fn send_and_sync<T: Send + Sync + 'static>() {}
    send_and_sync::<Client>();
    send_and_sync::<CancelHandle>();
    send_and_sync::<Error>();
    send_and_sync::<Key>();
}

#[test]
fn a_client_is_shared_in_a_mutex() {
    let standin = StandIn::new();
    let client = Arc::new(Mutex::new(standin.client("http").unwrap()));
    let threads = [0, 1, 2, 3].map(|number| {
        let username = format!("shared-{number}-rust@example.com");
        standin.create_account(&username, PASSWORD, &answers());
        let client = Arc::clone(&client);
        thread::spawn(move || {
            let key = client.lock().unwrap().create_key(&username, PASSWORD).unwrap();
            (username, key)
        })
    });
    for thread in threads {
        let (username, key) = thread.join().unwrap();
        assert_eq!(standin.await_requests(&username, 1).valid_key, key.as_str());
    }
}

#[test]
fn a_handle_ends_a_call_and_may_outlive_its_client() {
    let standin = StandIn::new();
    let username = "cancelled-rust@example.com";
    standin.create_account(username, PASSWORD, &never_answers());
    let mut client = standin.client("http").unwrap();
    let handle = client.cancel_handle();
    let call = thread::spawn(move || {
        let outcome = client.create_key(username, PASSWORD);
        (client, outcome)
    });
    standin.await_requests(username, 1);
    // From another thread than the call's, and than the handle's own.
    let other_handle = handle.clone();
    thread::spawn(move || other_handle.cancel()).join().unwrap();
    let (mut client, outcome) = call.join().unwrap();
    assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
    // It is sticky, so that there is no moment in which it comes too early.
    assert_eq!(client.create_key(username, PASSWORD).unwrap_err().key_state(), KeyState::Unchanged);
    assert_eq!(standin.await_requests(username, 1).requests, 1);

    handle.uncancel();
    standin.create_account(username, PASSWORD, &answers());
    client.create_key(username, PASSWORD).unwrap();
    drop(client);
    handle.cancel();
    handle.uncancel();
}

#[test]
fn cancelling_races_with_dropping() {
    for _ in 0..500 {
        let client = Client::new().unwrap();
        let handle = client.cancel_handle();
        thread::scope(|scope| {
            scope.spawn(move || handle.cancel());
            scope.spawn(move || drop(client));
        });
    }
}

#[test]
fn an_error_carries_everything() {
    let standin = StandIn::new();
    let username = "slow-down-rust@example.com";
    let scenario =
        r#"{"status": 429, "headers": [["Retry-After", "7"]], "body": {"code": 42, "message": "Slow"}}"#;
    standin.create_account(username, PASSWORD, &Json::parse(scenario));
    let error = standin.client("http").unwrap().create_key(username, PASSWORD).unwrap_err();
    let details = match &error {
        Error::RateLimited(details) => details,
        other => panic!("{other:?}"),
    };
    assert_eq!(details.key_state, KeyState::Unchanged);
    assert_eq!(details.http_status, Some(429));
    assert_eq!(details.server_code, Some(42));
    assert_eq!(details.server_message.as_deref(), Some("Slow"));
    assert_eq!(details.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(error.status_name(), "MBV_ERR_RATE_LIMITED");
    assert!(error.to_string().ends_with("The old key still works."), "{error}");
    assert!(error.source().is_none());
    // What a program does with `?`.
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.clone().into();
    assert_eq!(boxed.downcast_ref::<Error>(), Some(&error));
}

#[test]
fn what_is_unknown_is_none() {
    let standin = StandIn::new();
    let mut client = Client::new().unwrap();
    client.set_base_url(&format!("https://{}", standin.fact("hosts.refused").unwrap())).unwrap();
    client.set_proxy("").unwrap();
    let error = client.create_key("nobody@example.com", PASSWORD).unwrap_err();
    assert!(matches!(error, Error::Connect(_)), "{error:?}");
    let details = error.details();
    assert_eq!((details.http_status, details.server_code, details.retry_after), (None, None, None));
    assert_eq!(details.server_message, None);
}

#[test]
fn options_are_checked() {
    let mut client = Client::new().unwrap();
    let mut refused = |set: &dyn Fn(&mut Client) -> Result<(), Error>, why: &str| {
        let error = set(&mut client).unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
        assert_eq!(error.key_state(), KeyState::Unchanged);
        assert!(error.to_string().contains(why), "{error}");
    };
    refused(&|client| client.set_base_url("ftp://example.com"), "The option base_url");
    refused(&|client| client.set_timeout(Duration::ZERO), "The option timeout_ms");
    refused(&|client| client.set_connect_timeout(Duration::MAX), "The option connect_timeout_ms");
    refused(&|client| client.set_user_agent("a\r\nb"), "The option user_agent");
    refused(&|client| client.set_proxy("a\0b"), "The option \"proxy\" contains a NUL.");
    let path = Path::new(OsStr::from_bytes(b"/\xff"));
    refused(&|client| client.set_ca_dir(path), "The option \"ca_dir\" is not UTF-8.");

    client.set_timeout(Duration::from_nanos(1)).unwrap();
    client.set_connect_timeout(Duration::from_millis(2_147_483_647)).unwrap();
}

/// A time-out that is not a whole number of milliseconds is rounded up, and reaches the library.
#[test]
fn a_time_out_is_in_milliseconds() {
    let standin = StandIn::new();
    let mut client = Client::new().unwrap();
    client.set_base_url(&format!("https://{}", standin.fact("hosts.silent").unwrap())).unwrap();
    client.set_proxy("").unwrap();
    client.set_timeout(Duration::from_micros(49_001)).unwrap();
    let error = client.create_key("nobody@example.com", PASSWORD).unwrap_err();
    assert!(error.to_string().contains("timeout_ms (50 ms)"), "{error}");
}

#[test]
fn a_key_does_not_show() {
    let standin = StandIn::new();
    let username = "shown-rust@example.com";
    standin.create_account(username, PASSWORD, &answers());
    let key = standin.client("http").unwrap().create_key(username, PASSWORD).unwrap();
    assert_eq!(format!("{key:?}"), "Key(***)");
    assert_eq!(key.as_str().as_bytes(), key.as_bytes());
    assert_eq!(key.as_bytes().len(), 36);
}

/// The process's memory has a password and a key once each, and no more once they are dropped.
#[test]
fn no_copy_of_a_secret_is_left() {
    let standin = StandIn::new();
    for (name, scenario) in
        [("usual", r#"{"always": true}"#), ("long", r#"{"always": true, "key_size": 1000}"#)]
    {
        let username = format!("secret-{name}-rust@example.com");
        standin.create_account(&username, PASSWORD, &Json::parse(scenario));
        let mut client = standin.client("https").unwrap();

        // The stand-in takes any password here, so that this process never had it before.
        // Of a size that little else has, so that a copy that is freed is not soon written over.
        let mut password = vec![0; 300];
        File::open("/dev/urandom").unwrap().read_exact(&mut password).unwrap();
        password.iter_mut().for_each(|byte| *byte = b'A' + *byte % 26);
        let password_needle = Needle::new(&password[150..]);

        let key = client.create_key(&username, &password).unwrap();
        let key_needle = Needle::new(key.as_bytes());
        assert_eq!((password_needle.copies(), key_needle.copies()), (1, 1), "{name}: in use");
        drop(key);
        password.fill(0);
        assert_eq!((password_needle.copies(), key_needle.copies()), (0, 0), "{name}: dropped");
    }
}

/// A part of a secret, kept so that it is not itself a copy. Not the start, where free() writes.
struct Needle {
    flipped: Vec<u8>,
}

extern "C" {
    // Much faster than Rust's iterators in a build that is not optimised.
    fn memmem(haystack: *const u8, size: usize, needle: *const u8, needle_size: usize) -> *const u8;
}

impl Needle {
    fn new(secret: &[u8]) -> Needle {
        Needle { flipped: secret.iter().skip(16).take(20).map(|byte| byte ^ 0xff).collect() }
    }

    /// How often it is in the process's memory that can be written to.
    fn copies(&self) -> usize {
        const PIECE: usize = 1 << 20;
        let memory = File::open("/proc/self/mem").unwrap();
        let size = self.flipped.len();
        // The needle in clear and the piece of memory at hand: what is found in here does not count.
        let mut own = vec![0; size + PIECE];
        let (needle, piece) = own.split_at_mut(size);
        needle.iter_mut().zip(&self.flipped).for_each(|(clear, flipped)| *clear = flipped ^ 0xff);
        let own_addresses = needle.as_ptr() as usize..piece.as_ptr() as usize + PIECE;
        let mut copies = 0;
        for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
            let (range, rest) = line.split_once(' ').unwrap();
            let (start, end) = range.split_once('-').unwrap();
            let mut at = usize::from_str_radix(start, 16).unwrap();
            let end = usize::from_str_radix(end, 16).unwrap();
            // Pieces overlap, so that nothing is missed between them.
            while rest.starts_with("rw") && at + size <= end {
                let read = PIECE.min(end - at);
                if memory.read_exact_at(&mut piece[..read], at as u64).is_err() {
                    break;
                }
                let found = offsets(&piece[..read], needle);
                copies += found.iter().filter(|&offset| !own_addresses.contains(&(at + offset))).count();
                at += if read == PIECE { PIECE - size + 1 } else { read };
            }
        }
        own.fill(0);
        copies
    }
}

fn offsets(haystack: &[u8], needle: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let rest = &haystack[from..];
        // SAFETY: both are slices.
        let at = unsafe { memmem(rest.as_ptr(), rest.len(), needle.as_ptr(), needle.len()) };
        if at.is_null() {
            return found;
        }
        found.push(at as usize - haystack.as_ptr() as usize);
        from = found[found.len() - 1] + 1;
    }
}
