//! The report as a Markdown table, for an issue or a chat.

use super::columns::time;
use super::headline::{headline, word};
use crate::model::{Outcome, Side, Snapshot, clean};
use std::fmt::Write;

/// The whole report as Markdown. `at` is the time of the snapshot, RFC 3339.
pub fn to_markdown(snapshot: &Snapshot, at: &str) -> String {
    let mut out = String::new();
    let top = headline(snapshot);
    let _ = writeln!(out, "**{}** {}\n", top.word, text(&top.sentence));
    for line in &top.next {
        let _ = writeln!(out, "- {}", text(line));
    }
    if !top.next.is_empty() {
        out.push('\n');
    }
    if !snapshot.rows.is_empty() {
        out.push_str("| worker | url | reach | from this terminal | from PM2 | verdict |\n");
        out.push_str("|---|---|---|---|---|---|\n");
    }
    for row in &snapshot.rows {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            text(&row.target.name),
            text(&row.target.url),
            row.route.reach.word(),
            side(&row.terminal, "not asked"),
            side(&row.pm2, snapshot.pm2.state.why().unwrap_or("not asked")),
            word(row.verdict),
        );
    }
    let problem = snapshot.rows.iter().any(|row| row.verdict.problem());
    for finding in snapshot.findings.iter().filter(|_| problem) {
        let (confidence, sentence) = (finding.confidence.word(), text(&finding.sentence));
        let _ = writeln!(out, "\n**{confidence}** {sentence} ({})\n", finding.code);
        for evidence in &finding.evidence {
            let _ = writeln!(out, "- {}: {}", evidence.sign.word(), text(&evidence.text));
        }
    }
    let pm2 = &snapshot.pm2;
    let version = pm2.version.as_deref().unwrap_or("");
    let about = format!("PM2 {} {version}", pm2.state.word());
    let system = format!(
        "{} {}",
        snapshot.computer.os.word(),
        snapshot.computer.version.as_deref().unwrap_or("")
    );
    let _ = writeln!(
        out,
        "\nunreach {}, {}, {}, {at}",
        env!("CARGO_PKG_VERSION"),
        text(system.trim_end()),
        text(about.trim_end()),
    );
    for notice in &snapshot.notices {
        let _ = writeln!(out, "\n> {}", text(notice));
    }
    out
}

fn side(side: &Side, missing: &str) -> String {
    let Some((_, probe)) = &side.last else {
        return text(missing);
    };
    let detail = match &probe.outcome {
        Outcome::NotAsked(why) => return text(&format!("not asked: {why}")),
        Outcome::Failed(failure) => format!(", {}", failure.sentence()),
        Outcome::Answered(_) => String::new(),
    };
    let word = probe.outcome.word();
    text(&format!(
        "{word}{detail}, {}, {} of {}",
        time(probe.took),
        side.answered,
        side.tries
    ))
}

/// Foreign text that stays text: what Markdown or HTML would read as markup is escaped.
fn text(foreign: &str) -> String {
    let mut safe = String::new();
    for c in clean(foreign).chars() {
        match c {
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' => safe.extend(['\\', c]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            c => safe.push(c),
        }
    }
    safe
}
