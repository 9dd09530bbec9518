//! LNP-1: macOS Local Network Privacy refuses a program the local network.
//!
//! The signs and their weight: facts/LNP.md §1 (what is guarded, who is exempt), §2 (the decision
//! table), §3 (what the system logs).

mod log;
mod refused;
mod signs;

use super::{Signs, named};
use crate::diagnosis::matrix::{Cell, Matrix, exempt, is_mac, major};
use crate::model::{CaseVantage, CaseWhat, Confidence, Finding, Reach};
use log::{Logged, logged};
use refused::{REFUSAL, Refused, SWALLOWED, guarded, name};
use signs::{controls, doubts, privacy, quickness, reaches};

/// A refusal comes at once. After this long, in milliseconds, ARP gave up on a host that is off.
const TOO_SLOW: f64 = 1_000.0;
/// Of how many refusals the signs are told.
const SIGNS_OF: usize = 3;
/// The first macOS that has it.
const FIRST_MACOS: u32 = 15;

/// The rule. Always finds something: that it is ruled out is worth knowing, too.
pub fn look(matrix: &Matrix) -> Option<Finding> {
    let mut signs = Signs::default();
    let refused = matrix
        .cells
        .iter()
        .filter_map(|cell| Refused::of(matrix.case, cell));
    let refused: Vec<Refused> = refused.collect();
    let (confidence, targets) = match excluded(matrix, &refused, &mut signs) {
        Some(confidence) => (confidence, Vec::new()),
        None => judge(matrix, &refused, &mut signs),
    };
    let sentence = match confidence {
        Confidence::Proven | Confidence::Likely => "macOS Local Network Privacy is blocking",
        Confidence::Possible => "macOS Local Network Privacy may be blocking",
        Confidence::RuledOut => "macOS Local Network Privacy is not the cause",
        Confidence::Unknown => "nothing here says whether macOS Local Network Privacy is the cause",
    };
    let who = who(&refused);
    let sentence = if confidence.stands() {
        format!("{sentence} {who}")
    } else {
        sentence.to_owned()
    };
    Some(Finding {
        code: "LNP-1",
        cause: "local-network-privacy",
        sentence,
        confidence,
        targets,
        evidence: signs.0,
        refuted_by: "root or Terminal.app is refused too, or the refused program gets \"connection refused\" \
                     from the same target: then it reached the host"
            .to_owned(),
    })
}

/// What excludes it, or leaves nothing to judge from.
fn excluded(matrix: &Matrix, refused: &[Refused], signs: &mut Signs) -> Option<Confidence> {
    let case = matrix.case;
    if is_mac(case) == Some(false) {
        let os = case.machine.os.map(|os| os.word()).unwrap_or_default();
        signs.speaks_against(format!(
            "this is {os}: only macOS has Local Network Privacy"
        ));
        return Some(Confidence::RuledOut);
    }
    let version = case.machine.version.as_deref();
    if let Some(major) = version.and_then(major).filter(|major| *major < FIRST_MACOS) {
        signs.speaks_against(format!(
            "macOS {major} does not have it yet: it came with macOS {FIRST_MACOS}"
        ));
        return Some(Confidence::RuledOut);
    }
    if !refused.is_empty() {
        return None;
    }
    let asked: Vec<&Cell> = matrix
        .cells
        .iter()
        .filter(|cell| guarded(cell.target.reach))
        .collect();
    let failing = |cell: &&&Cell| cell.failed() > 0;
    if let Some(cell) = asked.iter().find(failing) {
        let errors: Vec<&str> = cell.errors().collect();
        signs.speaks_against(format!(
            "{} fails with {}, and a refusal is {REFUSAL}",
            cell.target.id,
            errors.first().unwrap_or(&"another error")
        ));
        return Some(Confidence::RuledOut);
    }
    let of = |vantage: &CaseVantage| asked.iter().any(|cell| cell.vantage.id == vantage.id);
    let mut subject = case
        .vantages
        .iter()
        .filter(|vantage| exempt(vantage) != Some(true))
        .peekable();
    if subject.peek().is_some() && subject.all(of) {
        signs.speaks_against("the targets on the local network answer everybody");
        return Some(Confidence::RuledOut);
    }
    let failing: Vec<&Cell> = matrix
        .cells
        .iter()
        .filter(|cell| cell.failed() > 0)
        .collect();
    // A refused program may not get names resolved either (facts/LNP.md §1.6), so that tells nothing.
    let elsewhere = |cell: &&Cell| {
        let known = matches!(
            cell.target.reach,
            Reach::Internet | Reach::Vpn | Reach::Loopback | Reach::Routed
        );
        known && cell.failed_with(&["DNS"]) == 0
    };
    if !failing.is_empty() && failing.iter().all(elsewhere) {
        signs.speaks_against("what fails is not on the local network");
        return Some(Confidence::RuledOut);
    }
    signs.unknown(
        "nobody who could be refused asked a target that is known to be on the local network",
    );
    Some(Confidence::Unknown)
}

