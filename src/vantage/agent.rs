//! Our side inside PM2: a child of God that asks what it is told, and leaves nothing behind.

use super::asker::Asker;
use super::wire::{self, FromAgent, Lines, ToAgent};
use crate::pm2::Client;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

/// The prefix of the private directory in which we and the agent meet.
pub(super) const DIRECTORY_PREFIX: &str = "unreach-";
/// How long God may take to end us at our own request before we just go.
const FAREWELL: Duration = Duration::from_secs(2);
const CHUNK: usize = 16 * 1024;
/// The most outcomes that go into one write.
const BATCH: usize = 64;

/// What the agent is told when God starts it.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The socket that unreach listens on.
    pub socket: PathBuf,
    /// God's socket.
    pub rpc: PathBuf,
    /// The number of our entry in God's list.
    pub entry: u32,
    /// How long the addresses of a name are kept.
    pub name_ttl: Duration,
}

/// Runs until unreach or God is gone. Gives the exit status.
pub fn run(agent: Agent) -> u8 {
    // God holds the other end of stdin: its end is God's end (facts/PM2.md §2.5), and with God
    // gone there is no entry to take out.
    let socket = agent.socket.clone();
    std::thread::spawn(move || {
        let mut nothing = [0; 64];
        while std::io::stdin()
            .read(&mut nothing)
            .is_ok_and(|read| read > 0)
        {}
        // unreach may have been killed together with God.
        take_away(&socket);
        std::process::exit(0);
    });
    crate::machine::kernel::raise_file_limit();
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(_) => return 3,
    };
    let served = tokio::task::LocalSet::new().block_on(&runtime, async {
        let served = serve(&agent).await;
        farewell(&agent).await;
        served
    });
    // A name lookup that never returns must not hold us.
    runtime.shutdown_background();
    u8::from(served.is_err())
}

/// Answers questions until unreach closes the connection.
async fn serve(agent: &Agent) -> Result<(), Box<dyn std::error::Error>> {
    let mut stream = UnixStream::connect(&agent.socket).await?;
    if stream.peer_cred()?.uid() != nix::unistd::geteuid().as_raw() {
        return Err("the socket belongs to another user".into());
    }
    let (outcomes, mut told) = mpsc::unbounded_channel();
    let asker = Asker::new(agent.name_ttl, outcomes);
    let program = env!("CARGO_PKG_VERSION").to_owned();
    stream
        .write_all(&wire::encode(&FromAgent::Hello {
            wire: wire::VERSION,
            program,
        })?)
        .await?;
    let (mut reader, mut writer) = stream.into_split();
    let (mut lines, mut chunk, mut batch) = (Lines::default(), vec![0; CHUNK], Vec::new());
    loop {
        tokio::select! {
            read = reader.read(&mut chunk) => {
                match read? {
                    0 => return Ok(()),
                    read => lines.feed(&chunk[..read]),
                }
                while let Some(line) = lines.next_line()? {
                    let ToAgent::Ask { ask, endpoint, timeout } = wire::decode(line)?;
                    asker.ask(ask, Arc::new(endpoint), timeout);
                }
            }
            _ = told.recv_many(&mut batch, BATCH) => {
                let mut bytes = Vec::new();
                for (ask, probe) in batch.drain(..) {
                    bytes.extend(wire::encode(&FromAgent::Told { ask, probe })?);
                }
                writer.write_all(&bytes).await?;
            }
        }
    }
}

/// unreach is gone, perhaps killed: takes its directory away and our entry out of God's list.
/// God ends us with SIGINT while we wait for its answer.
async fn farewell(agent: &Agent) {
    take_away(&agent.socket);
    if let Ok(mut client) = Client::connect(&agent.rpc, FAREWELL).await {
        let _ = client.delete(agent.entry).await;
    }
}

/// Removes the private directory that holds `socket`.
fn take_away(socket: &Path) {
    if let Some(private) = socket.parent().filter(|dir| is_private(dir)) {
        let _ = std::fs::remove_dir_all(private);
    }
}

fn is_private(dir: &Path) -> bool {
    dir.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(DIRECTORY_PREFIX))
}
