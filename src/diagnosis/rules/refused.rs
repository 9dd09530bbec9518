//! REF-1: the host is there and says no: nothing listens on that port, or only on its own loopback.

use super::{Signs, found, named};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding};

const REFUSED: &[&str] = &["ECONNREFUSED"];

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let (mut signs, mut targets, mut confidence) =
        (Signs::default(), Vec::new(), Confidence::Possible);
    for target in matrix.targets() {
        let cells: Vec<_> = matrix.of_target(&target.id).collect();
        let refused = cells
            .iter()
            .filter(|cell| cell.failed_with(REFUSED) > 0)
            .count();
        if refused == 0 {
            continue;
        }
        targets.push(target.id.clone());
        signs.speaks_for(format!(
            "{} refuses the connection: the host itself was reached",
            target.id
        ));
        let answered = cells.iter().filter(|cell| cell.answered() > 0).count();
        match (refused == cells.len(), answered) {
            (true, 0) if refused > 1 => confidence = Confidence::Likely,
            (_, 0) => signs.unknown(format!("what the others get from {}", target.id)),
            _ => signs.speaks_against(format!("{} also answers", target.id)),
        }
    }
    let sentence = format!(
        "{} is up, but nothing listens on that port, or it listens on 127.0.0.1 only",
        named(&targets)
    );
    let refuted = "the service is seen to listen on the worker's own address";
    found(
        "REF-1",
        "connection-refused",
        sentence,
        refuted,
        confidence,
        targets,
        signs,
    )
}
