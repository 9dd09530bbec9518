//! A case: everything a diagnosis may look at, written down. Unknown is not false, so nearly
//! everything is an `Option`.

use super::{Os, Phase, Reach};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form.
pub const CASE_SCHEMA: u32 = 1;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub schema: u32,
    #[serde(default)]
    pub machine: CaseMachine,
    #[serde(default)]
    pub vantages: Vec<CaseVantage>,
    #[serde(default)]
    pub targets: Vec<CaseTarget>,
    #[serde(default)]
    pub observations: Vec<CaseObservation>,
    #[serde(default)]
    pub events: Vec<CaseEvent>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub facts: CaseFacts,
    /// Lines of the system's log.
    #[serde(default, deserialize_with = "null_is_default")]
    pub log: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseMachine {
    #[serde(default)]
    pub os: Option<Os>,
    #[serde(default)]
    pub version: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseVantage {
    pub id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub kind: CaseKind,
    #[serde(default)]
    pub program: Option<String>,
    /// Shipped by Apple under /usr/bin or /sbin.
    #[serde(default)]
    pub platform_binary: Option<bool>,
    /// Effective uid 0.
    #[serde(default)]
    pub root: Option<bool>,
    #[serde(default)]
    pub started_by: Option<StartedBy>,
    /// The app that hosts it: Terminal.app, iTerm2, Visual Studio Code …
    #[serde(default)]
    pub host_app: Option<String>,
    /// The process id its log lines would name.
    #[serde(default)]
    pub pid: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseKind {
    Terminal,
    Pm2,
    Trial,
    LaunchAgent,
    LaunchDaemon,
    Ssh,
    Tmux,
    GuiApp,
    Cron,
    Container,
    #[default]
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartedBy {
    Terminal,
    Ssh,
    LaunchAgent,
    LaunchDaemon,
    GuiApp,
    Tmux,
    Cron,
    Unknown,
}

/// Who was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseTarget {
    pub id: String,
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub reach: Reach,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseObservation {
    /// Seconds from the start of the case; the order of the list where missing.
    #[serde(default)]
    pub at: Option<f64>,
    pub vantage: String,
    pub target: String,
    pub outcome: CaseOutcome,
    #[serde(default)]
    pub phase: Option<Phase>,
    /// The errno's name, or `DNS`, `TLS`, `HTTP`, `TIMEOUT`, `OTHER`.
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub status: Option<u16>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub protocol: Protocol,
    #[serde(default)]
    pub ms: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseOutcome {
    Answered,
    Failed,
    NotAsked,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
    /// A ping.
    Icmp,
}

/// Something that happened meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseEvent {
    #[serde(default)]
    pub at: Option<f64>,
    pub what: CaseWhat,
    #[serde(default)]
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseWhat {
    TerminalQuit,
    SshClosed,
    Reboot,
    NetworkChanged,
    GodRestarted,
    Repair,
}

/// What is true on the computer, by target, vantage or program; what is missing is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaseFacts {
    /// By target: `resolved`, or another word where its hardware address is not known.
    #[serde(default, deserialize_with = "null_is_default")]
    pub arp: BTreeMap<String, Option<String>>,
    /// By vantage: whether the process that macOS holds responsible still lives.
    #[serde(default, deserialize_with = "null_is_default")]
    pub responsible_alive: BTreeMap<String, Option<bool>>,
    /// The names of active content filters; `None` where nobody looked.
    #[serde(default)]
    pub filters: Option<Vec<String>>,
    /// By target: the interface its route goes through.
    #[serde(default, deserialize_with = "null_is_default")]
    pub route: BTreeMap<String, Option<String>>,
    /// By program: what the Local Network pane says.
    #[serde(default, deserialize_with = "null_is_default")]
    pub privacy: BTreeMap<String, Option<Privacy>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Privacy {
    Denied,
    Allowed,
    Undecided,
}

/// `null` means not known, as a missing key does.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
