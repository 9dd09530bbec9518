//! How far a probe has got: its phases, its attempts, and what stops it.

use super::errno;
use crate::model::{Answer, Attempt, ErrorKind, Failure, Outcome, Phase, Phases, Probe as Report};
use std::io;
use std::time::{Duration, Instant};
use tokio_rustls::rustls;

/// Why a probe ends without an answer.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    Failed(Failure),
    NotAsked(String),
}

impl Stop {
    /// A failure that the operating system has no number for.
    pub(super) fn plain(phase: Phase, error: ErrorKind, text: impl Into<String>) -> Stop {
        Stop::Failed(Failure {
            phase,
            error,
            errno: None,
            text: text.into(),
        })
    }

    /// Whatever came up from a stream: a TLS error travels inside an `io::Error`.
    pub(super) fn of(phase: Phase, error: &io::Error) -> Stop {
        let inner = error.get_ref();
        if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Stop::plain(phase, ErrorKind::Tls, tls.to_string());
        }
        match errno::fold(phase, error) {
            Ok(failure) => Stop::Failed(failure),
            Err(why) => Stop::NotAsked(why),
        }
    }
}

/// The phase under way, and the times of those that are over.
pub(super) struct Steps {
    pub(super) phase: Phase,
    since: Instant,
    phases: Phases,
}

impl Steps {
    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }

    /// The phase under way is over; gives the time it took.
    pub(super) fn done(&mut self) -> Duration {
        let took = self.since.elapsed();
        *self.slot() = Some(took);
        took
    }

    /// Starts the clock of this phase once more.
    pub(super) fn restart(&mut self) {
        self.since = Instant::now();
    }

    fn slot(&mut self) -> &mut Option<Duration> {
        match self.phase {
            Phase::Dns => &mut self.phases.dns,
            Phase::Connect => &mut self.phases.connect,
            Phase::Tls => &mut self.phases.tls,
            Phase::Http => &mut self.phases.http,
        }
    }
}

/// Everything a probe has found out so far; it outlives the future that fills it, so that a probe
/// whose time ran out can still say how far it got.
pub(super) struct Course {
    pub(super) steps: Steps,
    /// In the resolver's order. One that is still connecting is `pending`.
    pub(super) attempts: Vec<Attempt>,
    begun: Instant,
}

impl Course {
    pub(super) fn begin(phase: Phase, begun: Instant) -> Course {
        let phases = Phases::default();
        Course {
            steps: Steps {
                phase,
                since: begun,
                phases,
            },
            attempts: Vec::new(),
            begun,
        }
    }

    /// The report: `end` is `None` where `budget` ran out.
    pub(super) fn report(mut self, end: Option<Result<Answer, Stop>>, budget: Duration) -> Report {
        let took = self.begun.elapsed();
        let ran_out = end.is_none();
        let connecting = self.steps.phase == Phase::Connect;
        for attempt in &mut self.attempts {
            if let Some(failure) = attempt.failure.as_mut().filter(|f| pending(f)) {
                failure.text = match ran_out {
                    true => no_answer(budget),
                    false => "still connecting when another address answered".to_owned(),
                };
                let before = self.steps.phases.dns.unwrap_or_default();
                attempt.took = took.saturating_sub(before);
            }
        }
        let end = end.unwrap_or_else(|| match connecting && !self.attempts.is_empty() {
            true => Err(judge(&self.attempts)),
            false => Err(Stop::plain(
                self.steps.phase,
                ErrorKind::Timeout,
                no_answer(budget),
            )),
        });
        if end.is_err() && self.steps.slot().is_none() {
            self.steps.done();
        }
        let outcome = match end {
            Ok(mut answer) => {
                answer.notes.extend(note(&self.attempts));
                Outcome::Answered(answer)
            }
            Err(Stop::Failed(failure)) => Outcome::Failed(failure),
            Err(Stop::NotAsked(why)) => return not_asked(why, took),
        };
        Report {
            outcome,
            took,
            phases: self.steps.phases,
            attempts: self.attempts,
        }
    }
}

/// A probe that never was: nothing in it may look like a word about the target.
pub(super) fn not_asked(why: String, took: Duration) -> Report {
    Report {
        outcome: Outcome::NotAsked(why),
        took,
        phases: Phases::default(),
        attempts: Vec::new(),
    }
}

/// What an attempt says until it has an outcome. Its text is filled in by `report`: most attempts
/// have an outcome, and need no words.
pub(super) fn unfinished() -> Failure {
    Failure {
        phase: Phase::Connect,
        error: ErrorKind::Timeout,
        errno: None,
        text: String::new(),
    }
}

fn pending(failure: &Failure) -> bool {
    failure.error == ErrorKind::Timeout && failure.text.is_empty()
}

