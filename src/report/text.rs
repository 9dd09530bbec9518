//! The whole report as plain text: the answer, the table, and what is behind it.

use super::columns::{pad, time, width, wrap};
use super::headline::headline;
use super::style::{Role, Style};
use super::table::table;
use super::why::causes;
use crate::model::{Os, Outcome, Pm2, Probe, Process, Row, Side, Snapshot, Verdict, clean};

/// How much is said about each target below the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// About those that are not fine.
    Problems,
    Everything,
}

/// Where the sentence behind the headline's word begins.
const LABEL: usize = 10;

/// Text in lines that fit.
struct Page<'a> {
    text: String,
    style: &'a Style,
}

/// The whole report, ending in a line break.
pub fn to_text(snapshot: &Snapshot, style: &Style, detail: Detail) -> String {
    let mut page = Page {
        text: String::new(),
        style,
    };
    let top = headline(snapshot);
    let role = top
        .verdict
        .map_or(Role::Warn, |verdict| style.verdict(verdict));
    page.line(&about(snapshot), LABEL);
    page.labelled(&style.paint(role, &pad(top.word, LABEL - 2)), &top.sentence);
    for line in &top.next {
        page.labelled(&" ".repeat(LABEL - 2), line);
    }
    if !snapshot.rows.is_empty() {
        page.text.push_str(&table(snapshot, style));
        for row in &snapshot.rows {
            if detail == Detail::Everything || row.verdict != Verdict::Fine || has_notes(row) {
                page.about_row(row, snapshot);
            }
        }
        if snapshot.rows.iter().any(|row| row.verdict.problem()) {
            page.text.push_str(&causes(&snapshot.findings, style));
        }
        page.who_asks(snapshot);
    }
    for notice in &snapshot.notices {
        page.labelled(&style.paint(Role::Strong, "note    "), notice);
    }
    page.text
}

impl Page<'_> {
    /// One line, or as many as it takes. Foreign text must be clean already.
    fn line(&mut self, text: &str, indent: usize) {
        self.text.push_str(&wrap(text, self.style.width, indent));
        self.text.push('\n');
    }

    /// A label of ours, and text that may be foreign.
    fn labelled(&mut self, label: &str, text: &str) {
        self.line(&format!("{label}  {}", clean(text)), width(label) + 2);
    }

    fn heading(&mut self, name: &str, rest: &str) {
        self.text.push('\n');
        let name = self.style.paint(Role::Strong, &clean(name));
        self.line(format!("{name}  {}", clean(rest)).trim_end(), 2);
    }

    fn about_row(&mut self, row: &Row, snapshot: &Snapshot) {
        self.heading(&row.target.name, &row.target.url);
        let through = row
            .route
            .interface
            .as_ref()
            .map(|name| format!(" through {name}"));
        let (reach, source) = (row.route.reach.word(), &row.target.source);
        self.labelled(
            "  reach   ",
            &format!("{reach}{}; from {source}", through.unwrap_or_default()),
        );
        self.labelled("  terminal", &said(&row.terminal, "not asked"));
        let why = snapshot.pm2.state.why().unwrap_or("not asked");
        self.labelled("  PM2     ", &said(&row.pm2, why));
    }

    fn who_asks(&mut self, snapshot: &Snapshot) {
        let from = self.style.pick(" ‹ ", " < ");
        let line = |processes: &[Process]| {
            let names: Vec<_> = processes
                .iter()
                .map(|p| format!("{} {}", p.name, p.pid))
                .collect();
            names.join(from)
        };
        let user = match snapshot.computer.uid {
            0 => "root".to_owned(),
            uid => format!("user {uid}"),
        };
        self.heading("WHO ASKS", "");
        self.labelled(
            "  terminal",
            &format!("{}, {user}", line(&snapshot.computer.ancestors)),
        );
        let pm2 = &snapshot.pm2;
        match (pm2.agent, pm2.ancestors.split_first()) {
            (Some(agent), Some((god, above))) => {
                // God's own name is a long title, cut somewhere by the system.
                let above = if above.is_empty() {
                    String::new()
                } else {
                    format!("{from}{}", line(above))
                };
                let node = pm2.node.as_ref().map(|node| format!(", node {node}"));
                let node = node.unwrap_or_default();
                self.labelled(
                    "  PM2     ",
                    &format!("unreach {agent}{from}God {}{above}{node}", god.pid),
                );
            }
            _ => {
                let why = pm2.state.why().map(|why| format!(": {why}"));
                let state = pm2.state.word();
                self.labelled("  PM2     ", &format!("{state}{}", why.unwrap_or_default()));
            }
        }
        for other in &pm2.others {
            let home = other
                .home
                .as_deref()
                .unwrap_or("a home that its title does not tell");
            let said = match other.serves {
                true => format!("PM2 God {} with {home}, not asked", other.pid),
                false => format!(
                    "PM2 daemon {} of {home} serves nobody: a second one on its home",
                    other.pid
                ),
            };
            self.labelled("  also    ", &said);
        }
    }
}

