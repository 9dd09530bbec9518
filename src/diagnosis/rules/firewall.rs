//! FW-1: a firewall on the way rejects: everybody gets "unreachable", also those whom macOS lets through.

use super::{Signs, found, named};
use crate::diagnosis::matrix::{Matrix, exempt, is_mac};
use crate::model::{Confidence, Finding, Reach};

const REJECTED: &[&str] = &["EHOSTUNREACH", "ENETUNREACH", "EACCES", "EPERM"];
/// Slower than this, in milliseconds, it is nobody answering ARP.
const AT_ONCE: f64 = 1_000.0;

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let (mut signs, mut targets, mut confidence) =
        (Signs::default(), Vec::new(), Confidence::Possible);
    for target in matrix.targets() {
        let cells: Vec<_> = matrix.of_target(&target.id).collect();
        let all = cells
            .iter()
            .all(|cell| cell.always_failed() && cell.failed_with(REJECTED) == cell.failed());
        let slow = cells
            .iter()
            .filter_map(|cell| cell.quickest(REJECTED))
            .any(|ms| ms >= AT_ONCE);
        if !all || slow || target.reach == Reach::Loopback {
            continue;
        }
        let lets_through = cells.iter().any(|cell| exempt(cell.vantage) == Some(true));
        // On a Mac one side alone may just as well be refused by macOS itself.
        if cells.len() == 1 && !lets_through && is_mac(matrix.case) != Some(false) {
            continue;
        }
        targets.push(target.id.clone());
        signs.speaks_for(format!(
            "everybody who asks {} is told at once that it can't be reached",
            target.id
        ));
        if lets_through {
            signs.speaks_for(format!(
                "also who is exempt from Local Network Privacy is refused {}",
                target.id
            ));
            confidence = Confidence::Likely;
        } else {
            signs.unknown(format!(
                "whether somebody exempt, root or Terminal.app, reaches {}",
                target.id
            ));
        }
    }
    let sentence = format!(
        "a firewall rejects connections to {}, or no route leads there",
        named(&targets)
    );
    let refuted = "one side reaches the same port at the same time";
    found(
        "FW-1",
        "firewall-reject",
        sentence,
        refuted,
        confidence,
        targets,
        signs,
    )
}
