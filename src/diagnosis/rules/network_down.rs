//! NET-1: this computer has no network now: not up after boot or wake, or unplugged.

use super::{Signs, found};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding, Reach};

const NO_NETWORK: &[&str] = &["ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL"];

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let outside: Vec<_> = matrix
        .cells
        .iter()
        .filter(|cell| cell.target.reach != Reach::Loopback)
        .collect();
    let without = |cell: &&&crate::diagnosis::matrix::Cell| {
        cell.always_failed() && cell.failed_with(NO_NETWORK) == cell.failed()
    };
    let lost: Vec<_> = outside.iter().filter(without).collect();
    if lost.is_empty() {
        return None;
    }
    let mut signs = Signs::default();
    let mut targets: Vec<String> = lost.iter().map(|cell| cell.target.id.clone()).collect();
    targets.dedup();
    signs.speaks_for("the system says that there is no network for it".to_owned());
    let confidence = match lost.len() == outside.len() && targets.len() > 1 {
        true => {
            signs.speaks_for("nothing but loopback is reached from here");
            Confidence::Likely
        }
        false if lost.len() < outside.len() => {
            signs.speaks_against("others are reached");
            Confidence::Possible
        }
        false => Confidence::Possible,
    };
    let refuted = "another computer of the same network is reached at the same time";
    found(
        "NET-1",
        "network-not-up",
        "this computer has no network there now",
        refuted,
        confidence,
        targets,
        signs,
    )
}
