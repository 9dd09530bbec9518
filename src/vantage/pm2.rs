//! The vantage under PM2: finds God, has it start our agent, follows both, and cleans up.

use super::meeting::{Meeting, sweep};
use super::wire::{self, FromAgent, Lines, ToAgent};
use crate::machine::is_one_of_us;
use crate::model::{Probe, VantageState};
use crate::pm2::entry::{free_id, owner_of, user_apps};
use crate::pm2::{AgentEntry, App, Client, God, Home, find};
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{sleep, timeout};

/// How soon we look again for a God that is not there.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// The longest pause between two tries to start an agent: each leaves lines in pm2.log.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often God is asked for its apps again. On macOS each answer makes it run `ps`.
const APPS_AGAIN: Duration = Duration::from_secs(30);
/// How long leaving waits for God to take our entry out; after that the agent does it.
const FAREWELL: Duration = Duration::from_millis(70);

/// What the vantage needs to know.
#[derive(Clone, Debug)]
pub struct Orders {
    pub home: Home,
    /// The longest that God or the agent may take for one answer.
    pub timeout: Duration,
    /// How long the addresses of a name are kept.
    pub name_ttl: Duration,
    /// This program's own file, which God starts as the agent.
    pub program: PathBuf,
}

/// What the vantage tells.
#[derive(Debug)]
pub enum Event {
    State(VantageState),
    /// God introduced itself, or its apps were asked for again.
    God {
        pid: u32,
        version: String,
        node: Option<PathBuf>,
        apps: Vec<App>,
    },
    Agent(u32),
    Told(u64, Probe),
}

/// How a life of the vantage ended.
enum End {
    /// Nobody asks any more: we leave.
    Left,
    Over(VantageState),
}

/// Keeps an agent under PM2 and passes questions and outcomes on, until `asks` is closed. Then
/// takes everything of ours out of PM2.
pub async fn supervise(
    orders: Orders,
    mut asks: UnboundedReceiver<ToAgent>,
    events: UnboundedSender<Event>,
) {
    let mut pause = LOOK_AGAIN;
    loop {
        let mut was_live = false;
        let state = match live(&orders, &mut asks, &events, &mut was_live).await {
            End::Left => return,
            End::Over(state) => state,
        };
        // Only a God that is there and does not do as asked is bothered less and less.
        pause = match state {
            VantageState::Failed(_) if !was_live => (pause * 2).min(LONGEST_PAUSE),
            _ => LOOK_AGAIN,
        };
        let _ = events.send(Event::State(state));
        let pausing = sleep(pause);
        tokio::pin!(pausing);
        loop {
            tokio::select! {
                () = &mut pausing => break,
                // A question to an agent that is gone is not one to the next.
                ask = asks.recv() => if ask.is_none() { return },
            }
        }
    }
}

/// One life: from finding God to the end of God, agent or us.
async fn live(
    orders: &Orders,
    asks: &mut UnboundedReceiver<ToAgent>,
    events: &UnboundedSender<Event>,
    was_live: &mut bool,
) -> End {
    let begun = begin(orders, events);
    tokio::pin!(begun);
    let (mut god, meeting, stream) = loop {
        tokio::select! {
            begun = &mut begun => match begun {
                Ok(begun) => break begun,
                Err(state) => return End::Over(state),
            },
            // We leave before the agent came: closing its socket sends it away.
            ask = asks.recv() => if ask.is_none() { return End::Left },
        }
    };
    *was_live = true;
    let _ = events.send(Event::State(VantageState::Live));
    let end = {
        let watch = watch_god(&mut god, events);
        tokio::pin!(watch);
        tokio::select! {
            end = converse(&stream, asks, events) => end,
            why = &mut watch => End::Over(VantageState::Gone(why)),
        }
    };
    // While this takes its moment the connection to the agent stays open, so that not both of us
    // ask God for the same.
    take_out(&mut god, orders, meeting.entry(), matches!(end, End::Left)).await;
    drop(stream);
    end
}

