//! Connecting to every address of a host, each with its own outcome.

use super::course::{Course, Steps, Stop, judge, unfinished};
use super::errno;
use crate::model::{Attempt, ErrorKind, Failure, Phase};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Connects to the only address; the phase connect is under way and ends here.
pub(super) async fn one(address: SocketAddr, course: &mut Course) -> Result<TcpStream, Stop> {
    course.attempts = vec![begun(address)];
    let result = TcpStream::connect(address).await;
    let took = course.steps.done();
    let [attempt] = &mut course.attempts[..] else {
        return Err(judge(&[]));
    };
    settle(attempt, took, result).ok_or_else(|| judge(&course.attempts))
}

type Connecting = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// Several addresses at once. No tasks: whoever waits for the race polls it.
pub(super) struct Race {
    /// In the resolver's order; `None` where the outcome is known.
    lanes: Vec<Option<Connecting>>,
    begun: Instant,
}

impl Race {
    /// Puts a pending attempt for each address into `attempts`; nothing is sent before the first poll.
    pub(super) fn begin(addresses: &[SocketAddr], attempts: &mut Vec<Attempt>) -> Race {
        *attempts = addresses.iter().map(|&address| begun(address)).collect();
        let connect = |&address| Some(Box::pin(TcpStream::connect(address)) as Connecting);
        Race {
            lanes: addresses.iter().map(connect).collect(),
            begun: Instant::now(),
        }
    }

    /// The first connection there is; where two come at once, the one the resolver named first.
    /// Ends the phase connect.
    pub(super) async fn first(
        &mut self,
        attempts: &mut [Attempt],
        steps: &mut Steps,
    ) -> Result<TcpStream, Stop> {
        let connected = poll_fn(|cx| match self.poll(cx, attempts) {
            Some(stream) => Poll::Ready(Some(stream)),
            None if self.lanes.iter().all(Option::is_none) => Poll::Ready(None),
            None => Poll::Pending,
        })
        .await;
        steps.done();
        connected.ok_or_else(|| judge(attempts))
    }

    /// Goes on with `exchange` while the other addresses may still end; later connections are
    /// closed unspoken. Ends with the exchange.
    pub(super) async fn alongside<T>(
        mut self,
        attempts: &mut [Attempt],
        exchange: impl Future<Output = T>,
    ) -> T {
        let mut exchange = pin!(exchange);
        poll_fn(|cx| {
            drop(self.poll(cx, attempts));
            exchange.as_mut().poll(cx)
        })
        .await
    }

    fn poll(&mut self, cx: &mut Context<'_>, attempts: &mut [Attempt]) -> Option<TcpStream> {
        let mut first = None;
        for (lane, attempt) in self.lanes.iter_mut().zip(attempts) {
            let Some(connecting) = lane else { continue };
            if let Poll::Ready(result) = connecting.as_mut().poll(cx) {
                *lane = None;
                let stream = settle(attempt, self.begun.elapsed(), result);
                first = first.or(stream);
            }
        }
        first
    }
}

fn begun(address: SocketAddr) -> Attempt {
    Attempt {
        address,
        local: None,
        took: Duration::ZERO,
        failure: Some(unfinished()),
    }
}

/// Writes down what came of an attempt.
fn settle(
    attempt: &mut Attempt,
    took: Duration,
    result: io::Result<TcpStream>,
) -> Option<TcpStream> {
    attempt.took = took;
    // macOS has no answer where the other side has reset the connection already.
    attempt.local = result
        .as_ref()
        .ok()
        .and_then(|stream| stream.local_addr().ok());
    match result {
        // The kernel may pick the very port that is asked as our own: TCP then connects to itself,
        // and nobody listens there.
        Ok(_) if attempt.local == Some(attempt.address) => {
            let text = "nobody listens: the connection met itself".to_owned();
            let (phase, error) = (Phase::Connect, ErrorKind::Refused);
            attempt.failure = Some(Failure {
                phase,
                error,
                errno: None,
                text,
            });
            None
        }
        Ok(stream) => {
            attempt.failure = None;
            Some(stream)
        }
        Err(error) => {
            attempt.failure = Some(errno::failure(Phase::Connect, &error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpSocket;

    #[test]
    fn a_connection_that_met_itself_is_no_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
            let own = socket.local_addr().expect("an address");
            let stream = socket.connect(own).await;
            assert!(stream.is_ok(), "TCP lets a socket connect to itself");
            let mut attempt = begun(own);
            assert!(settle(&mut attempt, Duration::ZERO, stream).is_none());
            assert_eq!(
                attempt.failure.map(|failure| failure.error),
                Some(ErrorKind::Refused)
            );
        });
    }
}
