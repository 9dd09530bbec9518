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
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::sleep;

/// How many messages are taken in before what they changed is shown.
const MOST_AT_ONCE: usize = 1024;
/// How long an output that nobody reads may hold up somebody who wants to leave.
const LAST_WORD: Duration = Duration::from_millis(500);

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
    let mut output = Output::new(run.look, clock.clone());
    let settings = &model.settings;
    let (interval, timeout) = (settings.interval, settings.timeout);
    let mut edges = Edges::open(looker, run.pm2, interval, timeout, messages.clone())?;
    let mut wants_to_leave = leave_signals(!kernel::hangup_is_ignored())?;
    for msg in found.into_iter().map(Msg::Found).chain([Msg::Start]) {
        let _ = messages.send(msg);
    }
    loop {
        let first = tokio::select! {
            () = &mut wants_to_leave, if model.leaving.is_none() => Msg::Leave,
            msg = inbox.recv() => msg.unwrap_or(Msg::Leave),
            () = sleep(clock.until(model.wake())) => Msg::Tick,
            written = output.written() => match written {
                Ok(()) => {
                    output.show(&model);
                    continue;
                }
                Err(_) => {
                    // Nobody reads any more: there is nothing left to do.
                    edges.close().await;
                    return Ok(model.exit_status());
                }
            },
        };
        let asked_to_leave = matches!(first, Msg::Leave);
        if let Some(status) = take_in(&mut model, &mut edges, &clock, first, &mut inbox) {
            // Who reads the report may take his time, until the user has enough of it.
            let enough = async {
                match asked_to_leave {
                    true => sleep(LAST_WORD).await,
                    false => wants_to_leave.await,
                }
            };
            let told = async {
                tokio::select! {
                    _ = output.finish(&model) => {}
                    () = enough => {}
                }
            };
            tokio::join!(told, edges.close());
            return Ok(status);
        }
        output.show(&model);
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
    let others = std::iter::from_fn(|| inbox.try_recv().ok());
    for msg in std::iter::once(first).chain(others.take(MOST_AT_ONCE)) {
        for effect in update(model, clock.now(), msg) {
            if let Effect::Leave(status) = effect {
                return Some(status);
            }
            edges.carry_out(effect);
        }
    }
    None
}

/// Done when the user wants to leave: ctrl-c, `kill`, a closed terminal.
fn leave_signals(hangup_too: bool) -> Result<Pin<Box<dyn Future<Output = ()>>>, String> {
    let listen =
        |kind| signal(kind).map_err(|error| format!("signals can't be listened to: {error}"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = match hangup_too {
        true => Some(listen(SignalKind::hangup())?),
        false => None,
    };
    Ok(Box::pin(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = hung_up => {}
        }
    }))
}
