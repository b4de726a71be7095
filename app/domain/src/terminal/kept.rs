//! What stays of a terminal after its agent has ended.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Timestamp};

/// That something is kept of an agent's terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTerminal {
    /// Whose terminal it was. The agent may be gone.
    pub agent_id: AgentId,
    /// What the agent was called.
    pub agent_name: String,
    /// When it was read.
    pub captured_at: Timestamp,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptText {
    /// Of which terminal, and since when.
    pub of: KeptTerminal,
    /// Its history and its last screen as plain text, the newest part of it if it was too long.
    pub text: String,
}

/// The end of a text in whole lines, of at most so many bytes; without empty lines behind it.
pub fn tail(text: &str, most_bytes: usize) -> &str {
    let text = text.trim_end();
    let Some(mut cut) = text.len().checked_sub(most_bytes) else { return text };
    while !text.is_char_boundary(cut) {
        cut += 1;
    }
    let is_whole = cut == 0 || text.as_bytes()[cut - 1] == b'\n';
    let rest = &text[cut..];
    if is_whole { rest } else { rest.split_once('\n').map_or(rest, |(_, whole)| whole) }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn the_end_of_a_text_begins_with_a_whole_line() {
        assert_eq!(tail("one\ntwo\nthree\n\n  \n", 100), "one\ntwo\nthree");
        assert_eq!(tail("one\ntwo\nthree", 9), "two\nthree");
        assert_eq!(tail("one\ntwo\nthree", 8), "three");
        assert_eq!(tail("a\n漢字漢字", 5), "字", "one line that is too long loses its beginning");
        assert_eq!(tail("", 5), "");
    }
}
