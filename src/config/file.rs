//! The config file: TOML in, settings and targets out.

use super::address;
use serde::Deserialize;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::{Spanned, Value};

/// What `unreach config` prints: every key with a line about it, each at its default and
/// commented out.
pub const DEFAULT_TEXT: &str = include_str!("../../assets/config.toml");

/// Seconds from one round of probes to the next.
const INTERVAL: RangeInclusive<f64> = 0.2..=3600.0;
/// Seconds until a probe gives up.
const TIMEOUT: RangeInclusive<f64> = 0.05..=60.0;

/// What the config file says, with the defaults where it says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// From one round of probes to the next: 5 s, or what the file says from 0.2 s to an hour.
    pub interval: Duration,
    /// Until a probe gives up: 3 s, or what the file says from 50 ms to a minute.
    pub timeout: Duration,
    /// PM2's home directory, as written: absolute, or `~` or `~/…`, which the caller expands.
    pub pm2_home: Option<String>,
    /// Draw with ASCII only.
    pub ascii: bool,
    pub color: bool,
    /// In the order of the file; each URL is one that [`address::parse`] takes.
    pub targets: Vec<Entry>,
}

/// A `[[target]]` of the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub url: String,
    pub name: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(3),
            pm2_home: None,
            ascii: false,
            color: true,
            targets: Vec::new(),
        }
    }
}

/// Why a config file was refused: line and column, the key, why, and what to do.
/// The caller says which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Both count from 1; columns are characters.
    line: usize,
    column: usize,
    why: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigError { line, column, why } = self;
        write!(f, "line {line}, column {column}: {why}")
    }
}

impl std::error::Error for ConfigError {}

/// The file as TOML has it. Values stay untyped, so that a wrong type is told with its key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    interval: Option<Spanned<Value>>,
    timeout: Option<Spanned<Value>>,
    pm2_home: Option<Spanned<Value>>,
    ascii: Option<Spanned<Value>>,
    color: Option<Spanned<Value>>,
    #[serde(default)]
    target: Vec<Spanned<WrittenTarget>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTarget {
    url: Option<Spanned<Value>>,
    name: Option<Spanned<Value>>,
}

/// Reads a config file.
///
/// # Errors
/// What is not TOML, a key that we do not know, a value of another type or out of its range, a
/// target without a URL or with one that [`address::parse`] refuses. The first one found is told.
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    let written: Written = toml::from_str(text).map_err(|error| unreadable(text, &error))?;
    read(written).map_err(|(start, why)| at(text, start, why))
}

/// The byte at which something is wrong, and what.
type Wrong = (usize, String);

fn read(written: Written) -> Result<Config, Wrong> {
    let mut config = Config::default();
    if let Some(value) = written.interval {
        config.interval = seconds("interval", &value, INTERVAL, "5")?;
    }
    if let Some(value) = written.timeout {
        config.timeout = seconds("timeout", &value, TIMEOUT, "3")?;
    }
    if let Some(value) = written.pm2_home {
        config.pm2_home = Some(directory("pm2_home", &value)?);
    }
    if let Some(value) = written.ascii {
        config.ascii = flag("ascii", &value)?;
    }
    if let Some(value) = written.color {
        config.color = flag("color", &value)?;
    }
    config.targets = written.target.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(config)
}

fn entry(target: &Spanned<WrittenTarget>) -> Result<Entry, Wrong> {
    let Some(url) = &target.get_ref().url else {
        return Err((
            target.span().start,
            "this target has no `url`: write one below, as in url = \"http://10.0.0.18:23000\""
                .into(),
        ));
    };
    let written = string("url", url, "http://10.0.0.18:23000")?;
    if let Err(error) = address::parse(&written) {
        return Err((url.span().start, format!("`url` {error}")));
    }
    let name = match &target.get_ref().name {
        Some(name) => Some(string("name", name, "mini-1")?),
        None => None,
    };
    Ok(Entry { url: written, name })
}

fn seconds(
    key: &str,
    value: &Spanned<Value>,
    range: RangeInclusive<f64>,
    example: &str,
) -> Result<Duration, Wrong> {
    let (number, is) = match value.get_ref() {
        // Any number that loses digits here is out of range anyway.
        Value::Integer(number) => (Some(*number as f64), number.to_string()),
        Value::Float(number) => (Some(*number), number.to_string()),
        other => (None, kind(other).to_owned()),
    };
    match number {
        Some(number) if range.contains(&number) => Ok(Duration::from_secs_f64(number)),
        _ => Err((
            value.span().start,
            format!(
                "`{key}` is {is}, and must be a number of seconds from {} to {}: \
                 write {key} = {example}",
                range.start(),
                range.end(),
            ),
        )),
    }
}

fn flag(key: &str, value: &Spanned<Value>) -> Result<bool, Wrong> {
    value.get_ref().as_bool().ok_or_else(|| {
        let is = kind(value.get_ref());
        (
            value.span().start,
            format!("`{key}` is {is}, and must be true or false: write {key} = true"),
        )
    })
}

fn string(key: &str, value: &Spanned<Value>, example: &str) -> Result<String, Wrong> {
    let is = match value.get_ref() {
        Value::String(text) if !text.trim().is_empty() => return Ok(text.clone()),
        Value::String(_) => "empty",
        other => kind(other),
    };
    Err((
        value.span().start,
        format!("`{key}` is {is}, and must be text: write {key} = \"{example}\", or take it out"),
    ))
}

fn directory(key: &str, value: &Spanned<Value>) -> Result<String, Wrong> {
    let path = string(key, value, "~/.pm2")?;
    // A path relative to nobody knows what would be another PM2 home in each directory.
    if path.starts_with('/') || path == "~" || path.starts_with("~/") {
        return Ok(path);
    }
    Err((
        value.span().start,
        format!(
            "`{key}` starts with neither / nor ~/: write the whole path, as in {key} = \"~/.pm2\""
        ),
    ))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// What TOML or serde complained about, in our words. Never with the values of the file in it,
/// as `toml::de::Error` has them: one may be a URL with a password.
fn unreadable(text: &str, error: &toml::de::Error) -> ConfigError {
    let message = error.message();
    let why = if let Some((key, known)) = message
        .strip_prefix("unknown field ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        let known = known.trim_start_matches("one of ");
        format!(
            "unknown key {}: the keys here are {known}; mend the spelling or take the line out",
            address::quotable(key)
        )
    } else if message.starts_with("invalid type") {
        // Every other key takes any type at first.
        "`target` is not a list of tables: write [[target]] on a line of its own and \
         url = \"…\" below it"
            .to_owned()
    } else {
        format!(
            "this is not TOML ({}): write one key = value in a line, and text in quotes",
            address::quotable(message).trim()
        )
    };
    at(text, error.span().map_or(0, |span| span.start), why)
}

fn at(text: &str, start: usize, why: String) -> ConfigError {
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    // An editor shows no byte order mark.
    let column = last.trim_start_matches('\u{feff}').chars().count() + 1;
    ConfigError { line, column, why }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
