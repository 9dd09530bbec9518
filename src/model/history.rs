//! A short memory of one side of one target.

use super::{ErrorKind, Outcome, Probe, Stamp};
use std::collections::VecDeque;

/// What is kept of an observation once a newer one is here: 16 bytes, so that a thousand
/// targets cost a few megabytes.
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
    marks: VecDeque<Mark>,
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
        if self.marks.len() == Self::LENGTH {
            self.marks.pop_front();
        }
        let took = u32::try_from(probe.took.as_micros()).unwrap_or(u32::MAX);
        self.marks.push_back(Mark { at, took, failed });
    }

    /// Forgets everything: what was seen belongs to another time or another network.
    pub fn clear(&mut self) {
        self.marks.clear();
    }

    pub fn len(&self) -> usize {
        self.marks.len()
    }

    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The marks, newest first.
    pub fn newest_first(&self) -> impl DoubleEndedIterator<Item = &Mark> {
        self.marks.iter().rev()
    }
}
