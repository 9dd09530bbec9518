//! What a file about launchd is: as JSON, and as a few aligned lines.

use super::columns::pad;
use super::json::SCHEMA;
use super::style::{Role, Style};
use crate::model::{
    DomainFrom, Inspected, JobDomain, JobFile, LaunchctlError, Listed, Service, clean,
};
use serde_json::{Value, json};

/// Where values begin, in columns.
const INDENT: usize = 14;

/// The most rows of a list that the text shows.
const MOST_ROWS: usize = 200;

/// The file as one JSON object on several lines. Keys are only ever added.
pub fn inspected_to_json(inspected: &Inspected) -> String {
    let mut value = json!({ "schema": SCHEMA });
    let mut more = match inspected {
        Inspected::Plist { job, domain, from } => plist(job, *domain, *from),
        Inspected::Print(service) => print(service),
        Inspected::List(rows) => list(rows),
        Inspected::Disabled(labels) => json!({
            "kind": "launchctl-disabled",
            "disabled": labels
                .iter()
                .map(|(label, disabled)| (kept(label), json!(disabled)))
                .collect::<serde_json::Map<_, _>>(),
        }),
        Inspected::Error(error) => json!({
            "kind": "launchctl-error",
            "code": error.code,
            "meaning": clean(&error.meaning),
            "remedy": text(&error.remedy),
            "label": text(&error.label),
            "domain": text(&error.domain),
            "text": clean(&error.text),
        }),
    };
    if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object_mut()) {
        value.append(more);
    }
    format!("{value:#}\n")
}

fn plist(job: &JobFile, domain: JobDomain, from: Option<DomainFrom>) -> Value {
    json!({
        "kind": "plist",
        "label": text(&job.label),
        "domain": domain.word(),
        "is_pm2": job.pm2.is_some(),
        "program_arguments": job.program_arguments.as_deref().map(texts),
        "user": text(&job.user),
        "program": text(&job.program),
        "domain_from": from.map(DomainFrom::word),
        "pm2_because": text(&job.pm2),
        "pm2_home": text(&job.pm2_home),
        "group": text(&job.group),
        "working_directory": text(&job.working_directory),
        "sessions": texts(&job.sessions),
        "environment": texts(&job.environment),
        "run_at_load": job.run_at_load,
        "keep_alive": job.keep_alive,
        "problems": texts(&job.problems),
    })
}

fn print(service: &Service) -> Value {
    json!({
        "kind": "launchctl-print",
        "label": text(&service.label),
        "domain": text(&service.domain),
        "state": text(&service.state),
        "pid": service.pid,
        "last_exit_code": service.last_exit_code,
        "path": text(&service.path),
        "program": text(&service.program),
        "runs": service.runs,
        "last_exit_code_text": text(&service.last_exit_text),
        "last_terminating_signal": text(&service.last_signal),
        "last_exit_reason": text(&service.last_exit_reason),
        "job_state": text(&service.job_state),
        "type": text(&service.kind),
        "username": text(&service.username),
        "group": text(&service.group),
        "working_directory": text(&service.working_directory),
        "program_arguments": service.program_arguments.as_deref().map(texts),
        "resource_coalition_id": service.coalition,
        "environment": texts(&service.environment),
        "is_pm2": service.pm2.is_some(),
        "pm2_because": text(&service.pm2),
        "pm2_home": text(&service.pm2_home),
    })
}

fn list(rows: &[Listed]) -> Value {
    let row = |job: &Listed| {
        json!({
            "label": text(&job.label),
            "state": state(job),
            "pid": job.pid,
            "last_exit_code": job.last_exit_code,
            "last_terminating_signal": job.last_signal,
            "program": text(&job.program),
        })
    };
    let none = Listed::default();
    // What is said of one job stands where a print of it would have it.
    let (one, alone) = match rows {
        [one] => (one, true),
        _ => (&none, false),
    };
    json!({
        "kind": "launchctl-list",
        "label": text(&one.label),
        // The list is of the caller's domain, and does not say which that is.
        "domain": Value::Null,
        "state": alone.then(|| state(one)),
        "pid": one.pid,
        "last_exit_code": one.last_exit_code,
        "path": Value::Null,
        "program": text(&one.program),
        "runs": Value::Null,
        "last_terminating_signal": one.last_signal,
        "jobs": rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// A list gives a pid to what runs.
fn state(job: &Listed) -> &'static str {
    match job.pid {
        Some(_) => "running",
        None => "not running",
    }
}

fn text(text: &Option<String>) -> Option<String> {
    text.as_deref().map(kept)
}

fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| kept(text)).collect()
}

/// `text` cleaned, but with its lines and tabs: a script in an argument has them, and JSON writes
/// them so that they move nothing.
fn kept(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let parts = line.split('\t').map(clean);
        parts.collect::<Vec<_>>().join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The file as text that fits the width of the terminal.
pub fn inspected_to_text(inspected: &Inspected, style: &Style) -> String {
    let mut page = Page {
        out: String::new(),
        style,
    };
    match inspected {
        Inspected::Plist { job, domain, from } => page.plist(job, *domain, *from),
        Inspected::Print(service) => page.print(service),
        Inspected::List(rows) => page.list(rows),
        Inspected::Disabled(labels) => page.disabled(labels),
        Inspected::Error(error) => page.error(error),
    }
    page.out
}

struct Page<'a> {
    out: String,
    style: &'a Style,
}

