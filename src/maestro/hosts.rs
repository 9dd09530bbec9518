//! AI Maestro's list of hosts, from its file or its variable (`facts/AIMAESTRO.md`).

use crate::model::clean;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What a list of hosts holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    pub entries: Vec<Entry>,
    /// The entries that were skipped and why: one clean sentence each.
    pub warnings: Vec<String>,
}

/// One host. Foreign text: clean it before showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub id: String,
    pub name: String,
    pub url: String,
    /// On unless the list says `false`.
    pub enabled: bool,
    pub aliases: Vec<String>,
}

/// A host to be asked: an enabled one that is not this computer. Foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// In small letters, as AI Maestro keeps it.
    pub id: String,
    pub name: String,
    /// The base URL of its dashboard, as written.
    pub url: String,
}

/// By what this computer is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThisHost {
    /// Host names, in any case, with or without `.local`.
    pub names: Vec<String>,
    /// Loopback addresses count only where they are given.
    pub addresses: Vec<IpAddr>,
}

/// Why a list could not be read: where it stands, line and column, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostsError {
    origin: String,
    /// Line and column, both from 1, where the JSON itself is at fault.
    at: Option<(usize, usize)>,
    why: String,
}

impl fmt::Display for HostsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some((line, column)) = self.at {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ": {}", self.why)
    }
}

impl std::error::Error for HostsError {}

const FILE_FORM: &str =
    r#"write {"hosts":[{"id":"mini","name":"Mini","url":"http://10.0.0.18:23000"}]}"#;
const VARIABLE_FORM: &str = r#"write [{"id":"mini","name":"Mini","url":"http://10.0.0.18:23000"}]"#;

/// Reads the text of `hosts.json`, `{"hosts":[…]}`; `origin` says in messages where it stands.
///
/// # Errors
/// What is empty, not JSON, or has no list under `hosts`. An entry that is not usable is only
/// skipped, with a warning.
pub fn parse_file(text: &str, origin: &str) -> Result<Hosts, HostsError> {
    let mut file: Map<String, Value> = json(text, origin, FILE_FORM)?;
    let why = match file.remove("hosts") {
        Some(Value::Array(hosts)) => return Ok(read(&hosts, origin)),
        Some(_) => "what stands under \"hosts\" is not a list",
        None => "there is no \"hosts\" in it",
    };
    Err(HostsError {
        origin: clean(origin),
        at: None,
        why: format!("{why}: {FILE_FORM}"),
    })
}

/// Reads the value of `$AIMAESTRO_HOSTS`, a JSON array; `origin` as in [`parse_file`].
///
/// # Errors
/// What is empty, not JSON, or not an array; entries as in [`parse_file`].
pub fn parse_variable(text: &str, origin: &str) -> Result<Hosts, HostsError> {
    let hosts: Vec<Value> = json(text, origin, VARIABLE_FORM)?;
    Ok(read(&hosts, origin))
}

fn json<T: DeserializeOwned>(text: &str, origin: &str, form: &str) -> Result<T, HostsError> {
    let origin = clean(origin);
    // Windows editors write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(HostsError {
            origin,
            at: None,
            why: format!("it is empty: {form}"),
        });
    }
    serde_json::from_str(text).map_err(|error| HostsError {
        origin,
        at: Some((error.line(), error.column())),
        why: format!("{}: {form}", said(&error)),
    })
}

/// What serde_json said, without the place and without a value out of the text: that may be a
/// URL with a password.
fn said(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let said = said.rsplit_once(" at line ").map_or(&*said, |(why, _)| why);
    let quote = said.find("string \"").zip(said.rfind("\", expected"));
    clean(&match quote {
        Some((start, end)) => format!("{}{}", &said[..start + 6], &said[end + 1..]),
        None => said.to_owned(),
    })
}

fn read(values: &[Value], origin: &str) -> Hosts {
    let mut hosts = Hosts::default();
    for (index, value) in values.iter().enumerate() {
        match entry(value) {
            Ok(entry) => hosts.entries.push(entry),
            Err(why) => hosts.warnings.push(format!(
                "{}: entry {} is skipped: {why}",
                clean(origin),
                index + 1
            )),
        }
    }
    hosts
}

