//! Calling God. Methods and their arguments are types: a call with one argument too few, or a
//! message that is no JSON, would restart or lose every app of the user (facts/PM2.md §1.4).

use super::amp::{self, AmpError};
use super::answer::{self, short};
use super::entry::{AgentEntry, FIRST_ID};
use super::link::{Link, LinkError};
use super::reply::{Anything, App, Report, Started};
use crate::model::clean;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout_at};

/// Why a call gave nothing. After all but `God`, `Shape`, `StartedNothing` and `NotOurs` the
/// connection is closed and every further call says `Unusable`: connect again.
#[derive(Debug)]
pub enum RpcError {
    Connect(io::Error),
    /// Reading or writing failed.
    Io(io::Error),
    /// God closed the connection, or died.
    Closed,
    /// No answer within the client's timeout.
    Timeout(Duration),
    /// What came is no PM2 message, or too long a one.
    Frame(AmpError),
    /// God's own error text, cleaned and cut.
    God {
        method: &'static str,
        text: String,
    },
    /// God answered something else than this method answers. Says where, never what.
    Shape {
        method: &'static str,
        why: String,
    },
    /// God said yes and no process came to be (facts/PM2.md §2.2). The entry was deleted again.
    StartedNothing {
        program: String,
        status: String,
    },
    /// An entry below 900000 is one of the user's, whatever its name; it is not deleted.
    NotOurs(u32),
    /// An earlier call on this connection failed or was abandoned.
    Unusable,
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RpcError::Connect(error) => write!(f, "cannot connect to PM2: {error}"),
            RpcError::Io(error) => write!(f, "the connection to PM2 failed: {error}"),
            RpcError::Closed => f.write_str("PM2 closed the connection"),
            RpcError::Timeout(wait) => {
                write!(f, "PM2 did not answer within {:.1} s", wait.as_secs_f64())
            }
            RpcError::Frame(error) => write!(f, "PM2's answer cannot be read: {error}"),
            RpcError::God { method, text } => write!(f, "PM2 refused {method}: {text}"),
            RpcError::Shape { method, why } => {
                write!(f, "PM2's answer to {method} cannot be understood: {why}")
            }
            RpcError::StartedNothing { program, status } => {
                write!(f, "PM2 called {program} {status} but started nothing")
            }
            RpcError::NotOurs(id) => write!(f, "entry {id} is not one of ours"),
            RpcError::Unusable => f.write_str("this connection to PM2 is spoilt"),
        }
    }
}

impl std::error::Error for RpcError {}

impl From<LinkError> for RpcError {
    fn from(error: LinkError) -> RpcError {
        match error {
            LinkError::Closed => RpcError::Closed,
            LinkError::Io(error) => RpcError::Io(error),
            LinkError::Frame(error) => RpcError::Frame(error),
        }
    }
}

/// The process at the other end of the socket, by the kernel's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// `None` where it lives in another pid namespace.
    pub pid: Option<u32>,
    pub uid: u32,
}

/// One connection to God, one call at a time.
pub struct Client {
    /// Taken out during a call: a call that fails or is abandoned drops it, for half a request may
    /// have been written, and what follows would reach God as bad JSON.
    link: Option<Link>,
    timeout: Duration,
    calls: u64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("usable", &self.link.is_some())
            .field("calls", &self.calls)
            .finish()
    }
}

impl Client {
    /// Connects to God's rpc.sock. `timeout` bounds each call.
    pub async fn connect(socket: &Path, timeout: Duration) -> Result<Client, RpcError> {
        let stream = UnixStream::connect(socket).await;
        Ok(Client::over(stream.map_err(RpcError::Connect)?, timeout))
    }

    /// A client over a connection that is there already.
    pub fn over(stream: UnixStream, timeout: Duration) -> Client {
        Client::with_cap(stream, timeout, amp::REPLY_CAP)
    }

    /// As [`Client::over`], with another longest reply, in bytes.
    pub fn with_cap(stream: UnixStream, timeout: Duration, cap: usize) -> Client {
        Client {
            link: Some(Link::new(stream, cap)),
            timeout,
            calls: 0,
        }
    }

    /// Bounds each later call.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Whether calls can be made; `false` after a failed or abandoned one.
    pub fn usable(&self) -> bool {
        self.link.is_some()
    }

