// SPDX-License-Identifier: MIT
//! The crates beside a libmobivate that is missing, too old, or named by a variable.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{scratch, variable};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
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

/// One after the other, since they share a folder to build in.
#[test]
fn libraries_of_all_kinds() {
    a_missing_library_is_told_at_build_time();
    an_old_library_is_told();
    a_library_is_named_by_a_variable();
    a_bundled_library_that_is_not_here_is_told();
}

fn a_missing_library_is_told_at_build_time() {
    let folder = program("missing-library", "fn main() { println!(\"{}\", mobivate::version()); }");
    let empty = scratch("empty");
    let (succeeded, _, stderr) = run(cargo(&folder)
        .args(["build", "--offline"])
        .env("PKG_CONFIG_PATH", "")
        .env("PKG_CONFIG_LIBDIR", &empty));
    assert!(!succeeded);
    for part in
        ["libmobivate >= 1.1.0, < 2", empty.to_str().unwrap(), "install libmobivate", "MOBIVATE_LIBRARY"]
    {
        assert!(stderr.contains(part), "{part} is not in: {stderr}");
    }

    let (succeeded, _, stderr) =
        run(cargo(&folder).args(["build", "--offline"]).env("MOBIVATE_LIBRARY", empty.join("none.so")));
    assert!(!succeeded);
    assert!(stderr.contains("cannot open MOBIVATE_LIBRARY") && stderr.contains("none.so"), "{stderr}");
}

fn an_old_library_is_told() {
    let source = "fn main() { println!(\"{}\", mobivate::Client::new().unwrap_err()); }";
    let folder = program("old-library", source);
    let old = scratch("old");
    for version in ["0.9.0", "1.0.0"] {
        let package = format!("libdir=/old/lib\nName: mobivate\nDescription: -\nVersion: {version}\n");
        fs::write(old.join("mobivate.pc"), package).unwrap();
        let (succeeded, _, stderr) =
            run(cargo(&folder).args(["build", "--offline"]).env("PKG_CONFIG_PATH", &old));
        assert!(!succeeded);
        let expected = format!(
            "found libmobivate {version} in /old/lib; this crate needs >= 1.1.0, < 2: install libmobivate"
        );
        assert!(stderr.contains(&expected), "{stderr}");
    }

    // Built with a good one, and run with another. A newer 1.x is taken; the stub's mbv_new makes nothing.
    let newer = Path::new(&variable("MOBIVATE_STUBS")).join("1.99.99");
    let (_, stdout, _) = run(cargo(&folder).args(["run", "--offline"]).env("LD_LIBRARY_PATH", newer));
    assert_eq!(stdout, "There was no memory for a client. The old key still works.\n");
    for version in ["0.9.0", "1.0.0", "2.0.0"] {
        let stub = Path::new(&variable("MOBIVATE_STUBS")).join(version);
        let (succeeded, stdout, stderr) =
            run(cargo(&folder).args(["run", "--offline"]).env("LD_LIBRARY_PATH", &stub));
        assert!(succeeded, "{stderr}");
        let expected = format!(
            "found libmobivate {version} ({}/libmobivate.so.1); this crate needs >= 1.1.0, < 2. Nothing was \
             sent, and the old key still works.\n",
            stub.display()
        );
        assert_eq!(stdout, expected);
    }

    // A program that asks for the key, which 1.0 cannot, does not start with it.
    let asks = "fn main() { let _ = mobivate::Client::new().unwrap().get_key(\"u\", \"p\"); }";
    fs::write(folder.join("src/main.rs"), asks).unwrap();
    let stub = Path::new(&variable("MOBIVATE_STUBS")).join("1.0.0");
    let (succeeded, _, stderr) = run(cargo(&folder).args(["run", "--offline"]).env("LD_LIBRARY_PATH", &stub));
    assert!(!succeeded);
    let expected = format!("{}/libmobivate.so.1: version `MBV_1.1' not found", stub.display());
    assert!(stderr.contains(&expected), "{stderr}");
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

/// In the sources no library comes with the crates; the variable goes before the feature.
fn a_bundled_library_that_is_not_here_is_told() {
    let folder = program("bundled-library", "fn main() { println!(\"{}\", mobivate::version()); }");
    let bundled = ["--offline", "--features", "mobivate/bundled"];
    let (succeeded, _, stderr) = run(cargo(&folder).arg("build").args(bundled));
    assert!(!succeeded);
    for part in ["`bundled` has no libmobivate for ", "MOBIVATE_LIBRARY", "libmobivate.a"] {
        assert!(stderr.contains(part), "{part} is not in: {stderr}");
    }
    let named = installed("libmobivate.so.1");
    let (succeeded, stdout, stderr) =
        run(cargo(&folder).arg("run").args(bundled).env("MOBIVATE_LIBRARY", named));
    assert!(succeeded, "{stderr}");
    assert_eq!(stdout, format!("{}\n", mobivate::version()));
}
