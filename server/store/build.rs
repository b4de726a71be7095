//! Builds storage again when a migration is added: embedding them notices changed files, but not new ones.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
