//! The side-by-side table as plain text.

use super::columns::{cut, name_columns, pad, time, width};
use super::headline::{headline, word};
use super::style::{Role, Style};
use crate::model::{Outcome, Pm2, Probe, Process, Row, Side, Snapshot, Verdict, clean};
use std::fmt::Write;

/// How much is said about each target below the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// About those that are not fine.
    Problems,
    Everything,
}

/// Columns of a row besides the name: marks, both sides, relation, verdict and the gaps.
const BESIDE_NAME: usize = 2 + 1 + TERMINAL + 2 + RELATION + 2 + PM2 + 2 + VERDICT;
const TERMINAL: usize = 22;
const RELATION: usize = 2;
const PM2: usize = 23;
const VERDICT: usize = 8;
const TIME: usize = 7;

/// The whole report, ending in a line break.
pub fn to_text(snapshot: &Snapshot, style: &Style, detail: Detail) -> String {
    let mut out = String::new();
    let top = headline(snapshot);
    let role = top
        .verdict
        .map_or(Role::Warn, |verdict| style.verdict(verdict));
    let _ = writeln!(out, "{}", about(snapshot));
    let _ = writeln!(
        out,
        "{}  {}",
        style.paint(role, &pad(top.word, VERDICT)),
        clean(&top.sentence)
    );
    for line in &top.next {
        let _ = writeln!(out, "{}{}", " ".repeat(VERDICT + 2), clean(line));
    }
    if !snapshot.rows.is_empty() {
        table(&mut out, snapshot, style);
        for row in &snapshot.rows {
            if detail == Detail::Everything || row.verdict != Verdict::Fine || has_notes(row) {
                about_row(&mut out, row, snapshot, style);
            }
        }
        who_asks(&mut out, snapshot, style);
    }
    for notice in &snapshot.notices {
        let _ = writeln!(
            out,
            "{} {}",
            style.paint(Role::Strong, "note:"),
            clean(notice)
        );
    }
    out
}

fn about(snapshot: &Snapshot) -> String {
    let workers = match snapshot.rows.len() {
        1 => "1 worker".to_owned(),
        count => format!("{count} workers"),
    };
    let os = match snapshot.computer.os {
        crate::model::Os::Macos => "macOS",
        crate::model::Os::Linux => "Linux",
        crate::model::Os::Other => "another system",
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

fn table(out: &mut String, snapshot: &Snapshot, style: &Style) {
    let names = snapshot.rows.iter().map(|row| row.target.name.as_str());
    let name = name_columns(names, style.width.saturating_sub(BESIDE_NAME));
    let across = style.pick("─", "-").repeat(name + BESIDE_NAME);
    let head = format!(
        "\n  {} {}  {}  {}  VERDICT\n{across}",
        pad("WORKER", name),
        pad("FROM THIS TERMINAL", TERMINAL),
        " ".repeat(RELATION),
        pad("FROM PM2", PM2),
    );
    let _ = writeln!(out, "{head}");
    for row in &snapshot.rows {
        let relation = relation(row, style);
        let differs = relation == style.pick("≠", "!=");
        let line = format!(
            "  {} {}  {}  {}  {}",
            pad(&cut(&row.target.name, name, style.pick("…", "..")), name),
            cell(&row.terminal, "asking", TERMINAL, style),
            style.paint(
                if differs { Role::Differ } else { Role::Plain },
                &pad(relation, RELATION)
            ),
            cell(
                &row.pm2,
                &format!("not asked: PM2 {}", snapshot.pm2.state.word()),
                PM2,
                style
            ),
            style.paint(style.verdict(row.verdict), word(row.verdict)),
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// `=` where both sides say the same word, `≠` where they differ, `·` where one is missing.
fn relation<'a>(row: &Row, style: &Style) -> &'a str {
    let asked = |side: &Side| match &side.last {
        Some((_, probe)) if !probe.outcome.not_asked() => Some(probe.outcome.word()),
        _ => None,
    };
    match (asked(&row.terminal), asked(&row.pm2)) {
        (Some(here), Some(there)) if here == there => "=",
        (Some(_), Some(_)) if style.ascii => "!=",
        (Some(_), Some(_)) => "≠",
        _ if style.ascii => ".",
        _ => "·",
    }
}

fn cell(side: &Side, missing: &str, columns: usize, style: &Style) -> String {
    let ellipsis = style.pick("…", "..");
    match &side.last {
        Some((_, probe)) => {
            let (mark, role) = style.mark(&probe.outcome);
            let room = columns - width(mark) - 1 - 1 - TIME;
            let word = cut(&probe.outcome.word(), room, ellipsis);
            let took = if probe.outcome.not_asked() {
                String::new()
            } else {
                time(probe.took)
            };
            let said = format!("{} {}", style.paint(role, mark), style.paint(role, &word));
            let gap = " ".repeat(columns - width(mark) - 1 - width(&word) - width(&took));
            format!("{said}{gap}{took}")
        }
        None => {
            let mark = style.pick("–", "-");
            pad(
                &cut(&format!("{mark} {missing}"), columns, ellipsis),
                columns,
            )
        }
    }
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

fn about_row(out: &mut String, row: &Row, snapshot: &Snapshot, style: &Style) {
    let target = &row.target;
    let _ = writeln!(
        out,
        "\n{}  {}",
        style.paint(Role::Strong, &clean(&target.name)),
        clean(&target.url)
    );
    let through = match &row.route.interface {
        Some(interface) => format!("{} through {interface}", row.route.reach.word()),
        None => row.route.reach.word().to_owned(),
    };
    let _ = writeln!(
        out,
        "  reach     {}; from {}",
        clean(&through),
        clean(&target.source.to_string())
    );
    let _ = writeln!(out, "  terminal  {}", said(&row.terminal, "not asked"));
    let why = snapshot.pm2.state.why().unwrap_or("not asked");
    let _ = writeln!(out, "  PM2       {}", said(&row.pm2, why));
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

fn who_asks(out: &mut String, snapshot: &Snapshot, style: &Style) {
    let line = |processes: &[Process]| {
        let names: Vec<_> = processes
            .iter()
            .map(|p| format!("{} {}", clean(&p.name), p.pid))
            .collect();
        names.join(style.pick(" ‹ ", " < "))
    };
    let user = match snapshot.computer.uid {
        0 => "root".to_owned(),
        uid => format!("user {uid}"),
    };
    let _ = writeln!(out, "\n{}", style.paint(Role::Strong, "WHO ASKS"));
    let _ = writeln!(
        out,
        "  terminal  {}, {user}",
        line(&snapshot.computer.ancestors)
    );
    let pm2 = &snapshot.pm2;
    if let Some(agent) = pm2.agent {
        let from = style.pick(" ‹ ", " < ");
        let node = pm2
            .node
            .as_ref()
            .map(|node| format!(", node {}", clean(node)))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "  PM2       unreach {agent}{from}{}{node}",
            line(&pm2.ancestors)
        );
    } else if let Some(why) = pm2.state.why() {
        let _ = writeln!(out, "  PM2       {}: {}", pm2.state.word(), clean(why));
    }
    for other in &pm2.others {
        let home = other
            .home
            .as_deref()
            .unwrap_or("a home that its title does not tell");
        let _ = writeln!(
            out,
            "  also      PM2 God {} with {}, not asked",
            other.pid,
            clean(home)
        );
    }
}
