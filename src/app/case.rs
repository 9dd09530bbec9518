//! What we saw, written as a case: the one form that the diagnosis reads.

use super::model::{Model, Row, SideState};
use crate::diagnosis::started_by;
use crate::model::{
    CASE_SCHEMA, Case, CaseFacts, CaseKind, CaseMachine, CaseObservation, CaseOutcome, CaseTarget,
    CaseVantage, ErrorKind, Mark, Os, Outcome, StartedBy, VantageKind, clean,
};
use std::collections::HashMap;

const PROGRAM: &str = "unreach";

impl Model {
    /// Everything that was seen so far and is remembered.
    pub fn case(&self) -> Case {
        let rows: Vec<&Row> = self.shown().collect();
        let ids = unique(&rows);
        let mut observations = Vec::new();
        for (row, id) in rows.iter().zip(&ids) {
            for vantage in [VantageKind::Terminal, VantageKind::Pm2] {
                observations.extend(seen(row.side(vantage), vantage.word(), id));
            }
        }
        // The order of a list is its order of time.
        observations.sort_by(|a, b| {
            a.at.unwrap_or_default()
                .total_cmp(&b.at.unwrap_or_default())
        });
        let targets = rows.iter().zip(&ids).map(|(row, id)| CaseTarget {
            id: id.clone(),
            address: Some(clean(&row.target.endpoint.to_string())),
            reach: row.route.reach,
        });
        let route = rows
            .iter()
            .zip(&ids)
            .map(|(row, id)| (id.clone(), row.route.interface.clone()));
        Case {
            schema: CASE_SCHEMA,
            machine: CaseMachine {
                os: Some(self.computer.os).filter(|os| *os != Os::Other),
                version: self.computer.version.clone(),
            },
            vantages: self.vantages(),
            targets: targets.collect(),
            observations,
            events: Vec::new(),
            facts: CaseFacts {
                route: route.filter(|(_, name)| name.is_some()).collect(),
                ..CaseFacts::default()
            },
            log: Vec::new(),
        }
    }

    fn vantages(&self) -> Vec<CaseVantage> {
        let starter = started_by(&self.computer.ancestors);
        let ours = CaseVantage {
            program: Some(PROGRAM.to_owned()),
            platform_binary: Some(false),
            root: Some(self.computer.uid == 0),
            ..CaseVantage::default()
        };
        let terminal = CaseVantage {
            id: VantageKind::Terminal.word().to_owned(),
            kind: CaseKind::Terminal,
            started_by: Some(starter.by).filter(|by| *by != StartedBy::Unknown),
            host_app: starter.app,
            pid: self.computer.ancestors.first().map(|process| process.pid),
            ..ours.clone()
        };
        let pm2 = CaseVantage {
            id: VantageKind::Pm2.word().to_owned(),
            kind: CaseKind::Pm2,
            pid: self.pm2.agent,
            ..ours
        };
        if self.pm2.asked() {
            vec![terminal, pm2]
        } else {
            vec![terminal]
        }
    }
}

/// Ids for a file: foreign text cleaned, and still each one different.
fn unique(rows: &[&Row]) -> Vec<String> {
    let mut taken: HashMap<String, u32> = HashMap::new();
    let mut unique = |id: &str| {
        let id = clean(id);
        let count = taken.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 {
            id
        } else {
            format!("{id} ({count})")
        }
    };
    rows.iter().map(|row| unique(&row.target.id)).collect()
}

fn seen(side: &SideState, vantage: &str, target: &str) -> Vec<CaseObservation> {
    let last = side.last.as_ref().map(|(at, probe)| (*at, &probe.outcome));
    let marks: Vec<Mark> = side.history.newest_first().collect();
    let from_mark = |mark: &Mark| {
        // Of the newest we know more than of those before it.
        let newest = last
            .filter(|(at, _)| *at == mark.at)
            .map(|(_, outcome)| outcome);
        let (phase, status) = match newest {
            Some(Outcome::Answered(answer)) => (None, answer.status),
            Some(Outcome::Failed(failure)) => (Some(failure.phase), None),
            _ => (None, None),
        };
        let failed = |kind| match newest {
            Some(Outcome::Failed(failure)) => file_name(failure.name()),
            _ => ErrorKind::file_name(kind).to_owned(),
        };
        CaseObservation {
            at: Some(mark.at.0 as f64 / 1000.0),
            vantage: vantage.to_owned(),
            target: target.to_owned(),
            outcome: if mark.failed.is_some() {
                CaseOutcome::Failed
            } else {
                CaseOutcome::Answered
            },
            phase,
            error: mark.failed.map(failed),
            status,
            protocol: Default::default(),
            ms: Some(f64::from(mark.took) / 1000.0),
        }
    };
    marks.iter().rev().map(from_mark).collect()
}

/// An errno without a name of its own has none in a file either.
fn file_name(name: &str) -> String {
    if name.contains(' ') {
        "OTHER".to_owned()
    } else {
        name.to_owned()
    }
}
