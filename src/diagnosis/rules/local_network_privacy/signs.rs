//! The signs around a refusal: how quick it was, what else is reached, what else explains it.

use super::refused::{REFUSAL, Refused};
use crate::diagnosis::matrix::{Cell, Matrix, exempt};
use crate::diagnosis::rules::Signs;
use crate::model::{Case, CaseWhat, Privacy, Reach};

/// A connection that took less than this, in milliseconds, tells nothing: the network is as quick
/// as a refusal (EDGES, measured over veth).
const QUICK_NETWORK: f64 = 1.0;

/// Whether the refusal came sooner than the network could have answered.
pub(super) fn quickness(this: &Refused, contrast: &[&Cell], signs: &mut Signs) {
    let refused = this.cell.quickest(&[REFUSAL]);
    let network = contrast
        .iter()
        .filter_map(|cell| cell.quickest_answer())
        .min_by(f64::total_cmp);
    match (refused, network) {
        (Some(refused), Some(network)) if network >= QUICK_NETWORK && refused < network / 2.0 => {
            signs.speaks_for(format!(
                "it is refused in {refused:.1} ms, and an answer takes {network:.0} ms: too fast for the network"
            ));
        }
        _ => signs.unknown("whether the refusal was faster than the network is"),
    }
}

pub(super) fn controls(matrix: &Matrix, this: &Refused, signs: &mut Signs) {
    match reaches(matrix, this) {
        fine if fine.is_empty() => {
            signs.unknown(format!(
                "whether {} reaches the gateway or the internet",
                this.name()
            ));
        }
        fine => signs.speaks_for(format!("{} reaches {}", this.name(), fine.join(", "))),
    }
}

/// What the same vantage reaches elsewhere.
pub(super) fn reaches(matrix: &Matrix, this: &Refused) -> Vec<&'static str> {
    let places = [
        (Reach::Loopback, "loopback"),
        (Reach::Gateway, "the gateway"),
        (Reach::Internet, "the internet"),
        (Reach::Vpn, "the VPN"),
        (Reach::Routed, "a routed network"),
    ];
    let fine = |reach| {
        let mut cells = matrix.of_vantage(&this.cell.vantage.id, reach).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.answered() > 0)
    };
    places
        .into_iter()
        .filter(|(reach, _)| fine(*reach))
        .map(|(_, word)| word)
        .collect()
}

/// Whether the Local Network pane says that this program is denied.
pub(super) fn privacy(case: &Case, this: &Refused, signs: &mut Signs) -> bool {
    let program = this.cell.vantage.program.as_deref().unwrap_or_default();
    match case.facts.privacy.get(program).copied().flatten() {
        Some(Privacy::Denied) => {
            signs.speaks_for(format!(
                "System Settings denies {program} the local network"
            ));
            true
        }
        Some(Privacy::Allowed) => {
            signs.speaks_against(format!(
                "System Settings allows {program} the local network"
            ));
            false
        }
        Some(Privacy::Undecided) => {
            signs.speaks_for(format!(
                "System Settings never got an answer about {program}"
            ));
            false
        }
        None => false,
    }
}

/// Whether something else explains the picture as well. Where root reaches what the user is
/// refused, it does not matter what the program is: that is the strongest sign there is.
pub(super) fn doubts(
    matrix: &Matrix,
    this: &Refused,
    (slow, root_reaches): (bool, bool),
    signs: &mut Signs,
) -> bool {
    let (cell, who) = (this.cell, this.name());
    let mut doubt = slow;
    if this.onset == Some(CaseWhat::NetworkChanged) {
        signs.speaks_against("it changed together with the network");
        doubt = true;
    } else if cell.unsteady() && this.onset.is_none() {
        signs.speaks_against(format!(
            "{who} also reaches {} now and then",
            cell.target.id
        ));
        doubt = true;
    }
    if cell.vantage.platform_binary == Some(true) {
        signs.speaks_against(format!(
            "{who} is Apple's own, and those are usually let through"
        ));
        doubt = doubt || !root_reaches;
    }
    let orphaned = matches!(
        this.onset,
        Some(CaseWhat::TerminalQuit | CaseWhat::SshClosed)
    );
    if exempt(cell.vantage) == Some(true) && !orphaned {
        signs.speaks_against(format!(
            "{who} is exempt as long as its terminal or session lives"
        ));
        doubt = true;
    }
    for (reach, word) in [
        (Reach::Internet, "the internet"),
        (Reach::Loopback, "loopback"),
    ] {
        let mut cells = matrix.of_vantage(&cell.vantage.id, reach).peekable();
        if cells.peek().is_some() && cells.all(Cell::always_failed) {
            signs.speaks_against(format!("{who} does not reach {word} either"));
            doubt = true;
        }
    }
    if let Some(filters) = matrix
        .case
        .facts
        .filters
        .as_ref()
        .filter(|filters| !filters.is_empty())
    {
        signs.speaks_against(format!(
            "a content filter is active and can refuse in the same way: {}",
            filters.join(", ")
        ));
        doubt = true;
    }
    if let Some(tunnel) = matrix
        .route(&cell.target.id)
        .filter(|name| name.starts_with("utun"))
    {
        signs.speaks_against(format!(
            "the route to {} goes through the tunnel {tunnel}",
            cell.target.id
        ));
        doubt = true;
    }
    doubt
}
