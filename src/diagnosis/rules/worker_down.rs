//! DOWN-1: the worker is off, asleep or elsewhere: nobody gets an answer, and it takes time to learn it.

use super::{Signs, found, named};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding};

const NOBODY_THERE: &[&str] = &["TIMEOUT", "ETIMEDOUT", "EHOSTDOWN"];
/// EHOSTUNREACH after this long, in milliseconds, is ARP giving up (facts/LNP.md §2).
const ARP_GAVE_UP: f64 = 1_000.0;

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let (mut signs, mut targets, mut confidence) =
        (Signs::default(), Vec::new(), Confidence::Possible);
    for target in matrix.targets() {
        let cells: Vec<_> = matrix.of_target(&target.id).collect();
        let silent = cells.iter().all(|cell| {
            let slow = cell
                .quickest(&["EHOSTUNREACH"])
                .is_some_and(|ms| ms >= ARP_GAVE_UP);
            let unreachable = if slow {
                cell.failed_with(&["EHOSTUNREACH"])
            } else {
                0
            };
            cell.always_failed() && cell.failed_with(NOBODY_THERE) + unreachable == cell.failed()
        });
        if !silent {
            continue;
        }
        targets.push(target.id.clone());
        signs.speaks_for(format!("{} answers nobody: {}", target.id, errors(&cells)));
        match cells.len() {
            1 => signs.unknown(format!("only one side asked {}", target.id)),
            _ => confidence = Confidence::Likely,
        }
        if matrix
            .case
            .facts
            .arp
            .get(&target.id)
            .cloned()
            .flatten()
            .as_deref()
            == Some("resolved")
        {
            signs.speaks_against(format!(
                "the hardware address of {} is known: something is there",
                target.id
            ));
        }
    }
    let sentence = format!(
        "{} is off, asleep, behind a firewall that drops, or has another address",
        named(&targets)
    );
    found(
        "DOWN-1",
        "worker-down",
        sentence,
        "any side gets an answer or a refusal",
        confidence,
        targets,
        signs,
    )
}

fn errors(cells: &[&crate::diagnosis::matrix::Cell]) -> String {
    let mut errors: Vec<&str> = cells.iter().flat_map(|cell| cell.errors()).collect();
    errors.sort_unstable();
    errors.dedup();
    errors.join(", ")
}
