// SPDX-License-Identifier: MIT
//! The crates as a stranger uses them: the README's example, and a libmobivate that is missing or too old.

use std::env;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{scratch, variable, Json, StandIn};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The README's block of Rust.
fn readme_example() -> String {
    let readme = fs::read_to_string(workspace().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```rust\n").expect("a block of Rust");
    rest.split_once("```").expect("its end").0.to_owned()
}

/// A crate of its own that depends on mobivate.
fn program(name: &str, source: &str) -> PathBuf {
    let folder = scratch(name);
    fs::create_dir(folder.join("src")).unwrap();
    fs::write(folder.join("src/main.rs"), source).unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\n\
         mobivate = {{ path = \"{}/mobivate\" }}\n\n[workspace]\n",
        workspace().display()
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    folder
}

/// Cargo in a folder, with libmobivate found by pkg-config alone.
fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(variable("CARGO"));
    command
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", Path::new(&variable("MOBIVATE_SCRATCH")).join("programs"))
        .env_remove("MOBIVATE_LIBRARY")
        .env_remove("LD_LIBRARY_PATH");
    command
}

fn run(command: &mut Command) -> (bool, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.success(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn installed(name: &str) -> PathBuf {
    Path::new(&variable("MOBIVATE_INSTALLED_LIBDIR")).join(name)
}

/// The names of a library that cannot be loaded by programs of today: each function answers 900.
fn old_library(folder: &Path) -> PathBuf {
    let header = Json::parse(&fs::read_to_string(variable("MOBIVATE_HEADER")).unwrap());
    let mut source = String::from("const char *mbv_version(void) { return \"0.9.0\"; }\n");
    for (name, _) in header.member("functions").unwrap().members() {
        if name != "mbv_version" {
            writeln!(source, "int {name}(void) {{ return 900; }}").unwrap();
        }
    }
    fs::write(folder.join("old.c"), source).unwrap();
    fs::write(folder.join("old.map"), "MBV_1 { mbv_*; };\n").unwrap();
    let library = folder.join("libmobivate.so.1");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-w", "-fno-builtin", "-Wl,-soname,libmobivate.so.1"])
        .arg(format!("-Wl,--version-script={}", folder.join("old.map").display()))
        .arg("-o")
        .args([&library, &folder.join("old.c")])
        .status();
    assert!(built.expect("Rust links with cc").success());
    library
}

/// One after the other, since they share a folder to build in.
#[test]
fn as_a_stranger_uses_it() {
    the_readmes_example_runs();
    a_missing_library_is_told_at_build_time();
    an_old_library_is_told();
    a_library_is_named_by_a_variable();
}

fn the_readmes_example_runs() {
    let example = readme_example();
    let in_package = fs::read_to_string(workspace().join("mobivate/examples/create_key.rs")).unwrap();
    assert_eq!(in_package, format!("// SPDX-License-Identifier: MIT\n{example}"));

    // As written, but for where the service is.
    let standin = StandIn::new();
    standin.create_account("first.last@example.com", "your-pass", &Json::Object(Vec::new()));
    let made = "let mut client = Client::new()?;\n";
    let options = [("base_url", "https"), ("ca_file", "ca_file"), ("proxy", "")].map(|(option, fact)| {
        format!("client.set_{option}({:?})?;\n", standin.fact(fact).unwrap_or_default())
    });
    assert!(example.contains(made));
    let folder = program("readme-example", &example.replace(made, &format!("{made}{}", options.concat())));
    let (succeeded, stdout, stderr) =
        run(cargo(&folder).args(["run", "--offline"]).env("LD_LIBRARY_PATH", installed("")));
    assert!(succeeded, "{stderr}");
    let account = standin.await_requests("first.last@example.com", 1);
    assert_eq!(stdout, format!("{}\n", account.valid_key));
}

fn a_missing_library_is_told_at_build_time() {
    let folder = program("missing-library", "fn main() { println!(\"{}\", mobivate::version()); }");
    let empty = scratch("empty");
    let (succeeded, _, stderr) = run(cargo(&folder)
        .args(["build", "--offline"])
        .env("PKG_CONFIG_PATH", "")
        .env("PKG_CONFIG_LIBDIR", &empty));
    assert!(!succeeded);
    for part in [
        "needs libmobivate 1.0.0 or newer",
        empty.to_str().unwrap(),
        "install libmobivate",
        "MOBIVATE_LIBRARY",
    ] {
        assert!(stderr.contains(part), "{part} is not in: {stderr}");
    }

    let (succeeded, _, stderr) =
        run(cargo(&folder).args(["build", "--offline"]).env("MOBIVATE_LIBRARY", empty.join("none.so")));
    assert!(!succeeded);
    assert!(stderr.contains("MOBIVATE_LIBRARY names") && stderr.contains("none.so"), "{stderr}");
}

fn an_old_library_is_told() {
    let source = "fn main() { println!(\"{}\", mobivate::Client::new().unwrap_err()); }";
    let folder = program("old-library", source);
    let old = scratch("old");
    fs::write(old.join("mobivate.pc"), "libdir=/old/lib\nName: mobivate\nDescription: -\nVersion: 0.9.0\n")
        .unwrap();
    let (succeeded, _, stderr) =
        run(cargo(&folder).args(["build", "--offline"]).env("PKG_CONFIG_PATH", &old));
    assert!(!succeeded);
    assert!(stderr.contains("pkg-config found 0.9.0 in /old/lib: install libmobivate"), "{stderr}");

    // Built with a good one, and run with an old one.
    let library = old_library(&old);
    let (succeeded, stdout, stderr) =
        run(cargo(&folder).args(["run", "--offline"]).env("LD_LIBRARY_PATH", &old));
    assert!(succeeded, "{stderr}");
    let expected = format!(
        "This program needs libmobivate 1.0.0 or newer, and below 2, but the loader found version 0.9.0 \
         as {}: install one of these. The old key still works.\n",
        library.display()
    );
    assert_eq!(stdout, expected);
}

/// Then it is linked and, by `cargo run`, loaded, whatever pkg-config knows.
fn a_library_is_named_by_a_variable() {
    let folder = program("named-library", "fn main() { println!(\"{}\", mobivate::version()); }");
    let elsewhere = scratch("elsewhere");
    symlink(installed("libmobivate.so.1"), elsewhere.join("renamed.so")).unwrap();
    let (succeeded, stdout, stderr) = run(cargo(&folder)
        .args(["run", "--offline"])
        .env("PKG_CONFIG_LIBDIR", &elsewhere)
        .env("PKG_CONFIG_PATH", "")
        .env("MOBIVATE_LIBRARY", elsewhere.join("renamed.so")));
    assert!(succeeded, "{stderr}");
    assert_eq!(stdout, format!("{}\n", mobivate::version()));
}
