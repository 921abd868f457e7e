// SPDX-License-Identifier: MIT
//! Finds libmobivate: the file that `MOBIVATE_LIBRARY` names, else, with the feature `bundled`, the static
//! library of the target's own crate, else what pkg-config knows.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{exit, Command};

const NEEDED: &str = ">= 1.1.0, < 2";
const INSTALL: &str = "install libmobivate with its development files, \
                       or set MOBIVATE_LIBRARY to the path of libmobivate.so or libmobivate.a";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for name in
        ["MOBIVATE_LIBRARY", "PKG_CONFIG", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR"]
    {
        println!("cargo:rerun-if-env-changed={name}");
    }
    // Documentation is made without linking.
    if env::var_os("DOCS_RS").is_some() {
        return;
    }
    let linked = match env::var_os("MOBIVATE_LIBRARY") {
        Some(file) if !file.is_empty() => link_file(Path::new(&file)),
        _ if env::var_os("CARGO_FEATURE_BUNDLED").is_some() => link_bundled(),
        _ => link_package(),
    };
    if let Err(why) = linked {
        eprintln!("{why}");
        exit(1);
    }
}

/// Links the static library of the crate that is made for this target; its build script tells where it is.
fn link_bundled() -> Result<(), Box<dyn Error>> {
    let mut target = Vec::new();
    for part in ["ARCH", "OS", "ENV"] {
        target.push(env::var(format!("CARGO_CFG_TARGET_{part}"))?);
    }
    let library = format!("DEP_MOBIVATE_{}_LIBRARY", target.join("_").to_uppercase());
    match env::var_os(library) {
        Some(file) => link_file(Path::new(&file)),
        None => Err(format!(
            "the feature `bundled` has no libmobivate for {} here: set MOBIVATE_LIBRARY to the path of a \
             libmobivate.a, or build without the feature, on the system's libmobivate.",
            env::var("TARGET")?
        )
        .into()),
    }
}

/// Links one file, under the names that the linker and the loader look for. They lie in a directory
/// that `cargo run` and `cargo test` give to the loader. A static library becomes a part of the program.
fn link_file(file: &Path) -> Result<(), Box<dyn Error>> {
    let file = file
        .canonicalize()
        .map_err(|why| format!("cannot open MOBIVATE_LIBRARY={} ({why}): {INSTALL}.", file.display()))?;
    println!("cargo:rerun-if-changed={}", file.display());
    let directory = PathBuf::from(env::var("OUT_DIR")?);
    let (names, kind): (&[_], _) = match file.extension() {
        Some(extension) if extension == "a" => (&["libmobivate.a"], "static"),
        _ => (&["libmobivate.so", "libmobivate.so.1"], "dylib"),
    };
    for name in names {
        let link = directory.join(name);
        if fs::symlink_metadata(&link).is_ok() {
            fs::remove_file(&link)?;
        }
        std::os::unix::fs::symlink(&file, link)?;
    }
    println!("cargo:rustc-link-search=native={}", directory.display());
    println!("cargo:rustc-link-lib={kind}=mobivate");
    Ok(())
}

fn link_package() -> Result<(), Box<dyn Error>> {
    let version = pkg_config(&["--modversion", "mobivate"]).map_err(|why| {
        format!(
            "mobivate.pc not found in {} ({why}); this crate needs libmobivate {NEEDED}: {INSTALL}.",
            searched_directories()
        )
    })?;
    let library_directory = pkg_config(&["--variable=libdir", "mobivate"])?;
    if pkg_config(&["--exists", "mobivate >= 1.1.0", "mobivate < 2"]).is_err() {
        return Err(format!(
            "found libmobivate {version} in {library_directory}; this crate needs {NEEDED}: {INSTALL}."
        )
        .into());
    }
    for flag in pkg_config(&["--libs-only-L", "--libs-only-l", "mobivate"])?.split_whitespace() {
        if let Some(directory) = flag.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={directory}");
        } else if let Some(name) = flag.strip_prefix("-l") {
            println!("cargo:rustc-link-lib=dylib={name}");
        }
    }
    // For the build script of a program that wants a run path: DEP_MOBIVATE_LIBDIR.
    println!("cargo:libdir={library_directory}");
    Ok(())
}

/// Where pkg-config looks.
fn searched_directories() -> String {
    let usual = env::var("PKG_CONFIG_LIBDIR")
        .or_else(|_| pkg_config(&["--variable=pc_path", "pkg-config"]))
        .unwrap_or_else(|_| "its own path".to_owned());
    match env::var("PKG_CONFIG_PATH") {
        Ok(first) if !first.is_empty() => format!("{first}:{usual}"),
        _ => usual,
    }
}

fn pkg_config(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let program = env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".to_owned());
    let output = Command::new(&program)
        .args(arguments)
        .output()
        .map_err(|why| format!("{program} did not start: {why}"))?;
    if !output.status.success() {
        return Err(format!("{program} ended with {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
