//! DNS-1: the name does not resolve, here or there.

use super::{Signs, found, named};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding};

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let (mut signs, mut targets, mut confidence) =
        (Signs::default(), Vec::new(), Confidence::Possible);
    for target in matrix.targets() {
        let cells: Vec<_> = matrix.of_target(&target.id).collect();
        let lost = cells
            .iter()
            .filter(|cell| cell.failed_with(&["DNS", "ENOTFOUND", "EAI"]) > 0)
            .count();
        if lost == 0 {
            continue;
        }
        targets.push(target.id.clone());
        let answered = cells.iter().any(|cell| cell.answered() > 0);
        match (lost == cells.len(), answered) {
            (true, _) if lost > 1 => {
                signs.speaks_for(format!("nobody can resolve the name of {}", target.id));
                confidence = Confidence::Likely;
            }
            (false, true) => signs.speaks_for(format!(
                "the name of {} resolves for one side only",
                target.id
            )),
            _ => {
                signs.speaks_for(format!("the name of {} does not resolve", target.id));
                signs.unknown(format!("whether it resolves for anybody: {}", target.id));
            }
        }
    }
    let sentence = format!("the name of {} does not resolve", named(&targets));
    let refuted = "it fails in the same way when it is given the address itself";
    found(
        "DNS-1",
        "name-lookup",
        sentence,
        refuted,
        confidence,
        targets,
        signs,
    )
}
