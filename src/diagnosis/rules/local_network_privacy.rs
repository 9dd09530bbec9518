//! LNP-1: macOS Local Network Privacy refuses a program the local network.
//!
//! The signs and their weight: facts/LNP.md §1 (what is guarded, who is exempt), §2 (the decision
//! table), §3 (what the system logs).

use super::{Signs, named};
use crate::diagnosis::matrix::{Cell, Matrix, exempt, is_mac, major};
use crate::model::{
    Case, CaseKind, CaseOutcome, CaseVantage, CaseWhat, Confidence, Finding, Privacy, Reach,
};
use std::net::IpAddr;

/// What a refusal looks like; `OTHER` may be one whose number was swallowed.
const REFUSAL: &str = "EHOSTUNREACH";
const SWALLOWED: &str = "OTHER";
/// A refusal comes at once. After this long, in milliseconds, ARP gave up on a host that is off.
const TOO_SLOW: f64 = 1_000.0;
/// A connection that took less than this, in milliseconds, tells nothing: the network is as quick
/// as a refusal (EDGES, measured over veth).
const QUICK_NETWORK: f64 = 1.0;
/// Two observations further apart than this, in seconds, are not of the same time.
const SAME_TIME: f64 = 60.0;
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

/// A cell in which somebody who can be refused was refused something that is guarded.
struct Refused<'m, 'a> {
    cell: &'m Cell<'a>,
    /// With the errno that a refusal has; otherwise its errno was swallowed.
    certain: bool,
    /// The most that can be said of a target that may not be guarded.
    most: Confidence,
    /// What happened between its answers and its failures, where that parts the two.
    onset: Option<CaseWhat>,
}

impl<'m, 'a> Refused<'m, 'a> {
    fn of(case: &Case, cell: &'m Cell<'a>) -> Option<Refused<'m, 'a>> {
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

    fn name(&self) -> String {
        name(self.cell.vantage)
    }

    /// Others who reached the same target by a connection of their own.
    fn contrast(&self, matrix: &'m Matrix<'a>) -> Vec<&'m Cell<'a>> {
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
fn guarded(reach: Reach) -> bool {
    matches!(reach, Reach::OnLink | Reach::Mdns | Reach::VmBridge)
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
    let doubts = doubts(matrix, this, slow, signs);
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

fn quickness(this: &Refused, contrast: &[&Cell], signs: &mut Signs) {
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

fn controls(matrix: &Matrix, this: &Refused, signs: &mut Signs) {
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
fn reaches(matrix: &Matrix, this: &Refused) -> Vec<&'static str> {
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
fn privacy(case: &Case, this: &Refused, signs: &mut Signs) -> bool {
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

/// Whether something else explains the picture as well.
fn doubts(matrix: &Matrix, this: &Refused, slow: bool, signs: &mut Signs) -> bool {
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
        doubt = true;
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

/// What the system's log says about a vantage.
enum Logged {
    /// A notification that this very process was blocked.
    ThisProcess,
    /// A notification that does not say whom, or about a process that the case does not name.
    Somebody,
    /// The kernel dropped this program's connection by policy; that can be a filter's, too.
    Policy,
}

impl Logged {
    fn sentence(&self, who: &str) -> String {
        match self {
            Logged::ThisProcess => {
                format!("macOS logged that it blocked {who} from the local network")
            }
            Logged::Somebody => {
                "macOS logged that it blocked a program from the local network".to_owned()
            }
            Logged::Policy => {
                format!("the kernel logged that a policy (NECP) dropped the connection of {who}")
            }
        }
    }
}

/// Lines match by process id or name and never by address: those are redacted (facts/LNP.md §3).
fn logged(case: &Case, vantage: &CaseVantage) -> Option<Logged> {
    let mut best: Option<Logged> = None;
    for line in &case.log {
        let lower = line.to_lowercase();
        if lower.contains("local network blocked notification") {
            match (number_after(&lower, "pid:"), vantage.pid) {
                (Some(logged), Some(ours)) if logged == ours => return Some(Logged::ThisProcess),
                (Some(_), Some(_)) => {}
                _ => best = Some(Logged::Somebody),
            }
        } else if lower.contains("reason: necp") && best.is_none() && about(&lower, vantage) {
            best = Some(Logged::Policy);
        }
    }
    best
}

/// Whether a kernel line `… process: node:62007 …` is about a vantage.
fn about(line: &str, vantage: &CaseVantage) -> bool {
    let Some((_, rest)) = line.split_once("process: ") else {
        return false;
    };
    let named = rest
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .trim_end_matches(',');
    let (name, pid) = match named.rsplit_once(':') {
        Some((name, pid)) => (name, pid.parse::<u32>().ok()),
        None => (named, None),
    };
    match (pid, vantage.pid) {
        (Some(logged), Some(ours)) => logged == ours,
        _ => vantage
            .program
            .as_deref()
            .is_some_and(|program| program.eq_ignore_ascii_case(name)),
    }
}

fn number_after(line: &str, word: &str) -> Option<u32> {
    let (_, rest) = line.split_once(word)?;
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// A vantage as people know it.
fn name(vantage: &CaseVantage) -> String {
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
#[path = "local_network_privacy_tests.rs"]
mod tests;
