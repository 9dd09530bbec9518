//! Probes of names whose addresses and resolver we choose.

mod addresses;
mod lookups;

use super::*;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const PLENTY: Duration = Duration::from_secs(20);
const LITTLE: Duration = Duration::from_millis(200);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn endpoint(name: &str, port: u16, question: Question) -> Endpoint {
    let host = Host::Name(name.to_owned());
    Endpoint {
        host,
        port,
        question,
    }
}

fn get() -> Question {
    let path = "/".to_owned();
    Question::Get { path, tls: false }
}

fn two_addresses() -> Vec<SocketAddr> {
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 1));
    vec![v6, SocketAddr::from(([127, 0, 0, 1], 1)), v6]
}

/// A resolver that knows one answer, and how often it was asked.
fn knowing(addresses: Vec<SocketAddr>) -> (Arc<resolve::Ask>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let ask = move |_: &str| {
        count.fetch_add(1, SeqCst);
        match addresses.is_empty() {
            true => Err(io::Error::other("failed to lookup address information: no")),
            false => Ok(addresses.clone()),
        }
    };
    (Arc::new(ask), asked)
}