/// Finds God, takes out what dead runs left, and has our agent started.
async fn begin(
    orders: &Orders,
    events: &UnboundedSender<Event>,
) -> Result<(God, Meeting, UnixStream), VantageState> {
    let mut god = find(&orders.home, orders.timeout).await?;
    let _ = events.send(Event::State(VantageState::Starting));
    let failed = |error: &dyn std::fmt::Display| VantageState::Failed(format!("PM2: {error}"));
    let apps = god.client.apps().await.map_err(|error| failed(&error))?;
    let us = std::process::id();
    let of_the_dead =
        |app: &&App| owner_of(app).is_some_and(|owner| owner == us || !is_one_of_us(owner));
    for id in apps.iter().filter(of_the_dead).filter_map(|app| app.pm_id) {
        // Another unreach may be quicker; then there is nothing left to take out.
        let _ = god.client.delete(id).await;
        if !god.client.usable() {
            return Err(VantageState::Failed(
                "PM2 did not answer when asked to take out an old entry".to_owned(),
            ));
        }
    }
    sweep();
    let entry = free_id(us, &apps);
    let _ = events.send(seen(&god, apps));
    let meeting =
        Meeting::prepare(entry).map_err(|error| VantageState::Failed(error.to_string()))?;
    let order = AgentEntry::new(
        us,
        entry,
        &orders.program,
        &meeting.arguments(&orders.home.rpc_socket(), orders.name_ttl),
        meeting.directory(),
        &meeting.pid_file(),
    );
    let order = order.map_err(|error| VantageState::Failed(error.to_string()))?;
    let agent = god
        .client
        .start(&order)
        .await
        .map_err(|error| failed(&error))?;
    let come = timeout(orders.timeout, meeting.accept(agent, god.pid)).await;
    let stream = match come {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            take_out(&mut god, orders, entry, false).await;
            return Err(VantageState::Failed(error.to_string()));
        }
        Err(_) => {
            take_out(&mut god, orders, entry, false).await;
            let seconds = orders.timeout.as_secs_f64();
            return Err(VantageState::Failed(format!(
                "PM2 started the agent (pid {agent}), but it did not report within {seconds:.1} s"
            )));
        }
    };
    let _ = events.send(Event::Agent(agent));
    Ok((god, meeting, stream))
}

fn seen(god: &God, apps: Vec<App>) -> Event {
    let apps = user_apps(&apps).cloned().collect();
    Event::God {
        pid: god.pid,
        version: god.version.clone(),
        node: god.report.node.clone(),
        apps,
    }
}

/// Asks God for its apps now and then, and says why it is gone when it is.
async fn watch_god(god: &mut God, events: &UnboundedSender<Event>) -> String {
    let gone = format!("the PM2 daemon (pid {}) ended", god.pid);
    loop {
        tokio::select! {
            _ = god.client.closed() => return gone,
            () = sleep(APPS_AGAIN) => {}
        }
        match god.client.apps().await {
            Ok(apps) => {
                let _ = events.send(seen(god, apps));
            }
            Err(error) if god.client.usable() => drop(error),
            Err(error) => return format!("the PM2 daemon (pid {}): {error}", god.pid),
        }
    }
}

/// Passes questions to the agent and its outcomes on.
async fn converse(
    stream: &UnixStream,
    asks: &mut UnboundedReceiver<ToAgent>,
    events: &UnboundedSender<Event>,
) -> End {
    let gone = |why: String| End::Over(VantageState::Gone(why));
    let (mut lines, mut chunk) = (Lines::default(), vec![0; 16 * 1024]);
    // Never waits for a slow reader: what cannot be written yet waits here.
    let mut unsent: Vec<u8> = Vec::new();
    loop {
        tokio::select! {
            ask = asks.recv() => match ask {
                None => return End::Left,
                Some(ToAgent::Ask { ask, endpoint, timeout }) => {
                    match wire::encode(&ToAgent::Ask { ask, endpoint, timeout }) {
                        Ok(line) => unsent.extend(line),
                        Err(error) => {
                            let _ = events.send(Event::Told(ask, not_asked(error.to_string())));
                        }
                    }
                }
            },
            ready = stream.writable(), if !unsent.is_empty() => {
                match ready.and_then(|()| stream.try_write(&unsent)) {
                    Ok(written) => drop(unsent.drain(..written)),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(error) => return gone(format!("the agent under PM2 ended: {error}")),
                }
            }
            ready = stream.readable() => {
                match ready.and_then(|()| stream.try_read(&mut chunk)) {
                    Ok(0) => return gone("the agent under PM2 ended".to_owned()),
                    Ok(read) => lines.feed(&chunk[..read]),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
                    Err(error) => return gone(format!("the agent under PM2 ended: {error}")),
                }
                if let Err(error) = hear(&mut lines, events) {
                    return gone(format!("the agent under PM2: {error}"));
                }
            }
        }
    }
}

fn hear(lines: &mut Lines, events: &UnboundedSender<Event>) -> Result<(), wire::WireError> {
    while let Some(line) = lines.next_line()? {
        if let FromAgent::Told { ask, probe } = wire::decode(line)? {
            let _ = events.send(Event::Told(ask, probe));
        }
    }
    Ok(())
}

fn not_asked(why: String) -> Probe {
    use crate::model::{Outcome, Phases};
    Probe {
        outcome: Outcome::NotAsked(why),
        took: Duration::ZERO,
        phases: Phases::default(),
        attempts: Vec::new(),
    }
}

/// Takes our entry out of God's list. A God that is gone took it along.
async fn take_out(god: &mut God, orders: &Orders, entry: u32, hurry: bool) {
    let patience = if hurry { FAREWELL } else { orders.timeout };
    let _ = timeout(patience, async {
        if !god.client.usable() {
            god.client = Client::connect(&orders.home.rpc_socket(), patience).await?;
        }
        god.client.delete(entry).await
    })
    .await;
}
