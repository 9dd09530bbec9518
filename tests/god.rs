//! What is found where no God is. No PM2 needed.

mod support;

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::fake::{reply, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use unreach::model::VantageState;
use unreach::pm2::god::{Home, NoGod, find};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(20);

struct Room {
    dir: tempfile::TempDir,
}

impl Room {
    fn new() -> Room {
        Room {
            dir: tempfile::Builder::new().prefix("u").tempdir().unwrap(),
        }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join(".pm2/rpc.sock")
    }

    fn home(&self) -> Home {
        std::fs::create_dir_all(self.dir.path().join(".pm2")).unwrap();
        Home::choose(None, None, Some(self.dir.path()), None).unwrap()
    }

    async fn find(&self, timeout: Duration) -> NoGod {
        let home = self.home();
        find(&home, timeout)
            .await
            .expect_err("there is no God here")
    }

    /// Listens, gives every connection its bytes at once, and keeps it open or not.
    async fn find_one_that_says(&self, says: &'static [u8], then_close: bool) -> NoGod {
        let home = self.home();
        let listener = UnixListener::bind(self.socket()).unwrap();
        let server = async {
            let mut kept = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.read_u8().await.unwrap();
                let _ = stream.write_all(says).await;
                if !then_close {
                    kept.push(stream);
                }
            }
        };
        tokio::select! {
            found = find(&home, SHORT) => found.expect_err("there is no God here"),
            () = server => unreachable!(),
        }
    }
}

#[tokio::test]
async fn a_missing_socket_is_no_daemon() {
    let no = Room::new().find(LONG).await;
    let why = "no PM2 daemon (~/.pm2/rpc.sock is missing)";
    assert_eq!(no, NoGod::Absent(why.to_owned()));
    assert_eq!(VantageState::from(no), VantageState::Absent(why.to_owned()));
}

#[tokio::test]
async fn a_stale_socket_is_no_daemon() {
    let room = Room::new();
    room.home();
    drop(std::os::unix::net::UnixListener::bind(room.socket()).unwrap());
    let why = "~/.pm2/rpc.sock is stale: no daemon listens on it";
    assert_eq!(room.find(LONG).await, NoGod::Absent(why.to_owned()));
}

#[tokio::test]
async fn a_file_is_no_socket() {
    let room = Room::new();
    room.home();
    std::fs::write(room.socket(), "x").unwrap();
    let NoGod::Failed(why) = room.find(LONG).await else {
        panic!("a file is something that does not work")
    };
    assert!(why.contains("~/.pm2/rpc.sock"), "{why}");
    assert!(!cfg!(target_os = "linux") || why == "~/.pm2/rpc.sock is not a socket");
}

#[tokio::test]
async fn a_path_that_is_too_long_or_relative_is_said() {
    let long = format!("/tmp/{}", "x".repeat(120));
    for (dir, part) in [
        (long.as_str(), "cannot connect to /tmp/xxx"),
        ("x", "not an absolute path"),
    ] {
        let home = Home::choose(Some(Path::new(dir)), None, None, None).unwrap();
        let Err(NoGod::Failed(why)) = find(&home, LONG).await else {
            panic!("{dir}")
        };
        assert!(why.contains(part), "{why}");
    }
}

#[tokio::test]
async fn one_that_is_silent_costs_the_timeout_and_no_more() {
    let begun = Instant::now();
    let no = Room::new().find_one_that_says(b"", false).await;
    let why = "~/.pm2/rpc.sock accepts connections but does not answer within 0.3 s";
    assert_eq!(no, NoGod::Failed(why.to_owned()));
    assert!(begun.elapsed() >= SHORT && begun.elapsed() < SHORT * 10);
}

#[tokio::test]
async fn one_that_answers_once_and_then_is_silent_costs_the_timeout_in_all() {
    let room = Room::new();
    let home = room.home();
    let listener = UnixListener::bind(room.socket()).unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        serve(&mut stream, |count, id| {
            (count == 1)
                .then(|| reply(r#"{"args":["7.0.4"]}"#, id))
                .into_iter()
                .collect()
        })
        .await;
        std::future::pending::<()>().await;
    };
    let begun = Instant::now();
    tokio::select! {
        found = find(&home, SHORT) => assert!(matches!(found, Err(NoGod::Failed(_)))),
        () = server => unreachable!(),
    }
    assert!(begun.elapsed() < SHORT * 10);
}

#[tokio::test]
async fn one_whose_queue_is_full_costs_the_timeout() {
    let room = Room::new();
    room.home();
    let listener = std::os::unix::net::UnixListener::bind(room.socket()).unwrap();
    let backlog = nix::sys::socket::Backlog::new(0).unwrap();
    nix::sys::socket::listen(&listener, backlog).unwrap();
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let connect = UnixStream::connect(room.socket());
        if let Ok(Ok(stream)) = tokio::time::timeout(SHORT, connect).await {
            waiting.push(stream);
        }
    }
    let begun = Instant::now();
    room.find(SHORT).await;
    assert!(begun.elapsed() < SHORT * 10);
}

