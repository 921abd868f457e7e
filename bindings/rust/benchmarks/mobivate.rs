// SPDX-License-Identifier: MIT
//! Creates COUNT keys, one after the other. `./programs` says what is in the environment.
use std::env;
use std::fs::File;
use std::io::{self, Read, Write};

use mobivate::Client;

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is missing"))
}

/// A `File` reads without a buffer of its own.
fn read_password() -> io::Result<Vec<u8>> {
    let mut file = File::open(variable("MOBIVATE_PASSWORD_FILE"))?;
    let size = usize::try_from(file.metadata()?.len()).expect("a small file");
    let mut password = vec![0; size];
    file.read_exact(&mut password)?;
    Ok(password)
}

fn wipe(bytes: &mut [u8]) {
    for byte in bytes {
        // SAFETY: a reference is valid to write to.
        unsafe { std::ptr::write_volatile(byte, 0) };
    }
}

fn pause(what: &str) -> io::Result<()> {
    if env::var("MOBIVATE_PROGRAM_PAUSE").as_deref() != Ok("1") {
        return Ok(());
    }
    println!("{what}");
    io::stdout().flush()?;
    io::stdin().read_line(&mut String::new()).map(drop)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count: u32 = env::args().nth(1).ok_or("COUNT is missing")?.parse()?;
    let username = variable("MOBIVATE_USERNAME");
    let mut client = Client::new()?;
    client.set_base_url(&variable("MOBIVATE_BASE_URL"))?;
    client.set_ca_file(variable("MOBIVATE_CA_FILE"))?;
    client.set_proxy("")?;
    let mut password = read_password()?;
    if env::var("MOBIVATE_PROGRAM_TEXT").as_deref() == Ok("1") {
        let password = String::from_utf8(password)?;
        for _ in 0..count {
            let _text = client.create_key(&username, &password)?.as_str().to_owned();
        }
    } else {
        for _ in 0..count {
            client.create_key(&username, &password)?;
        }
        wipe(&mut password);
    }
    println!("created {count}");
    pause("kept")?;
    drop(client);
    pause("freed")?;
    Ok(())
}
