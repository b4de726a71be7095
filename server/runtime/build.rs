//! Lays the files of other folders that are compiled in where the compiler finds them. Cargo would know them by the path of the clone
//! that compiled last, and clones share what they compile.

use std::{env, error::Error, fs, path::PathBuf};

const FOLDER: &str = "../..";
const FILES: [(&str, &str); 5] = [
    ("agent-image", "entrypoint.sh"),
    ("agent-image", "attach.sh"),
    ("agent-image", "session.bash"),
    ("agent-image", "tmux.conf"),
    ("k8s/base", "role.yaml"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let to = PathBuf::from(env::var("OUT_DIR")?);
    for (folder, name) in FILES {
        let from = format!("{FOLDER}/{folder}/{name}");
        println!("cargo::rerun-if-changed={from}");
        fs::write(to.join(name), fs::read(&from).map_err(|error| format!("{from}: {error}"))?)?;
    }
    Ok(())
}
