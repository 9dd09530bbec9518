//! Time: a number for the core, hours and minutes for people.

use crate::machine::kernel;
use crate::model::Stamp;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use std::time::Duration;

/// The clock of a run.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Duration,
    began: Timestamp,
    zone: TimeZone,
}

impl Clock {
    /// A run begins now.
    pub fn start() -> Clock {
        Clock {
            start: kernel::clock(),
            began: Timestamp::now(),
            zone: TimeZone::system(),
        }
    }

    /// Milliseconds since the start, sleep included.
    pub fn now(&self) -> Stamp {
        Stamp(kernel::clock().saturating_sub(self.start).as_millis() as u64)
    }

    /// How long from now until `at`.
    pub fn until(&self, at: Stamp) -> Duration {
        (self.start + Duration::from_millis(at.0)).saturating_sub(kernel::clock())
    }

    /// `14:02:31`, local time.
    pub fn time_of_day(&self, at: Stamp) -> String {
        self.zoned(at).strftime("%H:%M:%S").to_string()
    }

    /// `2026-11-23T14:02:31.042+01:00`, RFC 3339.
    pub fn rfc3339(&self, at: Stamp) -> String {
        self.zoned(at)
            .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
            .to_string()
    }

    fn zoned(&self, at: Stamp) -> Zoned {
        let time = self
            .began
            .saturating_add(Duration::from_millis(at.0))
            .unwrap_or(Timestamp::MAX);
        time.to_zoned(self.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_machines_read_the_same_moment() {
        let clock = Clock {
            start: Duration::ZERO,
            began: Timestamp::from_millisecond(1_795_442_551_042).unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(1)),
        };
        assert_eq!(clock.time_of_day(Stamp(0)), "15:02:31");
        assert_eq!(clock.rfc3339(Stamp(1_000)), "2026-11-23T15:02:32.042+01:00");
    }

    #[test]
    fn a_moment_that_is_past_needs_no_wait() {
        let clock = Clock::start();
        assert_eq!(clock.until(Stamp(0)), Duration::ZERO);
        let ahead = clock.until(clock.now().after(Duration::from_secs(5)));
        assert!(
            ahead > Duration::from_secs(4) && ahead <= Duration::from_secs(5),
            "{ahead:?}"
        );
    }
}
