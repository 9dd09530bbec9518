//! What the system's own log says (facts/LNP.md §3).

use crate::model::{Case, CaseVantage};

/// What the system's log says about a vantage.
pub(super) enum Logged {
    /// A notification that this very process was blocked.
    ThisProcess,
    /// A notification that does not say whom, or about a process that the case does not name.
    Somebody,
    /// The kernel dropped this program's connection by policy; that can be a filter's, too.
    Policy,
}

impl Logged {
    pub(super) fn sentence(&self, who: &str) -> String {
        match self {
            Logged::ThisProcess => {
                format!("macOS logged that it blocked {who} from the local network")
            }
            Logged::Somebody => {
                "macOS logged that it blocked a program from the local network".to_owned()
            }
            Logged::Policy => {
                format!("the kernel logged that a policy (NECP) dropped the connection of {who}")
            }
        }
    }
}

/// Lines match by process id or name and never by address: those are redacted (facts/LNP.md §3).
pub(super) fn logged(case: &Case, vantage: &CaseVantage) -> Option<Logged> {
    let mut best: Option<Logged> = None;
    for line in &case.log {
        let lower = line.to_lowercase();
        if lower.contains("local network blocked notification") {
            match (number_after(&lower, "pid:"), vantage.pid) {
                (Some(logged), Some(ours)) if logged == ours => return Some(Logged::ThisProcess),
                (Some(_), Some(_)) => {}
                _ => best = Some(Logged::Somebody),
            }
        } else if lower.contains("reason: necp") && best.is_none() && about(&lower, vantage) {
            best = Some(Logged::Policy);
        }
    }
    best
}

/// Whether a kernel line `… process: node:62007 …` is about a vantage.
fn about(line: &str, vantage: &CaseVantage) -> bool {
    let Some((_, rest)) = line.split_once("process: ") else {
        return false;
    };
    let named = rest
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_end_matches(',');
    let (name, pid) = match named.rsplit_once(':') {
        Some((name, pid)) => (name, pid.parse::<u32>().ok()),
        None => (named, None),
    };
    match (pid, vantage.pid) {
        (Some(logged), Some(ours)) => logged == ours,
        _ => vantage
            .program
            .as_deref()
            .is_some_and(|program| program.eq_ignore_ascii_case(name)),
    }
}

fn number_after(line: &str, word: &str) -> Option<u32> {
    let (_, rest) = line.split_once(word)?;
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}
