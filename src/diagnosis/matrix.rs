//! A case as a table: who asked whom, and what came of it, in questions that rules ask.

use crate::model::{
    Case, CaseKind, CaseObservation, CaseOutcome, CaseTarget, CaseVantage, Os, Protocol, Reach,
    StartedBy,
};
use std::collections::HashMap;

/// One vantage's observations of one target, in time.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    pub vantage: &'a CaseVantage,
    pub target: &'a CaseTarget,
    /// Answers and failures; what was not asked says nothing.
    pub seen: Vec<&'a CaseObservation>,
}

/// A case, seen from the targets.
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    pub case: &'a Case,
    pub cells: Vec<Cell<'a>>,
    /// By target: where its cells are.
    by_target: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Matrix<'a> {
    pub fn of(case: &'a Case) -> Matrix<'a> {
        let mut seen: Vec<&CaseObservation> = case
            .observations
            .iter()
            .filter(|o| o.outcome != CaseOutcome::NotAsked)
            .collect();
        // Stable: where times are missing or equal, the order of the list is the order of time.
        seen.sort_by(|a, b| match (a.at, b.at) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => std::cmp::Ordering::Equal,
        });
        let mut by_pair: HashMap<(&str, &str), Vec<&CaseObservation>> = HashMap::new();
        for observation in seen {
            let pair = (observation.target.as_str(), observation.vantage.as_str());
            by_pair.entry(pair).or_default().push(observation);
        }
        let mut cells = Vec::new();
        let mut by_target: HashMap<&str, Vec<usize>> = HashMap::new();
        for target in &case.targets {
            for vantage in &case.vantages {
                if let Some(seen) = by_pair.remove(&(target.id.as_str(), vantage.id.as_str())) {
                    by_target.entry(&target.id).or_default().push(cells.len());
                    cells.push(Cell {
                        vantage,
                        target,
                        seen,
                    });
                }
            }
        }
        Matrix {
            case,
            cells,
            by_target,
        }
    }

    /// What everybody saw of a target.
    pub fn of_target(&self, id: &str) -> impl Iterator<Item = &Cell<'a>> {
        let cells = self
            .by_target
            .get(id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        cells.iter().map(|at| &self.cells[*at])
    }

    /// What one vantage saw of targets with this reach.
    pub fn of_vantage(&self, id: &str, reach: Reach) -> impl Iterator<Item = &Cell<'a>> {
        self.cells
            .iter()
            .filter(move |cell| cell.vantage.id == id && cell.target.reach == reach)
    }

    /// The targets that were asked by anybody, in the case's order.
    pub fn targets(&self) -> Vec<&'a CaseTarget> {
        let asked = |target: &&CaseTarget| self.by_target.contains_key(target.id.as_str());
        self.case.targets.iter().filter(asked).collect()
    }

    /// The name of the interface a target's route goes through, where it is known.
    pub fn route(&self, target: &str) -> Option<&'a str> {
        self.case.facts.route.get(target)?.as_deref()
    }
}

impl Cell<'_> {
    pub fn answered(&self) -> usize {
        self.seen
            .iter()
            .filter(|o| o.outcome == CaseOutcome::Answered)
            .count()
    }

    pub fn failed(&self) -> usize {
        self.seen.len() - self.answered()
    }

    /// Whether every observation is an answer.
    pub fn always_answered(&self) -> bool {
        self.failed() == 0
    }

    pub fn always_failed(&self) -> bool {
        self.answered() == 0
    }

    /// Whether it now answered and now failed.
    pub fn unsteady(&self) -> bool {
        self.answered() > 0 && self.failed() > 0
    }

    /// The names of the errors of those that failed.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.seen
            .iter()
            .filter(|o| o.outcome == CaseOutcome::Failed)
            .filter_map(|o| o.error.as_deref())
    }

    /// How many failed with one of these errors.
    pub fn failed_with(&self, errors: &[&str]) -> usize {
        self.errors().filter(|error| errors.contains(error)).count()
    }

    /// The shortest time, in milliseconds, that a failure with one of these errors took.
    pub fn quickest(&self, errors: &[&str]) -> Option<f64> {
        let of = |o: &&&CaseObservation| {
            o.error
                .as_deref()
                .is_some_and(|error| errors.contains(&error))
        };
        self.seen
            .iter()
            .filter(of)
            .filter_map(|o| o.ms)
            .min_by(f64::total_cmp)
    }

    /// The shortest time, in milliseconds, that an answer took.
    pub fn quickest_answer(&self) -> Option<f64> {
        let answered = self
            .seen
            .iter()
            .filter(|o| o.outcome == CaseOutcome::Answered);
        answered.filter_map(|o| o.ms).min_by(f64::total_cmp)
    }

    /// Whether it was asked by pings only: another path through a firewall than a connection.
    pub fn only_pings(&self) -> bool {
        let ping = self
            .vantage
            .program
            .as_deref()
            .is_some_and(|name| ["ping", "ping6", "fping"].contains(&name));
        ping || self.seen.iter().all(|o| o.protocol == Protocol::Icmp)
    }
}

/// The first number of a dotted version.
pub fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.trim().parse().ok()
}

/// Whether the case is of a Mac; `None` where it does not say.
pub fn is_mac(case: &Case) -> Option<bool> {
    case.machine.os.map(|os| os == Os::Macos)
}

/// Whether Apple's rules exempt a vantage from Local Network Privacy: root, a command-line tool in
/// Terminal.app or over ssh (facts/LNP.md §1.2). `None` where the case does not say enough.
pub fn exempt(vantage: &CaseVantage) -> Option<bool> {
    if vantage.root == Some(true) {
        return Some(true);
    }
    let host = vantage.host_app.as_deref();
    if host.is_some_and(|app| ["Terminal.app", "Terminal"].contains(&app)) {
        return Some(true);
    }
    if host.is_some() {
        return Some(false);
    }
    match (vantage.kind, vantage.started_by) {
        (CaseKind::Ssh, _) | (_, Some(StartedBy::Ssh)) => Some(true),
        (CaseKind::LaunchAgent | CaseKind::GuiApp | CaseKind::Pm2 | CaseKind::Tmux, _) => {
            Some(false)
        }
        _ => None,
    }
}
