// SPDX-License-Identifier: MIT
use std::io::{Read, Write};
use std::net::TcpStream;

use mobivate::{Client, Error};

use crate::{variable, Json};

/// The stand-in of the service that this process was started beside.
pub struct StandIn {
    facts: Json,
}

/// What the stand-in knows of an account.
pub struct Account {
    pub requests: i64,
    pub valid_key: String,
}

impl StandIn {
    pub fn new() -> StandIn {
        StandIn { facts: Json::parse(&variable("MOBIVATE_STANDIN")) }
    }

    /// A fact by its path, such as "hosts.refused".
    pub fn fact(&self, path: &str) -> Option<&str> {
        path.split('.').try_fold(&self.facts, |fact, name| fact.member(name)).map(Json::text)
    }

    /// A client of the stand-in: "http" or "https".
    pub fn client(&self, scheme: &str) -> Result<Client, Error> {
        let mut client = Client::new()?;
        client.set_base_url(self.fact(scheme).expect("a fact"))?;
        client.set_ca_file(self.fact("ca_file").expect("a fact"))?;
        client.set_proxy("")?;
        Ok(client)
    }

    /// Creates an account, or resets it.
    pub fn create_account(&self, username: &str, password: &str, scenario: &Json) -> Account {
        let body = Json::Object(vec![
            ("username".to_owned(), username.into()),
            ("password".to_owned(), password.into()),
            ("scenario".to_owned(), scenario.clone()),
        ]);
        account(&self.ask("POST", "/standin/accounts", &body.to_string()))
    }

    /// The account, as soon as it has had so many requests.
    pub fn await_requests(&self, username: &str, requests: i64) -> Account {
        let path =
            format!("/standin/accounts/{}?requests={requests}&timeout_ms=10000", percent_encoded(username));
        account(&self.ask("GET", &path, ""))
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Json {
        let host = self.fact("http").expect("a fact").trim_start_matches("http://");
        let mut connection = TcpStream::connect(host).expect("the stand-in listens");
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        Json::parse(body)
    }
}

impl Default for StandIn {
    fn default() -> StandIn {
        StandIn::new()
    }
}

fn account(state: &Json) -> Account {
    Account {
        requests: state.member("requests").expect("a count").number(),
        valid_key: state.member("valid_key").expect("a key").text().to_owned(),
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
