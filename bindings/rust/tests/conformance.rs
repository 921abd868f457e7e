// SPDX-License-Identifier: MIT
//! Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.

use std::fs;
use std::process::exit;
use std::thread;

use mobivate::{Client, Error, Key, KeyState};
use support::{variable, Json, StandIn};

/// Why a case failed.
type Check = Result<(), String>;

fn main() {
    let cases = Json::parse(&fs::read_to_string(variable("MOBIVATE_CASES")).expect("the cases"));
    let standin = StandIn::new();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for case in cases.member("cases").expect("cases").list() {
        let name = case.member("name").expect("a name").text();
        if let Some(why) = case.member("steps").expect("steps").list().iter().find_map(reason_to_skip) {
            println!("skip {name}: {why}");
            skipped += 1;
            continue;
        }
        match Run::new(&standin, case).and_then(|mut run| run.steps()) {
            Ok(()) => {
                println!("ok {name}");
                passed += 1;
            }
            Err(why) => {
                println!("not ok {name}: {why}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    exit(i32::from(failed > 0));
}

fn reason_to_skip(step: &Json) -> Option<&'static str> {
    match action(step) {
        "close" => Some(
            "a client that is dropped cannot be named: a use does not compile (E0382, a test of its own)",
        ),
        "create_key_while_busy" => {
            Some("a second call on a client in a call does not compile (E0499, a test of its own)")
        }
        _ => None,
    }
}

fn action(step: &Json) -> &str {
    step.member("do").expect("what to do").text()
}

/// A text, or {"repeat": [TEXT, COUNT]}.
fn text_of(rule: &Json) -> String {
    match rule.member("repeat") {
        Some(repeat) => repeat.list()[0].text().repeat(repeat.list()[1].number() as usize),
        None => rule.text().to_owned(),
    }
}

/// A case in progress.
struct Run<'a> {
    standin: &'a StandIn,
    case: &'a Json,
    username: String,
    password: String,
    client: Client,
}

impl<'a> Run<'a> {
    fn new(standin: &'a StandIn, case: &'a Json) -> Result<Run<'a>, String> {
        let name = case.member("name").expect("a name").text();
        let password = case.member("password").map_or("correct-password".to_owned(), text_of);
        let username = match case.member("username") {
            Some(rule) => text_of(rule),
            None => format!("{name}-rust@example.com"),
        };
        if case.member("username").is_none() {
            standin.create_account(&username, &password, &scenario(case));
        }
        let client = client(standin, case).map_err(|error| error.to_string())?;
        Ok(Run { standin, case, username, password, client })
    }

    fn steps(&mut self) -> Check {
        for (index, step) in self.case.member("steps").expect("steps").list().iter().enumerate() {
            for _ in 0..step.member("repeat").map_or(1, Json::number) {
                self.step(step).map_err(|why| format!("step {}: {why}", index + 1))?;
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &Json) -> Check {
        match action(step) {
            "create_key" => self.create_key(step),
            "create_key_then_cancel" => self.create_key_then_cancel(step),
            "create_key_on_two_clients" => self.create_key_on_two_clients(step),
            "cancel" => {
                self.client.cancel_handle().cancel();
                Ok(())
            }
            "uncancel" => {
                self.client.cancel_handle().uncancel();
                Ok(())
            }
            "set" => {
                let [option, value] =
                    ["option", "value"].map(|name| step.member(name).expect("what to set").text());
                compare(step, &self.client.set_option(option, value).map(|()| None))
            }
            other => Err(format!("there is no step {other:?}")),
        }
    }

    fn create_key(&mut self, step: &Json) -> Check {
        let username = step.member("username").map_or(self.username.clone(), text_of);
        let password = step.member("password").map_or(self.password.clone(), text_of);
        let before = self.standin.await_requests(&self.username, 0);
        let outcome = self.client.create_key(&username, &password).map(Some);
        compare(step, &outcome)?;
        compare_key_state_in_words(&outcome)?;
        compare_account(self.standin, step, &self.username, &before, &outcome)
    }

    fn create_key_then_cancel(&mut self, step: &Json) -> Check {
        let before = self.standin.await_requests(&self.username, 0);
        let handle = self.client.cancel_handle();
        let (client, username, password) = (&mut self.client, &self.username, &self.password);
        let outcome = thread::scope(|scope| {
            let call = scope.spawn(move || client.create_key(username, password).map(Some));
            self.standin.await_requests(username, before.requests + 1);
            handle.cancel();
            call.join().expect("a call does not panic")
        });
        compare(step, &outcome)?;
        compare_key_state_in_words(&outcome)?;
        compare_account(self.standin, step, &self.username, &before, &outcome)
    }

    fn create_key_on_two_clients(&mut self, step: &Json) -> Check {
        let second = format!("second-{}", self.username);
        let before_second = self.standin.create_account(&second, &self.password, &scenario(self.case));
        let before_first = self.standin.await_requests(&self.username, 0);
        let mut second_client = client(self.standin, self.case).map_err(|error| error.to_string())?;
        let (client, first, password) = (&mut self.client, &self.username, &self.password);
        let (of_first, of_second) = thread::scope(|scope| {
            let one = scope.spawn(|| client.create_key(first, password).map(Some));
            let other = scope.spawn(|| second_client.create_key(&second, password).map(Some));
            (one.join().expect("no panic"), other.join().expect("no panic"))
        });
        for (username, before, outcome) in
            [(first, before_first, of_first), (&second, before_second, of_second)]
        {
            compare(step, &outcome)?;
            compare_account(self.standin, step, username, &before, &outcome)?;
        }
        Ok(())
    }
}

fn scenario(case: &Json) -> Json {
    case.member("scenario").cloned().unwrap_or(Json::Object(Vec::new()))
}

/// A client with the options of the case.
fn client(standin: &StandIn, case: &Json) -> Result<Client, Error> {
    let mut client = Client::new()?;
    client.set_proxy("")?;
    if case.member("ca_file") != Some(&Json::Bool(false)) {
        client.set_ca_file(standin.fact("ca_file").expect("a fact"))?;
    }
    let base_url = case.member("base_url").map_or("https", Json::text);
    match standin.fact(base_url) {
        Some(host) if base_url.starts_with("hosts.") => client.set_base_url(&format!("https://{host}"))?,
        Some(url) => client.set_base_url(url)?,
        None => client.set_base_url(base_url)?,
    }
    for (name, value) in case.member("options").map_or(&[][..], Json::members) {
        client.set_option(name, value.text())?;
    }
    Ok(client)
}

/// What came out of a step; no key where the step makes none.
type Outcome = Result<Option<Key>, Error>;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, found: T) -> Check {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} is {found:?} and should be {expected:?}"))
}

/// Compares what the binding tells with `expect`.
fn compare(step: &Json, outcome: &Outcome) -> Check {
    let details = outcome.as_ref().err().map(Error::details);
    let key = outcome.as_ref().ok().and_then(Option::as_ref);
    let text = outcome.as_ref().err().map(Error::to_string).unwrap_or_default();
    let server_message = details.and_then(|details| details.server_message.as_deref()).unwrap_or_default();
    let number = |found: Option<i64>, none: i64| found.unwrap_or(none);
    for (name, expected) in step.member("expect").map_or(&[][..], Json::members) {
        match name.as_str() {
            "status" => {
                same(name, expected.text(), outcome.as_ref().map_or_else(Error::status_name, |_| "MBV_OK"))?
            }
            "key_state" => same(
                name,
                expected.text(),
                match details.map_or(KeyState::Replaced, |details| details.key_state) {
                    KeyState::Unchanged => "unchanged",
                    KeyState::Replaced => "replaced",
                    KeyState::Unknown => "unknown",
                },
            )?,
            "http_status" => {
                let found = details.and_then(|details| details.http_status).map(i64::from);
                same(name, expected.number(), number(found, 0))?;
            }
            "server_code" => {
                let found = details.and_then(|details| details.server_code).map(i64::from);
                same(name, expected.number(), number(found, 0))?;
            }
            "server_message" => same(name, expected.text(), server_message)?,
            "retry_after_ms" => {
                let found = details.and_then(|details| details.retry_after);
                same(name, expected.number(), number(found.map(|time| time.as_millis() as i64), -1))?;
            }
            "key_size" => same(name, expected.number(), key.map_or(0, |key| key.as_bytes().len()) as i64)?,
            "message_contains" | "message_lacks" => {
                let texts = match expected {
                    Json::List(texts) => texts.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for wanted in texts.iter().map(Json::text) {
                    if name == "message_contains" && !text.contains(wanted) {
                        return Err(format!("the error's text lacks {wanted:?}: {text:?}"));
                    }
                    if name == "message_lacks" && (text.contains(wanted) || server_message.contains(wanted)) {
                        return Err(format!("the error's text contains {wanted:?}: {text:?}"));
                    }
                }
            }
            "requests" | "valid" => {} // compare_account
            other => return Err(format!("there is nothing to expect of {other:?}")),
        }
    }
    Ok(())
}

/// The text of every failure of a call says what became of the old key.
fn compare_key_state_in_words(outcome: &Outcome) -> Check {
    const WORDS: [&str; 3] =
        ["The old key still works.", "The old key is revoked.", "The old key may be revoked"];
    match outcome {
        Err(error) if !WORDS.iter().any(|words| error.to_string().contains(words)) => {
            Err(format!("the error's text does not name the key state: {error}"))
        }
        _ => Ok(()),
    }
}

/// Compares the truth that the stand-in knows with `expect`.
fn compare_account(
    standin: &StandIn,
    step: &Json,
    username: &str,
    before: &support::Account,
    outcome: &Outcome,
) -> Check {
    let expected = |name| step.member("expect").and_then(|expect| expect.member(name));
    let requests = expected("requests").map(Json::number);
    let after = standin.await_requests(username, before.requests + requests.unwrap_or(0));
    if let Some(requests) = requests {
        same("requests", requests, after.requests - before.requests)?;
    }
    if let Some(valid) = expected("valid") {
        let handed_over = outcome.as_ref().ok().and_then(Option::as_ref).map(Key::as_str);
        let found = if after.valid_key == before.valid_key {
            "old"
        } else if handed_over == Some(&after.valid_key) {
            "new"
        } else {
            "lost"
        };
        same("valid", valid.text(), found)?;
    }
    Ok(())
}
