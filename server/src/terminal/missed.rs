//! Sees in what tmux prints whether it left lines out. tmux reads what a program printed some kilobytes at a time, scrolls
//! the viewer's screen by line feeds one behind another, and then paints only the lines that are still visible. What was
//! printed between the history and the screen is missing too, which attach.sh makes tmux say. A program that leaves the alternate
//! screen after another size came has tmux move lines between the two, which tmux says in its title. And tmux drops what a terminal has
//! not taken once that is more than eight bytes a cell (`tty_block_maybe` in its tty.c); it begins the terminal anew then. Pure.

/// Begins every sequence and every mark.
const ESCAPE: u8 = 0x1b;
/// What tmux has said when it attaches and the history is not the one that was shown. Nothing that a program prints makes it: tmux
/// passes no such sequence on.
const MOVED: &[u8] = b"\x1b_aiworker moved\x1b\\";
/// The title that tmux gives the viewer's terminal (`set-titles-string` in `agent-image/tmux.conf`) while a program shows the alternate
/// screen, if it does so when tmux attaches or when the size changes …
const ALTERNATE: &[u8] = b"\x1b]0;aiworker alternate 1\x07";
/// … and when it has left it.
const MAIN: &[u8] = b"\x1b]0;aiworker alternate 0\x07";

/// The end of how tmux begins a terminal anew (`tty_invalidate`), up to the last row of the scrolling region, which is that of the
/// terminal: it takes back every mode, pasting in brackets last. Cursor and region alone also follow each other where a program scrolls
/// a part of its screen.
const ANEW: &[u8] = b"\x1b[?2004l\x1b[1;1H\x1b[1;";
/// How often tmux begins a terminal anew as it attaches: at first, and when the client has told its size.
const ANEW_AT_FIRST: u8 = 2;

/// Bytes that are looked for, and how many of them have come.
#[derive(Debug)]
struct Mark {
    bytes: &'static [u8],
    come: usize,
}

impl Mark {
    const fn new(bytes: &'static [u8]) -> Self {
        Self { bytes, come: 0 }
    }

    /// Whether this byte is the last one. No mark begins anew within itself.
    fn ends_with(&mut self, byte: u8) -> bool {
        self.come = if self.bytes[self.come] == byte { self.come + 1 } else { usize::from(self.bytes[0] == byte) };
        let has_come = self.come == self.bytes.len();
        if has_come {
            self.come = 0;
        }
        has_come
    }
}

/// Looks at the output of one attachment.
#[derive(Debug)]
pub struct Missed {
    is_so: bool,
    /// Line feeds one behind another, up to the last byte that came.
    run: u16,
    /// Whether the cursor was moved right before them: then even lines that were never painted may have scrolled away.
    is_moved: bool,
    sequence: Sequence,
    moved: Mark,
    alternate: Mark,
    main: Mark,
    anew: Mark,
    /// Whether that has come, but for the last row and the sequence's end.
    is_region: bool,
    /// How often tmux began anew, up to [`ANEW_AT_FIRST`].
    begun: u8,
    /// Whether the attachment began on the alternate screen, as far as the first title has come. Of a program that came to it later, the size
    /// is still that of the screen it left.
    began_alternate: Option<bool>,
}

impl Default for Missed {
    fn default() -> Self {
        Self {
            is_so: false,
            run: 0,
            is_moved: false,
            sequence: Sequence::None,
            moved: Mark::new(MOVED),
            alternate: Mark::new(ALTERNATE),
            main: Mark::new(MAIN),
            anew: Mark::new(ANEW),
            is_region: false,
            begun: 0,
            began_alternate: None,
        }
    }
}

/// How far an escape sequence has come, of those that move the cursor up or down.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    #[default]
    None,
    Escape,
    Parameters,
}

impl Missed {
    /// Whether lines were left out, as far as can be seen.
    pub fn is_so(&self) -> bool {
        self.is_so
    }

    /// tmux printed this to a terminal of so many rows. `has_reason` says that it may have begun anew because it has just been attached, or
    /// because of another size.
    pub fn look(&mut self, bytes: &[u8], rows: u16, has_reason: bool) {
        if self.is_so {
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = self.pass_text(rest);
            let [byte, after @ ..] = rest else { return };
            rest = after;
            if self.alternate.ends_with(*byte) {
                self.began_alternate.get_or_insert(true);
            }
            let is_back = self.main.ends_with(*byte) && *self.began_alternate.get_or_insert(false);
            let is_dropped = self.begins_anew(*byte) && !has_reason;
            self.is_so |= is_back | is_dropped | self.moved.ends_with(*byte);
            if self.is_so {
                return;
            }
            if *byte == b'\n' {
                self.run = self.run.saturating_add(1);
                self.is_so |= self.run >= if self.is_moved { 2 } else { rows };
            } else {
                self.run = 0;
                self.on_other(*byte);
            }
        }
    }

