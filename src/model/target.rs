//! Whom we ask: targets, where they came from, and how they are reached.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What is probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Unique among the targets of a run; stable while its source does not change.
    pub id: String,
    /// What people call it. Foreign text: clean it before showing.
    pub name: String,
    /// The address as it was written, or as we would write it. Foreign text.
    pub url: String,
    pub endpoint: Endpoint,
    pub role: Role,
    pub source: Source,
}

/// Why a target is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// One of the user's own machines.
    Worker,
    /// Asked only to tell one cause from another.
    Control,
}

/// Host, port and what to say there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub host: Host,
    pub port: u16,
    pub question: Question,
}

/// A host as the user gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// A name for the resolver, ASCII (punycode where it was not).
    Name(String),
    V4(Ipv4Addr),
    /// `zone` is the interface of a link-local address: `en0` in `fe80::1%en0`.
    V6 {
        address: Ipv6Addr,
        zone: Option<String>,
    },
}

/// What is asked once the connection stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Nothing: the connection itself is the answer. (A GET into a printer prints.)
    Connect,
    /// `GET path`, over TLS where `tls` is set.
    Get { path: String, tls: bool },
}

/// Where a target was found; the first source that has any wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    CommandLine,
    /// The config file, named by its path.
    Config(String),
    /// `$AIMAESTRO_HOSTS`.
    MaestroVariable,
    /// AI Maestro's hosts file, named by its path.
    MaestroFile(String),
    /// Complaints of PM2 apps in their own logs.
    Log {
        /// The apps that complained.
        apps: Vec<String>,
        /// Seconds since the log was last written; the complaint is at least as old.
        age: Option<u64>,
    },
}

/// How a target is reached from here (see `machine::network` for the rules).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Same subnet on a broadcast-capable interface: what Local Network Privacy guards.
    OnLink,
    /// The default gateway itself.
    Gateway,
    Internet,
    /// This computer, whatever the address.
    Loopback,
    /// Through a point-to-point interface.
    Vpn,
    /// A `.local` name: resolved by multicast, itself a local network operation.
    Mdns,
    /// A private address behind a gateway.
    Routed,
    /// A bridge to virtual machines or containers on this computer.
    VmBridge,
    #[default]
    Unknown,
}

/// A reach with the interface it goes through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub reach: Reach,
    pub interface: Option<String>,
}

impl Reach {
    /// The word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Reach::OnLink => "on-link",
            Reach::Gateway => "gateway",
            Reach::Internet => "internet",
            Reach::Loopback => "loopback",
            Reach::Vpn => "vpn",
            Reach::Mdns => "mdns",
            Reach::Routed => "routed",
            Reach::VmBridge => "vm-bridge",
            Reach::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(address) => address.fmt(f),
            Host::V6 {
                address,
                zone: None,
            } => write!(f, "[{address}]"),
            Host::V6 {
                address,
                zone: Some(zone),
            } => write!(f, "[{address}%{zone}]"),
        }
    }
}

impl fmt::Display for Endpoint {
    /// `host:port`, as people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Source {
    /// The most targets that logs may name: an app that searches its network complains about
    /// thousands of addresses, and asking them all would be a search of ours.
    pub const MOST_LOGGED: usize = 64;
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::CommandLine => f.write_str("command line"),
            Source::Config(path) => write!(f, "config {path}"),
            Source::MaestroVariable => f.write_str("$AIMAESTRO_HOSTS"),
            Source::MaestroFile(path) => f.write_str(path),
            Source::Log { apps, age } => {
                write!(f, "log of {}", apps.join(", "))?;
                match age {
                    Some(age) => write!(f, ", written {} ago", Age(*age)),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Whole seconds, in the largest unit that fits: `41 s`, `6 m`, `3 h`, `2 d`.
struct Age(u64);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s @ 0..60 => write!(f, "{s} s"),
            s @ 60..3600 => write!(f, "{} m", s / 60),
            s @ 3600..172_800 => write!(f, "{} h", s / 3600),
            s => write!(f, "{} d", s / 86_400),
        }
    }
}
