//! Targets that come, stay and go, and how they are reached.

use super::message::{Effect, Found};
use super::model::{Goal, LogsAsked, Model, Row};
use crate::model::{Host, Probe, Route, Source, VantageKind, VantageState, What};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How often the routing table is asked again while watching.
const ROUTES_AGAIN: Duration = Duration::from_secs(10);

impl Model {
    /// Takes in what was found: rows that stay keep their place and their past.
    pub(super) fn found(&mut self, mut found: Found) -> Vec<Effect> {
        if found.from_logs {
            self.limit_logged(&mut found);
        }
        for notice in &found.notices {
            self.notice(notice.clone());
        }
        self.looked_at.clone_from(&found.looked_at);
        self.logs = match self.logs {
            _ if found.from_logs => LogsAsked::Answered,
            // PM2's logs are asked only when nothing is configured.
            _ if !found.targets.is_empty() => LogsAsked::NotNeeded,
            LogsAsked::NotNeeded => LogsAsked::Wanted,
            asked => asked,
        };
        for at in 0..self.rows.len() {
            let row = &self.rows[at];
            let stays = found.targets.iter().any(|target| row.is(target))
                || !found.forgets(&row.target.source);
            if !row.removed && !stays {
                self.remove(at);
            }
        }
        let mut new = Vec::new();
        for target in found.targets {
            match self.rows.iter().position(|row| row.is(&target)) {
                Some(at) if self.rows[at].removed => {
                    self.rows[at].removed = false;
                    self.rows[at].target = target.into();
                    new.push(at);
                }
                Some(at) => self.rows[at].target = target.into(),
                None => {
                    self.rows.push(Row::new(target, self.now));
                    new.push(self.rows.len() - 1);
                }
            }
        }
        for row in &new {
            let target = self.rows[*row].target.clone();
            self.change(What::TargetAdded {
                id: target.id.clone(),
                name: target.name.clone(),
                url: target.url.clone(),
                source: target.source.to_string(),
            });
            for vantage in [VantageKind::Terminal, VantageKind::Pm2] {
                if *self.state(vantage) == VantageState::Live {
                    self.plan(vantage, *row);
                }
            }
        }
        self.judge_all();
        let mut effects = self.read_logs_when_wanted();
        effects.extend(self.find_routes(new));
        effects
    }

    /// Leaves out new complaints beyond what is asked: rows from logs are never taken back.
    fn limit_logged(&mut self, found: &mut Found) {
        let most = Source::MOST_LOGGED;
        let mut room = most.saturating_sub(self.shown().count());
        let before = found.targets.len();
        found.targets.retain(|target| {
            let known = self.shown().any(|row| row.is(target));
            let fits = known || room > 0;
            room -= usize::from(fits && !known);
            fits
        });
        if found.targets.len() < before {
            self.notice(format!(
                "PM2's logs complain about more than {most} addresses: {most} of them are asked. Name those you mean."
            ));
        }
    }

    fn remove(&mut self, row: usize) {
        self.rows[row].removed = true;
        let target = &self.rows[row].target;
        let (id, name) = (target.id.clone(), target.name.clone());
        self.change(What::TargetRemoved { id, name });
    }

    /// Asks for the logs once PM2 has said which there are; with no PM2 there are none.
    pub(super) fn read_logs_when_wanted(&mut self) -> Vec<Effect> {
        if self.logs != LogsAsked::Wanted {
            return Vec::new();
        }
        if self.pm2.pid.is_some() {
            self.logs = LogsAsked::Asked;
            return vec![Effect::ReadLogs(self.apps.clone())];
        }
        if !self.pm2_may_answer() {
            self.logs = LogsAsked::Answered;
        }
        Vec::new()
    }

    /// While watching: looks again for targets and routes when it is time.
    pub(super) fn look_again(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.settings.goal != Goal::Watch {
            return effects;
        }
        if self.now.since(self.looked) >= self.settings.interval {
            self.looked = self.now;
            effects.push(Effect::LookForTargets);
            if self.logs == LogsAsked::Answered && self.pm2.pid.is_some() {
                effects.push(Effect::ReadLogs(self.apps.clone()));
            }
        }
        if self.now.since(self.routed) >= ROUTES_AGAIN {
            self.routed = self.now;
            effects.extend(self.find_routes(0..self.rows.len()));
        }
        effects
    }

    /// Asks how these rows are reached, those whose address is known.
    pub(super) fn find_routes(&self, rows: impl IntoIterator<Item = usize>) -> Option<Effect> {
        let known = rows
            .into_iter()
            .filter(|row| !self.rows[*row].removed)
            .filter_map(|row| {
                let this = &self.rows[row];
                Some((row, this.endpoint.host.clone(), this.address()?))
            });
        let known: Vec<_> = known.collect();
        (!known.is_empty()).then_some(Effect::FindRoutes(known))
    }

    pub(super) fn routes(&mut self, routes: Vec<(usize, Route)>) {
        for (row, route) in routes {
            let Some(this) = self.rows.get_mut(row) else {
                continue;
            };
            this.routed = true;
            if this.route != route {
                this.route = route;
                self.judge(row);
            }
        }
    }
}

impl Row {
    /// Whether this row is about that target: the same question under the same id.
    fn is(&self, target: &crate::model::Target) -> bool {
        self.target.id == target.id && *self.endpoint == target.endpoint
    }

    /// The address that is probed: the host's own, else what the terminal connected to last.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        let port = self.endpoint.port;
        match &self.endpoint.host {
            Host::V4(address) => Some((*address, port).into()),
            Host::V6 { address, .. } => Some((IpAddr::V6(*address), port).into()),
            Host::Name(_) => self
                .terminal
                .last
                .as_ref()
                .and_then(|(_, probe)| connected_to(probe)),
        }
    }
}

/// The address that answered, else the first that was tried.
fn connected_to(probe: &Probe) -> Option<SocketAddr> {
    let answered = probe
        .attempts
        .iter()
        .find(|attempt| attempt.failure.is_none());
    answered
        .or(probe.attempts.first())
        .map(|attempt| attempt.address)
}