/// The entry, or what it lacks. AI Maestro takes an empty text for a missing one, and so do we.
fn entry(value: &Value) -> Result<Entry, String> {
    let Value::Object(fields) = value else {
        return Err("it is not an object with id, name and url".to_owned());
    };
    let text = |key: &str| match fields.get(key) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(format!("its {key} is empty")),
        Some(Value::Null) | None => Err(format!("it has no {key}")),
        Some(_) => Err(format!("its {key} is not text")),
    };
    let (id, name, url) = match (text("id"), text("name"), text("url")) {
        (Ok(id), Ok(name), Ok(url)) => (id, name, url),
        (id, name, url) => {
            let lacks: Vec<String> = [id, name, url]
                .into_iter()
                .filter_map(Result::err)
                .collect();
            return Err(lacks.join(", "));
        }
    };
    let aliases = match fields.get("aliases") {
        Some(Value::Array(aliases)) => aliases
            .iter()
            .filter_map(|alias| alias.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    Ok(Entry {
        id,
        name,
        url,
        enabled: fields.get("enabled") != Some(&Value::Bool(false)),
        aliases,
    })
}

/// The hosts to be asked: enabled, and not this computer.
///
/// An entry is this computer when its id is `local` (from old versions), one of our names or one
/// of our addresses; when its URL names one of our names or addresses; when one of its aliases is
/// one of our names. Where no entry is, the only one that has an address of ours among its aliases
/// is: a Mac whose name has drifted. What such an entry lists as aliases is this computer too.
pub fn peers(hosts: &Hosts, this: &ThisHost) -> Vec<Peer> {
    let ours = Ours::new(this);
    let mut own: Vec<&Entry> = hosts.entries.iter().filter(|e| ours.named(e)).collect();
    if own.is_empty() {
        let alike: Vec<&Entry> = hosts.entries.iter().filter(|e| ours.addressed(e)).collect();
        // Two such entries mean that an address has moved: neither is sure to be us.
        if alike.len() == 1 {
            own = alike;
        }
    }
    let aliases: HashSet<String> = own
        .iter()
        .flat_map(|entry| entry.aliases.iter().map(|alias| plain_name(alias)))
        .collect();
    hosts
        .entries
        .iter()
        .filter(|entry| entry.enabled)
        .filter(|entry| !own.iter().any(|mine| std::ptr::eq(*mine, *entry)))
        .filter(|entry| !aliases.contains(&plain_name(&entry.id)))
        .map(|entry| Peer {
            id: entry.id.to_lowercase(),
            name: entry.name.clone(),
            url: entry.url.clone(),
        })
        .collect()
}

/// This computer's names and addresses, ready to compare.
struct Ours<'a> {
    names: HashSet<String>,
    addresses: &'a [IpAddr],
}

impl<'a> Ours<'a> {
    fn new(this: &'a ThisHost) -> Ours<'a> {
        let names = this.names.iter().map(|name| plain_name(name));
        Ours {
            names: names.filter(|name| !name.is_empty()).collect(),
            addresses: &this.addresses,
        }
    }

    fn named(&self, entry: &Entry) -> bool {
        let id = plain_name(&entry.id);
        let is_ours = |name: &str| self.names.contains(name) || self.has(name);
        let alias_is_our_name = |alias: &String| self.names.contains(&plain_name(host_of(alias)));
        id == "local"
            || is_ours(&id)
            || is_ours(&plain_name(host_of(&entry.url)))
            || entry.aliases.iter().any(alias_is_our_name)
    }

    fn addressed(&self, entry: &Entry) -> bool {
        entry.aliases.iter().any(|alias| {
            let host = host_of(alias);
            !shared(host) && self.has(host)
        })
    }

    fn has(&self, host: &str) -> bool {
        address(host).is_some_and(|address| self.addresses.contains(&address))
    }
}

/// Whether it is an address of container bridges: every computer with Docker has the same, so
/// AI Maestro tells nobody by it.
fn shared(host: &str) -> bool {
    match address(host) {
        Some(IpAddr::V4(address)) => {
            let [first, second, ..] = address.octets();
            first == 172 && (16..32).contains(&second)
        }
        _ => false,
    }
}

fn address(host: &str) -> Option<IpAddr> {
    let (bare, _zone) = host.split_once('%').unwrap_or((host, ""));
    let address = bare.parse::<IpAddr>().ok()?;
    Some(address.to_canonical())
}

/// A name as AI Maestro compares it: small letters, without `.local`.
fn plain_name(name: &str) -> String {
    let small = name.trim().to_lowercase();
    let small = small.strip_suffix('.').unwrap_or(&small);
    small.strip_suffix(".local").unwrap_or(small).to_owned()
}

/// The host in `http://user@host:port/path`, `host:port` or `host`, without brackets.
/// Only to compare: what cannot be a host is equal to none.
fn host_of(text: &str) -> &str {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    // Aliases are written without brackets.
    if authority.parse::<Ipv6Addr>().is_ok() {
        return authority;
    }
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
#[path = "hosts_tests.rs"]
mod tests;
