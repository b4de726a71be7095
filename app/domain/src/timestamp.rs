//! A moment in time, as the whole system keeps it: UTC, whole milliseconds, between 1970 and 9999.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC, to the millisecond. Written as RFC 3339 in JSON: `2026-03-09T14:05:30.250Z`. The default is the first one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z.
    milliseconds: i64,
}

/// A moment before 1970 or after 9999, or a text that is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a moment between 1970 and 9999 in the form 2026-03-09T14:05:30.250Z")]
pub struct TimestampError;

impl Timestamp {
    /// The first moment: 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self { milliseconds: 0 };
    /// The first moment.
    pub const MIN: Self = Self::UNIX_EPOCH;
    /// The last moment: 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self { milliseconds: 253_402_300_799_999 };

    /// The moment so many milliseconds after 1970-01-01T00:00:00Z.
    pub fn from_millisecond(milliseconds: i64) -> Result<Self, TimestampError> {
        let moment = Self { milliseconds };
        if (Self::MIN..=Self::MAX).contains(&moment) { Ok(moment) } else { Err(TimestampError) }
    }

    /// The moment so many seconds after 1970-01-01T00:00:00Z.
    pub fn from_second(seconds: i64) -> Result<Self, TimestampError> {
        Self::from_millisecond(seconds.checked_mul(1000).ok_or(TimestampError)?)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millisecond(self) -> i64 {
        self.milliseconds
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_second(self) -> i64 {
        self.milliseconds.div_euclid(1000)
    }

    /// The moment `duration` later, to the millisecond.
    pub fn checked_add(self, duration: Duration) -> Result<Self, TimestampError> {
        let later = millis(duration).and_then(|millis| self.milliseconds.checked_add(millis));
        Self::from_millisecond(later.ok_or(TimestampError)?)
    }

    /// The moment `duration` earlier, to the millisecond.
    pub fn checked_sub(self, duration: Duration) -> Result<Self, TimestampError> {
        let earlier = millis(duration).and_then(|millis| self.milliseconds.checked_sub(millis));
        Self::from_millisecond(earlier.ok_or(TimestampError)?)
    }

    /// How long after `earlier` this is; nothing when `earlier` is the later one.
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.milliseconds - earlier.milliseconds).unwrap_or_default())
    }
}

fn millis(duration: Duration) -> Option<i64> {
    i64::try_from(duration.as_millis()).ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = Duration::from_millis(u64::try_from(self.milliseconds).unwrap_or_default());
        humantime::format_rfc3339_millis(UNIX_EPOCH + since).fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time: SystemTime = humantime::parse_rfc3339(text).map_err(|_| TimestampError)?;
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| TimestampError)?;
        Self::UNIX_EPOCH.checked_add(since)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(utoipa::openapi::KnownFormat::DateTime)))
            .description(Some("A moment in UTC, to the millisecond."))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339_to_the_millisecond() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_773_065_130_250, "2026-03-09T14:05:30.250Z"),
            (Timestamp::MAX.as_millisecond(), "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millisecond(milliseconds).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in
            ["", "yesterday", "2026-03-09", "2026-13-09T00:00:00Z", "1969-12-31T23:59:59Z", "2026-03-09T14:05:30"]
        {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
        for milliseconds in [-1, i64::MIN, Timestamp::MAX.as_millisecond() + 1, i64::MAX] {
            assert_eq!(Timestamp::from_millisecond(milliseconds), Err(TimestampError));
        }
        assert_eq!(Timestamp::MAX.checked_add(Duration::from_millis(1)), Err(TimestampError));
        assert_eq!(Timestamp::UNIX_EPOCH.checked_sub(Duration::MAX), Err(TimestampError));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(milliseconds in 0..=Timestamp::MAX.as_millisecond()) {
            let moment = Timestamp::from_millisecond(milliseconds).unwrap();
            let json = serde_json::to_string(&moment).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
        }

        #[test]
        fn going_on_and_back_leads_to_the_same_moment(start in 0..1_000_000_000_000_i64, on in 0..1_000_000_000_000_u64) {
            let (start, on) = (Timestamp::from_millisecond(start).unwrap(), Duration::from_millis(on));
            let later = start.checked_add(on).unwrap();
            prop_assert_eq!(later.checked_sub(on).unwrap(), start);
            prop_assert_eq!(later.saturating_duration_since(start), on);
            prop_assert_eq!(start.saturating_duration_since(later), Duration::ZERO);
        }
    }
}
