//! What a probe costs at least: one GET by hand over epoll, without an async runtime.

use super::children::{LONGEST, cpu};
use super::endpoints::addresses;
use super::engine::{Order, WARM_UP};
use super::epoll::{BROKEN, EDGE, Epoll, IN, OUT};
use nix::errno::Errno;
use nix::sys::resource::UsageWho;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, connect, getsockopt, socket, sockopt,
};
use nix::unistd::{read, write};
use std::io::Write;
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

pub const PART: &str = "raw";

/// One probe under way.
struct Probe {
    fd: OwnedFd,
    address: SocketAddrV4,
    begun: Instant,
    connected: Option<Duration>,
    answer: Vec<u8>,
}

/// What a probe found out.
struct Found {
    status: u16,
    connected: Duration,
    took: Duration,
}

struct Engine {
    epoll: Epoll,
    probes: Vec<Option<Probe>>,
    found: Vec<Found>,
    request: Vec<u8>,
}

/// Asks as it is ordered, and says how much processor time that took and how many answered.
pub fn play(words: &[String]) {
    unreach::machine::kernel::raise_file_limit();
    let order = Order::read(words);
    let addresses: Vec<_> = addresses(&order.ports, order.endpoints).collect();
    let mut engine = Engine {
        epoll: Epoll::new(1024).expect("epoll"),
        probes: (0..order.in_flight).map(|_| None).collect(),
        found: Vec::new(),
        request: Vec::new(),
    };
    engine.ask(&addresses, WARM_UP);
    engine.found.clear();
    let before = cpu(UsageWho::RUSAGE_SELF);
    engine.ask(&addresses, order.asks);
    let took = cpu(UsageWho::RUSAGE_SELF) - before;
    let fine = |found: &&Found| found.status == 200 && found.connected <= found.took;
    let answered = engine.found.iter().filter(fine).count();
    println!("{} {answered}", took.as_micros());
}

impl Engine {
    fn ask(&mut self, addresses: &[SocketAddrV4], asks: usize) {
        let mut next = addresses.iter().cycle().take(asks);
        let deadline = Instant::now() + LONGEST;
        for slot in 0..self.probes.len() {
            self.begin(slot, next.next());
        }
        let mut ended = 0;
        while ended < asks {
            assert!(Instant::now() < deadline, "{ended} of {asks} in time");
            for event in self.epoll.wait(1000).expect("events") {
                let slot = event.whom as usize;
                if self.go_on(slot, event.what) {
                    ended += 1;
                    self.probes[slot] = None;
                    self.begin(slot, next.next());
                }
            }
        }
    }

    fn begin(&mut self, slot: usize, address: Option<&SocketAddrV4>) {
        let Some(&address) = address else { return };
        let begun = Instant::now();
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd = socket(AddressFamily::Inet, SockType::Stream, flags, None).expect("a socket");
        match connect(fd.as_raw_fd(), &SockaddrIn::from(address)) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(error) => panic!("{address}: {error}"),
        }
        let whole = IN | OUT | EDGE;
        self.epoll
            .add(fd.as_raw_fd(), whole, slot as u64)
            .expect("a place in epoll");
        self.probes[slot] = Some(Probe {
            fd,
            address,
            begun,
            connected: None,
            answer: Vec::with_capacity(1024),
        });
    }

    /// Whether the probe is over.
    fn go_on(&mut self, slot: usize, what: u32) -> bool {
        let Some(probe) = &mut self.probes[slot] else {
            return false;
        };
        if probe.connected.is_none() && what & (OUT | BROKEN) != 0 {
            if getsockopt(&probe.fd, sockopt::SocketError) != Ok(0) {
                return true;
            }
            probe.connected = Some(probe.begun.elapsed());
            self.request.clear();
            let _ = write!(
                self.request,
                "GET /api/sessions HTTP/1.1\r\nHost: {}\r\nUser-Agent: raw/0\r\nAccept: */*\r\n\
                 Connection: close\r\n\r\n",
                probe.address
            );
            if write(&probe.fd, &self.request) != Ok(self.request.len()) {
                return true;
            }
        }
        if what & IN == 0 {
            return false;
        }
        let mut bytes = [0; 1024];
        match read(&probe.fd, &mut bytes) {
            Ok(0) => return true,
            Ok(length) => probe.answer.extend_from_slice(&bytes[..length]),
            Err(error) => return error != Errno::EAGAIN,
        }
        let Some(status) = status(&probe.answer) else {
            return false;
        };
        self.found.push(Found {
            status,
            connected: probe.connected.unwrap_or_default(),
            took: probe.begun.elapsed(),
        });
        true
    }
}

/// The status, once the headers are complete.
fn status(answer: &[u8]) -> Option<u16> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let complete = response.parse(answer).ok()?.is_complete();
    response.code.filter(|_| complete)
}
