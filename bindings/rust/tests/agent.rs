// SPDX-License-Identifier: MIT
//! The agent of the conformance cases: tests/bindings/README.md says what it is told.
use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::Read;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mobivate::{CancelHandle, Client, Key, KeyState};

type Outcome = Result<Key, mobivate::Error>;

/// A client; during a call that was started, the call's thread has it. The compiler sees to that.
struct Slot {
    client: Option<Client>,
    call: Option<JoinHandle<(Client, Outcome)>>,
    handle: CancelHandle,
}

fn field(text: &str) -> String {
    match text {
        "" => "-".to_owned(),
        _ => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn text(field: &str) -> Result<String, Box<dyn Error>> {
    let digits = field.trim_start_matches('-');
    let bytes: Result<_, _> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16)).collect();
    Ok(String::from_utf8(bytes?)?)
}

/// Of a call that changes no key.
fn outcome(key: Result<&str, &mobivate::Error>) -> String {
    let error = match key {
        Ok(key) => return format!("MBV_OK unchanged 0 0 - -1 - {}", field(key)),
        Err(error) => error,
    };
    let details = error.details();
    format!(
        "{} {} {} {} {} {} {} -",
        error.status_name(),
        match error.key_state() {
            KeyState::Unchanged => "unchanged",
            KeyState::Replaced => "replaced",
            KeyState::Unknown => "unknown",
        },
        details.http_status.unwrap_or(0),
        details.server_code.unwrap_or(0),
        field(details.server_message.as_deref().unwrap_or("")),
        details.retry_after.map_or(-1, |wait| wait.as_millis() as i64),
        field(&error.to_string()),
    )
}

fn created(key: &Outcome) -> String {
    match key {
        Ok(key) => format!("MBV_OK replaced 0 0 - -1 - {}", field(key.as_str())),
        Err(error) => outcome(Err(error)),
    }
}

fn set(client: &mut Client, option: &str, value: &str) -> Result<(), mobivate::Error> {
    match (option, value.parse().map(Duration::from_millis)) {
        ("timeout_ms", Ok(time)) => client.set_timeout(time),
        ("connect_timeout_ms", Ok(time)) => client.set_connect_timeout(time),
        ("base_url", _) => client.set_base_url(value),
        ("ca_file", _) => client.set_ca_file(value),
        ("proxy", _) => client.set_proxy(value),
        ("user_agent", _) => client.set_user_agent(value),
        _ => client.set_option(option, value),
    }
}

/// `kept` is what strings leave, until the end.
fn repeat(client: &mut Client, words: &[&str], kept: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let (count, kind, username, path) = (words[0].parse()?, words[1], text(words[3])?, text(words[4])?);
    // A `File` reads without a buffer of its own.
    let mut secret = vec![0; fs::metadata(&path)?.len() as usize];
    fs::File::open(&path)?.read_exact(&mut secret)?;
    let in_text = words[2] == "text";
    if in_text {
        kept.push(String::from_utf8(secret.clone())?);
    }
    for _ in 0..count {
        let key = match kind {
            "test" if client.test_key(&secret)? => continue,
            "test" => return Err("the key is refused".into()),
            "get" => client.get_key(&username, &secret)?,
            _ => client.create_key(&username, &secret)?,
        };
        if in_text {
            kept.push(key.as_str().to_owned());
        }
    }
    // SAFETY: a reference is valid to write to. The compiler must not see that nobody reads it.
    secret.iter_mut().for_each(|byte| unsafe { std::ptr::write_volatile(byte, 0) });
    Ok(())
}

fn answer(
    words: &[&str],
    slots: &mut HashMap<String, Slot>,
    kept: &mut Vec<String>,
) -> Result<String, Box<dyn Error>> {
    if words[0] == "runtime" {
        return Ok(field(option_env!("RUSTC_VERSION").unwrap_or("rustc")));
    }
    if words[0] == "new" {
        let mut client = Client::new()?;
        for option in words[2..].chunks(2) {
            if let Err(error) = set(&mut client, &text(option[0])?, &text(option[1])?) {
                return Ok(outcome(Err(&error)));
            }
        }
        let handle = client.cancel_handle();
        slots.insert(words[1].to_owned(), Slot { client: Some(client), call: None, handle });
        return Ok(outcome(Ok("")));
    }
    let slot = slots.get_mut(words[1]).ok_or("there is no such client")?;
    match (words[0], slot.client.as_mut()) {
        ("cancel", _) => slot.handle.cancel(),
        ("uncancel", _) => slot.handle.uncancel(),
        ("close", _) => slot.client = None,
        ("wait", _) => {
            let call = slot.call.take().ok_or("no call was started")?;
            let (client, key) = call.join().map_err(|_| "the call has panicked")?;
            slot.client = Some(client);
            return Ok(created(&key));
        }
        // Neither a second call during a call nor one on a dropped client compiles.
        (_, None) => return Ok("unsupported".to_owned()),
        ("set", Some(client)) => {
            return Ok(outcome(set(client, &text(words[2])?, &text(words[3])?).as_ref().map(|()| "")));
        }
        ("create", Some(client)) => {
            return Ok(created(&client.create_key(&text(words[2])?, text(words[3])?)));
        }
        ("get", Some(client)) => {
            let key = client.get_key(&text(words[2])?, text(words[3])?);
            return Ok(outcome(key.as_ref().map(Key::as_str)));
        }
        ("test", Some(client)) => {
            return Ok(match client.test_key(text(words[2])?) {
                Ok(false) => "MBV_ERR_CREDENTIALS unchanged 0 0 - -1 - -".to_owned(),
                accepted => outcome(accepted.as_ref().map(|_| "")),
            });
        }
        ("start", Some(_)) => {
            let (username, password) = (text(words[2])?, text(words[3])?);
            slot.call = slot.client.take().map(|mut client| {
                thread::spawn(move || {
                    let key = client.create_key(&username, password);
                    (client, key)
                })
            });
        }
        ("repeat", Some(client)) => repeat(client, &words[2..], kept)?,
        (other, _) => return Err(format!("there is no command {other:?}").into()),
    }
    Ok("ok".to_owned())
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut slots, mut kept) = (HashMap::new(), Vec::new());
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<_> = line.split(' ').collect();
        if words[0] == "quit" {
            println!("ok");
            break;
        }
        let said = answer(&words, &mut slots, &mut kept);
        println!("{}", said.unwrap_or_else(|why| format!("error {}", field(&why.to_string()))));
    }
    Ok(())
}
