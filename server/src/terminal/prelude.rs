//! What an agent's `attach.sh` says before the screen: who it is, which shell it shows, where the history ends. It comes in
//! escape sequences among the output, which stay here. Pure.

use domain::terminal::Mode;

const START: &[u8] = b"\x1b_aiworker ";
const END: &[u8] = b"\x1b\\";
/// The first version of `hello` that takes a receipt.
const RECEIPT_SINCE: u32 = 2;
/// Longest sequence in bytes, start and end left out.
const LONGEST: usize = 200;

/// Reads the beginning of an attachment.
#[derive(Debug, Default)]
pub struct Prelude {
    /// The beginning of a sequence that has not come whole yet.
    partial: Vec<u8>,
    stage: Stage,
    takes_receipt: bool,
    is_receipt_promised: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing came yet.
    #[default]
    Silent,
    /// It takes requests.
    Greeted,
    /// The screen is about to come.
    Screen,
    /// It comes.
    Over,
}

/// A piece of the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Output to be shown.
    Output(Vec<u8>),
    /// It waits for a request.
    Greeting,
    /// The history is complete. It waits for a receipt, and attaches to tmux then.
    Ready,
    /// The shell that it shows.
    Shell(String),
    /// The end of what was asked for; comes only after a request for the history alone.
    End,
    /// From here on it is tmux that speaks, and takes what is typed.
    Screen,
}

/// The request for history and screen; with `receipt`, [`RECEIPT`] is promised for [`Piece::Ready`].
pub fn request_attach(lines: u32, bytes: usize, mode: Mode, receipt: bool) -> Vec<u8> {
    let mode = match mode {
        Mode::Drive => "drive",
        Mode::Watch => "watch",
    };
    let receipt = if receipt { " receipt" } else { "" };
    format!(": attach {lines} {bytes} {mode}{receipt}\n").into_bytes()
}

/// All that was printed has come. When tmux attaches, it throws away what ttyd has not read by then.
pub const RECEIPT: &[u8] = b": received\n";

/// The request for the history as text.
pub fn request_history(lines: u32) -> Vec<u8> {
    format!(": history {lines}\n").into_bytes()
}

