//! epoll, as bare as it comes.

use nix::libc;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

pub const IN: u32 = libc::EPOLLIN as u32;
pub const OUT: u32 = libc::EPOLLOUT as u32;
pub const EDGE: u32 = libc::EPOLLET as u32;
pub const BROKEN: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32;

/// What happened, and to whom.
#[derive(Clone, Copy)]
pub struct Event {
    pub what: u32,
    pub whom: u64,
}

pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    /// Hears of `room` events at a time.
    pub fn new(room: usize) -> io::Result<Epoll> {
        // SAFETY: takes no memory of ours; the descriptor it gives is nobody else's.
        let fd = unsafe {
            let fd = libc::epoll_create1(libc::EPOLL_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        let events = vec![libc::epoll_event { events: 0, u64: 0 }; room];
        Ok(Epoll { fd, events })
    }

    /// Listens to `fd` until it is closed.
    pub fn add(&self, fd: RawFd, what: u32, whom: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: what,
            u64: whom,
        };
        let epoll = self.fd.as_raw_fd();
        // SAFETY: the kernel reads `event` during the call only.
        match unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &raw mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Waits for events, at most `millis`.
    pub fn wait(&mut self, millis: i32) -> io::Result<Vec<Event>> {
        let (epoll, room) = (self.fd.as_raw_fd(), self.events.len() as i32);
        // SAFETY: the kernel writes at most `room` events, and there is room for as many.
        let some = unsafe { libc::epoll_wait(epoll, self.events.as_mut_ptr(), room, millis) };
        let some = match usize::try_from(some) {
            Ok(some) => some,
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => 0,
                error => return Err(error),
            },
        };
        let heard = |event: &libc::epoll_event| Event {
            what: event.events,
            whom: event.u64,
        };
        Ok(self.events[..some].iter().map(heard).collect())
    }
}
