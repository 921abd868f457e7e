// SPDX-License-Identifier: MIT
//! What the tests share: JSON, and the stand-in of the service.

mod json;
mod standin;

use std::env;
use std::path::PathBuf;

pub use json::Json;
pub use standin::{Account, StandIn};

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
