//! Finding God: who answers on rpc.sock, and what it says of itself.

use super::reply::Report;
use super::rpc::{Client, Peer, RpcError};
use crate::model::{VantageState, clean, masked_home};
use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Where a God lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    dir: PathBuf,
    rpc: Option<PathBuf>,
    user_home: Option<PathBuf>,
}

impl Home {
    /// The directory that was asked for, else `$PM2_HOME`, else `.pm2` in the user's home; `None`
    /// where nothing of this is known. `rpc_port` is `$PM2_DAEMON_RPC_PORT`, which names another
    /// socket (facts/PM2.md §6). Empty variables count as unset, as they do for PM2.
    pub fn choose(
        explicit: Option<&Path>,
        pm2_home: Option<&OsStr>,
        user_home: Option<&Path>,
        rpc_port: Option<&OsStr>,
    ) -> Option<Home> {
        let set = |value: &&OsStr| !value.is_empty();
        let dir = explicit
            .map(Path::to_owned)
            .or_else(|| pm2_home.filter(set).map(PathBuf::from))
            .or_else(|| user_home.map(|home| home.join(".pm2")))?;
        Some(Home {
            dir,
            rpc: rpc_port.filter(set).map(PathBuf::from),
            user_home: user_home.map(Path::to_owned),
        })
    }

    /// Another home of the same user.
    pub fn beside(&self, dir: &Path) -> Home {
        Home {
            dir: dir.to_owned(),
            rpc: None,
            user_home: self.user_home.clone(),
        }
    }

    /// Where PM2 lives when nobody says otherwise.
    pub fn usual(&self) -> Option<PathBuf> {
        self.user_home.as_ref().map(|home| home.join(".pm2"))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn rpc_socket(&self) -> PathBuf {
        match &self.rpc {
            Some(path) => path.clone(),
            None => self.dir.join("rpc.sock"),
        }
    }

    /// `path` for people: the user's home as `~`, nothing that could harm a screen.
    pub fn shown(&self, path: &Path) -> String {
        let path = path.to_string_lossy();
        match self.user_home.as_deref().and_then(Path::to_str) {
            Some(home) => clean(&masked_home(&path, home)),
            None => clean(&path),
        }
    }
}

/// A God that answered, with the connection it answered on.
#[derive(Debug)]
pub struct God {
    pub home: Home,
    /// By the peer credentials of its socket.
    pub pid: u32,
    /// `7.0.4`. Foreign text.
    pub version: String,
    /// Empty where this PM2 knows no getReport.
    pub report: Report,
    pub client: Client,
}

/// Why there is no God for us: one sentence each, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoGod {
    /// None runs.
    Absent(String),
    /// One runs and is somebody else's.
    Refused(String),
    /// There is something that does not work.
    Failed(String),
}

impl From<NoGod> for VantageState {
    fn from(no: NoGod) -> VantageState {
        match no {
            NoGod::Absent(why) => VantageState::Absent(why),
            NoGod::Refused(why) => VantageState::Refused(why),
            NoGod::Failed(why) => VantageState::Failed(why),
        }
    }
}

/// Asks who answers on this home's rpc.sock. Takes `timeout` at most, in all; later calls on the
/// client are bounded by `timeout` each. Never starts a God.
pub async fn find(home: &Home, timeout: Duration) -> Result<God, NoGod> {
    let deadline = Instant::now() + timeout;
    let left = || deadline.saturating_duration_since(Instant::now());
    let socket = home.rpc_socket();
    let shown = home.shown(&socket);
    if !socket.is_absolute() {
        return Err(NoGod::Failed(format!(
            "{shown} is not an absolute path of a socket"
        )));
    }
    let mut client = connect(&socket, &shown, deadline, timeout).await?;
    let failed = |error| NoGod::Failed(unanswered(&shown, timeout, error));
    let Peer { pid, uid } = client.peer().map_err(failed)?;
    let us = nix::unistd::geteuid().as_raw();
    if uid != us {
        return Err(NoGod::Refused(format!(
            "the PM2 daemon on {shown} belongs to uid {uid}, and we are uid {us}"
        )));
    }
    let Some(pid) = pid else {
        return Err(NoGod::Failed(format!(
            "the PM2 daemon on {shown} runs where its process cannot be seen (another pid namespace)"
        )));
    };
    client.set_timeout(left());
    let version = client.version().await.map_err(failed)?;
    client.set_timeout(left());
    let report = match client.report().await {
        Err(RpcError::God { .. }) => Report::default(),
        report => report.map_err(failed)?,
    };
    client.set_timeout(timeout);
    Ok(God {
        home: home.clone(),
        pid,
        version,
        report,
        client,
    })
}

