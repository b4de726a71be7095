//! Has the release program linked small: functions that were compiled to the same instructions are kept once, and the addresses that
//! its loader adjusts are written down in a few bits each. Together that was 4 of 61 MB. Only LLD can do the first; rustup's compilers
//! link with it, a distribution's may not. The second wants a C library of 2022 or newer (glibc 2.36) where the program runs.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if is("PROFILE", "release") && is("TARGET", "x86_64-unknown-linux-gnu") && links_with_lld() {
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn is(variable: &str, value: &str) -> bool {
    env::var(variable).as_deref() == Ok(value)
}

fn links_with_lld() -> bool {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let Ok(answer) = Command::new(compiler).args(["--print", "sysroot"]).output() else { return false };
    let sysroot = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    Path::new(&sysroot).join("lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld").exists()
}
