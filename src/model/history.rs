//! A short memory of one side of one target.

use super::{ErrorKind, Outcome, Probe, Stamp};
use std::collections::VecDeque;

/// What is remembered of an observation once a newer one is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Stamp,
    /// Microseconds; the longest that fits where it took longer.
    pub took: u32,
    /// `None` where it answered.
    pub failed: Option<ErrorKind>,
}

/// The newest marks, oldest first. Ten minutes at one every five seconds.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// From which the times of the marks are counted.
    base: Stamp,
    kept: VecDeque<Kept>,
}

/// A mark in 12 bytes: two thousand histories are most of what a thousand targets cost.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Milliseconds since the base.
    since: u32,
    took: u32,
    failed: Option<ErrorKind>,
}

impl History {
    /// How many marks are kept.
    pub const LENGTH: usize = 120;

    /// Remembers an outcome; one that was not asked says nothing and is not kept.
    pub fn push(&mut self, at: Stamp, probe: &Probe) {
        let failed = match &probe.outcome {
            Outcome::Answered(_) => None,
            Outcome::Failed(failure) => Some(failure.error),
            Outcome::NotAsked(_) => return,
        };
        if self.kept.len() == Self::LENGTH {
            self.kept.pop_front();
        }
        // All the room at once: a thousand that grow step by step leave holes between them.
        self.kept.reserve_exact(Self::LENGTH - self.kept.len());
        let took = u32::try_from(probe.took.as_micros()).unwrap_or(u32::MAX);
        let since = self.since_base(at);
        self.kept.push_back(Kept {
            since,
            took,
            failed,
        });
    }

    /// Milliseconds from the base to `at`. Moves the base on where they do not fit: after 49 days.
    fn since_base(&mut self, at: Stamp) -> u32 {
        let oldest = self.kept.front().map_or(0, |mark| mark.since);
        if self.kept.is_empty() {
            self.base = at;
        } else if at.0.saturating_sub(self.base.0) > u64::from(u32::MAX) {
            self.base.0 += u64::from(oldest);
            for mark in &mut self.kept {
                mark.since = mark.since.saturating_sub(oldest);
            }
        }
        u32::try_from(at.0.saturating_sub(self.base.0)).unwrap_or(u32::MAX)
    }

    /// Forgets everything: what was seen belongs to another time or another network.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The marks, newest first.
    pub fn newest_first(&self) -> impl DoubleEndedIterator<Item = Mark> {
        let base = self.base.0;
        self.kept.iter().rev().map(move |mark| Mark {
            at: Stamp(base + u64::from(mark.since)),
            took: mark.took,
            failed: mark.failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Answer, Failure, Phase, Phases};
    use std::time::Duration;

    fn probe(outcome: Outcome) -> Probe {
        Probe {
            outcome,
            took: Duration::from_micros(1500),
            phases: Phases::default(),
            attempts: Vec::new(),
        }
    }

    fn answered() -> Probe {
        probe(Outcome::Answered(Answer::default()))
    }

    #[test]
    fn marks_are_small_and_there_is_room_for_no_more() {
        assert_eq!(size_of::<Kept>(), 12);
        let mut history = History::default();
        for at in 0..1000 {
            history.push(Stamp(at), &answered());
            assert_eq!(history.kept.capacity(), History::LENGTH);
        }
        assert_eq!(history.len(), History::LENGTH);
        let times: Vec<u64> = history.newest_first().rev().map(|mark| mark.at.0).collect();
        assert_eq!(times, (880..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_mark_says_what_the_probe_said() {
        let mut history = History::default();
        history.push(Stamp(7), &answered());
        history.push(
            Stamp(9),
            &probe(Outcome::Failed(Failure {
                phase: Phase::Connect,
                error: ErrorKind::Refused,
                errno: None,
                text: String::new(),
            })),
        );
        history.push(Stamp(10), &probe(Outcome::NotAsked(String::new())));
        let mark = |at, failed| Mark {
            at: Stamp(at),
            took: 1500,
            failed,
        };
        let marks: Vec<Mark> = history.newest_first().collect();
        assert_eq!(marks, [mark(9, Some(ErrorKind::Refused)), mark(7, None)]);
    }

    #[test]
    fn times_hold_over_months() {
        let mut history = History::default();
        let hour = 3_600_000;
        for at in (0..3000).map(|hours| Stamp(hours * hour)) {
            history.push(at, &answered());
            let times: Vec<u64> = history.newest_first().map(|mark| mark.at.0).collect();
            let known = history.len() as u64;
            let want: Vec<u64> = (0..known).map(|back| at.0 - back * hour).collect();
            assert_eq!(times, want);
        }
        history.clear();
        let late = Stamp(10_000 * hour);
        history.push(late, &answered());
        assert_eq!(
            history.newest_first().next().map(|mark| mark.at),
            Some(late)
        );
    }
}
