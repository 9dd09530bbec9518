//! The private place where we and our agent meet, and the proof of who came.

use super::agent::DIRECTORY_PREFIX;
use super::wire::{self, FromAgent, Lines};
use crate::machine::{ancestors, is_one_of_us};
use std::fmt;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

/// The longest path of a unix socket that every system takes: macOS holds 104 bytes with the
/// closing zero (facts/PM2.md §2.5).
const LONGEST_SOCKET: usize = 103;

/// A directory of ours alone with a socket in it; gone when dropped.
#[derive(Debug)]
pub(super) struct Meeting {
    directory: TempDir,
    listener: UnixListener,
    entry: u32,
}

/// Why we and the agent did not meet.
#[derive(Debug)]
pub(super) enum NoMeeting {
    Place(PathBuf, io::Error),
    Socket(io::Error),
    /// The agent's file was replaced while we run.
    OtherVersion {
        theirs: u32,
        program: String,
    },
    Ended,
    NotUnderstood(wire::WireError),
}

impl fmt::Display for NoMeeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoMeeting::Place(path, error) => {
                write!(
                    f,
                    "no private directory for the agent's socket in {}: {error}",
                    path.display()
                )
            }
            NoMeeting::Socket(error) => write!(f, "the agent's socket: {error}"),
            NoMeeting::OtherVersion { theirs, program } => write!(
                f,
                "the agent is unreach {program} (wire {theirs}) and this is {} (wire {}): \
                 the program was replaced, start unreach again",
                env!("CARGO_PKG_VERSION"),
                wire::VERSION
            ),
            NoMeeting::Ended => f.write_str("the agent under PM2 ended before it said a word"),
            NoMeeting::NotUnderstood(error) => write!(f, "the agent under PM2: {error}"),
        }
    }
}

impl Meeting {
    /// Makes the place, for an agent with this number in God's list.
    pub(super) fn prepare(entry: u32) -> Result<Meeting, NoMeeting> {
        let directory = directory_in(places())?;
        let listener = UnixListener::bind(directory.path().join("s")).map_err(NoMeeting::Socket)?;
        Ok(Meeting {
            directory,
            listener,
            entry,
        })
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn entry(&self) -> u32 {
        self.entry
    }

    /// God writes it and unlinks it when the agent ends.
    pub(super) fn pid_file(&self) -> PathBuf {
        self.directory().join("pid")
    }

    /// The agent's command line.
    pub(super) fn arguments(&self, rpc: &Path, name_ttl: Duration) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let socket = text(&self.directory().join("s"));
        [
            "agent",
            "--socket",
            &socket,
            "--rpc",
            &text(rpc),
            "--entry",
            &self.entry.to_string(),
        ]
        .into_iter()
        .chain(["--name-ttl", &name_ttl.as_millis().to_string()])
        .map(str::to_owned)
        .collect()
    }

    /// Waits for the process `agent`, a child of `god`, and its first words. Whoever else comes
    /// is sent away: the kernel's word counts, not the visitor's.
    pub(super) async fn accept(&self, agent: u32, god: u32) -> Result<UnixStream, NoMeeting> {
        let stream = loop {
            let (stream, _) = self.listener.accept().await.map_err(NoMeeting::Socket)?;
            let credentials = stream.peer_cred().map_err(NoMeeting::Socket)?;
            let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok());
            let ours = credentials.uid() == nix::unistd::geteuid().as_raw();
            let parent = ancestors(agent).get(1).map(|parent| parent.pid);
            if ours && pid == Some(agent) && parent == Some(god) {
                break stream;
            }
        };
        let (wire, program) = first_words(&stream).await?;
        if wire != wire::VERSION {
            return Err(NoMeeting::OtherVersion {
                theirs: wire,
                program,
            });
        }
        Ok(stream)
    }
}

async fn first_words(stream: &UnixStream) -> Result<(u32, String), NoMeeting> {
    let mut lines = Lines::default();
    // One byte at a time up to the end of the line: what follows belongs to the conversation.
    let mut byte = [0];
    loop {
        stream.readable().await.map_err(NoMeeting::Socket)?;
        match stream.try_read(&mut byte) {
            Ok(0) => return Err(NoMeeting::Ended),
            Ok(_) => lines.feed(&byte),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(NoMeeting::Socket(error)),
        }
        if let Some(line) = lines.next_line().map_err(NoMeeting::NotUnderstood)? {
            return match wire::decode(line).map_err(NoMeeting::NotUnderstood)? {
                FromAgent::Hello { wire, program } => Ok((wire, program)),
                FromAgent::Told { .. } => Err(NoMeeting::NotUnderstood(wire::WireError::NotOurs(
                    "an answer before a hello".to_owned(),
                ))),
            };
        }
    }
}

/// Where the directory may lie, the best first. macOS's own temporary directory is the user's alone.
fn places() -> Vec<PathBuf> {
    vec![std::env::temp_dir(), PathBuf::from("/tmp")]
}

/// A directory of ours alone in the first place that takes one.
fn directory_in(places: Vec<PathBuf>) -> Result<TempDir, NoMeeting> {
    let mut refused = None;
    for place in places.into_iter().filter(|place| fits(place)) {
        let made = tempfile::Builder::new()
            .prefix(&format!("{DIRECTORY_PREFIX}{}-", std::process::id()))
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&place);
        match made {
            Ok(directory) => return Ok(directory),
            Err(error) => refused = Some(NoMeeting::Place(place, error)),
        }
    }
    Err(refused.unwrap_or_else(|| {
        let error = io::Error::other("every path is too long");
        NoMeeting::Place(std::env::temp_dir(), error)
    }))
}

fn fits(place: &Path) -> bool {
    let longest_name = format!("{DIRECTORY_PREFIX}4294967295-XXXXXX/s").len();
    place.is_absolute() && place.as_os_str().len() + 1 + longest_name <= LONGEST_SOCKET
}

/// Takes away the directories of runs that were killed together with their agents.
pub(super) fn sweep() {
    let us = nix::unistd::geteuid().as_raw();
    for entry in places()
        .iter()
        .filter_map(|place| std::fs::read_dir(place).ok())
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        let owner = name
            .to_string_lossy()
            .strip_prefix(DIRECTORY_PREFIX)
            .and_then(|rest| {
                let (pid, _) = rest.split_once('-')?;
                pid.parse::<u32>().ok()
            });
        let mine = std::fs::symlink_metadata(entry.path())
            .is_ok_and(|found| found.is_dir() && found.uid() == us);
        if mine && owner.is_some_and(|owner| owner != std::process::id() && !is_one_of_us(owner)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_first_place_takes_no_directory_the_next_does() {
        let good = tempfile::tempdir().unwrap();
        let long = good.path().join("x".repeat(100));
        for bad in [
            "/nonexistent".into(),
            "relative".into(),
            "/dev/null".into(),
            long,
        ] {
            let made = directory_in(vec![bad, good.path().to_owned()]).unwrap();
            assert_eq!(made.path().parent(), Some(good.path()));
        }
        let nowhere = directory_in(vec!["/nonexistent".into()]).unwrap_err();
        assert!(nowhere.to_string().contains("/nonexistent"), "{nowhere}");
    }
}
