//! One verdict for each target: what the two sides say together.

use crate::model::{History, Verdict};

/// How many equal answers in a row end the doubt while watching ("fail, ok, ok" and
/// "ok, fail, fail" are both real; facts/LNP.md §6).
const RUN_THAT_CONVINCES: usize = 3;
/// While watching, this many changes of mind among the newest marks are flapping.
const CHANGES_THAT_FLAP: usize = 4;
const MARKS_LOOKED_AT: usize = 12;

/// How a mixture of answers is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A few tries and then an answer: any mixture is flapping.
    EveryTry,
    /// A long watch: one lost probe is not news, and a change has to last.
    Watching,
}

/// What the verdict needs to know of one side.
#[derive(Clone, Copy, Debug)]
pub struct SideView<'a> {
    pub history: &'a History,
    /// Whether an answer may still come where there is none.
    pub may_answer: bool,
    /// Whether the newest answer is too old to speak of now.
    pub stale: bool,
    /// Whether an answer of this side proves something: root is exempt from Local Network
    /// Privacy, so root's success on the local network says nothing about the apps.
    pub proves: bool,
}

/// What a side settled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Settled {
    Answered,
    Failed,
    Unsteady,
}

/// The verdict for one target.
pub fn judge(terminal: SideView, pm2: SideView, patience: Patience) -> Verdict {
    let (here, there) = match (
        settle(terminal.history, patience),
        settle(pm2.history, patience),
    ) {
        (Some(here), Some(there)) => (here, there),
        (None, _) if terminal.may_answer => return Verdict::Waiting,
        (_, None) if pm2.may_answer => return Verdict::Waiting,
        _ => return Verdict::OneSide,
    };
    if terminal.stale || pm2.stale {
        return Verdict::Stale;
    }
    match (here, there) {
        (Settled::Unsteady, _) | (_, Settled::Unsteady) => Verdict::Flapping,
        (Settled::Answered, Settled::Answered) if !terminal.proves || !pm2.proves => {
            Verdict::OneSide
        }
        (Settled::Answered, Settled::Answered) => Verdict::Fine,
        (Settled::Answered, Settled::Failed) => Verdict::Split,
        (Settled::Failed, Settled::Answered) => Verdict::Reversed,
        (Settled::Failed, Settled::Failed) => Verdict::Down,
    }
}

/// The exit status of a run with these verdicts: 0 fine, 1 a problem, 3 could not find out.
pub fn exit_status(verdicts: impl IntoIterator<Item = Verdict>) -> u8 {
    let mut status = None;
    for verdict in verdicts {
        match verdict {
            verdict if verdict.problem() => return 1,
            Verdict::Fine => status = status.or(Some(0)),
            _ => status = Some(3),
        }
    }
    status.unwrap_or(3)
}

