//! Who asks, and what came back when.

use super::Probe;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From where a target is asked. macOS judges the process that asks, so this is the whole difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VantageKind {
    /// This process.
    Terminal,
    /// A child of the PM2 daemon.
    Pm2,
}

/// What a vantage can do for us now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VantageState {
    /// Being looked for or started.
    Starting,
    Live,
    /// It lives, but owes us answers.
    Silent(String),
    /// It was there and is no more; we look for it again.
    Gone(String),
    /// There is none, and why; not an error.
    Absent(String),
    /// There is one, and it is somebody else's.
    Refused(String),
    /// There is something, and it does not work.
    Failed(String),
}

/// Milliseconds since the start of the program on a clock that goes on while the computer sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub u64);

/// An answer to one of our questions: who, whom, when, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub vantage: VantageKind,
    /// The number under which it was asked.
    pub ask: u64,
    pub probe: Probe,
}

impl Stamp {
    /// The time from `earlier` to this; nothing when it is not earlier.
    pub fn since(self, earlier: Stamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    pub fn after(self, wait: Duration) -> Stamp {
        Stamp(self.0 + wait.as_millis() as u64)
    }
}

impl VantageKind {
    /// The name in JSON and in events.
    pub fn word(self) -> &'static str {
        match self {
            VantageKind::Terminal => "terminal",
            VantageKind::Pm2 => "pm2",
        }
    }
}

impl VantageState {
    /// The word of a state; the same in JSON and on screen.
    pub fn word(&self) -> &'static str {
        match self {
            VantageState::Starting => "starting",
            VantageState::Live => "live",
            VantageState::Silent(_) => "silent",
            VantageState::Gone(_) => "gone",
            VantageState::Absent(_) => "absent",
            VantageState::Refused(_) => "refused",
            VantageState::Failed(_) => "failed",
        }
    }

    /// Why it is not live, where there is a reason.
    pub fn why(&self) -> Option<&str> {
        match self {
            VantageState::Starting | VantageState::Live => None,
            VantageState::Silent(why)
            | VantageState::Gone(why)
            | VantageState::Absent(why)
            | VantageState::Refused(why)
            | VantageState::Failed(why) => Some(why),
        }
    }

    /// Whether waiting a little may bring answers.
    pub fn may_answer(&self) -> bool {
        matches!(
            self,
            VantageState::Starting | VantageState::Live | VantageState::Silent(_)
        )
    }
}
