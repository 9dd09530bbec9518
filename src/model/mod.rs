//! Plain values that every room shares: no clock, no I/O, no async.

mod change;
mod history;
mod probe;
mod snapshot;
mod target;
mod text;
mod vantage;
mod verdict;

pub use change::{Change, What};
pub use history::{History, Mark};
pub use probe::{Answer, Attempt, Errno, ErrorKind, Failure, Outcome, Phase, Phases, Probe};
pub use snapshot::{Os, OtherGod, Pm2, Process, Row, Side, Snapshot, ThisComputer};
pub use target::{Endpoint, Host, Question, Reach, Role, Route, Source, Target};
pub use text::{clean, masked_home};
pub use vantage::{Observation, Stamp, VantageKind, VantageState};
pub use verdict::Verdict;
