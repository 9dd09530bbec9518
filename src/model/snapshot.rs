//! Everything known at one moment, for those who write it down.

use super::{Case, Finding, Probe, Route, Stamp, Target, VantageState, Verdict};
use serde::{Deserialize, Serialize};

/// The whole picture at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub at: Stamp,
    pub computer: ThisComputer,
    pub pm2: Pm2,
    pub rows: Vec<Row>,
    /// The causes that were looked for, the surest first.
    pub findings: Vec<Finding>,
    /// What the findings stand on.
    pub case: Case,
    /// What the user should know besides: one sentence each.
    pub notices: Vec<String>,
    /// Where targets were looked for, in order; said when none were found.
    pub looked_at: Vec<String>,
}

/// One target and what both sides say of it.
#[derive(Clone, Debug)]
pub struct Row {
    pub target: Target,
    pub route: Route,
    pub verdict: Verdict,
    pub since: Stamp,
    pub terminal: Side,
    pub pm2: Side,
}

/// One side of a row.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The newest probe and when it came.
    pub last: Option<(Stamp, Probe)>,
    /// How many probes have an outcome, and how many of those answered.
    pub tries: u32,
    pub answered: u32,
}

/// The computer and the user we run as.
#[derive(Clone, Debug, Default)]
pub struct ThisComputer {
    pub os: Os,
    /// Dotted version; macOS's own on macOS, the kernel's on Linux.
    pub version: Option<String>,
    pub uid: u32,
    /// Us first, then our parent, and so on up to the first process.
    pub ancestors: Vec<Process>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Os {
    Macos,
    Linux,
    Windows,
    #[default]
    Other,
}

/// A process as people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    /// Foreign text.
    pub name: String,
}

/// PM2's daemon and our agent under it.
#[derive(Clone, Debug)]
pub struct Pm2 {
    pub state: VantageState,
    /// PM2's home directory; empty where PM2 is not to be asked.
    pub home: String,
    pub version: Option<String>,
    /// God's pid, by the peer credentials of its socket.
    pub pid: Option<u32>,
    /// The node that God runs.
    pub node: Option<String>,
    /// How many apps God manages, without modules and without us.
    pub apps: Option<usize>,
    pub agent: Option<u32>,
    /// God's parent, and so on up to the first process.
    pub ancestors: Vec<Process>,
    /// Further Gods of this user.
    pub others: Vec<OtherGod>,
}

/// A God that we do not ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherGod {
    pub pid: u32,
    /// Its home; `None` where its title was cut.
    pub home: Option<String>,
    pub version: Option<String>,
    /// Whether it answers on its home's socket. One that does not is a second daemon on a home.
    pub serves: bool,
}

impl Pm2 {
    /// Whether PM2 is to be asked at all.
    pub fn asked(&self) -> bool {
        !self.home.is_empty()
    }
}

impl Os {
    pub fn word(self) -> &'static str {
        match self {
            Os::Macos => "macos",
            Os::Linux => "linux",
            Os::Windows => "windows",
            Os::Other => "other",
        }
    }
}
