//! What to do after the CLI ended: a decision from how it ended and where the task is, nothing else.

use std::time::Duration;

use super::{cli::Ended, wire::Seen};

/// How often a CLI may crash on one task.
pub const CRASHES_MAX: u32 = 3;
/// The first and the longest pause after a crash.
pub const CRASH_PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// The first and the longest pause after a usage limit, which often lasts for hours.
pub const LIMIT_PAUSES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(1800));

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The CLI has reported how it ended.
    Finished,
    /// It ended well and has not reported it.
    Report,
    /// A question is open.
    Park,
    /// It met a usage limit.
    Limited,
    /// It crashed and may try again.
    Again,
    /// It crashed too often.
    GiveUp,
    /// The task is somebody else's, or nobody's.
    Lost,
}

/// Decides.
pub fn of(ended: &Ended, seen: &Seen, crashes: u32) -> Verdict {
    if seen.is_lost() {
        return Verdict::Lost;
    }
    if seen.waits() {
        return Verdict::Park;
    }
    if !seen.is_ours() {
        return Verdict::Finished;
    }
    match ended {
        _ if ended.is_well() => Verdict::Report,
        _ if ended.met_a_limit() => Verdict::Limited,
        _ if crashes + 1 < CRASHES_MAX => Verdict::Again,
        _ => Verdict::GiveUp,
    }
}

/// The pause before try number `number`: the first one doubled each time, up to the longest.
pub fn pause((first, longest): (Duration, Duration), number: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(number.saturating_sub(1))).min(longest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(state: &str, held: bool, question: Option<&str>) -> Seen {
        let lease = held.then(|| json!({ "epoch": 1 }));
        let questions: Vec<_> =
            question.into_iter().map(|status| json!({ "question_id": "q", "status": status })).collect();
        let task = json!({ "id": "t", "title": "t", "branch": "agent/t", "state": state });
        serde_json::from_value(json!({ "task": task, "lease": lease, "questions": questions })).unwrap()
    }

    #[test]
    fn what_the_cli_reported_stands_and_what_it_left_open_is_decided() {
        let well = Ended::with(Some(0), "");
        let crash = Ended::with(Some(1), "segmentation fault");
        let limit = Ended::with(Some(1), "Claude AI usage limit reached|1766000000");
        for state in ["in_review", "done", "failed"] {
            assert_eq!(of(&well, &seen(state, false, None), 0), Verdict::Finished, "{state}");
            assert_eq!(of(&crash, &seen(state, false, None), 0), Verdict::Finished, "{state}");
        }
        assert_eq!(of(&well, &seen("in_progress", true, None), 0), Verdict::Report);
        assert_eq!(of(&limit, &seen("in_progress", true, None), 2), Verdict::Limited);
        assert_eq!(of(&crash, &seen("in_progress", true, None), 0), Verdict::Again);
        assert_eq!(of(&crash, &seen("in_progress", true, None), 2), Verdict::GiveUp);
        assert_eq!(of(&well, &seen("needs_input", true, Some("pending")), 0), Verdict::Park);
        // Blocked: it waits for a person, and is not ours.
        assert_eq!(of(&well, &seen("needs_input", false, None), 0), Verdict::Finished);
        for (state, held) in [("in_progress", false), ("backlog", false), ("cancelled", false)] {
            assert_eq!(of(&well, &seen(state, held, None), 0), Verdict::Lost, "{state}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let seconds: Vec<_> = (1..=8).map(|number| pause(CRASH_PAUSES, number).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(pause(LIMIT_PAUSES, u32::MAX).as_secs(), 1800);
    }
}