/// What to say when no address could be connected to: the first failure in the resolver's order,
/// but one that only says that this computer lacks the address family comes after all others.
pub(super) fn judge(attempts: &[Attempt]) -> Stop {
    let failures = || attempts.iter().filter_map(|a| a.failure.as_ref());
    // An address that we did not get to ask could have answered.
    if let Some(why) = failures().find_map(errno::own_trouble) {
        return Stop::NotAsked(why);
    }
    let family = |f: &&Failure| {
        matches!(
            f.error,
            ErrorKind::NetUnreachable | ErrorKind::NoLocalAddress
        )
    };
    match failures().min_by_key(family) {
        Some(failure) => Stop::Failed(failure.clone()),
        None => Stop::NotAsked("the host has no address".to_owned()),
    }
}

/// `1 of 2 addresses failed: [::1]:80 ECONNREFUSED`; nothing where none did.
fn note(attempts: &[Attempt]) -> Option<String> {
    let failed: Vec<String> = attempts
        .iter()
        .filter_map(|attempt| Some((attempt.address, attempt.failure.as_ref()?)))
        .filter(|(_, failure)| failure.error != ErrorKind::Timeout)
        .map(|(address, failure)| format!("{address} {}", failure.name()))
        .collect();
    if failed.is_empty() {
        return None;
    }
    let (some, all) = (failed.len(), attempts.len());
    Some(format!(
        "{some} of {all} addresses failed: {}",
        failed.join(", ")
    ))
}

fn no_answer(budget: Duration) -> String {
    let millis = budget.as_millis();
    match (millis % 1000, millis) {
        (0, _) => format!("no answer in {} s", millis / 1000),
        (_, ..1000) => format!("no answer in {millis} ms"),
        _ => format!("no answer in {:.1} s", budget.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn attempt(failure: Option<Failure>) -> Attempt {
        Attempt {
            address: SocketAddr::from(([127, 0, 0, 1], 80)),
            local: None,
            took: Duration::ZERO,
            failure,
        }
    }

    fn os(number: nix::errno::Errno) -> Option<Failure> {
        let error = io::Error::from_raw_os_error(number as i32);
        Some(errno::failure(Phase::Connect, &error))
    }

    fn judged(failures: &[nix::errno::Errno]) -> Result<ErrorKind, String> {
        let attempts: Vec<Attempt> = failures.iter().map(|&f| attempt(os(f))).collect();
        match judge(&attempts) {
            Stop::Failed(failure) => Ok(failure.error),
            Stop::NotAsked(why) => Err(why),
        }
    }

    #[test]
    fn the_first_failure_counts_and_a_missing_family_counts_last() {
        use nix::errno::Errno::*;
        let first = judged(&[EHOSTUNREACH, ECONNREFUSED]);
        assert_eq!(first, Ok(ErrorKind::HostUnreachable));
        let first = judged(&[ECONNREFUSED, EHOSTUNREACH]);
        assert_eq!(first, Ok(ErrorKind::Refused));
        let second = judged(&[ENETUNREACH, EHOSTUNREACH]);
        assert_eq!(second, Ok(ErrorKind::HostUnreachable));
        let second = judged(&[EADDRNOTAVAIL, ETIMEDOUT, ECONNREFUSED]);
        assert_eq!(second, Ok(ErrorKind::TimedOut));
        let only = judged(&[ENETUNREACH, EADDRNOTAVAIL]);
        assert_eq!(only, Ok(ErrorKind::NetUnreachable));
    }

    #[test]
    fn an_address_we_could_not_ask_makes_the_whole_not_asked() {
        use nix::errno::Errno::*;
        let why = judged(&[ECONNREFUSED, EMFILE]).expect_err("our own trouble");
        assert_eq!(why, "this computer: too many open files");
        assert!(judged(&[]).is_err());
    }

    #[test]
    fn the_note_counts_failures_and_leaves_out_the_unfinished() {
        let refused = attempt(os(nix::errno::Errno::ECONNREFUSED));
        let slow = attempt(Some(unfinished()));
        let attempts = [refused, attempt(None), slow.clone()];
        assert_eq!(
            note(&attempts).as_deref(),
            Some("1 of 3 addresses failed: 127.0.0.1:80 ECONNREFUSED")
        );
        assert_eq!(note(&[attempt(None), slow]), None);
    }

    #[test]
    fn budgets_read_as_people_say_them() {
        let says = |millis| no_answer(Duration::from_millis(millis));
        assert_eq!(says(3000), "no answer in 3 s");
        assert_eq!(says(250), "no answer in 250 ms");
        assert_eq!(says(1500), "no answer in 1.5 s");
    }
}
