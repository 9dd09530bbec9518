//! What `launchctl print SERVICE` says. "NOT API in any sense at all", says its manual, so what is not
//! known is skipped, and what is missing stays unknown (facts/LAUNCHD.md §1.1, §3).

use super::recognise_pm2::{Job, why_pm2};
use crate::model::Service;

/// The blocks of a service that are read, besides its top level.
const ARGUMENTS: &str = "arguments";
const ENVIRONMENT: &str = "environment";
const COALITION: &str = "resource coalition";

/// Blocks that hold foreign text, a line each, unescaped: a brace in it opens and closes nothing.
const VERBATIM: &[&str] = &[
    ARGUMENTS,
    ENVIRONMENT,
    "default environment",
    "inherited environment",
];

/// Names of blocks: a text that begins with one of them has lost its head.
const BLOCKS: &[&str] = &[
    "dynamic endpoints",
    "endpoints",
    "event channels",
    "event triggers",
    "instance-specific",
    "jetsam coalition",
    "disabled services",
    "login item associations",
    "mach services",
    "probabilistic guard malloc policy",
    "resource limits",
    "semaphores",
    "services",
    "sockets",
];

/// Keys that a service has, and hardly anything else: one of them makes a text the print of a service.
const TELLING: &[&str] = &[
    "active count",
    "immediate reason",
    "job state",
    "last exit code",
    "last exit reason",
    "last terminating signal",
    "runs",
    "spawn type",
    "state",
];

/// What a print was read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Printed {
    Service(Box<Service>),
    /// A whole domain: `launchctl print system`.
    Domain(String),
}

/// Reads a print, wherever it begins and ends; `None` where `text` is none.
pub fn read(text: &str) -> Option<Printed> {
    let mut reading = Reading::default();
    for line in text.lines() {
        if reading.take(line) == After::End {
            break;
        }
    }
    reading.finish()
}

/// One block that is open.
struct Open<'a> {
    name: &'a str,
    /// The white space before its first line.
    indent: &'a str,
}

#[derive(PartialEq, Eq)]
enum After {
    More,
    End,
}

#[derive(Default)]
struct Reading<'a> {
    /// `gui/501/com.PM2`, where the text has it.
    head: Option<&'a str>,
    open: Vec<Open<'a>>,
    keys: Vec<(&'a str, &'a str)>,
    arguments: Option<Vec<&'a str>>,
    environment: Vec<(&'a str, &'a str)>,
    coalition: Option<u64>,
    has_services: bool,
    /// A block was closed that was never opened: either the text's head is missing and this was the
    /// job's end, or the text began inside a block, and what was read so far was that block's.
    beheaded: bool,
}

impl<'a> Reading<'a> {
    fn take(&mut self, line: &'a str) -> After {
        let indent = &line[..line.len() - line.trim_start().len()];
        let line = line.trim();
        if line.is_empty() {
            return After::More;
        }
        // The block is one of the job's own, not of something in it.
        let own = self.open.len() == self.depth() + 1;
        if let Some(open) = self.open.last()
            && VERBATIM.contains(&open.name)
        {
            if line == "}" && indent == open.indent {
                self.open.pop();
            } else if own {
                self.verbatim(line);
            }
            return After::More;
        }
        if line == "}" {
            return self.close();
        }
        if self.beheaded {
            *self = Reading::default();
        }
        let opened = line
            .strip_suffix('{')
            .and_then(|line| line.trim_end().strip_suffix(['=', '>']))
            .map(|line| line.trim_end_matches('=').trim_end());
        if let Some(name) = opened {
            self.begin(name, indent);
        } else if let Some((key, value)) = line.split_once(" = ") {
            if self.open.len() == self.depth() {
                self.keys.push((key, value.trim()));
            } else if own
                && key == "ID"
                && self.open.last().is_some_and(|open| open.name == COALITION)
            {
                self.coalition = value.trim().parse().ok();
            }
        }
        After::More
    }

    /// How many blocks are open at the job's own level.
    fn depth(&self) -> usize {
        usize::from(self.head.is_some())
    }

    fn verbatim(&mut self, line: &'a str) {
        match self.open.last().map(|open| open.name) {
            Some(ARGUMENTS) => self.arguments.get_or_insert_default().push(line),
            Some(ENVIRONMENT) => {
                let (name, value) = line.split_once(" =>").unwrap_or((line, ""));
                self.environment.push((name, value.trim()));
            }
            _ => {}
        }
    }

    fn begin(&mut self, name: &'a str, indent: &'a str) {
        let a_block = VERBATIM.contains(&name) || BLOCKS.contains(&name) || name == COALITION;
        if self.open.is_empty() && self.head.is_none() && !a_block && self.keys.is_empty() {
            self.head = Some(name);
        } else if self.open.len() == self.depth() {
            self.has_services |= name == "services";
            if name == ARGUMENTS {
                self.arguments.get_or_insert_default();
            }
        }
        self.open.push(Open { name, indent });
    }