#[tokio::test]
async fn one_that_closes_at_once_says_so() {
    let no = Room::new().find_one_that_says(b"", true).await;
    let why = "~/.pm2/rpc.sock closes every connection without an answer";
    assert_eq!(no, NoGod::Failed(why.to_owned()));
}

#[tokio::test]
async fn garbage_and_http_are_not_pm2() {
    for says in [
        &b"\x00\xff\x12rubbish"[..],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x10",
    ] {
        let NoGod::Failed(why) = Room::new().find_one_that_says(says, false).await else {
            panic!("{says:?}")
        };
        assert!(
            why.starts_with("~/.pm2/rpc.sock does not speak PM2's protocol"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn a_god_without_getreport_is_found() {
    let room = Room::new();
    let home = room.home();
    let listener = UnixListener::bind(room.socket()).unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        serve(&mut stream, |count, id| {
            let json = match count {
                1 => r#"{"args":["2.0.0"]}"#,
                _ => r#"{"error":"method \"getReport\" does not exist"}"#,
            };
            vec![reply(json, id)]
        })
        .await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        found = find(&home, LONG) => {
            let god = found.unwrap();
            assert_eq!((god.version.as_str(), god.pid), ("2.0.0", std::process::id()));
            assert_eq!(god.report.node, None);
        }
        () = server => unreachable!(),
    }
}

/// Needs root: only root can make a socket of another user.
#[tokio::test]
async fn another_users_god_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: needs root to listen as another user");
        return;
    }
    let room = Room::new();
    room.home();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(room.dir.path(), Clone::clone(&open)).unwrap();
    std::fs::set_permissions(room.dir.path().join(".pm2"), open).unwrap();
    let script = "require('net').createServer().listen(process.argv[1])";
    let mut other = std::process::Command::new("node")
        .args(["-e", script])
        .arg(room.socket())
        .uid(1001)
        .gid(1001)
        .current_dir("/")
        .spawn()
        .expect("these tests need Node.js");
    let mut ended = false;
    while !ended && std::os::unix::net::UnixStream::connect(room.socket()).is_err() {
        ended = other.try_wait().unwrap().is_some();
        std::thread::sleep(Duration::from_millis(10));
    }
    let no = find(&room.home(), LONG).await.map(drop);
    let _ = other.kill();
    other.wait().unwrap();
    let why = "the PM2 daemon on ~/.pm2/rpc.sock belongs to uid 1001, and we are uid 0";
    assert_eq!(no, Err(NoGod::Refused(why.to_owned())));
}

#[tokio::test]
async fn a_socket_that_may_not_be_opened_is_refused() {
    let room = Room::new();
    room.home();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(room.dir.path(), open).unwrap();
    let _listener = UnixListener::bind(room.socket()).unwrap();
    let shut = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    std::fs::set_permissions(room.socket(), shut).unwrap();
    let Some(_ordinary) = Ordinary::user() else {
        eprintln!("skipped: root may open everything");
        return;
    };
    assert!(matches!(room.find(LONG).await, NoGod::Refused(_)));
}

/// While it lives, this thread may open what an ordinary user may.
struct Ordinary;

impl Ordinary {
    /// `None` where root cannot become one for a while.
    fn user() -> Option<Ordinary> {
        if nix::unistd::geteuid().is_root() {
            #[cfg(not(target_os = "linux"))]
            return None;
            // Of this thread alone, unlike seteuid; root's right to open everything goes with it.
            #[cfg(target_os = "linux")]
            nix::unistd::setfsuid(1001.into());
        }
        Some(Ordinary)
    }
}

impl Drop for Ordinary {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        nix::unistd::setfsuid(nix::unistd::geteuid());
    }
}
