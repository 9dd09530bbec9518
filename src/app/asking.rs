//! When to ask whom: starts are spread out and what is in flight is bounded, so that a
//! reported time is the network's and not our own queue's (EDGES: with 256 in flight a
//! connect of 34 µs was measured as 12 ms).

use super::message::Effect;
use super::model::{Goal, Model};
use crate::model::{Observation, Outcome, Stamp, VantageKind, VantageState, What, clean};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The widest distance between two starts from one vantage.
const WIDEST_GAP: Duration = Duration::from_millis(5);
/// The most questions under way from one vantage.
pub(super) const MOST_IN_FLIGHT: usize = 256;
/// How much later than it must an agent's answer may come before the agent counts as silent.
const SILENCE: Duration = Duration::from_secs(2);

/// The schedule of both vantages.
#[derive(Debug, Default)]
pub(super) struct Asking {
    due: [BTreeSet<(Stamp, usize)>; 2],
    pending: HashMap<u64, Pending>,
    in_flight: [usize; 2],
    asked: u64,
    /// Questions that came to an end, by vantage.
    ended: [usize; 2],
    /// The moment from which the rounds are counted, so that both sides ask in the same second.
    start: Option<Stamp>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    vantage: VantageKind,
    row: usize,
    since: Stamp,
}

const VANTAGES: [VantageKind; 2] = [VantageKind::Terminal, VantageKind::Pm2];

fn index(vantage: VantageKind) -> usize {
    match vantage {
        VantageKind::Terminal => 0,
        VantageKind::Pm2 => 1,
    }
}

impl Model {
    /// When something is due, or a look at the clock is.
    pub fn wake(&self) -> Stamp {
        let look = self.now.after(match self.settings.goal {
            Goal::Check { .. } => Duration::from_millis(250),
            Goal::Watch => Duration::from_secs(1),
        });
        let due = VANTAGES
            .into_iter()
            .filter(|vantage| self.may_ask(*vantage));
        due.filter_map(|vantage| self.asking.due[index(vantage)].first())
            .map(|(due, _)| *due)
            .fold(look, Stamp::min)
    }

    /// Asks everything that is due.
    pub(super) fn ask_due(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for vantage in VANTAGES {
            while self.may_ask(vantage) {
                let due = &mut self.asking.due[index(vantage)];
                match due.first() {
                    Some((at, _)) if *at <= self.now => {}
                    _ => break,
                }
                if let Some((_, row)) = due.pop_first() {
                    effects.extend(self.ask(vantage, row));
                }
            }
        }
        effects
    }

    fn may_ask(&self, vantage: VantageKind) -> bool {
        *self.state(vantage) == VantageState::Live
            && self.asking.in_flight[index(vantage)] < MOST_IN_FLIGHT
            && self.leaving.is_none()
    }

    fn ask(&mut self, vantage: VantageKind, row: usize) -> Option<Effect> {
        let (now, timeout) = (self.now, self.settings.timeout);
        if self.rows[row].removed {
            return None;
        }
        let side = self.rows[row].side_mut(vantage);
        if side.pending.is_some() {
            side.overdue = true;
            return None;
        }
        self.asking.asked += 1;
        let ask = self.asking.asked;
        side.pending = Some(ask);
        self.asking.pending.insert(
            ask,
            Pending {
                vantage,
                row,
                since: now,
            },
        );
        self.asking.in_flight[index(vantage)] += 1;
        self.plan_next(vantage, row, now);
        let endpoint = self.rows[row].endpoint.clone();
        Some(Effect::Ask {
            vantage,
            ask,
            endpoint,
            timeout,
        })
    }

    /// Plans the first question of a row.
    pub(super) fn plan(&mut self, vantage: VantageKind, row: usize) {
        self.asking.start.get_or_insert(self.now);
        let at = self.now.after(self.offset(row));
        self.asking.due[index(vantage)].insert((at, row));
    }

    /// Plans the question of every row, from now on.
    pub(super) fn plan_all(&mut self, vantage: VantageKind) {
        self.asking.due[index(vantage)].clear();
        for row in 0..self.rows.len() {
            if !self.rows[row].removed && !self.enough(vantage, row) {
                self.plan(vantage, row);
            }
        }
    }

    /// Plans the question after the one asked at `asked`: at the row's place in the next
    /// round that is at least half an interval away, so that a vantage that came late falls
    /// into step with the other.
    fn plan_next(&mut self, vantage: VantageKind, row: usize, asked: Stamp) {
        let start = self.asking.start.unwrap_or(asked).after(self.offset(row));
        let interval = self.settings.interval.max(Duration::from_millis(1));
        let past = asked.after(interval / 2).since(start).as_micros();
        let rounds = past.div_ceil(interval.as_micros()) as u64;
        let at = Stamp(start.0 + (rounds * interval.as_micros() as u64) / 1000);
        let last = match self.settings.goal {
            Goal::Check { tries } => self.rows[row].side(vantage).done + 1 >= tries,
            Goal::Watch => false,
        };
        if !last {
            self.asking.due[index(vantage)].insert((at, row));
        }
    }

