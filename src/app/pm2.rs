//! PM2 comes, goes, falls silent and comes back.

use super::message::{Effect, GodSeen, Pm2Event};
use super::model::Model;
use crate::model::{VantageKind, VantageState, What};

impl Model {
    pub(super) fn pm2_event(&mut self, event: Pm2Event) -> Vec<Effect> {
        match event {
            Pm2Event::State(state) => self.pm2_state(state),
            Pm2Event::God(god) => self.god(god),
            Pm2Event::Agent(pid) => self.pm2.agent = Some(pid),
            Pm2Event::Others(others) => {
                self.pm2.others = others;
                self.others_known = true;
            }
        }
        self.read_logs_when_wanted()
    }

    /// God introduced himself.
    fn god(&mut self, god: GodSeen) {
        self.pm2.pid = Some(god.pid);
        self.pm2.version = Some(god.version);
        self.pm2.node = god.node;
        self.pm2.ancestors = god.ancestors;
        self.pm2.apps = Some(god.apps.len());
        self.apps = god.apps;
    }

    pub(super) fn pm2_state(&mut self, state: VantageState) {
        if state == self.pm2.state {
            return;
        }
        let was_live = matches!(self.pm2.state, VantageState::Live | VantageState::Silent(_));
        self.pm2.state = state.clone();
        self.pm2_since = self.now;
        match state {
            VantageState::Live => self.plan_all(VantageKind::Pm2),
            _ if was_live => self.forget(VantageKind::Pm2),
            _ => {}
        }
        if !matches!(state, VantageState::Live | VantageState::Silent(_)) {
            self.pm2.agent = None;
        }
        if matches!(state, VantageState::Absent(_) | VantageState::Gone(_)) {
            self.pm2.pid = None;
            self.pm2.version = None;
            self.pm2.node = None;
            self.pm2.apps = None;
            self.pm2.ancestors = Vec::new();
            // Another God may be judged otherwise: what this one saw is no evidence about it.
            for row in &mut self.rows {
                row.pm2.history.clear();
            }
        }
        self.change(What::Vantage {
            vantage: VantageKind::Pm2,
            state,
        });
        self.judge_all();
    }

    /// An agent that owes us answers is silent until it speaks again.
    pub(super) fn notice_silence(&mut self) {
        if let Some(silence) = self.silence() {
            let why = format!(
                "the agent under PM2 has not answered for {} s",
                silence.as_secs()
            );
            self.pm2_state(VantageState::Silent(why));
        }
    }

    /// Any word of the agent ends its silence.
    pub(super) fn heard_from_pm2(&mut self) {
        if matches!(self.pm2.state, VantageState::Silent(_)) {
            self.pm2_state(VantageState::Live);
        }
    }
}
