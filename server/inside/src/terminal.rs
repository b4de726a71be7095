//! What a person who looks at the agent's terminal reads. Nobody may be there: failing to print is no failure.

use std::io::{self, Write};

/// A line of ours, marked so that it is told from what the CLI prints.
pub fn say(line: &str) {
    show(format!("\x1b[1m[AiWorker]\x1b[0m {line}\r\n").as_bytes());
}

/// Bytes as they are.
pub fn show(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}
