//! The one place where the model changes.

use super::message::{Effect, Msg};
use super::model::{Goal, Model};
use crate::model::{Host, Observation, Stamp, VantageKind, What};
use std::time::Duration;

/// A pause between two messages shorter than this is never taken for sleep.
const SHORTEST_SLEEP: Duration = Duration::from_secs(5);

/// How often verdicts are looked at again when nothing came in.
const JUDGE_AGAIN: Duration = Duration::from_secs(1);

/// Takes a message in at the time `at`, and says what is to be done.
pub fn update(model: &mut Model, at: Stamp, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    pass_time(model, at);
    match msg {
        Msg::Start => effects.push(Effect::LookForTargets),
        Msg::Tick => {
            model.notice_silence();
            effects.extend(model.read_logs_when_wanted());
            // Time alone changes a verdict by making answers old: a matter of seconds.
            if model.now.since(model.judged) >= JUDGE_AGAIN {
                model.judge_all();
            }
            effects.extend(model.look_again());
        }
        Msg::Found(found) => effects.extend(model.found(found)),
        Msg::LookFailed(why) => model.look_failed(why),
        Msg::Routes(routes) => model.routes(routes),
        Msg::Pm2(event) => effects.extend(model.pm2_event(event)),
        Msg::Observed(observation) => effects.extend(observed(model, observation)),
        Msg::Leave => {
            model.interrupted =
                matches!(model.settings.goal, Goal::Check { .. }) && !model.complete();
            leave(model, &mut effects);
        }
    }
    if model.leaving.is_none() && model.complete() {
        leave(model, &mut effects);
    }
    effects.extend(model.ask_due());
    effects
}

/// A clock that jumped over two rounds was asleep: what was under way says nothing.
fn pass_time(model: &mut Model, at: Stamp) {
    let passed = at.since(model.now);
    let started = model.now != Stamp::default();
    model.now = model.now.max(at);
    if started && passed > SHORTEST_SLEEP.max(model.settings.interval * 2) {
        for vantage in [VantageKind::Terminal, VantageKind::Pm2] {
            model.forget(vantage);
            model.plan_all(vantage);
        }
        for row in &mut model.rows {
            row.terminal.history.clear();
            row.pm2.history.clear();
        }
        model.change(What::Slept(passed));
    }
}

fn observed(model: &mut Model, observation: Observation) -> Option<Effect> {
    let vantage = observation.vantage;
    if vantage == VantageKind::Pm2 {
        model.heard_from_pm2();
    }
    let row = model.observe(observation)?;
    // The address of a name is known only now.
    let named = matches!(model.rows[row].endpoint.host, Host::Name(_));
    let unknown = !model.rows[row].routed;
    (vantage == VantageKind::Terminal && named && unknown)
        .then(|| model.find_routes([row]))
        .flatten()
}

fn leave(model: &mut Model, effects: &mut Vec<Effect>) {
    model.judge_all();
    let status = if model.interrupted {
        3
    } else {
        model.exit_status()
    };
    model.leaving = Some(status);
    effects.push(Effect::Leave(status));
}
