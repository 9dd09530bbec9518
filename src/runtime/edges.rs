//! Wishes of the core become calls; what comes of them becomes messages.

use super::looking::Looker;
use crate::app::{AppLogs, Effect, GodSeen, Msg, Pm2Event};
use crate::machine::{Network, ancestors, source_for, titles_of};
use crate::model::{Host, Observation, OtherGod, Probe, Route, VantageKind, VantageState};
use crate::pm2::{App, Home, others, title};
use crate::vantage::wire::ToAgent;
use crate::vantage::{Asker, Event, Orders, supervise};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_blocking, spawn_local};

/// How long leaving waits for the vantage under PM2 to clean up. `q` to exit takes 100 ms at most.
const FAREWELL: Duration = Duration::from_millis(80);

/// How long another God may take to say who it is.
const FOR_OTHERS: Duration = Duration::from_millis(500);

/// The outside, as far as a run touches it.
pub struct Edges {
    messages: UnboundedSender<Msg>,
    looker: Looker,
    terminal: Asker,
    /// `None` where PM2 is not asked, and once we leave.
    pm2: Option<Pm2Side>,
}

struct Pm2Side {
    asks: UnboundedSender<ToAgent>,
    supervisor: JoinHandle<()>,
}

impl Edges {
    /// Starts both vantages. Must be called inside a tokio `LocalSet`.
    ///
    /// # Errors
    /// When our own file is not known, which God is to start.
    pub fn open(
        looker: Looker,
        pm2: Option<Home>,
        interval: Duration,
        timeout: Duration,
        messages: UnboundedSender<Msg>,
    ) -> Result<Edges, String> {
        let (outcomes, told) = unbounded_channel();
        spawn_local(forward_outcomes(told, messages.clone()));
        let pm2 = match pm2 {
            None => None,
            Some(home) => {
                let program = std::env::current_exe();
                let program =
                    program.map_err(|error| format!("our own file is not known: {error}"))?;
                // macOS tells it as it was called: ./unreach, a link, with dots in the middle.
                let program = program.canonicalize().unwrap_or(program);
                let (asks, asked) = unbounded_channel();
                let (events, happened) = unbounded_channel();
                let follow = forward_events(happened, messages.clone(), home.clone(), timeout);
                spawn_local(follow);
                let orders = Orders {
                    home,
                    timeout,
                    name_ttl: interval,
                    program,
                };
                Some(Pm2Side {
                    asks,
                    supervisor: spawn_local(supervise(orders, asked, events)),
                })
            }
        };
        Ok(Edges {
            messages,
            looker,
            terminal: Asker::new(interval, outcomes),
            pm2,
        })
    }

    /// Carries out one wish. Leaving is the loop's own business.
    pub fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Ask {
                vantage: VantageKind::Terminal,
                ask,
                endpoint,
                timeout,
            } => {
                self.terminal.ask(ask, endpoint, timeout);
            }
            Effect::Ask {
                vantage: VantageKind::Pm2,
                ask,
                endpoint,
                timeout,
            } => {
                if let Some(pm2) = &self.pm2 {
                    let endpoint = endpoint.as_ref().clone();
                    // A supervisor that is gone has said so, and nobody waits for its answer.
                    let _ = pm2.asks.send(ToAgent::Ask {
                        ask,
                        endpoint,
                        timeout,
                    });
                }
            }
            Effect::LookForTargets => match self.looker.look() {
                Ok(Some(found)) => self.tell(Msg::Found(found)),
                Ok(None) => {}
                Err(why) => self.tell(Msg::LookFailed(why)),
            },
            Effect::ReadLogs(apps) => {
                let found = self.looker.complaints(&apps);
                self.tell(Msg::Found(found));
            }
            Effect::FindRoutes(addresses) => {
                let messages = self.messages.clone();
                spawn_blocking(move || {
                    let _ = messages.send(Msg::Routes(find_routes(addresses)));
                });
            }
            Effect::Leave(_) => {}
        }
    }

    /// Takes our agent out of PM2, within its time.
    pub async fn close(&mut self) {
        if let Some(Pm2Side { asks, supervisor }) = self.pm2.take() {
            drop(asks);
            let _ = tokio::time::timeout(FAREWELL, supervisor).await;
        }
    }

    fn tell(&self, msg: Msg) {
        // The loop holds the other end as long as we live.
        let _ = self.messages.send(msg);
    }
}

async fn forward_outcomes(
    mut told: UnboundedReceiver<(u64, Probe)>,
    messages: UnboundedSender<Msg>,
) {
    while let Some((ask, probe)) = told.recv().await {
        let _ = messages.send(Msg::Observed(Observation {
            vantage: VantageKind::Terminal,
            ask,
            probe,
        }));
    }
}

async fn forward_events(
    mut happened: UnboundedReceiver<Event>,
    messages: UnboundedSender<Msg>,
    home: Home,
    timeout: Duration,
) {
    let mut others_known = false;
    while let Some(event) = happened.recv().await {
        let settled = match &event {
            Event::God { pid, .. } => Some(Some(*pid)),
            Event::State(VantageState::Starting) => None,
            Event::State(_) => Some(None),
            _ => None,
        };
        if let Some(god) = settled.filter(|_| !std::mem::replace(&mut others_known, true)) {
            let (home, messages) = (home.clone(), messages.clone());
            spawn_local(async move {
                let others = other_gods(&home, god, timeout).await;
                let _ = messages.send(Msg::Pm2(Pm2Event::Others(others)));
            });
        }
        let _ = messages.send(message(event));
    }
}

fn message(event: Event) -> Msg {
    match event {
        Event::State(state) => Msg::Pm2(Pm2Event::State(state)),
        Event::Agent(pid) => Msg::Pm2(Pm2Event::Agent(pid)),
        Event::Told(ask, probe) => Msg::Observed(Observation {
            vantage: VantageKind::Pm2,
            ask,
            probe,
        }),
        Event::God {
            pid,
            version,
            node,
            apps,
        } => Msg::Pm2(Pm2Event::God(GodSeen {
            pid,
            version,
            node: node.map(|node| node.to_string_lossy().into_owned()),
            ancestors: ancestors(pid),
            apps: apps.into_iter().map(app_logs).collect(),
        })),
    }
}

fn app_logs(app: App) -> AppLogs {
    let mut files: Vec<_> = app.out_log.into_iter().chain(app.err_log).collect();
    files.dedup();
    AppLogs {
        name: app
            .name
            .unwrap_or_else(|| "an app without a name".to_owned()),
        files,
    }
}

/// Every God of this user but the one that we ask.
async fn other_gods(home: &Home, asked: Option<u32>, timeout: Duration) -> Vec<OtherGod> {
    let titled = spawn_blocking(|| {
        let processes = titles_of(nix::unistd::geteuid().as_raw()).into_iter();
        let titled = processes.filter_map(|p| Some((p.pid, p.parent, title::parse(&p.title)?)));
        title::gods(titled.collect())
    });
    let titled = titled.await.unwrap_or_default();
    let variable = std::env::var_os("PM2_HOME").map(PathBuf::from);
    let homes: Vec<PathBuf> = variable.into_iter().chain(home.usual()).collect();
    others(home, asked, &homes, titled, timeout.min(FOR_OTHERS)).await
}

fn find_routes(addresses: Vec<(usize, Host, SocketAddr)>) -> Vec<(usize, Route)> {
    let network = Network::read();
    let route = |(row, host, address): (usize, Host, SocketAddr)| {
        (row, network.route(&host, address.ip(), source_for(address)))
    };
    addresses.into_iter().map(route).collect()
}
