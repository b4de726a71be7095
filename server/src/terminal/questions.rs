//! What tmux asks of the terminal that it draws on, and the answers. Pure.
//!
//! tmux takes one answer to each of these from an attachment, within five seconds. An answer that comes later, or a second one, it
//! hands to the program as if somebody had typed it. A viewer's answer may well be late: after a cut, on a slow line, or when the
//! attachment that asked was replaced meanwhile, and then it goes to the next one, which gets its own, too. So no viewer is asked;
//! the answer is given here, at once, to the attachment that asked.

use std::borrow::Cow;

const ESCAPE: u8 = 0x1b;
/// A question, and what xterm.js answers: a VT100 with the advanced video option, and a VT100 of version 276. It does not say its
/// name and version.
const QUESTIONS: [(&[u8], &[u8]); 3] = [(b"\x1b[c", b"\x1b[?1;2c"), (b"\x1b[>c", b"\x1b[>0;276;0c"), (b"\x1b[>q", b"")];

/// Takes questions out of what one attachment prints.
#[derive(Debug, Default)]
pub struct Questions {
    /// The beginning of what may be one.
    partial: Vec<u8>,
}

impl Questions {
    /// Gives back what is to be shown of this output, and what is to be answered.
    pub fn take_out<'a>(&mut self, output: &'a [u8]) -> (Cow<'a, [u8]>, Vec<u8>) {
        let mut answers = Vec::new();
        if self.partial.is_empty() && !output.contains(&ESCAPE) {
            return (Cow::Borrowed(output), answers);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(output);
        let (mut shown, mut rest) = (Vec::with_capacity(whole.len()), whole.as_slice());
        while let Some(at) = rest.iter().position(|byte| *byte == ESCAPE) {
            shown.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            if let Some((question, answer)) = QUESTIONS.iter().find(|(question, _)| rest.starts_with(question)) {
                answers.extend_from_slice(answer);
                rest = &rest[question.len()..];
            } else if QUESTIONS.iter().any(|(question, _)| question.starts_with(rest)) {
                self.partial = rest.to_vec();
                rest = &[];
            } else {
                shown.push(ESCAPE);
                rest = &rest[1..];
            }
        }
        shown.extend_from_slice(rest);
        (Cow::Owned(shown), answers)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is shown and answered of this output, when it comes in such pieces.
    fn taken_out(output: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<u8>) {
        let (mut questions, mut rest) = (Questions::default(), output);
        let (mut shown, mut answers) = (Vec::new(), Vec::new());
        for cut in cuts.iter().copied().chain([usize::MAX]) {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            let (more, answer) = questions.take_out(now);
            shown.extend_from_slice(&more);
            answers.extend(answer);
            rest = later;
        }
        (shown, answers)
    }

    proptest! {
        #[test]
        fn questions_are_answered_and_nothing_else_is_touched(cuts in prop::collection::vec(0_usize..6, 0..40)) {
            let asked = b"\x1b[H\x1b[2J\x1b[?12l\x1b[1;47r\x1b[c\x1b[>c\x1b[>q\x1b[21;1Hrow\x1b[>4;1m\x1b\x1b[c";
            let shown = b"\x1b[H\x1b[2J\x1b[?12l\x1b[1;47r\x1b[21;1Hrow\x1b[>4;1m\x1b";
            let answers = b"\x1b[?1;2c\x1b[>0;276;0c\x1b[?1;2c";
            prop_assert_eq!(taken_out(asked, &cuts), (shown.to_vec(), answers.to_vec()));
        }

        #[test]
        fn it_is_the_same_however_it_is_cut(output in "[\x1b\\[>?cqm]{0,60}", cuts in prop::collection::vec(0_usize..9, 0..20)) {
            prop_assert_eq!(taken_out(output.as_bytes(), &cuts), taken_out(output.as_bytes(), &[]));
        }
    }
}
