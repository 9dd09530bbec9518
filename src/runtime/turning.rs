//! The one loop: wait, update, carry out, show.

use super::clock::Clock;
use super::edges::Edges;
use super::looking::Looker;
use super::output::Output;
use super::settings::Run;
use crate::app::{Effect, Model, Msg, update};
use crate::machine::{kernel, this_computer};
use crate::model::VantageState;
use std::future::Future;
use std::pin::Pin;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::sleep;

/// Runs until the core wants to leave. Gives the exit status.
///
/// # Errors
/// A sentence for the user, when targets can't be read at the start or we can't start at all.
pub fn turn(run: Run) -> Result<u8, String> {
    kernel::keep_no_large_buffers();
    kernel::raise_file_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("no event loop: {error}"))?;
    let status = LocalSet::new().block_on(&runtime, go_round(run));
    // A name lookup can't be cancelled, and leaving never waits for one.
    runtime.shutdown_background();
    status
}

async fn go_round(run: Run) -> Result<u8, String> {
    let clock = Clock::start();
    let mut looker = Looker::new(run.places);
    // At the start unreadable input is the user's to mend; later it is a notice.
    let found = looker.look()?;
    let (messages, mut inbox) = unbounded_channel();
    let pm2 = match &run.pm2 {
        Some(_) => VantageState::Starting,
        None => VantageState::Absent("not asked: --no-pm2".to_owned()),
    };
    let mut model = Model::new(run.settings, this_computer(), pm2);
    let mut output = Output::new(run.form, run.style, run.detail, clock.clone());
    let settings = &model.settings;
    let (interval, timeout) = (settings.interval, settings.timeout);
    let mut edges = Edges::open(looker, run.pm2, interval, timeout, messages.clone())?;
    let mut wants_to_leave = leave_signals()?;
    for msg in found.into_iter().map(Msg::Found).chain([Msg::Start]) {
        let _ = messages.send(msg);
    }
    loop {
        let first = tokio::select! {
            () = &mut wants_to_leave, if model.leaving.is_none() => Msg::Leave,
            msg = inbox.recv() => msg.unwrap_or(Msg::Leave),
            () = sleep(clock.until(model.wake())) => Msg::Tick,
        };
        if let Some(status) = take_in(&mut model, &mut edges, &clock, first, &mut inbox) {
            let shown = output.finish(&model);
            edges.close().await;
            return Ok(shown.map_or(status, |()| status));
        }
        if output.show(&model).is_err() {
            // Nobody reads any more: there is nothing left to do.
            edges.close().await;
            return Ok(model.exit_status());
        }
    }
}

/// Takes in a message and all that wait behind it; gives the status to leave with.
fn take_in(
    model: &mut Model,
    edges: &mut Edges,
    clock: &Clock,
    first: Msg,
    inbox: &mut UnboundedReceiver<Msg>,
) -> Option<u8> {
    let mut next = Some(first);
    while let Some(msg) = next {
        for effect in update(model, clock.now(), msg) {
            if let Effect::Leave(status) = effect {
                return Some(status);
            }
            edges.carry_out(effect);
        }
        next = inbox.try_recv().ok();
    }
    None
}

/// Done when the user wants to leave: ctrl-c, `kill`, a closed terminal.
fn leave_signals() -> Result<Pin<Box<dyn Future<Output = ()>>>, String> {
    let listen =
        |kind| signal(kind).map_err(|error| format!("signals can't be listened to: {error}"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }))
}
