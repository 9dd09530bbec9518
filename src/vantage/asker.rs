//! Asks what it is told to ask; the same in this process and in the agent.

use crate::model::{Endpoint, Probe};
use crate::probe::Prober;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// One process's prober, and where its outcomes go.
#[derive(Clone)]
pub struct Asker {
    prober: Rc<Prober>,
    outcomes: UnboundedSender<(u64, Probe)>,
}

impl Asker {
    /// `name_ttl`: how long the addresses of a name are kept.
    pub fn new(name_ttl: Duration, outcomes: UnboundedSender<(u64, Probe)>) -> Asker {
        Asker {
            prober: Rc::new(Prober::new(name_ttl)),
            outcomes,
        }
    }

    /// Starts one probe; its outcome comes later, under the number `ask`. Must be called
    /// inside a tokio `LocalSet`.
    pub fn ask(&self, ask: u64, endpoint: Arc<Endpoint>, timeout: Duration) {
        let asker = self.clone();
        tokio::task::spawn_local(async move {
            let probe = asker.prober.probe(&endpoint, timeout).await;
            // Nobody listens any more: we are leaving.
            let _ = asker.outcomes.send((ask, probe));
        });
    }
}