/// The arithmetic. A refusal alone is possible; a contrast or the system's own log makes it likely;
/// the notification about the very process proves it; what speaks against takes a step back.
fn judge(matrix: &Matrix, refused: &[Refused], signs: &mut Signs) -> (Confidence, Vec<String>) {
    let case = matrix.case;
    let mut best = Confidence::RuledOut;
    let mut targets = Vec::new();
    for (at, this) in refused.iter().enumerate() {
        // The signs of many targets are the same again and again.
        let mut unsaid = Signs::default();
        let signs = if at < SIGNS_OF {
            &mut *signs
        } else {
            &mut unsaid
        };
        let confidence = weigh(matrix, this, signs).min(this.most);
        if confidence.stands() && !targets.contains(&this.cell.target.id) {
            targets.push(this.cell.target.id.clone());
        }
        best = best.max(confidence);
    }
    if is_mac(case).is_none() {
        signs.unknown("which system this is");
        best = best.min(Confidence::Possible);
    }
    if case.log.is_empty() {
        signs.unknown("no line of the system log was read");
    }
    (best, targets)
}

fn weigh(matrix: &Matrix, this: &Refused, signs: &mut Signs) -> Confidence {
    let (cell, who, id) = (this.cell, this.name(), &this.cell.target.id);
    let contrast = this.contrast(matrix);
    let logged = logged(matrix.case, cell.vantage);
    if let Some(other) = others_refused_too(matrix, this) {
        signs.speaks_against(format!("{} is exempt and is refused {id} too", name(other)));
        if contrast.is_empty() && logged.is_none() {
            return Confidence::RuledOut;
        }
    }
    let seen = format!("{} of {}", cell.failed(), cell.seen.len());
    match this.certain {
        true => signs.speaks_for(format!(
            "{who} gets {REFUSAL} from {id}, {seen} times asked"
        )),
        false => {
            signs.speaks_for(format!("{who} does not reach {id}, {seen} times asked"));
            signs.unknown(format!("with which errno {who} fails"));
        }
    }
    let slow = cell
        .quickest(&[REFUSAL, SWALLOWED])
        .is_some_and(|ms| ms >= TOO_SLOW);
    if slow {
        signs.speaks_against(format!(
            "{who} waits a second or more for it: a refusal comes at once"
        ));
        if contrast.is_empty() && logged.is_none() {
            return Confidence::RuledOut;
        }
    }
    quickness(this, &contrast, signs);
    for other in &contrast {
        signs.speaks_for(format!("{} reaches {id}", name(other.vantage)));
    }
    if contrast.is_empty() {
        signs.unknown(format!(
            "nobody else reached {id} by a connection, so it may be {id} itself"
        ));
    }
    controls(matrix, this, signs);
    let arp = matrix.case.facts.arp.get(id).cloned().flatten();
    match arp.as_deref() {
        Some("resolved") => signs.speaks_for(format!(
            "the hardware address of {id} is known: it is there"
        )),
        // An incomplete entry alone tells nothing: a dropped packet may never ask (facts/LNP.md §2, 3a).
        _ => signs.unknown(format!(
            "whether the hardware address of {id} is known (ARP)"
        )),
    }
    if matrix
        .case
        .facts
        .responsible_alive
        .get(&cell.vantage.id)
        .copied()
        .flatten()
        == Some(false)
    {
        signs.speaks_for(format!(
            "the process that macOS holds responsible for {who} is gone"
        ));
    }
    let denied = privacy(matrix.case, this, signs);

    let orphaned = matches!(
        this.onset,
        Some(CaseWhat::TerminalQuit | CaseWhat::SshClosed)
    );
    if orphaned {
        signs.speaks_for(format!(
            "{who} is refused since the terminal or session that started it ended"
        ));
    }
    let elsewhere = arp.as_deref() == Some("resolved") || !reaches(matrix, this).is_empty();

    let mut confidence = match (&logged, this.certain) {
        (Some(Logged::ThisProcess), _) => Confidence::Proven,
        (Some(_), _) => Confidence::Likely,
        (None, true) if !contrast.is_empty() => Confidence::Likely,
        (None, true) if denied || orphaned && elsewhere => Confidence::Likely,
        _ => Confidence::Possible,
    };
    if let Some(logged) = &logged {
        signs.speaks_for(logged.sentence(&who));
    }
    // Each of these is a way for somebody else to look like it.
    let root_reaches = contrast
        .iter()
        .any(|other| other.vantage.root == Some(true));
    let doubts = doubts(matrix, this, (slow, root_reaches), signs);
    if logged.is_none() && doubts {
        confidence = confidence.min(Confidence::Possible);
    }
    confidence
}

/// Somebody exempt who was refused the same, and never reached it.
fn others_refused_too<'m>(matrix: &'m Matrix, this: &Refused) -> Option<&'m CaseVantage> {
    let refused = |cell: &&Cell| {
        exempt(cell.vantage) == Some(true)
            && cell.always_failed()
            && cell.failed_with(&[REFUSAL]) > 0
    };
    matrix
        .of_target(&this.cell.target.id)
        .find(refused)
        .map(|cell| cell.vantage)
}

fn who(refused: &[Refused]) -> String {
    let mut names: Vec<String> = Vec::new();
    for this in refused {
        let name = this.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    named(&names)
}

#[cfg(test)]
mod tests;
