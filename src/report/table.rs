//! The table: one row for each target, both sides in the same words at the same places.

use super::columns::{cut, name_columns, pad, time, width};
use super::headline::word;
use super::style::{Role, Style};
use crate::model::{Row, Side, Snapshot};
use std::fmt::Write;

/// Columns of a row besides the name: marks, both sides, relation, verdict and the gaps.
const BESIDE_NAME: usize = 2 + 1 + TERMINAL + 2 + RELATION + 2 + PM2 + 2 + VERDICT;
/// `XX EHOSTUNREACH 0.05 ms` must fit, the word this is all about.
const TERMINAL: usize = 23;
const RELATION: usize = 2;
const PM2: usize = 24;
const VERDICT: usize = 8;
const TIME: usize = 7;

/// A blank line, head and rows, each ending in a line break.
pub fn table(snapshot: &Snapshot, style: &Style) -> String {
    let mut out = String::new();
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
    out
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
