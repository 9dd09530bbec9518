//! Addresses as people write them: a host, a host and a port, or a URL.

use crate::model::{Endpoint, Host, Question, clean};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use url::Url;

/// The port AI Maestro listens on, meant where an address names none (`facts/AIMAESTRO.md`).
pub const MAESTRO_PORT: u16 = 23000;

/// The longest name of a network interface, in bytes: IFNAMSIZ is 16 with its final zero,
/// on macOS and on Linux.
const ZONE_LENGTH: usize = 15;

/// The longest part of an input that a message repeats, in characters.
const QUOTED_LENGTH: usize = 80;

const CREDENTIALS: &str =
    "the address holds a user name or password; unreach sends none: leave it out";
const NO_HOST: &str = "the address names no host: write one, as in http://10.0.0.18:23000";
const BRACKETS: &str =
    "there is more than one ':'; an IPv6 address stands in brackets before a port: [::1]:23000";
const NOT_IPV6: &str =
    "what is in brackets is not an IPv6 address: write one, as in [fe80::1%en0]:23000";

/// Why an address was refused: one sentence that says what, why and what to do instead.
///
/// It never repeats what stands before an `@`, where passwords are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError(String);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressError {}

/// Reads `host`, `host:port`, `tcp://host:port`, `http://…` or `https://…`.
///
/// A host is a name, an IPv4 address or an IPv6 address; a link-local one may name its interface
/// (`fe80::1%en0`; in a URL also `%25en0`, RFC 6874). IPv6 without brackets is a host alone.
/// Where there is no port, it is AI Maestro's ([`MAESTRO_PORT`]), 80 for http and 443 for https.
/// Only http and https ask a question ([`Question::Get`]); a fragment is dropped.
///
/// # Errors
/// Everything else, and user names and passwords in particular: see [`AddressError`].
pub fn parse(text: &str) -> Result<Endpoint, AddressError> {
    endpoint(text).map_err(|why| AddressError(format!("\"{}\": {why}", quotable(text))))
}

fn endpoint(text: &str) -> Result<Endpoint, String> {
    if text.is_empty() {
        return Err(NO_HOST.to_owned());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("an address holds no spaces and no control characters: take them out".into());
    }
    match text.split_once("://") {
        // A `://` after a slash or a question mark belongs to a path, not to a scheme.
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#', '\\', '@']) => {
            match scheme.to_ascii_lowercase().as_str() {
                "http" => web(rest, false),
                "https" => web(rest, true),
                "tcp" => tcp(rest),
                _ => {
                    Err("unreach asks http://, https:// and tcp:// only: write one of them".into())
                }
            }
        }
        _ => plain(text),
    }
}

/// `host` or `host:port`.
fn plain(text: &str) -> Result<Endpoint, String> {
    if text.contains('@') {
        return Err(CREDENTIALS.to_owned());
    }
    if text.starts_with('/') {
        return Err(NO_HOST.to_owned());
    }
    if text.contains(":/") {
        return Err("two slashes come after a scheme: write http://HOST:PORT/PATH".into());
    }
    if text.contains(['/', '?', '#', '\\']) {
        return Err(format!(
            "a path needs a scheme: write http://{}, or leave the path out",
            quotable(text)
        ));
    }
    let (host, port) = host_and_port(text, Form::Plain)?;
    Ok(Endpoint {
        host,
        port: port.unwrap_or(MAESTRO_PORT),
        question: Question::Connect,
    })
}

/// What follows `tcp://`.
fn tcp(rest: &str) -> Result<Endpoint, String> {
    let rest = rest.split('#').next().unwrap_or_default();
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('@') {
        return Err(CREDENTIALS.to_owned());
    }
    if rest.contains(['/', '?', '\\']) {
        return Err("tcp:// only connects and takes no path: leave the path out".into());
    }
    let (host, port) = host_and_port(rest, Form::Url)?;
    let port = port.ok_or("tcp:// has no port of its own: write one, as in tcp://HOST:22")?;
    Ok(Endpoint {
        host,
        port,
        question: Question::Connect,
    })
}

/// What follows `http://` or `https://`.
fn web(rest: &str, tls: bool) -> Result<Endpoint, String> {
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if authority.contains('@') {
        return Err(CREDENTIALS.to_owned());
    }
    let (host, port) = host_and_port(authority, Form::Url)?;
    // `Url` knows no zones, so it gets the tail behind a host of ours.
    let url = Url::parse(&format!("http://host{tail}")).map_err(|error| {
        format!("the path cannot be read ({error}): check what follows the host")
    })?;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Ok(Endpoint {
        host,
        port: port.unwrap_or(default_port(tls)),
        question: Question::Get { path, tls },
    })
}

/// The port of http or https where an address names none.
pub fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// As people write it: IPv6 may stand without brackets.
    Plain,
    /// As in a URL: brackets, and `%` may be written `%25`.
    Url,
}