    /// Who answers here. God is identified by this alone (facts/PM2.md §0.6).
    pub fn peer(&self) -> Result<Peer, RpcError> {
        let link = self.link.as_ref().ok_or(RpcError::Unusable)?;
        let credentials = link.stream().peer_cred().map_err(RpcError::Io)?;
        let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok());
        Ok(Peer {
            pid: pid.filter(|pid| *pid != 0),
            uid: credentials.uid(),
        })
    }

    /// PM2's version, `7.0.4`. Foreign text.
    pub async fn version(&mut self) -> Result<String, RpcError> {
        self.call("getVersion", Nothing {}).await
    }

    /// What God says of itself; its environment is not kept.
    pub async fn report(&mut self) -> Result<Report, RpcError> {
        self.call("getReport", Nothing {}).await
    }

    /// God's process list, with modules and entries of ours.
    pub async fn apps(&mut self) -> Result<Vec<App>, RpcError> {
        self.call("getMonitorData", Nothing {}).await
    }

    /// Starts `entry` and gives the pid of its process. The answer comes when God has spawned it;
    /// only a word from the process itself proves that it lives. Its number must be free
    /// (`entry::free_id`): God would replace an entry of the same number and leave its process.
    /// After a timeout, or when this is abandoned, the entry may come to be all the same.
    pub async fn start(&mut self, entry: &AgentEntry) -> Result<u32, RpcError> {
        let started: Vec<Started> = self.call("prepare", entry.prepare()).await?;
        let started = started.into_iter().next().unwrap_or_default();
        if let Some(pid) = started.pid() {
            return Ok(pid);
        }
        // God lists it all the same; an error of the deletion would hide the better one.
        let _ = self.delete(entry.pm_id()).await;
        Err(RpcError::StartedNothing {
            program: clean(entry.program()),
            status: short(started.status().unwrap_or("started")),
        })
    }

    /// Stops and deletes an entry of ours; answers when its process is dead. It must be known from
    /// [`Client::apps`] that the entry is ours (`entry::owner_of`).
    pub async fn delete(&mut self, pm_id: u32) -> Result<(), RpcError> {
        if pm_id < FIRST_ID {
            return Err(RpcError::NotOurs(pm_id));
        }
        let _: Anything = self.call("deleteProcessId", pm_id).await?;
        Ok(())
    }

    /// Waits until God closes the connection, and says how it ended. May be abandoned at any time;
    /// nothing is lost. Messages that nobody waits for are dropped.
    pub async fn closed(&mut self) -> RpcError {
        let Some(link) = &mut self.link else {
            return RpcError::Unusable;
        };
        loop {
            if let Err(error) = link.next().await {
                self.link = None;
                return error.into();
            }
        }
    }

    async fn call<A: Serialize, R: DeserializeOwned>(
        &mut self,
        method: &'static str,
        argument: A,
    ) -> Result<R, RpcError> {
        let mut link = self.link.take().ok_or(RpcError::Unusable)?;
        self.calls += 1;
        // The shape PM2's own client uses; God echoes it byte for byte.
        let id = format!("s:{}:{}", std::process::id(), self.calls);
        let request = request(method, argument, &id)?;
        let exchange = async {
            link.send(&request).await?;
            loop {
                let frame = link.next().await?;
                if frame.last() == id.as_bytes() {
                    return Ok::<_, RpcError>(frame);
                }
            }
        };
        let frame = timeout_at(Instant::now() + self.timeout, exchange)
            .await
            .map_err(|_| RpcError::Timeout(self.timeout))??;
        self.link = Some(link);
        answer::read(method, frame)
    }
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct Call<A> {
    r#type: &'static str,
    method: &'static str,
    args: [A; 1],
}

fn request<A: Serialize>(method: &'static str, argument: A, id: &str) -> Result<Vec<u8>, RpcError> {
    let call = Call {
        r#type: "call",
        method,
        args: [argument],
    };
    let mut json = b"j:".to_vec();
    serde_json::to_writer(&mut json, &call).map_err(|error| RpcError::Io(error.into()))?;
    amp::encode(&[&json, id.as_bytes()]).map_err(RpcError::Frame)
}