    /// The place of a row within a round.
    fn offset(&self, row: usize) -> Duration {
        let rows = self.rows.len().max(1) as u32;
        let gap = WIDEST_GAP.min(self.settings.interval / rows);
        gap * row as u32
    }

    fn enough(&self, vantage: VantageKind, row: usize) -> bool {
        match self.settings.goal {
            Goal::Check { tries } => self.rows[row].side(vantage).done >= tries,
            Goal::Watch => false,
        }
    }

    /// Takes an answer in and says whose it was. One that nobody waits for any more is not news.
    pub(super) fn observe(&mut self, observation: Observation) -> Option<usize> {
        let pending = self.asking.pending.remove(&observation.ask)?;
        let Pending { vantage, row, .. } = pending;
        self.asking.in_flight[index(vantage)] -= 1;
        self.asking.ended[index(vantage)] += 1;
        let now = self.now;
        let probe = observation.probe;
        let to = probe.outcome.word();
        let side = self.rows[row].side_mut(vantage);
        side.pending = None;
        side.done += 1;
        if !probe.outcome.not_asked() {
            side.tries += 1;
            side.answered += u32::from(probe.outcome.answered());
            side.history.push(now, &probe);
        }
        let before = side.last.as_ref().map(|(_, before)| before.outcome.word());
        let (detail, took) = (detail(&probe.outcome), probe.took);
        side.last = Some((now, probe));
        if std::mem::take(&mut side.overdue) && !self.enough(vantage, row) {
            self.asking.due[index(vantage)].insert((now, row));
        }
        if self.rows[row].removed {
            return None;
        }
        if before.as_deref() != Some(to.as_str()) {
            let target = &self.rows[row].target;
            let (id, name) = (target.id.clone(), target.name.clone());
            self.change(What::Outcome {
                id,
                name,
                vantage,
                from: before,
                to,
                detail,
                took,
            });
        }
        self.judge(row);
        Some(row)
    }

    /// Forgets every question to a vantage: nobody will answer them.
    pub(super) fn forget(&mut self, vantage: VantageKind) {
        self.asking
            .pending
            .retain(|_, pending| pending.vantage != vantage);
        self.asking.in_flight[index(vantage)] = 0;
        self.asking.due[index(vantage)].clear();
        for row in &mut self.rows {
            let side = row.side_mut(vantage);
            side.pending = None;
            side.overdue = false;
        }
    }

    /// How long the agent has owed us an answer beyond all patience, if it has.
    pub(super) fn silence(&self) -> Option<Duration> {
        // A probe may wait as long for its name lookup to begin as it may take itself.
        let patience = self.settings.timeout * 2 + SILENCE;
        let from_pm2 = self
            .asking
            .pending
            .values()
            .filter(|p| p.vantage == VantageKind::Pm2);
        let oldest = from_pm2.map(|pending| pending.since).min()?;
        Some(self.now.since(oldest)).filter(|silence| *silence > patience)
    }

    /// How many questions of a check came to an end, and how many there are in all.
    pub fn progress(&self, tries: u32) -> (u32, u32) {
        let sides = if self.pm2_may_answer() { 2 } else { 1 };
        let done = self
            .shown()
            .map(|row| row.terminal.done + row.pm2.done)
            .sum();
        (done, self.shown().count() as u32 * tries * sides)
    }

    /// Whether a check has everything it can get.
    pub(super) fn complete(&self) -> bool {
        let Goal::Check { tries } = self.settings.goal else {
            return false;
        };
        let pm2 = self.pm2_may_answer();
        // Asked after every message: nearly always two numbers say no. (A check removes no rows.)
        let all = self.rows.len() * tries as usize;
        let ended = |vantage| self.asking.ended[index(vantage)];
        if ended(VantageKind::Terminal) < all || pm2 && ended(VantageKind::Pm2) < all {
            return false;
        }
        self.targets_known()
            && (self.others_known || !self.pm2.asked())
            && self.shown().all(|row| {
                let routed = row.routed || row.address().is_none();
                routed && row.terminal.done >= tries && (row.pm2.done >= tries || !pm2)
            })
    }
}

/// What an outcome says besides its word, in one line.
fn detail(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(answer) => clean(&answer.notes.join("; ")),
        Outcome::Failed(failure) => clean(&failure.sentence()),
        Outcome::NotAsked(why) => clean(why),
    }
}
