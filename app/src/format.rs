//! How times and numbers are written. Pure: the server and the browser write the same for the same arguments.

use domain::Timestamp;

/// How long ago `then` was at `now`, in one unit: `just now`, `3 min ago`, `2 h ago`, `5 d ago`.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    if seconds < 10 { "just now".to_owned() } else { format!("{} ago", span(seconds)) }
}

/// How long it is from `now` until `then`: `in 3 min`, `in 5 d`; `now` when it has passed.
pub fn until(now: Timestamp, then: Timestamp) -> String {
    let seconds = then.as_second() - now.as_second();
    if seconds < 1 { "now".to_owned() } else { format!("in {}", span(seconds)) }
}

/// How long something has lasted at `now`: `3 min`.
pub fn lasted(now: Timestamp, since: Timestamp) -> String {
    span((now.as_second() - since.as_second()).max(0))
}

fn span(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    }
}

/// The moment in full: `2026-03-09 14:05:30 UTC`.
pub fn in_full(moment: Timestamp) -> String {
    let text = moment.to_string();
    let whole = text.split(['.', 'Z']).next().unwrap_or_default();
    format!("{} UTC", whole.replace('T', " "))
}

/// A number with its noun: `1 agent`, `3 agents`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn times_are_written_in_the_largest_unit_that_fits() {
        for (seconds, text) in
            [(0, "just now"), (59, "59 s ago"), (60, "1 min ago"), (7199, "1 h ago"), (86_400 * 3, "3 d ago")]
        {
            assert_eq!(ago(at(seconds), at(0)), text);
        }
        assert_eq!(ago(at(0), at(5)), "just now");
        assert_eq!(until(at(0), at(90)), "in 1 min");
        assert_eq!(lasted(at(0), at(9)), "0 s");
    }

    #[test]
    fn moments_are_written_in_utc() {
        let moment = Timestamp::from_millisecond(1_773_065_130_250).unwrap();
        assert_eq!(in_full(moment), "2026-03-09 14:05:30 UTC");
    }
}
