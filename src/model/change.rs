//! Something that became different, for those who tell it as it happens.

use super::{Stamp, VantageKind, VantageState, Verdict};
use std::time::Duration;

/// One change: what `watch` prints a line for.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub at: Stamp,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A side of a target got another kind of outcome than before.
    Outcome {
        /// The target's id and name.
        id: String,
        name: String,
        vantage: VantageKind,
        /// The word before; `None` for the first outcome.
        from: Option<String>,
        to: String,
        /// What the outcome says besides its word.
        detail: String,
        took: Duration,
    },
    Verdict {
        id: String,
        name: String,
        from: Verdict,
        to: Verdict,
    },
    /// A vantage came, went or fell silent.
    Vantage {
        vantage: VantageKind,
        state: VantageState,
    },
    TargetAdded {
        id: String,
        name: String,
        url: String,
        source: String,
    },
    TargetRemoved {
        id: String,
        name: String,
    },
    /// The computer slept; nothing was asked meanwhile.
    Slept(Duration),
    /// A sentence the user should read.
    Notice(String),
}
