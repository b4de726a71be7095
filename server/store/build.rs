//! Builds storage again when a migration is added: embedding them notices changed files, but not new ones.
#![expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