impl Page<'_> {
    fn plist(&mut self, job: &JobFile, domain: JobDomain, from: Option<DomainFrom>) {
        self.head("a launchd job's plist");
        self.value("label", job.label.as_deref());
        let told = match (domain, from) {
            (_, Some(DomainFrom::Path)) => format!("{}, by its folder", domain.word()),
            (_, Some(DomainFrom::Content)) => format!("{}, by its content", domain.word()),
            (_, None) => "unknown: its folder decides, LaunchAgents or LaunchDaemons".to_owned(),
        };
        self.value("domain", Some(&told));
        self.pm2(job.pm2.as_deref());
        match &job.program_arguments {
            Some(arguments) => self.value("runs", Some(&command(arguments))),
            None => self.value("runs", job.program.as_deref()),
        }
        self.value("user", job.user.as_deref());
        self.maybe("PM2_HOME", job.pm2_home.as_deref());
        let starts = match job.run_at_load {
            Some(true) => "when it is loaded",
            _ => "when something asks for it",
        };
        let kept = match job.keep_alive {
            Some(true) => ", and again when it ends",
            _ => "",
        };
        self.value("starts", Some(&format!("{starts}{kept}")));
        for problem in &job.problems {
            self.painted("problem", problem, Role::Warn);
        }
    }

    fn print(&mut self, service: &Service) {
        self.head("launchctl print of one job");
        self.value("label", service.label.as_deref());
        self.value("domain", service.domain.as_deref());
        self.value("state", service.state.as_deref());
        self.number("pid", service.pid);
        self.value(
            "last exit",
            service
                .last_signal
                .as_deref()
                .or(service.last_exit_reason.as_deref())
                .or(service.last_exit_text.as_deref()),
        );
        self.value("path", service.path.as_deref());
        self.value("program", service.program.as_deref());
        self.number("runs", service.runs);
        if let Some(arguments) = &service.program_arguments {
            self.value("arguments", Some(&command(arguments)));
        }
        self.maybe("user", service.username.as_deref());
        self.pm2(service.pm2.as_deref());
    }

    fn list(&mut self, rows: &[Listed]) {
        let jobs = if rows.len() == 1 { "job" } else { "jobs" };
        self.head(&format!("launchctl list, {} {jobs}", rows.len()));
        for job in rows.iter().take(MOST_ROWS) {
            let pid = job.pid.map_or_else(
                || self.style.pick("–", "-").to_owned(),
                |pid| pid.to_string(),
            );
            let ended = match (job.last_signal, job.last_exit_code) {
                (Some(signal), _) => format!("  last ended by signal {signal}"),
                (None, Some(code)) if code != 0 => format!("  last exit {code}"),
                _ => String::new(),
            };
            let label = job.label.as_deref().unwrap_or_default();
            self.line(&pid, &format!("{label}{ended}"));
        }
        self.left_out(rows.len());
    }

    fn disabled(&mut self, labels: &[(String, bool)]) {
        self.head("launchctl print-disabled");
        for (label, disabled) in labels.iter().take(MOST_ROWS) {
            let word = if *disabled { "disabled" } else { "enabled" };
            self.line(word, label);
        }
        self.left_out(labels.len());
    }

    fn error(&mut self, error: &LaunchctlError) {
        self.head("an error of launchctl");
        self.value("said", Some(&error.text));
        self.number("code", error.code);
        self.value("meaning", Some(&error.meaning));
        self.value("remedy", error.remedy.as_deref());
        self.maybe("label", error.label.as_deref());
        self.maybe("domain", error.domain.as_deref());
    }

    fn pm2(&mut self, why: Option<&str>) {
        match why {
            Some(why) => self.painted("PM2", &format!("yes: {why}"), Role::Strong),
            None => self.value("PM2", Some("no")),
        }
    }

    fn head(&mut self, text: &str) {
        let text = self.style.paint(Role::Strong, text);
        self.fill(&text, 0);
    }

    fn number(&mut self, name: &str, number: Option<i64>) {
        let number = number.map(|number| number.to_string());
        self.value(name, number.as_deref());
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        if value.is_some() {
            self.value(name, value);
        }
    }

    fn value(&mut self, name: &str, value: Option<&str>) {
        let missing = self.style.pick("–", "-");
        self.line(name, value.unwrap_or(missing));
    }

    fn line(&mut self, name: &str, value: &str) {
        self.painted(name, value, Role::Plain);
    }

    fn painted(&mut self, name: &str, value: &str, role: Role) {
        let value = self.style.paint(role, &clean(value));
        let name = pad(&format!("  {}", clean(name)), INDENT - 1);
        self.fill(&format!("{name} {value}"), INDENT);
    }

    fn left_out(&mut self, rows: usize) {
        if rows > MOST_ROWS {
            self.line(
                "",
                &format!("and {} more (--json has all)", rows - MOST_ROWS),
            );
        }
    }

    /// Unlike prose, paths and labels may be longer than a line and are broken where it ends.
    fn fill(&mut self, text: &str, indent: usize) {
        let width = self.style.width;
        let indent = " ".repeat(indent.min(width / 2));
        let options = textwrap::Options::new(width)
            .subsequent_indent(&indent)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        self.out.push_str(&textwrap::fill(text, options));
        self.out.push('\n');
    }
}

/// The arguments on one line, quoted where a shell would need it.
fn command(arguments: &[String]) -> String {
    let quoted = arguments.iter().map(|argument| {
        let plain = |c: char| c.is_alphanumeric() || "/._-=:@%+,$".contains(c);
        match !argument.is_empty() && argument.chars().all(plain) {
            true => argument.clone(),
            false => format!("'{}'", argument.replace('\'', r"'\''")),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
