//! What reaches the core, and what it wishes for.

use crate::model::{
    Endpoint, Host, Observation, OtherGod, Process, Route, Source, Target, VantageKind,
    VantageState,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// The first message: begin.
    Start,
    /// Time has passed (see [`super::Model::wake`]).
    Tick,
    /// Targets were looked for.
    Found(Found),
    /// Looking again failed, and why; what was known stays.
    LookFailed(String),
    Routes(Vec<(usize, Route)>),
    Pm2(Pm2Event),
    Observed(Observation),
    /// The user wants to leave: ctrl-c, SIGTERM, a closed terminal.
    Leave,
}

/// What looking for targets gave.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub targets: Vec<Target>,
    /// Sentences for the user: entries that were skipped, and why.
    pub notices: Vec<String>,
    /// The places that were looked at, in order.
    pub looked_at: Vec<String>,
    /// Whether this is the last source of all: what PM2's apps complain about.
    pub from_logs: bool,
}

/// What we learn of PM2.
#[derive(Clone, Debug)]
pub enum Pm2Event {
    State(VantageState),
    God(GodSeen),
    /// The agent connected back.
    Agent(u32),
    Others(Vec<OtherGod>),
}

/// God, as he describes himself.
#[derive(Clone, Debug, Default)]
pub struct GodSeen {
    pub pid: u32,
    pub version: String,
    pub node: Option<String>,
    pub ancestors: Vec<Process>,
    pub apps: Vec<AppLogs>,
}

/// An app and the log files that God writes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppLogs {
    pub name: String,
    pub files: Vec<PathBuf>,
}

/// A wish of the core, carried out at the edge.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask once, and send [`Msg::Observed`] with the same number.
    Ask {
        vantage: VantageKind,
        ask: u64,
        endpoint: Arc<Endpoint>,
        timeout: Duration,
    },
    /// See whether config or hosts files changed; [`Msg::Found`] if they did.
    LookForTargets,
    /// Read what these apps complain about; [`Msg::Found`] if it is not what it was.
    ReadLogs(Vec<AppLogs>),
    /// Find how these addresses are reached; [`Msg::Routes`].
    FindRoutes(Vec<(usize, Host, SocketAddr)>),
    /// Stop everything and leave with this exit status.
    Leave(u8),
}

impl Found {
    /// Whether a target that is missing here is to be forgotten: a log that was rotated
    /// away takes no complaint back.
    pub(super) fn forgets(&self, source: &Source) -> bool {
        !(self.from_logs && matches!(source, Source::Log { .. }))
    }
}