async fn connect(
    socket: &Path,
    shown: &str,
    deadline: Instant,
    timeout: Duration,
) -> Result<Client, NoGod> {
    loop {
        let error = match Client::connect(socket, timeout).await {
            Ok(client) => return Ok(client),
            Err(RpcError::Connect(error)) => error,
            Err(error) => return Err(NoGod::Failed(unanswered(shown, timeout, error))),
        };
        // Linux: its queue of connections is full. It may be busy, so ask again while there is time.
        let busy = error.kind() == io::ErrorKind::WouldBlock;
        if !busy || Instant::now() >= deadline {
            return Err(unconnected(socket, shown, &error));
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// What a refused connect says about God.
fn unconnected(socket: &Path, shown: &str, error: &io::Error) -> NoGod {
    match error.kind() {
        io::ErrorKind::NotFound => NoGod::Absent(format!("no PM2 daemon ({shown} is missing)")),
        io::ErrorKind::PermissionDenied => {
            NoGod::Refused(format!("this user may not connect to {shown} ({error})"))
        }
        // Linux refuses a plain file like a stale socket.
        io::ErrorKind::ConnectionRefused if is_socket(socket) => {
            NoGod::Absent(format!("{shown} is stale: no daemon listens on it"))
        }
        io::ErrorKind::ConnectionRefused => NoGod::Failed(format!("{shown} is not a socket")),
        io::ErrorKind::WouldBlock => {
            NoGod::Failed(format!("the PM2 daemon on {shown} accepts no connections"))
        }
        _ => NoGod::Failed(format!("cannot connect to {shown}: {error}")),
    }
}

fn is_socket(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// What a connection that gave no answer says about God.
fn unanswered(shown: &str, timeout: Duration, error: RpcError) -> String {
    match error {
        RpcError::Timeout(_) => format!(
            "{shown} accepts connections but does not answer within {:.1} s",
            timeout.as_secs_f64()
        ),
        RpcError::Closed => format!("{shown} closes every connection without an answer"),
        RpcError::Frame(error) => format!("{shown} does not speak PM2's protocol: {error}"),
        error => format!("{shown}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_is_chosen() {
        let choose = |explicit: Option<&str>, variable: Option<&str>, home: Option<&str>| {
            Home::choose(
                explicit.map(Path::new),
                variable.map(OsStr::new),
                home.map(Path::new),
                None,
            )
            .map(|home| home.rpc_socket().display().to_string())
        };
        for (explicit, variable, home, expected) in [
            (Some("/a"), Some("/b"), Some("/h"), Some("/a/rpc.sock")),
            (None, Some("/b"), Some("/h"), Some("/b/rpc.sock")),
            (None, Some(""), Some("/h"), Some("/h/.pm2/rpc.sock")),
            (None, None, Some("/h"), Some("/h/.pm2/rpc.sock")),
            (None, None, None, None),
        ] {
            assert_eq!(choose(explicit, variable, home).as_deref(), expected);
        }
        let other =
            Home::choose(None, None, Some(Path::new("/h")), Some(OsStr::new("/s"))).unwrap();
        assert_eq!(other.rpc_socket(), Path::new("/s"));
        assert_eq!(other.shown(Path::new("/h/.pm2/x\u{1b}[2J")), "~/.pm2/x[2J");
    }
}