/// `None` while there is nothing to judge from.
fn settle(history: &History, patience: Patience) -> Option<Settled> {
    let answers = || history.newest_first().map(|mark| mark.failed.is_none());
    let newest = answers().next()?;
    let as_settled = |answered| {
        if answered {
            Settled::Answered
        } else {
            Settled::Failed
        }
    };
    let run = answers().take_while(|answered| *answered == newest).count();
    if run == history.len() {
        return Some(as_settled(newest));
    }
    if patience == Patience::EveryTry {
        return Some(Settled::Unsteady);
    }
    let recent: Vec<bool> = answers().take(MARKS_LOOKED_AT).collect();
    if recent.windows(2).filter(|pair| pair[0] != pair[1]).count() >= CHANGES_THAT_FLAP {
        return Some(Settled::Unsteady);
    }
    // A change that has not lasted yet is not one: the newest answer that lasted still holds.
    let mut runs = recent.chunk_by(|a, b| a == b);
    let lasting = runs.find(|run| run.len() >= RUN_THAT_CONVINCES);
    Some(lasting.map_or(Settled::Unsteady, |run| as_settled(run[0])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Answer, ErrorKind, Failure, Outcome, Phase, Phases, Probe, Stamp};
    use std::time::Duration;

    /// `+` answered, `x` failed; oldest first.
    fn history(marks: &str) -> History {
        let mut history = History::default();
        for (at, mark) in marks.chars().enumerate() {
            let outcome = match mark {
                '+' => Outcome::Answered(Answer::default()),
                _ => Outcome::Failed(Failure {
                    phase: Phase::Connect,
                    error: ErrorKind::HostUnreachable,
                    errno: None,
                    text: String::new(),
                }),
            };
            let took = Duration::from_millis(1);
            let probe = Probe {
                outcome,
                took,
                phases: Phases::default(),
                attempts: Vec::new(),
            };
            history.push(Stamp(at as u64), &probe);
        }
        history
    }

    fn side(history: &History) -> SideView<'_> {
        SideView {
            history,
            may_answer: true,
            stale: false,
            proves: true,
        }
    }

    #[test]
    fn both_sides_together() {
        let table = [
            ("+++", "+++", Verdict::Fine),
            ("+++", "xxx", Verdict::Split),
            ("xxx", "+++", Verdict::Reversed),
            ("xxx", "xxx", Verdict::Down),
            ("+", "x", Verdict::Split),
            ("x++", "+++", Verdict::Flapping),
            ("+++", "+xx", Verdict::Flapping),
            ("+++", "++x", Verdict::Flapping),
            ("", "+++", Verdict::Waiting),
            ("+++", "", Verdict::Waiting),
        ];
        for (terminal, pm2, expected) in table {
            let (here, there) = (history(terminal), history(pm2));
            assert_eq!(
                judge(side(&here), side(&there), Patience::EveryTry),
                expected,
                "{terminal} {pm2}"
            );
        }
    }

    #[test]
    fn a_watch_waits_for_a_change_to_last() {
        let table = [
            ("+++++", Verdict::Fine),
            ("++++x", Verdict::Fine),
            ("+++xx", Verdict::Fine),
            ("++++x+", Verdict::Fine),
            ("+++xxx", Verdict::Split),
            ("+++x+++", Verdict::Fine),
            ("xxx+", Verdict::Split),
            ("x++", Verdict::Flapping),
            ("x+++", Verdict::Fine),
            ("+++x+xx", Verdict::Fine),
            ("+++x+xxx", Verdict::Split),
            ("+x+x+++", Verdict::Flapping),
            // Long ago is long ago.
            ("+x+x++++++++++++", Verdict::Fine),
        ];
        let here = history("+++++");
        for (pm2, expected) in table {
            let there = history(pm2);
            assert_eq!(
                judge(side(&here), side(&there), Patience::Watching),
                expected,
                "{pm2}"
            );
        }
    }

    #[test]
    fn what_is_missing_or_does_not_count() {
        let (full, empty) = (history("+++"), history(""));
        let gone = SideView {
            may_answer: false,
            ..side(&empty)
        };
        let stale = SideView {
            stale: true,
            ..side(&full)
        };
        let root = SideView {
            proves: false,
            ..side(&full)
        };
        let failed = history("xxx");
        let judge = |a, b| judge(a, b, Patience::EveryTry);
        assert_eq!(judge(side(&full), gone), Verdict::OneSide);
        assert_eq!(judge(gone, side(&full)), Verdict::OneSide);
        assert_eq!(judge(side(&failed), gone), Verdict::OneSide);
        assert_eq!(judge(stale, side(&full)), Verdict::Stale);
        assert_eq!(judge(root, side(&full)), Verdict::OneSide);
        assert_eq!(judge(root, side(&failed)), Verdict::Split);
    }

    #[test]
    fn the_worst_verdict_decides_the_exit_status() {
        use Verdict::*;
        let table: [(&[Verdict], u8); 6] = [
            (&[], 3),
            (&[Fine, Fine], 0),
            (&[Fine, OneSide], 3),
            (&[OneSide, Fine], 3),
            (&[Waiting, Split, Fine], 1),
            (&[Fine, Down], 1),
        ];
        for (verdicts, expected) in table {
            assert_eq!(
                exit_status(verdicts.iter().copied()),
                expected,
                "{verdicts:?}"
            );
        }
    }
}
