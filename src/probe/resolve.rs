//! Names to addresses: few lookups at once, one for all who ask the same name, kept for a while.

use super::course::Stop;
use super::errno;
use crate::model::{ErrorKind, Failure, Phase};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many lookups may wait for the resolver at once; getaddrinfo cannot be cancelled.
pub(super) const SLOTS: usize = 8;
/// How many addresses of one name are asked; the sockets of one probe must be few.
const ADDRESSES: usize = 16;

/// What finds a name's addresses (ports are ignored); blocks its thread.
pub(super) type Ask = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Every name asked, and what is known of it.
pub(super) struct Names {
    keep: Duration,
    slots: Arc<Semaphore>,
    known: Mutex<HashMap<String, watch::Receiver<State>>>,
    ask: Arc<Ask>,
}

#[derive(Clone, Debug)]
enum State {
    /// No slot yet: this time is ours, not the network's.
    Queued,
    /// In a thread since then.
    Asking(Instant),
    Known {
        since: Instant,
        at: Instant,
        found: Result<Arc<[SocketAddr]>, Stop>,
    },
}

/// One name's lookup, shared by all who ask it at the same time.
pub(super) struct Lookup(watch::Receiver<State>);

impl Names {
    /// Addresses are kept for `keep`; failures are not kept, as each is an observation.
    pub(super) fn new(keep: Duration, ask: Arc<Ask>) -> Names {
        Names {
            keep,
            slots: Arc::new(Semaphore::new(SLOTS)),
            known: Mutex::default(),
            ask,
        }
    }

    /// Joins the lookup of `name`, or starts one. Needs a tokio runtime around it.
    pub(super) fn look_up(&self, name: &str) -> Lookup {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lookup) = known.get(name).filter(|lookup| self.fresh(lookup)) {
            return Lookup(lookup.clone());
        }
        // Names come from targets and are few, but targets change over days.
        known.retain(|_, lookup| self.fresh(lookup));
        let (tell, lookup) = watch::channel(State::Queued);
        known.insert(name.to_owned(), lookup.clone());
        let (name, ask) = (name.to_owned(), self.ask.clone());
        match self.slots.clone().try_acquire_owned() {
            Ok(slot) => launch(slot, tell, name, ask),
            Err(_) => {
                // A task of its own, so that the lookup does not depend on which of the waiting
                // probes gives up first.
                let slots = self.slots.clone();
                tokio::spawn(async move {
                    if let Ok(slot) = slots.acquire_owned().await {
                        launch(slot, tell, name, ask);
                    }
                });
            }
        }
        Lookup(lookup)
    }

    fn fresh(&self, lookup: &watch::Receiver<State>) -> bool {
        match &*lookup.borrow() {
            State::Known { at, found, .. } => found.is_ok() && at.elapsed() < self.keep,
            // A lookup whose thread is gone will never be known.
            _ => lookup.has_changed().is_ok(),
        }
    }
}

impl Lookup {
    /// Since when the network is asked: now where it was before. `None` when no slot got free
    /// within `patience`.
    pub(super) async fn begun(&mut self, patience: Duration) -> Option<Instant> {
        let now = Instant::now();
        // Nearly always there is a slot, and then no timer is needed.
        if matches!(*self.0.borrow(), State::Queued) {
            let asking = self.0.wait_for(|state| !matches!(state, State::Queued));
            let _ = tokio::time::timeout(patience, asking).await.ok()?;
        }
        match &*self.0.borrow() {
            State::Asking(since) | State::Known { since, .. } => Some(now.max(*since)),
            // Nobody will ask any more: `addresses` says so.
            State::Queued => Some(now),
        }
    }

    /// The addresses, in the resolver's order (RFC 6724), at least one and at most 16.
    pub(super) async fn addresses(&mut self) -> Result<Arc<[SocketAddr]>, Stop> {
        let known = self
            .0
            .wait_for(|state| matches!(state, State::Known { .. }));
        match known.await.as_deref() {
            Ok(State::Known { found, .. }) => found.clone(),
            _ => Err(Stop::NotAsked("the name lookup broke off".to_owned())),
        }
    }
}

/// Asks in a thread of its own. The thread holds the slot until the resolver has answered, whoever
/// still waits for it; and it is detached, so that leaving the program never waits for it.
fn launch(slot: OwnedSemaphorePermit, tell: watch::Sender<State>, name: String, ask: Arc<Ask>) {
    let since = Instant::now();
    tell.send_replace(State::Asking(since));
    let tell = Arc::new(tell);
    let known = move |found| {
        let at = Instant::now();
        tell.send_replace(State::Known { since, at, found });
    };
    let thread = thread::Builder::new().name("name lookup".to_owned());
    let started = thread.spawn({
        let known = known.clone();
        move || {
            let found = ask(&name).map_err(|error| trouble(&error)).and_then(usable);
            // First the slot, so that who hears the answer finds it free.
            drop(slot);
            known(found);
        }
    });
    if let Err(error) = started {
        let why = match errno::fold(Phase::Dns, &error) {
            Ok(failure) => format!("this computer: no thread for a lookup: {}", failure.text),
            Err(why) => why,
        };
        known(Err(Stop::NotAsked(why)));
    }
}

fn usable(found: Vec<SocketAddr>) -> Result<Arc<[SocketAddr]>, Stop> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        // A name that stands twice in /etc/hosts comes twice.
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.truncate(ADDRESSES);
    if addresses.is_empty() {
        let text = "the name has no address";
        return Err(Stop::plain(Phase::Dns, ErrorKind::Dns, text));
    }
    Ok(addresses.into())
}

fn trouble(error: &io::Error) -> Stop {
    match errno::fold(Phase::Dns, error) {
        Ok(failure) => {
            // std puts its own words before the resolver's.
            let std = "failed to lookup address information: ";
            let text = failure.text.strip_prefix(std).unwrap_or(&failure.text);
            Stop::Failed(Failure {
                error: ErrorKind::Dns,
                text: text.to_owned(),
                ..failure
            })
        }
        Err(why) => Stop::NotAsked(why),
    }
}

/// The system's resolver: getaddrinfo, with /etc/hosts, multicast names and all.
pub(super) fn getaddrinfo(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((name, 0).to_socket_addrs()?.collect())
}
