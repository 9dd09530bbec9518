//! Thousands of endpoints that answer: one process, a few ports, the whole of 127.0.0.0/8.

use super::children::{Kept, part};
use super::epoll::{Epoll, IN};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, accept4, bind, getsockname, listen,
    setsockopt, socket, sockopt,
};
use nix::unistd::{read, write};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::Stdio;

pub const PART: &str = "serve";

const PORTS: usize = 5;
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
                        Connection: close\r\n\r\n{}";

/// The server, for as long as this lives.
pub struct Endpoints {
    _server: Kept,
    ports: Vec<u16>,
}

impl Endpoints {
    pub fn start() -> Endpoints {
        // It ends when we do, however that comes about: its stdin is ours.
        let mut command = part(PART, &[]);
        let mut server = Kept::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut line = String::new();
        let said = server.0.stdout.take().expect("the server's stdout");
        let read = BufReader::new(said).read_line(&mut line);
        read.expect("the server's ports");
        let ports: Vec<u16> = line
            .split_whitespace()
            .filter_map(|port| port.parse().ok())
            .collect();
        assert_eq!(ports.len(), PORTS, "the server said {line:?}");
        Endpoints {
            _server: server,
            ports,
        }
    }

    /// The ports, as words for a part that asks.
    pub fn words(&self) -> Vec<String> {
        self.ports.iter().map(u16::to_string).collect()
    }

    /// The first so many endpoints, as URLs.
    pub fn urls(&self, some: usize) -> impl Iterator<Item = String> {
        addresses(&self.ports, some).map(|address| format!("http://{address}/api/sessions"))
    }
}

/// The first so many endpoints: addresses from 127.1.0.1 on, every port of each.
pub fn addresses(ports: &[u16], some: usize) -> impl Iterator<Item = SocketAddrV4> {
    let first = u32::from(Ipv4Addr::new(127, 1, 0, 1));
    (0..some).map(move |number| {
        let address = Ipv4Addr::from(first + (number / ports.len()) as u32);
        SocketAddrV4::new(address, ports[number % ports.len()])
    })
}

/// Answers every request with 200, until stdin is closed.
pub fn play() {
    unreach::machine::kernel::raise_file_limit();
    let mut epoll = Epoll::new(1024).expect("epoll");
    epoll.add(0, IN, 0).expect("stdin");
    let listeners: Vec<OwnedFd> = (0..PORTS).map(|_| listener()).collect();
    for listener in &listeners {
        let fd = listener.as_raw_fd();
        epoll.add(fd, IN, fd as u64).expect("a listener");
    }
    let ports = listeners.iter().map(|listener| {
        let address: SockaddrIn = getsockname(listener.as_raw_fd()).expect("an address");
        address.port().to_string()
    });
    println!("{}", ports.collect::<Vec<_>>().join(" "));
    let mut talks: HashMap<u64, OwnedFd> = HashMap::new();
    let mut request = [0; 2048];
    loop {
        for event in epoll.wait(-1).expect("events") {
            if event.whom == 0 {
                return;
            }
            if let Some(talk) = talks.remove(&event.whom) {
                // Requests are short and come whole. Dropping the talk closes it.
                if read(&talk, &mut request).is_ok_and(|length| length > 0) {
                    let _ = write(&talk, ANSWER);
                }
                continue;
            }
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            while let Ok(fd) = accept4(event.whom as i32, flags) {
                // SAFETY: just accepted, and nobody else's.
                let talk = unsafe { OwnedFd::from_raw_fd(fd) };
                if epoll.add(fd, IN, fd as u64).is_ok() {
                    talks.insert(fd as u64, talk);
                }
            }
        }
    }
}

fn listener() -> OwnedFd {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Inet, SockType::Stream, flags, None).expect("a socket");
    // Every address, but on the loopback interface only: nobody else can come.
    setsockopt(&fd, sockopt::BindToDevice, &"lo".into()).expect("the loopback interface");
    bind(fd.as_raw_fd(), &SockaddrIn::new(0, 0, 0, 0, 0)).expect("a port");
    listen(&fd, Backlog::new(4096).expect("a backlog")).expect("a listener");
    fd
}