fn host_and_port(text: &str, form: Form) -> Result<(Host, Option<u16>), String> {
    if text.is_empty() {
        return Err(NO_HOST.to_owned());
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest
            .split_once(']')
            .ok_or("the bracket is not closed: write [ADDRESS]:PORT")?;
        let host = v6(inside, form)?.ok_or(NOT_IPV6)?;
        let port = match after.strip_prefix(':') {
            Some(digits) => Some(port(digits)?),
            None if after.is_empty() => None,
            None => return Err("only a ':' and a port may follow the brackets".into()),
        };
        return Ok((host, port));
    }
    match text.matches(':').count() {
        0 => Ok((name_or_v4(text)?, None)),
        1 => {
            let (host, digits) = text.split_once(':').unwrap_or((text, ""));
            if host.is_empty() {
                return Err(NO_HOST.to_owned());
            }
            Ok((name_or_v4(host)?, Some(port(digits)?)))
        }
        _ if form == Form::Url => Err(BRACKETS.to_owned()),
        _ => Ok((v6(text, form)?.ok_or(BRACKETS)?, None)),
    }
}

fn port(digits: &str) -> Result<u16, String> {
    if digits.is_empty() {
        return Err("there is no port after the ':': write one, or leave the ':' out".into());
    }
    // `u16::from_str` takes a plus sign; an address does not.
    if digits.bytes().all(|b| b.is_ascii_digit())
        && let Ok(port @ 1..) = digits.parse::<u16>()
    {
        return Ok(port);
    }
    // The digits are not repeated: with `user:password/…` they are a piece of the password.
    Err("the port is not a number from 1 to 65535: write one, as in HOST:23000".into())
}

/// An IPv6 address with or without its interface; `None` where it is no IPv6 address at all.
fn v6(text: &str, form: Form) -> Result<Option<Host>, String> {
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<Ipv6Addr>() else {
        return Ok(None);
    };
    let Some(zone) = zone else {
        // Every interface has such addresses. Without one, Linux says EINVAL and macOS may say
        // EHOSTUNREACH, which would pass for Local Network Privacy.
        if address.is_unicast_link_local() {
            return Err(format!(
                "a link-local address needs its interface: write {address}%en0 (with brackets before a port)"
            ));
        }
        return Ok(Some(Host::V6 {
            address,
            zone: None,
        }));
    };
    if !address.is_unicast_link_local() {
        return Err(stray_percent());
    }
    // A URL writes `%` as `%25`. Only there: elsewhere 25 is the number of an interface.
    let zone = match zone.strip_prefix("25") {
        Some(rest) if form == Form::Url && !rest.is_empty() => rest,
        _ => zone,
    };
    let fits = (1..=ZONE_LENGTH).contains(&zone.len());
    if !fits
        || !zone
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    {
        return Err(
            "what follows the '%' is not the name of an interface: write one, as in \
             fe80::1%en0, or [fe80::1%en0]:23000 with a port"
                .into(),
        );
    }
    let zone = Some(zone.to_owned());
    Ok(Some(Host::V6 { address, zone }))
}

fn name_or_v4(text: &str) -> Result<Host, String> {
    if text.contains('%') {
        return Err(stray_percent());
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::V4(address));
    }
    let name = match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => name,
        // URLs also read 1.2.3, 0x7f.1 and 010.0.0.1 as addresses: here that is a slip of the
        // finger, and a probe of somebody else.
        Ok(url::Host::Ipv4(_)) | Err(url::ParseError::InvalidIpv4Address) => {
            return Err(
                "an IPv4 address is four numbers from 0 to 255 with dots between: write it so, \
                 as in 10.0.0.18"
                    .into(),
            );
        }
        Ok(url::Host::Ipv6(_)) | Err(_) => return Err(bad_name()),
    };
    let labels = name.strip_suffix('.').unwrap_or(&name);
    let fits = |label: &str| (1..=63).contains(&label.len());
    let spelt = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if labels.len() > 253 || !labels.split('.').all(fits) || !name.bytes().all(spelt) {
        return Err(bad_name());
    }
    Ok(Host::Name(name))
}

fn bad_name() -> String {
    "the host is not a name: write letters, digits, '-' and '.', at most 63 between two dots".into()
}

fn stray_percent() -> String {
    "a '%' names the interface of a link-local IPv6 address (fe80::1%en0) and nothing else: \
     leave it out"
        .into()
}

/// The input as a message may repeat it: clean, short, and without what stands before an `@`.
pub(super) fn quotable(text: &str) -> String {
    let masked = match text.rsplit_once('@') {
        Some((before, after)) => match before.split_once("://") {
            Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                format!("{scheme}://…@{after}")
            }
            _ => format!("…@{after}"),
        },
        None => text.to_owned(),
    };
    let cleaned = clean(&masked);
    match cleaned.char_indices().nth(QUOTED_LENGTH) {
        Some((end, _)) => format!("{}…", &cleaned[..end]),
        None => cleaned,
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
