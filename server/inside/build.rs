//! Lays the instructions for agents, which stand in another folder, where the compiler finds them. Cargo would know them by the path of
//! the clone that compiled last, and clones share what they compile.

use std::{env, error::Error, fs, path::Path};

const INSTRUCTIONS: &str = "../../agent-image/CLAUDE.md";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={INSTRUCTIONS}");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("CLAUDE.md"), fs::read(INSTRUCTIONS)?)?;
    Ok(())
}