impl Prelude {
    /// Takes what ttyd printed apart. After [`Piece::Screen`] there is no need to ask again.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = std::mem::take(&mut self.partial);
        rest.extend_from_slice(bytes);
        while !rest.is_empty() && self.stage != Stage::Over {
            if self.stage == Stage::Screen || (self.stage == Stage::Silent && !is_prefix(START, &rest)) {
                // Either tmux begins, or this is not our attach.sh: an agent of before shows everything at once.
                self.stage = Stage::Over;
                pieces.push(Piece::Screen);
                break;
            }
            let Some(at) = find(&rest, START) else {
                let keep = partial_start(&rest);
                self.partial = rest.split_off(rest.len() - keep);
                break;
            };
            let (body, end) = match find(&rest[at + START.len()..], END) {
                Some(length) => (at + START.len()..at + START.len() + length, at + START.len() + length + END.len()),
                None if rest.len() - at <= START.len() + LONGEST => {
                    self.partial = rest.split_off(at);
                    break;
                }
                None => break,
            };
            let piece = self.understand(&rest[body]);
            let after = rest.split_off(end);
            rest.truncate(at);
            if !rest.is_empty() {
                pieces.push(Piece::Output(rest));
            }
            pieces.extend(piece);
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Output(rest));
        }
        pieces
    }

    /// Whether nothing came yet.
    pub fn is_silent(&self) -> bool {
        self.stage == Stage::Silent
    }

    /// It is about to get its request. Says whether that promises a receipt: [`Piece::Ready`] comes only then.
    pub fn promise_receipt(&mut self) -> bool {
        self.is_receipt_promised = self.takes_receipt;
        self.is_receipt_promised
    }

    /// Nothing came for too long: take it as it is.
    pub fn give_up(&mut self) -> Vec<u8> {
        self.stage = Stage::Over;
        std::mem::take(&mut self.partial)
    }

    fn understand(&mut self, body: &[u8]) -> Option<Piece> {
        let text = String::from_utf8_lossy(body);
        match text.split_once(' ').unwrap_or((&text, "")) {
            ("hello", version) => {
                self.stage = Stage::Greeted;
                self.takes_receipt = version.parse().is_ok_and(|version: u32| version >= RECEIPT_SINCE);
                Some(Piece::Greeting)
            }
            ("session", shell) => Some(Piece::Shell(shell.to_owned())),
            ("screen", _) => {
                self.stage = Stage::Screen;
                self.is_receipt_promised.then_some(Piece::Ready)
            }
            ("end", _) => Some(Piece::End),
            _ => None,
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Whether `bytes` begin with `start`, as far as they go.
fn is_prefix(start: &[u8], bytes: &[u8]) -> bool {
    let length = start.len().min(bytes.len());
    start[..length] == bytes[..length]
}

/// Bytes at the end that may be the beginning of a sequence.
fn partial_start(bytes: &[u8]) -> usize {
    (1..START.len()).rev().find(|length| bytes.ends_with(&START[..*length])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &[u8] = b"\x1b_aiworker hello 2\x1b\\\x1b_aiworker session 7.$0.9\x1b\\one\r\n\x1b[mtwo\x1b_aiworker screen\x1b\\\x1b[Hscreen \x1b_aiworker hello 1\x1b\\";

    fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut all: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (all.last_mut(), piece) {
                (Some(Piece::Output(before)), Piece::Output(more)) => before.extend(more),
                (_, piece) => all.push(piece),
            }
        }
        all
    }

    proptest! {
        #[test]
        fn it_reads_the_same_however_it_is_cut(cuts in prop::collection::vec(1_usize..20, 1..120)) {
            let (mut prelude, mut pieces) = (Prelude::default(), Vec::new());
            let answered_at = find(WHOLE, END).unwrap() + END.len();
            for mut rest in <[_; 2]>::from(WHOLE.split_at(answered_at)) {
                for cut in cuts.iter().copied().chain([WHOLE.len()]) {
                    let (now, later) = rest.split_at(cut.min(rest.len()));
                    pieces.extend(prelude.read(now));
                    rest = later;
                }
                prop_assert!(prelude.promise_receipt());
            }
            let output = |text: &[u8]| Piece::Output(text.to_vec());
            prop_assert_eq!(joined(pieces), vec![
                Piece::Greeting, Piece::Shell("7.$0.9".into()), output(b"one\r\n\x1b[mtwo"),
                Piece::Ready, Piece::Screen,
                output(b"\x1b[Hscreen \x1b_aiworker hello 1\x1b\\"),
            ]);
        }

        #[test]
        fn nothing_is_lost_of_what_is_not_ours(bytes: Vec<u8>) {
            prop_assume!(!bytes.is_empty() && !is_prefix(START, &bytes));
            prop_assert_eq!(Prelude::default().read(&bytes), vec![Piece::Screen, Piece::Output(bytes)]);
        }
    }

    #[test]
    fn an_agent_of_before_takes_no_receipt() {
        let mut prelude = Prelude::default();
        let before = String::from_utf8(WHOLE.to_vec()).unwrap().replacen("hello 2", "hello 1", 1);
        assert!(!prelude.read(before.as_bytes()).contains(&Piece::Ready));
        assert!(!prelude.promise_receipt());
    }

    /// Then nobody waits for it, and it would be typed.
    #[test]
    fn an_agent_that_got_no_request_gets_no_receipt_either() {
        assert!(!Prelude::default().read(WHOLE).contains(&Piece::Ready));
    }

    #[test]
    fn a_sequence_that_never_ends_is_output() {
        let mut prelude = Prelude::default();
        assert_eq!(prelude.read(b"\x1b_aiworker hello 1\x1b\\"), [Piece::Greeting]);
        let endless = [START, &[b'x'; LONGEST + 1]].concat();
        assert_eq!(prelude.read(&endless), [Piece::Output(endless.clone())]);
    }
}
