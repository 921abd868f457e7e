// SPDX-License-Identifier: MIT
//! What the compiler says: the declarations are the header's, and misuse is refused.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use support::{scratch, variable};

/// Compiles a crate beside the libraries that the test script has built, and returns what is wrong.
fn compile(name: &str, source: &str) -> Result<(), String> {
    let folder = scratch(name);
    let file = folder.join("lib.rs");
    fs::write(&file, source).unwrap();
    let built = PathBuf::from(env::current_exe().unwrap().parent().unwrap().parent().unwrap());
    let output = Command::new(env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()))
        .args(["--edition=2021", "--crate-type=lib", "--emit=metadata", "-Dwarnings", "--out-dir"])
        .args([&folder, &file])
        .arg("-L")
        .arg(built.join("deps"))
        .args(
            ["mobivate", "mobivate_sys"]
                .map(|name| format!("--extern={name}={}/lib{name}.rlib", built.display())),
        )
        .output()
        .unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

fn rust_type(c_type: &str) -> &str {
    match c_type {
        "void" => "()",
        "int32_t" => "i32",
        "int64_t" => "i64",
        "size_t" => "usize",
        "size_t *" => "*mut usize",
        "char *" => "*mut c_char",
        "const char *" => "*const c_char",
        "mbv_client *" => "*mut mbv_client",
        "const mbv_client *" => "*const mbv_client",
        other => panic!("the header has a type that is new here: {other}"),
    }
}

/// What stands between `before` and `after`, each time, in what tests/bindings/header.py writes.
fn between<'a>(json: &'a str, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
    json.split(before).skip(1).map(move |rest| rest.split(after).next().unwrap())
}

#[test]
fn the_declarations_are_the_headers() {
    let header = fs::read_to_string(variable("MOBIVATE_HEADER")).unwrap();
    let mut names = Vec::new();
    let mut source = String::from("use mobivate_sys::*;\nuse std::os::raw::c_char;\npub fn check() {\n");
    let pieces: Vec<_> = header.split("\": {\"returns\": \"").collect();
    for (before, function) in pieces.iter().zip(&pieces[1..]) {
        let name = before.rsplit('"').next().unwrap().to_owned();
        let returns = rust_type(function.split('"').next().unwrap());
        let list = between(function, "\"parameters\": [", "]").next().unwrap();
        let parameters: Vec<_> = list.split('"').skip(1).step_by(2).map(rust_type).collect();
        writeln!(source, "let _: unsafe extern \"C\" fn({}) -> {returns} = {name};", parameters.join(", "))
            .unwrap();
        names.push(name);
    }
    for number in between(&header, "\"MBV_", ",") {
        let (name, value) = number.split_once("\": ").unwrap();
        writeln!(source, "const _: () = assert!(MBV_{name} == {});", value.trim_end_matches('}')).unwrap();
        names.push(format!("MBV_{name}"));
    }
    assert!(names.len() >= 19 + 22, "{names:?}");
    source.push_str("const _: () = assert!(MBV_NUL_TERMINATED == usize::MAX);\n}\n");
    compile("declarations", &source).unwrap_or_else(|why| panic!("{why}"));

    // And there is none that the header has not.
    let declared = include_str!("../mobivate-sys/src/lib.rs").lines().filter_map(|line| {
        let line = line.trim_start();
        let rest = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("pub const "))?;
        rest.split(['(', ':'].as_slice()).next()
    });
    for name in declared.filter(|&name| name != "MBV_NUL_TERMINATED") {
        assert!(names.iter().any(|known| known == name), "the header has no {name}");
    }
}

/// What other languages refuse at run time, Rust refuses here. Without the misuse the same program compiles.
#[test]
fn misuse_does_not_compile() {
    let refused = |name: &str, code: &str, misuse: &str, fine: &str| {
        let program = |body: &str| format!("pub fn program(mut client: mobivate::Client) {{ {body} }}");
        compile(name, &program(fine)).unwrap_or_else(|why| panic!("{why}"));
        let why = compile(name, &program(misuse)).expect_err("misuse compiles");
        assert!(why.contains(&format!("error[{code}]")), "{why}");
    };
    refused(
        "second-call-in-a-call",
        "E0499",
        r#"std::thread::scope(|scope| {
            scope.spawn(|| client.create_key("u", "p"));
            scope.spawn(|| client.create_key("u", "p"));
        })"#,
        r#"std::thread::scope(|scope| {
            scope.spawn(|| client.create_key("u", "p"));
        })"#,
    );
    let used = r#"let _ = client.create_key("u", "p");"#;
    refused("use-after-close", "E0382", &format!("drop(client); {used}"), &format!("{used} drop(client);"));
    refused(
        "double-close",
        "E0382",
        "let _ = &mut client; drop(client); drop(client);",
        "let _ = &mut client; drop(client);",
    );
    refused(
        "drop-during-a-call",
        "E0505",
        r#"std::thread::scope(|scope| {
            scope.spawn(|| client.create_key("u", "p"));
            drop(client);
        })"#,
        r#"std::thread::scope(|scope| {
            scope.spawn(|| client.create_key("u", "p"));
        });
        drop(client);"#,
    );
}