    /// Whether tmux begins the terminal anew with this byte, and has attached before.
    fn begins_anew(&mut self, byte: u8) -> bool {
        let is_end = self.is_region && byte == b'r';
        self.is_region = self.anew.ends_with(byte) || (self.is_region && byte.is_ascii_digit());
        let was_attached = self.begun == ANEW_AT_FIRST;
        self.begun += u8::from(is_end && !was_attached);
        is_end && was_attached
    }

    /// Passes over what is neither a line feed nor the beginning of a sequence, nor within one: nearly all of the output.
    fn pass_text<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let marks = [&self.moved, &self.alternate, &self.main, &self.anew];
        if self.is_region || self.sequence != Sequence::None || marks.iter().any(|mark| mark.come > 0) {
            return bytes;
        }
        let text = memchr::memchr2(ESCAPE, b'\n', bytes).unwrap_or(bytes.len());
        if text > 0 {
            self.run = 0;
            self.is_moved = false;
        }
        &bytes[text..]
    }

    fn on_other(&mut self, byte: u8) {
        self.is_moved = self.sequence == Sequence::Parameters && matches!(byte, b'd' | b'H' | b'B');
        self.sequence = match (self.sequence, byte) {
            (_, ESCAPE) => Sequence::Escape,
            (Sequence::Escape, b'[') | (Sequence::Parameters, b'0'..=b'9' | b';') => Sequence::Parameters,
            _ => Sequence::None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether that is seen, however the output is cut.
    fn is_seen(output: &str) -> bool {
        let seen: Vec<bool> = (0..=output.len())
            .map(|cut| {
                let mut missed = Missed::default();
                let (first, second) = output.as_bytes().split_at(cut);
                missed.look(first, 24, false);
                missed.look(second, 24, false);
                missed.is_so()
            })
            .collect();
        assert!(seen.iter().all(|one| *one == seen[0]), "{output:?}");
        seen[0]
    }

    #[test]
    fn a_screenful_that_scrolls_at_once_leaves_lines_out() {
        let feeds = |count| "\n".repeat(count);
        assert!(is_seen(&format!("row 1\r\n\x1bP=1s\x1b\\{}\x1b[Hrow 25", feeds(24))));
        assert!(
            is_seen(&format!("\x1bP=1s\x1b\\\x1b[24d{}\x1b[H8\r\n9", feeds(8))),
            "what was not painted yet is gone"
        );
        assert!(!is_seen(&format!("\x1bP=1s\x1b\\{}\x1b[10A1\r\n2\x1b[K\r\n3", feeds(10))), "that had been painted");
    }

    #[test]
    fn tmux_says_that_the_history_has_moved_on() {
        assert!(is_seen("\x1b[H\x1b[2J\x1b_aiworker moved\x1b\\\x1b[>c"));
        assert!(!is_seen("\x1b[H\x1b[2J\x1b_aiworker move\x1b\\d\x1b[>c"));
    }

    #[test]
    fn a_program_that_leaves_the_alternate_screen_after_another_size_moves_lines() {
        let title = |on: u8| format!("\x1b]0;aiworker alternate {on}\x07");
        assert!(!is_seen(&title(0)), "it was not in it");
        assert!(!is_seen(&[title(0), title(1), title(0)].concat()), "it came and went in one size");
        assert!(!is_seen(&format!("{}\x1b[Hfull\x1b[K", title(1))), "it still is");
        assert!(is_seen(&format!("{}\x1b[Hfull\x1b[K{}\x1b[Hmain", title(1), title(0))));
    }

    const BEGIN: &str = "\x1b(B\x1b[m\x1b[?12l\x1b[?25h\x1b[?2004l\x1b[1;1H\x1b[1;24r\x1b[4;8H";

    #[test]
    fn tmux_begins_a_terminal_anew_that_it_has_dropped_output_for() {
        assert!(!is_seen(BEGIN));
        assert!(!is_seen(&[BEGIN, "screen", BEGIN, "screen"].concat()), "it attaches");
        assert!(is_seen(&[BEGIN, BEGIN, "screen", BEGIN, "screen"].concat()));
        let ordinary = "\x1b[1;20r\x1b[1;1H\x1bM\x1b[1;24r\x1b[5;1H\x1b[1;1H\x1b[1;24r\x1b[5;1H";
        assert!(!is_seen(&[BEGIN, BEGIN, ordinary, ordinary].concat()), "a program scrolls a part of its screen");
    }

    #[test]
    fn a_new_size_is_a_reason_to_begin_anew() {
        let mut missed = Missed::default();
        for _ in 0..4 {
            missed.look(BEGIN.as_bytes(), 24, true);
        }
        assert!(!missed.is_so());
        missed.look(BEGIN.as_bytes(), 24, false);
        assert!(missed.is_so());
    }

    #[test]
    fn lines_one_after_another_are_all_there() {
        assert!(!is_seen(&"line\x1b[K\r\n".repeat(100)));
        assert!(!is_seen("\x1b[24;1H\nline\x1b[2;5Hmore\x1b[24d\nline"));
    }
}
