//! The one truth that every screen shows.

use super::asking::Asking;
use super::message::AppLogs;
use crate::diagnosis::{Patience, SideView, exit_status, judge};
use crate::model::{
    Change, History, Pm2, Probe, Reach, Route, Stamp, Target, ThisComputer, VantageKind,
    VantageState, Verdict, What,
};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What this run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// So many tries from each side, then leave.
    Check { tries: u32 },
    /// Until the user leaves.
    Watch,
}

/// What the user chose.
#[derive(Clone, Debug)]
pub struct Settings {
    pub goal: Goal,
    /// From one question to the same target to the next.
    pub interval: Duration,
    /// How long a probe may take as a whole.
    pub timeout: Duration,
    /// PM2's home as people write it (`~/.pm2`).
    pub pm2_home: String,
}

/// Everything the program thinks.
#[derive(Debug)]
pub struct Model {
    pub settings: Settings,
    pub now: Stamp,
    pub computer: ThisComputer,
    pub pm2: Pm2,
    /// Since when PM2's state is what it is.
    pub pm2_since: Stamp,
    /// Every target of this run; a row keeps its place, also when it was removed.
    pub rows: Vec<Row>,
    pub notices: Vec<String>,
    pub looked_at: Vec<String>,
    /// The exit status, once we are leaving.
    pub leaving: Option<u8>,
    /// Set when the user left before a check had all its answers.
    pub interrupted: bool,
    pub(super) changes: VecDeque<Change>,
    /// How many changes were forgotten at the front of `changes`.
    pub(super) changes_gone: u64,
    pub(super) apps: Vec<AppLogs>,
    /// Whether this user's other Gods were looked for.
    pub(super) others_known: bool,
    pub(super) logs: LogsAsked,
    pub(super) looked: Stamp,
    /// Why the last look for targets failed; one of the notices.
    pub(super) look_trouble: Option<String>,
    pub(super) judged: Stamp,
    pub(super) routed: Stamp,
    pub(super) asking: Asking,
}

/// Whether PM2's logs were asked for targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogsAsked {
    /// Other sources have targets, or were not looked at yet.
    NotNeeded,
    /// As soon as PM2 says which files there are.
    Wanted,
    Asked,
    Answered,
}

/// One target.
#[derive(Debug)]
pub struct Row {
    pub target: Arc<Target>,
    pub(super) endpoint: Arc<crate::model::Endpoint>,
    pub route: Route,
    /// Whether the routing table was asked.
    pub(super) routed: bool,
    pub verdict: Verdict,
    pub since: Stamp,
    /// The verdict that was told last: waiting for one is no news.
    pub(super) told: Verdict,
    pub terminal: SideState,
    pub pm2: SideState,
    /// No longer wanted; keeps its place so that nothing else moves.
    pub removed: bool,
}

/// One side of a row.
#[derive(Debug, Default)]
pub struct SideState {
    pub history: History,
    pub last: Option<(Stamp, Probe)>,
    /// Probes with an outcome, and how many of them answered.
    pub tries: u32,
    pub answered: u32,
    /// Questions that came to an end, also those that could not be asked.
    pub(super) done: u32,
    /// The number of the question under way.
    pub(super) pending: Option<u64>,
    /// The next question was due while one was under way.
    pub(super) overdue: bool,
}

/// How many changes are remembered, and how many for each target where that is more.
const CHANGES_KEPT: usize = 4096;
const CHANGES_KEPT_EACH: usize = 4;
/// How long a check waits for a PM2 that fell silent or was restarted.
const GRACE: Duration = Duration::from_secs(5);

impl Model {
    /// A model that knows nobody yet.
    pub fn new(settings: Settings, computer: ThisComputer, pm2: VantageState) -> Model {
        let home = settings.pm2_home.clone();
        let mut model = Model {
            settings,
            now: Stamp::default(),
            computer,
            pm2: Pm2 {
                state: pm2,
                home,
                version: None,
                pid: None,
                node: None,
                apps: None,
                agent: None,
                ancestors: Vec::new(),
                others: Vec::new(),
            },
            pm2_since: Stamp::default(),
            rows: Vec::new(),
            notices: Vec::new(),
            looked_at: Vec::new(),
            leaving: None,
            interrupted: false,
            changes: VecDeque::new(),
            changes_gone: 0,
            apps: Vec::new(),
            others_known: false,
            logs: LogsAsked::NotNeeded,
            looked: Stamp::default(),
            look_trouble: None,
            judged: Stamp::default(),
            routed: Stamp::default(),
            asking: Asking::default(),
        };
        if model.computer.uid == 0 {
            model.notice(
                "Running as root: root is exempt from Local Network Privacy, so an answer from here proves \
                 nothing for on-link targets. Run unreach as the user whose apps PM2 runs."
                    .to_owned(),
            );
        }
        model
    }

