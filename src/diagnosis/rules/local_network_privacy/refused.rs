//! Who was refused what, and who reached it meanwhile.

use crate::diagnosis::matrix::{Cell, Matrix};
use crate::model::{Case, CaseKind, CaseOutcome, CaseVantage, CaseWhat, Confidence, Reach};
use std::net::IpAddr;

/// What a refusal looks like; `OTHER` may be one whose number was swallowed.
pub(super) const REFUSAL: &str = "EHOSTUNREACH";
pub(super) const SWALLOWED: &str = "OTHER";
/// Two observations further apart than this, in seconds, are not of the same time.
const SAME_TIME: f64 = 60.0;

/// A cell in which somebody who can be refused was refused something that is guarded.
pub(super) struct Refused<'m, 'a> {
    pub(super) cell: &'m Cell<'a>,
    /// With the errno that a refusal has; otherwise its errno was swallowed.
    pub(super) certain: bool,
    /// The most that can be said of a target that may not be guarded.
    pub(super) most: Confidence,
    /// What happened between its answers and its failures, where that parts the two.
    pub(super) onset: Option<CaseWhat>,
}

impl<'m, 'a> Refused<'m, 'a> {
    pub(super) fn of(case: &Case, cell: &'m Cell<'a>) -> Option<Refused<'m, 'a>> {
        let certain = cell.failed_with(&[REFUSAL]) > 0;
        let swallowed = cell.failed_with(&[SWALLOWED]) > 0;
        let most = match cell.target.reach {
            reach if guarded(reach) => Confidence::Proven,
            // The gateway is reached by most that are refused, and not by all (facts/LNP.md fact 5).
            Reach::Gateway if certain => Confidence::Possible,
            Reach::Unknown if certain && private(cell.target.address.as_deref()) => {
                Confidence::Possible
            }
            _ => return None,
        };
        // What runs in a container runs on another system's network.
        let container = cell.vantage.kind == CaseKind::Container;
        let most = if container {
            Confidence::Possible
        } else {
            most
        };
        let can_be = cell.vantage.root != Some(true) && (certain || swallowed);
        let onset = onset(case, cell);
        can_be.then_some(Refused {
            cell,
            certain,
            most,
            onset,
        })
    }

    pub(super) fn name(&self) -> String {
        name(self.cell.vantage)
    }

    /// Others who reached the same target by a connection of their own.
    pub(super) fn contrast(&self, matrix: &'m Matrix<'a>) -> Vec<&'m Cell<'a>> {
        let of_others = matrix.of_target(&self.cell.target.id);
        let others = of_others.filter(|other| other.vantage.id != self.cell.vantage.id);
        others
            .filter(|other| !other.only_pings() && self.at_the_same_time(matrix.case, other))
            .collect()
    }

    /// Whether the other was answered while this one was refused: a worker that was off then and is
    /// on now is no contrast. Times that are not known are taken for the same.
    fn at_the_same_time(&self, case: &Case, other: &Cell) -> bool {
        let failed = self
            .cell
            .seen
            .iter()
            .filter(|o| o.outcome == CaseOutcome::Failed);
        failed.clone().any(|failed| {
            let answers = other
                .seen
                .iter()
                .filter(|o| o.outcome == CaseOutcome::Answered);
            answers.clone().any(|answer| match (failed.at, answer.at) {
                (Some(a), Some(b)) => (a - b).abs() <= SAME_TIME && !network_changed(case, a, b),
                _ => true,
            })
        })
    }
}

/// Whether the network became another one between two moments.
fn network_changed(case: &Case, a: f64, b: f64) -> bool {
    let changes = case
        .events
        .iter()
        .filter(|event| event.what == CaseWhat::NetworkChanged);
    changes
        .filter_map(|event| event.at)
        .any(|at| at > a.min(b) && at <= a.max(b))
}

/// The event that parts the answers of a cell from its failures.
fn onset(case: &Case, cell: &Cell) -> Option<CaseWhat> {
    let times = |outcome| {
        cell.seen
            .iter()
            .filter(move |o| o.outcome == outcome)
            .map(|o| o.at)
    };
    let answered: Vec<f64> = times(CaseOutcome::Answered).collect::<Option<_>>()?;
    let failed: Vec<f64> = times(CaseOutcome::Failed).collect::<Option<_>>()?;
    if answered.is_empty() || failed.is_empty() {
        return None;
    }
    let parts = |at: f64| {
        let before = |times: &[f64]| times.iter().all(|t| *t <= at);
        let after = |times: &[f64]| times.iter().all(|t| *t >= at);
        before(&answered) && after(&failed) || before(&failed) && after(&answered)
    };
    case.events
        .iter()
        .find(|event| event.at.is_some_and(parts))
        .map(|event| event.what)
}

/// Whether an address is a number of a private or link-local network.
fn private(address: Option<&str>) -> bool {
    let Some(text) = address else { return false };
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or_default(),
        None => text,
    };
    match host.split('%').next().unwrap_or_default().parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.is_private() || v4.is_link_local(),
        Ok(IpAddr::V6(v6)) => v6.is_unique_local() || v6.is_unicast_link_local(),
        Err(_) => false,
    }
}

/// Whether TN3179 calls this the local network: a subnet on a broadcast-capable interface, a
/// bridge to virtual machines among them, and multicast names.
pub(super) fn guarded(reach: Reach) -> bool {
    matches!(reach, Reach::OnLink | Reach::Mdns | Reach::VmBridge)
}

/// A vantage as people know it.
pub(super) fn name(vantage: &CaseVantage) -> String {
    let program = vantage.program.as_deref();
    let place = match (vantage.kind, vantage.host_app.as_deref()) {
        (CaseKind::Pm2, _) => "PM2".to_owned(),
        (CaseKind::Trial, _) => "the trial".to_owned(),
        (_, Some(app)) => app.to_owned(),
        (CaseKind::Terminal, None) => "this terminal".to_owned(),
        (CaseKind::LaunchAgent, None) => "the launch agent".to_owned(),
        (CaseKind::LaunchDaemon, None) => "the launch daemon".to_owned(),
        (CaseKind::Ssh, None) => "the ssh session".to_owned(),
        (CaseKind::Tmux, None) => "tmux".to_owned(),
        (_, None) => vantage.id.clone(),
    };
    match program {
        // Our own agent speaks for the place it asks from.
        Some(program) if program != "unreach" && !place.eq_ignore_ascii_case(program) => {
            format!("{program} from {place}")
        }
        _ => place,
    }
}