    fn close(&mut self) -> After {
        if self.open.pop().is_none() {
            self.beheaded = true;
            return After::More;
        }
        // What follows the job is another text.
        match self.open.is_empty() && self.head.is_some() && !self.keys.is_empty() {
            true => After::End,
            false => After::More,
        }
    }

    fn finish(self) -> Option<Printed> {
        let get = |name: &str| {
            let mut keys = self.keys.iter();
            keys.find_map(|(key, value)| (*key == name).then_some(*value))
        };
        let text = |name: &str| get(name).map(str::to_owned);
        let number = |name: &str| get(name).and_then(number);
        let named = self.head.and_then(service_target);
        if let Some(domain) = self.head.and_then(domain_target)
            && (self.has_services || !TELLING.iter().any(|key| get(key).is_some()))
        {
            return Some(Printed::Domain(domain));
        }
        let telling = TELLING.iter().filter(|key| get(key).is_some()).count();
        // Without a head one word such as `state` would do for many a text.
        if named.is_none() && telling < if self.head.is_some() { 1 } else { 2 } {
            return None;
        }
        let (by_head, label) = match named {
            Some((domain, label)) => (Some(domain.to_owned()), Some(label.to_owned())),
            None => (None, self.head.map(str::to_owned)),
        };
        let variable = |name: &str| {
            let mut variables = self.environment.iter();
            variables.find_map(|(key, value)| (*key == name).then(|| (*value).to_owned()))
        };
        let program_arguments = self
            .arguments
            .map(|lines| lines.into_iter().map(str::to_owned).collect::<Vec<_>>());
        // launchd gives each job its label in this variable, and prints it (facts/LAUNCHD.md §2.3).
        let label = label.or_else(|| variable("XPC_SERVICE_NAME").filter(|name| name != "0"));
        let program = text("program");
        let pm2_home = variable("PM2_HOME");
        let pm2 = why_pm2(&Job {
            label: label.as_deref(),
            program: program.as_deref(),
            arguments: program_arguments.as_deref().unwrap_or_default(),
            pm2_home: pm2_home.is_some(),
        });
        Some(Printed::Service(Box::new(Service {
            label,
            domain: by_head.or_else(|| get("domain").map(domain)),
            state: text("state"),
            pid: number("pid"),
            last_exit_code: number("last exit code"),
            path: text("path"),
            program,
            runs: number("runs"),
            last_exit_text: text("last exit code"),
            last_signal: text("last terminating signal"),
            last_exit_reason: text("last exit reason"),
            job_state: text("job state"),
            kind: text("type"),
            username: text("username"),
            group: text("group"),
            working_directory: text("working directory"),
            program_arguments,
            coalition: self.coalition,
            environment: self
                .environment
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            pm2_home,
            pm2,
        })))
    }
}

/// The number at the beginning: `78: EX_CONFIG`. `(never exited)` is none.
fn number(text: &str) -> Option<i64> {
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || (*at == 0 && *c == '-')))
        .map_or(text.len(), |(at, _)| at);
    text[..end].parse().ok()
}

/// Domain and label of `gui/501/com.PM2`. Up to about macOS 12 the head is the label alone.
fn service_target(head: &str) -> Option<(&str, &str)> {
    let label = match head.strip_prefix("system/") {
        Some(label) => label,
        None => {
            let (kind, rest) = head.split_once('/')?;
            let (id, label) = rest.split_once('/')?;
            let numbered = ["gui", "user", "login", "pid", "session"].contains(&kind);
            if !numbered || id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            label
        }
    };
    (!label.is_empty()).then(|| (&head[..head.len() - label.len() - 1], label))
}

/// The domain whose print begins with `head`.
fn domain_target(head: &str) -> Option<String> {
    let numbered = |(kind, id): (&str, &str)| {
        ["gui", "user", "login", "pid", "session"].contains(&kind)
            && !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
    };
    let named = head == "system" || head.split_once('/').is_some_and(numbered);
    (named || head.starts_with(OLD)).then(|| domain(head))
}

/// What domains were called up to about macOS 12.
const OLD: &str = "com.apple.xpc.launchd.";

/// A domain as it is written today: `gui/501 [100023]`, `com.apple.xpc.launchd.domain.system`,
/// `com.apple.xpc.launchd.domain.user.501`, `com.apple.xpc.launchd.user.domain.501.100009.Aqua`.
fn domain(text: &str) -> String {
    let text = text.split(" [").next().unwrap_or(text);
    let Some(old) = text.strip_prefix(OLD) else {
        return text.to_owned();
    };
    match old.split('.').collect::<Vec<_>>()[..] {
        ["domain", "system"] => "system".to_owned(),
        ["domain", kind, id] => format!("{kind}/{id}"),
        ["user", "domain", uid, _, "Aqua"] => format!("gui/{uid}"),
        ["user", "domain", uid, ..] => format!("user/{uid}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "print_tests.rs"]
mod tests;