    /// The rows people see, in their order.
    pub fn shown(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.removed)
    }

    /// How many changes there have been, for [`Model::changes_from`].
    pub fn changes_end(&self) -> u64 {
        self.changes_gone + self.changes.len() as u64
    }

    /// The changes from number `first` on, oldest first.
    pub fn changes_from(&self, first: u64) -> impl Iterator<Item = &Change> {
        let skip = usize::try_from(first.saturating_sub(self.changes_gone)).unwrap_or(usize::MAX);
        self.changes.iter().skip(skip)
    }

    /// The exit status that the verdicts of now stand for.
    pub fn exit_status(&self) -> u8 {
        exit_status(self.shown().map(|row| row.verdict))
    }

    /// Whether all targets that there will be are known, as far as this is knowable.
    pub fn targets_known(&self) -> bool {
        matches!(self.logs, LogsAsked::NotNeeded | LogsAsked::Answered)
    }

    pub(super) fn notice(&mut self, text: String) {
        if !self.notices.contains(&text) {
            self.notices.push(text.clone());
            self.change(What::Notice(text));
        }
    }

    pub(super) fn change(&mut self, what: What) {
        if self.changes.len() >= CHANGES_KEPT.max(self.rows.len() * CHANGES_KEPT_EACH) {
            self.changes.pop_front();
            self.changes_gone += 1;
        }
        self.changes.push_back(Change { at: self.now, what });
    }

    pub(super) fn state(&self, vantage: VantageKind) -> &VantageState {
        match vantage {
            VantageKind::Terminal => &VantageState::Live,
            VantageKind::Pm2 => &self.pm2.state,
        }
    }

    /// Whether an answer from PM2 is still to be hoped for.
    pub(super) fn pm2_may_answer(&self) -> bool {
        match self.pm2.state {
            VantageState::Starting | VantageState::Live => true,
            VantageState::Silent(_) | VantageState::Gone(_) => {
                self.now.since(self.pm2_since) < GRACE
            }
            _ => false,
        }
    }

    /// Judges a row again; tells when the verdict became another one.
    pub(super) fn judge(&mut self, row: usize) {
        let patience = match self.settings.goal {
            Goal::Check { .. } => Patience::EveryTry,
            Goal::Watch => Patience::Watching,
        };
        let this = &self.rows[row];
        let proves =
            self.computer.uid != 0 || !matches!(this.route.reach, Reach::OnLink | Reach::Mdns);
        let here = SideView {
            proves,
            ..self.view(&this.terminal, true)
        };
        let there = SideView {
            proves,
            ..self.view(&this.pm2, self.pm2_may_answer())
        };
        // Whether root's answers count is not known before the routing table has answered.
        let counts = self.computer.uid != 0 || this.routed || this.address().is_none();
        let verdict = match self.pm2_speaks(this) {
            _ if !counts => Verdict::Waiting,
            true => judge(here, there, patience),
            false => Verdict::OneSide,
        };
        let (now, this) = (self.now, &mut self.rows[row]);
        if this.verdict != verdict {
            this.verdict = verdict;
            this.since = now;
        }
        if verdict != Verdict::Waiting && verdict != this.told {
            let from = std::mem::replace(&mut this.told, verdict);
            let (id, name) = (this.target.id.clone(), this.target.name.clone());
            self.change(What::Verdict {
                id,
                name,
                from,
                to: verdict,
            });
        }
    }

    fn view<'a>(&self, side: &'a SideState, may_answer: bool) -> SideView<'a> {
        let too_old = self.settings.interval * 2 + self.settings.timeout;
        let old = |at: Stamp| self.now.since(at) > too_old;
        SideView {
            history: &side.history,
            may_answer: may_answer
                && !side
                    .last
                    .as_ref()
                    .is_some_and(|(_, p)| p.outcome.not_asked()),
            // What could not be asked is no newer word about the target.
            stale: self.settings.goal == Goal::Watch
                && side
                    .history
                    .newest_first()
                    .next()
                    .is_some_and(|mark| old(mark.at)),
            proves: true,
        }
    }

    /// Whether PM2's side of a row may be judged: old answers of a God that is gone may not.
    fn pm2_speaks(&self, row: &Row) -> bool {
        let here = self.pm2_may_answer();
        match self.settings.goal {
            Goal::Check { tries } => here || row.pm2.done >= tries,
            // Answers of an agent that fell silent grow old by themselves.
            Goal::Watch => here || matches!(self.pm2.state, VantageState::Silent(_)),
        }
    }

    pub(super) fn judge_all(&mut self) {
        self.judged = self.now;
        for row in 0..self.rows.len() {
            if !self.rows[row].removed {
                self.judge(row);
            }
        }
    }
}

impl Row {
    pub(super) fn new(target: Target, at: Stamp) -> Row {
        Row {
            endpoint: Arc::new(target.endpoint.clone()),
            target: Arc::new(target),
            route: Route::default(),
            routed: false,
            verdict: Verdict::Waiting,
            since: at,
            told: Verdict::Waiting,
            terminal: SideState::default(),
            pm2: SideState::default(),
            removed: false,
        }
    }

    pub fn side(&self, vantage: VantageKind) -> &SideState {
        match vantage {
            VantageKind::Terminal => &self.terminal,
            VantageKind::Pm2 => &self.pm2,
        }
    }

    pub(super) fn side_mut(&mut self, vantage: VantageKind) -> &mut SideState {
        match vantage {
            VantageKind::Terminal => &mut self.terminal,
            VantageKind::Pm2 => &mut self.pm2,
        }
    }
}
