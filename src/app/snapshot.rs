//! The picture of one moment, for those who write it down.

use super::model::{Model, SideState};
use crate::diagnosis::diagnose;
use crate::model::{Row, Side, Snapshot};

impl Model {
    /// Everything known now.
    pub fn snapshot(&self) -> Snapshot {
        let rows = self.shown().map(|row| Row {
            target: row.target.as_ref().clone(),
            route: row.route.clone(),
            verdict: row.verdict,
            since: row.since,
            terminal: side(&row.terminal),
            pm2: side(&row.pm2),
        });
        let case = self.case();
        Snapshot {
            findings: diagnose(&case).findings,
            case,
            at: self.now,
            computer: self.computer.clone(),
            pm2: self.pm2.clone(),
            rows: rows.collect(),
            notices: self.notices.clone(),
            looked_at: self.looked_at.clone(),
        }
    }
}

fn side(side: &SideState) -> Side {
    Side {
        last: side.last.clone(),
        tries: side.tries,
        answered: side.answered,
    }
}
