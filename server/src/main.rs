//! The aiworker binary.
fn main() {}
