// SPDX-License-Identifier: MIT
//! What the tests share: the stand-in for the service, and what `./test` says of where things are.
use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use mobivate::Client;

pub const PASSWORD: &str = "correct-password";

/// A scenario of the stand-in: the key is replaced, and no answer ever comes.
pub const NEVER_ANSWERS: &str = r#"{"creates": true, "cut": {"after": 0, "how": "stall"}}"#;

/// A variable that the test script sets.
pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/bindings/run_binding.py"))
}

/// An empty folder to build in.
pub fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(variable("MOBIVATE_SCRATCH")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A client of the stand-in: "HTTP" or "HTTPS".
pub fn client(scheme: &str) -> Client {
    let mut client = Client::new().unwrap();
    client.set_base_url(&variable(&format!("MOBIVATE_STANDIN_{scheme}"))).unwrap();
    client.set_ca_file(variable("MOBIVATE_STANDIN_CA_FILE")).unwrap();
    client.set_proxy("").unwrap();
    client
}

/// Creates an account at the stand-in, or resets it. The scenario is JSON.
pub fn create_account(username: &str, scenario: &str) {
    let body = format!(r#"{{"username": "{username}", "password": "{PASSWORD}", "scenario": {scenario}}}"#);
    ask("POST", "", &body);
}

/// How many requests an account has had, as soon as there were so many, and its valid key.
pub fn await_requests(username: &str, requests: u32) -> (u32, String) {
    let account = ask("GET", &format!("/{username}?requests={requests}&timeout_ms=10000"), "");
    (
        member(&account, "requests").parse().unwrap(),
        member(&account, "valid_key").trim_matches('"').to_owned(),
    )
}

/// One member of the stand-in's answer, which is flat. For a value of JSON that has no comma in it.
fn member<'a>(json: &'a str, name: &str) -> &'a str {
    let (_, rest) = json.split_once(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name}: {json}"));
    rest.split(',').next().unwrap_or(rest)
}

fn ask(method: &str, path: &str, body: &str) -> String {
    let url = variable("MOBIVATE_STANDIN_HTTP");
    let host = url.trim_start_matches("http://");
    let mut connection = TcpStream::connect(host).expect("the stand-in listens");
    let size = body.len();
    write!(
        connection,
        "{method} /standin/accounts{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {size}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    answer
}
