// SPDX-License-Identifier: MIT
use std::io::Write;
use std::process::ExitCode;

use mobivate::{Client, Error, Key, KeyState};

fn create_key() -> Result<Key, Error> {
    let mut client = Client::new()?;
    client.create_key("first.last@example.com", "your-pass")
}

/// What the tool `mbv` would end with.
fn exit_code(error: &Error) -> u8 {
    match error {
        // Wrong input; nothing was sent.
        Error::InvalidArgument(_) => 2,
        // Unknown, whatever the reason; ask with `get_key`.
        _ if error.key_state() != KeyState::Unchanged => 5,
        // Refused; the old key still works.
        Error::Credentials(_) | Error::RateLimited(_) | Error::Rejected(_) => 3,
        // Not sent; the old key still works.
        _ => 4,
    }
}

fn main() -> ExitCode {
    match create_key() {
        Ok(key) => match writeln!(std::io::stdout(), "{}", key.as_str()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => {
                eprintln!("The key was created, but could not be written: {}", key.as_str());
                ExitCode::from(6)
            }
        },
        Err(error) => {
            eprintln!("{error}"); // says whether the old key still works, too
            ExitCode::from(exit_code(&error))
        }
    }
}
