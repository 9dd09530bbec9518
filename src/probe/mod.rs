//! One probe: resolve, connect each address, request.

mod connect;
mod course;
mod errno;
mod http;
mod resolve;
mod tls;

#[cfg(test)]
mod tests;

pub use http::status_in;

use crate::model::{Answer, Endpoint, Host, Phase, Probe, Question, clean};
use connect::Race;
use course::{Course, Steps, Stop};
use resolve::{Lookup, Names};
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tls::Tls;
use tokio::net::TcpStream;

/// Asks endpoints, each time over a connection of its own. One for each process, shared by
/// reference: it remembers names and how TLS is set up, and nothing of a target.
///
/// No proxy, no redirect, no environment variable: what is asked is the network.
pub struct Prober {
    names: Names,
    tls: OnceLock<Result<Tls, String>>,
}

/// Where a probe begins.
enum Start {
    Address(SocketAddr),
    Name(Lookup),
}

impl Prober {
    /// `name_ttl` is how long the addresses of a name are kept. A failed lookup is not kept.
    pub fn new(name_ttl: Duration) -> Prober {
        Prober::asking(name_ttl, Arc::new(resolve::getaddrinfo))
    }

    fn asking(name_ttl: Duration, ask: Arc<resolve::Ask>) -> Prober {
        Prober {
            names: Names::new(name_ttl, ask),
            tls: OnceLock::new(),
        }
    }

    /// Asks `endpoint` once, on the tokio runtime it is called on (with I/O and time enabled).
    ///
    /// `timeout` is for the whole: name, connection, TLS and answer. Where it runs out, the outcome
    /// is a failure of kind `Timeout` in the phase under way. The wait for one of the eight slots
    /// for name lookups comes before and does not count; it ends after `timeout` too, with
    /// `NotAsked`, as does everything that is this computer's own trouble. Never an error: a failed
    /// probe is data. Dropping the future ends the probe and closes its connections.
    pub async fn probe(&self, endpoint: &Endpoint, timeout: Duration) -> Probe {
        let now = Instant::now();
        let start = match self.start(endpoint) {
            Ok(start) => start,
            Err(why) => return course::not_asked(why, now.elapsed()),
        };
        let (start, begun, phase) = match start {
            Start::Address(_) => (start, now, Phase::Connect),
            Start::Name(mut lookup) => match lookup.begun(timeout).await {
                Some(begun) => (Start::Name(lookup), begun, Phase::Dns),
                None => {
                    let why = format!(
                        "{} name lookups are still waiting for an answer",
                        resolve::SLOTS
                    );
                    return course::not_asked(why, now.elapsed());
                }
            },
        };
        let mut course = Course::begin(phase, begun);
        let walk = self.walk(endpoint, start, &mut course);
        let end = match begun.checked_add(timeout) {
            Some(deadline) => tokio::time::timeout_at(deadline.into(), walk).await.ok(),
            None => Some(walk.await),
        };
        course.report(end, timeout)
    }

    fn start(&self, endpoint: &Endpoint) -> Result<Start, String> {
        let port = endpoint.port;
        Ok(match &endpoint.host {
            Host::Name(name) => Start::Name(self.names.look_up(name)),
            Host::V4(address) => Start::Address((*address, port).into()),
            Host::V6 {
                address,
                zone: None,
            } => Start::Address((*address, port).into()),
            Host::V6 {
                address,
                zone: Some(zone),
            } => Start::Address(zoned(*address, port, zone)?),
        })
    }

    async fn walk(
        &self,
        endpoint: &Endpoint,
        start: Start,
        course: &mut Course,
    ) -> Result<Answer, Stop> {
        let address = match start {
            Start::Address(address) => address,
            Start::Name(mut lookup) => {
                let found = lookup.addresses().await?;
                course.steps.done();
                course.steps.enter(Phase::Connect);
                let with_port = |&(mut address): &SocketAddr| {
                    address.set_port(endpoint.port);
                    address
                };
                match &found[..] {
                    [only] => with_port(only),
                    several => {
                        let several: Vec<SocketAddr> = several.iter().map(with_port).collect();
                        return Box::pin(self.race(endpoint, several, course)).await;
                    }
                }
            }
        };
        let stream = connect::one(address, course).await?;
        self.converse(endpoint, stream, &mut course.steps).await
    }

    async fn race(
        &self,
        endpoint: &Endpoint,
        addresses: Vec<SocketAddr>,
        course: &mut Course,
    ) -> Result<Answer, Stop> {
        let Course {
            steps, attempts, ..
        } = course;
        let mut race = Race::begin(&addresses, attempts);
        let stream = race.first(attempts, steps).await?;
        let exchange = self.converse(endpoint, stream, steps);
        race.alongside(attempts, exchange).await
    }

    async fn converse(
        &self,
        endpoint: &Endpoint,
        mut stream: TcpStream,
        steps: &mut Steps,
    ) -> Result<Answer, Stop> {
        let (path, tls) = match &endpoint.question {
            Question::Connect => return Ok(Answer::default()),
            Question::Get { path, tls } => (path, *tls),
        };
        let request = http::request(endpoint, path, tls)?;
        let (status, note) = match tls {
            false => (http::get(&mut stream, request, steps).await?, None),
            // On the heap: few probes speak TLS, and its state is large.
            true => Box::pin(self.get_over_tls(endpoint, stream, request, steps)).await?,
        };
        Ok(Answer {
            status: Some(status),
            notes: note.into_iter().collect(),
        })
    }

    async fn get_over_tls(
        &self,
        endpoint: &Endpoint,
        stream: TcpStream,
        request: Vec<u8>,
        steps: &mut Steps,
    ) -> Result<(u16, Option<String>), Stop> {
        let tls = self.tls.get_or_init(Tls::new).as_ref();
        let tls = tls.map_err(|why| Stop::NotAsked(why.clone()))?;
        steps.enter(Phase::Tls);
        let (mut stream, note) = tls.shake(&endpoint.host, stream).await?;
        steps.done();
        let status = http::get(&mut stream, request, steps).await?;
        Ok((status, note))
    }
}

/// A link-local address with its interface: a name, or the number that the system gave it.
fn zoned(address: Ipv6Addr, port: u16, zone: &str) -> Result<SocketAddr, String> {
    let scope = match zone.parse() {
        Ok(number) => number,
        Err(_) => nix::net::if_::if_nametoindex(zone)
            .map_err(|_| format!("no interface called {} on this computer", clean(zone)))?,
    };
    Ok(SocketAddrV6::new(address, port, 0, scope).into())
}