fn about(snapshot: &Snapshot) -> String {
    let workers = match snapshot.rows.len() {
        1 => "1 worker".to_owned(),
        count => format!("{count} workers"),
    };
    let os = match snapshot.computer.os {
        Os::Macos => "macOS",
        Os::Linux => "Linux",
        Os::Windows => "Windows",
        Os::Other => "another system",
    };
    let version = snapshot.computer.version.as_deref().unwrap_or("");
    let line = format!(
        "unreach {}   {workers}   {os} {version}",
        env!("CARGO_PKG_VERSION")
    );
    clean(&format!(
        "{}   {}",
        line.trim_end(),
        about_pm2(&snapshot.pm2)
    ))
}

fn about_pm2(pm2: &Pm2) -> String {
    let mut words = Vec::new();
    if let Some(version) = &pm2.version {
        words.push(format!("PM2 {version}"));
    }
    if let Some(pid) = pm2.pid {
        words.push(format!("God {pid}"));
    }
    match pm2.apps {
        Some(1) => words.push("1 app".to_owned()),
        Some(apps) => words.push(format!("{apps} apps")),
        None => {}
    }
    if words.is_empty() {
        return format!("PM2: {}", pm2.state.word());
    }
    words.push(pm2.home.clone());
    words.join(", ")
}

fn has_notes(row: &Row) -> bool {
    let notes = |side: &Side| match &side.last {
        Some((
            _,
            Probe {
                outcome: Outcome::Answered(answer),
                ..
            },
        )) => !answer.notes.is_empty(),
        _ => false,
    };
    notes(&row.terminal) || notes(&row.pm2)
}

/// One side in words: how often, what last, how far it got.
fn said(side: &Side, missing: &str) -> String {
    let Some((_, probe)) = &side.last else {
        return clean(missing);
    };
    let mut said = match &probe.outcome {
        Outcome::NotAsked(why) => return clean(&format!("not asked: {why}")),
        outcome => format!(
            "{} of {} answered; last: {}",
            side.answered,
            side.tries,
            outcome.word()
        ),
    };
    match &probe.outcome {
        Outcome::Failed(failure) => said.push_str(&format!(", {}", failure.sentence())),
        Outcome::Answered(answer) if !answer.notes.is_empty() => {
            said.push_str(&format!(", {}", answer.notes.join("; ")));
        }
        _ => {}
    }
    said.push_str(&format!("; {}", phases(probe)));
    clean(&said)
}

fn phases(probe: &Probe) -> String {
    let phases = &probe.phases;
    let named = [
        ("dns", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("first byte", phases.http),
    ];
    let reached = named
        .iter()
        .filter_map(|(name, took)| Some(format!("{name} {}", time((*took)?))));
    let reached: Vec<_> = reached
        .chain([format!("in all {}", time(probe.took))])
        .collect();
    reached.join(", ")
}
