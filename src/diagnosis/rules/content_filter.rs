//! FLT-1: a content filter (Little Snitch, LuLu, an endpoint agent) refuses one program and not another.

use super::{Signs, found, named};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding};

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let filters = matrix
        .case
        .facts
        .filters
        .as_ref()
        .filter(|filters| !filters.is_empty())?;
    let (mut signs, mut targets) = (Signs::default(), Vec::new());
    for target in matrix.targets() {
        let cells: Vec<_> = matrix.of_target(&target.id).collect();
        let reached = cells.iter().any(|cell| cell.answered() > 0);
        let refused = cells.iter().any(|cell| cell.always_failed());
        if !(reached && refused) {
            continue;
        }
        targets.push(target.id.clone());
        signs.speaks_for(format!("{} answers one program and not another", target.id));
    }
    if targets.is_empty() {
        return None;
    }
    signs.speaks_for(format!(
        "a content filter is active: {}",
        filters.join(", ")
    ));
    if matrix
        .case
        .log
        .iter()
        .any(|line| line.to_lowercase().contains("local network blocked"))
    {
        signs.speaks_against("macOS logged that Local Network Privacy blocked");
    }
    let sentence = format!(
        "a content filter may refuse {}: {}",
        named(&targets),
        filters.join(", ")
    );
    let refuted = "it fails in the same way with the filter switched off";
    found(
        "FLT-1",
        "content-filter",
        sentence,
        refuted,
        Confidence::Possible,
        targets,
        signs,
    )
}
