//! One attempt at one target, and what came of it.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// One attempt: what came of it, how long it took, and how far it got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    pub outcome: Outcome,
    /// From the start of the probe to its outcome.
    pub took: Duration,
    pub phases: Phases,
    /// Every address of the host and what connecting to it gave, in the resolver's order.
    pub attempts: Vec<Attempt>,
}

/// What came of an attempt. A failed probe is data; only our own trouble is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Answered(Answer),
    Failed(Failure),
    /// We did not get to ask, and why: never a word about the target.
    NotAsked(String),
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status; `None` where connecting was the whole question.
    pub status: Option<u16>,
    /// What is worth knowing although it answered: an untrusted certificate, an address that failed.
    pub notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// How far it got: the phase that failed.
    pub phase: Phase,
    pub error: ErrorKind,
    /// The operating system's number and its name; `None` where the error is not the system's.
    pub errno: Option<Errno>,
    /// The operating system's text, or ours. May hold foreign bytes: clean it before showing.
    pub text: String,
}

/// An error number as this computer counts (EHOSTUNREACH is 65 on macOS, 113 on Linux).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errno {
    pub number: i32,
    /// `EHOSTUNREACH`, and so on.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Dns,
    Connect,
    Tls,
    Http,
}

/// The time of each phase that was reached; `None` for one that was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    pub dns: Option<Duration>,
    pub connect: Option<Duration>,
    pub tls: Option<Duration>,
    /// From the last byte of the request to the first of the answer.
    pub http: Option<Duration>,
}

/// Our own kinds of failure: platform numbers are folded into these once, at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// EHOSTUNREACH: the one that Local Network Privacy gives.
    HostUnreachable,
    /// EHOSTDOWN: macOS, nobody answered ARP.
    HostDown,
    NetUnreachable,
    NetDown,
    /// ECONNREFUSED: the host is there and said no.
    Refused,
    Reset,
    /// Our time ran out.
    Timeout,
    /// ETIMEDOUT: the system's time ran out.
    TimedOut,
    /// EACCES or EPERM: a local rule.
    Denied,
    /// EADDRNOTAVAIL: no address of ours can be used for that one.
    NoLocalAddress,
    Dns,
    Tls,
    /// Something answered, but not in HTTP.
    Http,
    Other,
}

/// Connecting to one address of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub address: SocketAddr,
    /// Our side of the connection, where one came to be.
    pub local: Option<SocketAddr>,
    pub took: Duration,
    /// `None` when the connection came to be.
    pub failure: Option<Failure>,
}

impl Outcome {
    pub fn answered(&self) -> bool {
        matches!(self, Outcome::Answered(_))
    }

    pub fn failed(&self) -> bool {
        matches!(self, Outcome::Failed(_))
    }

    pub fn not_asked(&self) -> bool {
        matches!(self, Outcome::NotAsked(_))
    }

    /// The word of a cell: `200`, `open`, `EHOSTUNREACH`, `timeout`, `not asked`.
    pub fn word(&self) -> String {
        match self {
            Outcome::Answered(Answer {
                status: Some(status),
                ..
            }) => status.to_string(),
            Outcome::Answered(_) => "open".to_owned(),
            Outcome::Failed(failure) => failure.word().to_owned(),
            Outcome::NotAsked(_) => "not asked".to_owned(),
        }
    }
}

impl ErrorKind {
    /// The name in files: that of the errno it was folded from, else `DNS`, `TLS`, `HTTP`,
    /// `TIMEOUT`, `OTHER`.
    pub fn file_name(self) -> &'static str {
        match self {
            ErrorKind::HostUnreachable => "EHOSTUNREACH",
            ErrorKind::HostDown => "EHOSTDOWN",
            ErrorKind::NetUnreachable => "ENETUNREACH",
            ErrorKind::NetDown => "ENETDOWN",
            ErrorKind::Refused => "ECONNREFUSED",
            ErrorKind::Reset => "ECONNRESET",
            ErrorKind::Timeout => "TIMEOUT",
            ErrorKind::TimedOut => "ETIMEDOUT",
            ErrorKind::Denied => "EACCES",
            ErrorKind::NoLocalAddress => "EADDRNOTAVAIL",
            ErrorKind::Dns => "DNS",
            ErrorKind::Tls => "TLS",
            ErrorKind::Http => "HTTP",
            ErrorKind::Other => "OTHER",
        }
    }
}

impl Failure {
    /// The name that files and JSON use: the errno's, else `DNS`, `TLS`, `HTTP`, `TIMEOUT`, `OTHER`.
    pub fn name(&self) -> &str {
        match (&self.errno, self.error) {
            (Some(errno), _) => &errno.name,
            (None, ErrorKind::Timeout | ErrorKind::Dns | ErrorKind::Tls | ErrorKind::Http) => {
                self.error.file_name()
            }
            (None, _) => "OTHER",
        }
    }

    /// The whole failure in one line: `connect: No route to host (113)`.
    pub fn sentence(&self) -> String {
        let number = self
            .errno
            .as_ref()
            .map(|errno| format!(" ({})", errno.number));
        format!(
            "{}: {}{}",
            self.phase.word(),
            self.text,
            number.unwrap_or_default()
        )
    }

    /// The word people read on screen: as `name`, but plain words where there are some.
    pub fn word(&self) -> &str {
        match self.error {
            ErrorKind::Timeout | ErrorKind::TimedOut => "timeout",
            ErrorKind::Refused => "refused",
            ErrorKind::Reset => "reset",
            ErrorKind::Dns => "no such name",
            ErrorKind::Tls => "TLS failed",
            ErrorKind::Http => "not HTTP",
            _ => self.name(),
        }
    }
}

impl Phase {
    /// The phase in one word; the same in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Dns => "dns",
            Phase::Connect => "connect",
            Phase::Tls => "tls",
            Phase::Http => "http",
        }
    }
}
