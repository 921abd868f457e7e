// SPDX-License-Identifier: MIT
//! What the crate promises beyond the cases of tests/bindings: lifetime, cancelling, errors, secrets.

use std::error::Error as _;
use std::ffi::OsStr;
use std::io;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mobivate::{CancelHandle, Client, Error, Key, KeyState};
use support::{await_requests, client, create_account, NEVER_ANSWERS, PASSWORD};

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
    let client = Arc::new(Mutex::new(client("HTTP")));
    let threads = [0, 1, 2, 3].map(|number| {
        let username = format!("shared-{number}-rust@example.com");
        create_account(&username, "{}");
        let client = Arc::clone(&client);
        thread::spawn(move || {
            let key = client.lock().unwrap().create_key(&username, PASSWORD).unwrap();
            (username, key)
        })
    });
    for thread in threads {
        let (username, key) = thread.join().unwrap();
        assert_eq!(await_requests(&username, 1).1, key.as_str());
    }
}

#[test]
fn a_handle_ends_a_call_and_may_outlive_its_client() {
    let username = "cancelled-rust@example.com";
    create_account(username, NEVER_ANSWERS);
    let mut client = client("HTTP");
    let handle = client.cancel_handle();
    let call = thread::spawn(move || {
        let outcome = client.create_key(username, PASSWORD);
        (client, outcome)
    });
    await_requests(username, 1);
    // From another thread than the call's, and than the handle's own.
    let other_handle = handle.clone();
    thread::spawn(move || other_handle.cancel()).join().unwrap();
    let (mut client, outcome) = call.join().unwrap();
    assert!(matches!(outcome, Err(Error::Cancelled(_))), "{outcome:?}");
    // It is sticky, so that there is no moment in which it comes too early.
    assert_eq!(client.create_key(username, PASSWORD).unwrap_err().key_state(), KeyState::Unchanged);
    assert_eq!(await_requests(username, 1).0, 1);

    handle.uncancel();
    create_account(username, "{}");
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
    let username = "slow-down-rust@example.com";
    let scenario =
        r#"{"status": 429, "headers": [["Retry-After", "7"]], "body": {"code": 42, "message": "Slow"}}"#;
    create_account(username, scenario);
    let error = client("HTTP").create_key(username, PASSWORD).unwrap_err();
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
    // Inside another error, and out of a thread that panics with it.
    let wrapped = io::Error::new(io::ErrorKind::Other, error.clone());
    assert_eq!(wrapped.get_ref().and_then(|inner| inner.downcast_ref()), Some(&error));
    let thrown = error.clone();
    let panicked = thread::spawn(move || std::panic::resume_unwind(Box::new(thrown))).join().unwrap_err();
    assert_eq!(panicked.downcast_ref(), Some(&error));
}

#[test]
fn what_is_unknown_is_none() {
    let mut client = Client::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    client.set_base_url(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
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
    let mut client = Client::new().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    client.set_base_url(&format!("https://{}", silent.local_addr().unwrap())).unwrap();
    client.set_proxy("").unwrap();
    client.set_timeout(Duration::from_micros(49_001)).unwrap();
    let error = client.create_key("nobody@example.com", PASSWORD).unwrap_err();
    assert!(error.to_string().contains("timeout_ms (50 ms)"), "{error}");
}

#[test]
fn a_key_does_not_show() {
    let username = "shown-rust@example.com";
    create_account(username, "{}");
    let key = client("HTTP").create_key(username, PASSWORD).unwrap();
    assert_eq!(format!("{key:?}"), "Key(***)");
    assert_eq!(key.as_str().as_bytes(), key.as_bytes());
    assert_eq!(key.as_bytes().len(), 36);
}

static STORED: Mutex<String> = Mutex::new(String::new());
fn store(key: &Key) -> io::Result<()> {
    *STORED.lock().unwrap() = key.as_str().to_owned();
    Ok(())
}

/// The README's.
fn rotate(client: &mut Client, username: &str, password: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let key = match client.create_key(username, password) {
        Err(e) if e.key_state() == KeyState::Unknown => client.get_key(username, password).map_err(|_| e),
        created => created,
    }?;
    if !client.test_key(&key)? {
        return Err("the service refuses the account's key".into());
    }
    Ok(store(&key)?)
}

/// What the README shows is what is tested here.
#[test]
fn the_rotation_is_the_readmes() {
    let readme = include_str!("../README.md").split_once("## Rotating a key").unwrap().1;
    let shown = readme.split_once("```rust\n").unwrap().1.split_once("```").unwrap().0;
    assert!(include_str!("client.rs").contains(shown), "{shown}");
}

#[test]
fn a_rotation_ends_with_a_valid_key_or_an_error_that_knows() {
    let username = "rotated-rust@example.com";
    let lost = r#""creates": true, "cut": {"after": 0, "how": "close"}"#;
    let failing = r#"{"status": 500, "body": {"code": 500, "message": "Internal"}}"#;
    let mut client = client("HTTP");
    let mut rotated = |scenario: &str| {
        create_account(username, scenario);
        STORED.lock().unwrap().clear();
        let outcome = rotate(&mut client, username, PASSWORD.as_bytes());
        let stored = STORED.lock().unwrap().clone();
        let (requests, valid) = await_requests(username, 1);
        assert_eq!((requests, outcome.is_ok()), (1, stored == valid), "{scenario}: {outcome:?}");
        outcome.map_err(|error| match *error.downcast::<Error>().unwrap() {
            Error::Transport(details) => ("transport", details.key_state),
            Error::Server(details) => ("server", details.key_state),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(rotated("{}"), Ok(()));
    assert_eq!(rotated(&format!("{{{lost}}}")), Ok(()));
    assert_eq!(rotated(&format!("{{{lost}, \"get\": {failing}}}")), Err(("transport", KeyState::Unknown)));
    assert_eq!(rotated(&format!("{{\"test\": {failing}}}")), Err(("server", KeyState::Unchanged)));
}
