//! Plain values that every room shares: no clock, no I/O, no async.

mod case;
mod change;
mod finding;
mod history;
mod launchd;
mod probe;
mod snapshot;
mod target;
mod text;
mod vantage;
mod verdict;

pub use case::{
    CASE_SCHEMA, Case, CaseEvent, CaseFacts, CaseKind, CaseMachine, CaseObservation, CaseOutcome,
    CaseTarget, CaseVantage, CaseWhat, Privacy, Protocol, StartedBy,
};
pub use change::{Change, What};
pub use finding::{Confidence, Evidence, Finding, Sign};
pub use history::{History, Mark};
pub use launchd::{DomainFrom, Inspected, JobDomain, JobFile, LaunchctlError, Listed, Service};
pub use probe::{Answer, Attempt, Errno, ErrorKind, Failure, Outcome, Phase, Phases, Probe};
pub use snapshot::{Os, OtherGod, Pm2, Process, Row, Side, Snapshot, ThisComputer};
pub use target::{Endpoint, Host, Question, Reach, Role, Route, Source, Target};
pub use text::{clean, masked_home};
pub use vantage::{Observation, Stamp, VantageKind, VantageState};
pub use verdict::Verdict;
