// SPDX-License-Identifier: MIT
use std::fmt;

/// A value of JSON. A number stays as it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub fn parse(text: &str) -> Json {
        let mut parser = Parser { rest: text };
        let value = parser.value();
        parser.skip_space();
        assert!(parser.rest.is_empty(), "JSON goes on with {:.20}", parser.rest);
        value
    }

    pub fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(found, _)| found == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    pub fn list(&self) -> &[Json] {
        match self {
            Json::List(list) => list,
            other => panic!("{other} is no list"),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            other => panic!("{other} is no text"),
        }
    }

    pub fn number(&self) -> i64 {
        match self {
            Json::Number(number) => number.parse().expect("a whole number"),
            other => panic!("{other} is no number"),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(number) => f.write_str(number),
            Json::Text(text) => write_text(f, text),
            Json::List(list) => {
                for (index, value) in list.iter().enumerate() {
                    write!(f, "{}{value}", if index == 0 { "[" } else { "," })?;
                }
                f.write_str(if list.is_empty() { "[]" } else { "]" })
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\0'..='\x1f' => write!(f, "\\u{:04x}", character as u32)?,
            _ => write!(f, "{character}")?,
        }
    }
    f.write_str("\"")
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n'].as_slice());
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        self.rest.strip_prefix(token).map(|rest| self.rest = rest).is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.take(token), "JSON has {:.20} in place of {token}", self.rest);
    }

    fn value(&mut self) -> Json {
        if self.take("null") {
            Json::Null
        } else if self.take("true") {
            Json::Bool(true)
        } else if self.take("false") {
            Json::Bool(false)
        } else if self.take("\"") {
            Json::Text(self.rest_of_text())
        } else if self.take("[") {
            let mut list = Vec::new();
            while !self.take("]") {
                if !list.is_empty() {
                    self.expect(",");
                }
                list.push(self.value());
            }
            Json::List(list)
        } else if self.take("{") {
            let mut members = Vec::new();
            while !self.take("}") {
                if !members.is_empty() {
                    self.expect(",");
                }
                self.expect("\"");
                let name = self.rest_of_text();
                self.expect(":");
                members.push((name, self.value()));
            }
            Json::Object(members)
        } else {
            let after = |c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c));
            let (number, rest) = self.rest.split_at(self.rest.find(after).unwrap_or(self.rest.len()));
            assert!(number.parse::<f64>().is_ok(), "JSON has {number:?} in place of a value");
            self.rest = rest;
            Json::Number(number.to_owned())
        }
    }

    fn rest_of_text(&mut self) -> String {
        let mut units = Vec::new();
        loop {
            let mut characters = self.rest.chars();
            let character = characters.next().expect("a text that ends");
            self.rest = characters.as_str();
            let unescaped = match character {
                '"' => return String::from_utf16(&units).expect("whole surrogates"),
                '\\' => {
                    let escape = characters.next().expect("a text that ends");
                    self.rest = characters.as_str();
                    match escape {
                        'u' => {
                            let (digits, rest) = self.rest.split_at(4);
                            self.rest = rest;
                            units.push(u16::from_str_radix(digits, 16).expect("four digits"));
                            continue;
                        }
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        other => other,
                    }
                }
                other => other,
            };
            units.extend_from_slice(unescaped.encode_utf16(&mut [0; 2]));
        }
    }
}
