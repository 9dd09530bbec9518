//! NODE-1: Node's address racing gives up on a good address after 250 ms and reports another's error.

use super::{Signs, found, named};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding};

/// Node gives each address this long, in milliseconds, before it tries the next
/// (`net.setDefaultAutoSelectFamilyAttemptTimeout`, 250 by default since Node 20).
const ATTEMPT: f64 = 250.0;
/// How much around it still counts.
const AROUND: f64 = 60.0;

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let (mut signs, mut targets, mut confidence) =
        (Signs::default(), Vec::new(), Confidence::Possible);
    for cell in &matrix.cells {
        let node = cell
            .vantage
            .program
            .as_deref()
            .is_some_and(|program| program.starts_with("node"));
        let took = cell.quickest(&["ETIMEDOUT", "TIMEOUT"]);
        let gave_up = took.is_some_and(|ms| (ms - ATTEMPT).abs() <= AROUND);
        if !node || !gave_up || cell.answered() > 0 {
            continue;
        }
        targets.push(cell.target.id.clone());
        signs.speaks_for(format!(
            "node gives {} up after a quarter of a second",
            cell.target.id
        ));
        let others = matrix
            .of_target(&cell.target.id)
            .filter(|other| other.vantage.id != cell.vantage.id);
        let reached = others.filter(|other| other.answered() > 0).count();
        match reached {
            0 => signs.unknown(format!(
                "whether anything but node reaches {}",
                cell.target.id
            )),
            _ => {
                signs.speaks_for(format!("others reach {}", cell.target.id));
                confidence = Confidence::Likely;
            }
        }
    }
    let sentence = format!(
        "Node's address racing gives up too early on {}",
        named(&targets)
    );
    let refuted = "node reaches no address of it either when it is given the address itself";
    found(
        "NODE-1",
        "node-address-racing",
        sentence,
        refuted,
        confidence,
        targets,
        signs,
    )
}
