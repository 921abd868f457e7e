// SPDX-License-Identifier: MIT
use mobivate::{Client, Error, KeyState};

fn main() -> Result<(), Error> {
    let mut client = Client::new()?;
    match client.create_key("first.last@example.com", "your-pass") {
        Ok(key) => println!("{}", key.as_str()),
        Err(error) if error.key_state() == KeyState::Unknown => eprintln!("{error} Run this again."),
        Err(error) => eprintln!("{error}"),
    }
    Ok(())
}
