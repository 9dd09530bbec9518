//! How long leaving takes while name lookups wait for an answer that never comes.

use super::children::{Kept, UNREACH, alone, output, this_file};
use super::memory::child_of;
use super::pm2::God;
use super::table::{Bar, Kind, Measured, Table, median};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use std::fs;
use std::net::UdpSocket;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const PART: &str = "deaf";

/// Where the name server is that hears and says nothing.
const NAME_SERVER: &str = "127.0.0.99";
const NAMES: usize = 12;
const RUNS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(10);

const BAR: Bar = Bar {
    figure: "SIGINT to exit, name server never answers",
    most: 100.0,
    unit: "ms",
    kind: Kind::Time,
};

pub fn measure(table: &mut Table) {
    table.row(&BAR, all());
}

fn all() -> Result<Measured, String> {
    let room = tempfile::Builder::new().prefix("u").tempdir();
    let room = room.map_err(|error| error.to_string())?;
    let names = room.path().join("resolv.conf");
    let text = format!("nameserver {NAME_SERVER}\noptions timeout:30 attempts:5\n");
    fs::write(&names, text).map_err(|error| error.to_string())?;
    let deaf = deaf(&names);
    let tried = output(Command::new(&deaf[0]).args(&deaf[1..]).arg("true"));
    if !tried.status.success() {
        let why = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
        return Err(format!(
            "no user namespaces here, or util-linux or iproute2 is missing: {why}"
        ));
    }
    let god = God::start_with(7, &deaf.iter().map(String::as_str).collect::<Vec<_>>());
    let times: Result<Vec<f64>, String> =
        (0..RUNS).map(|_| once(&deaf, room.path(), &god)).collect();
    let times = times?;
    let worst = times.iter().copied().fold(0.0, f64::max);
    Ok(Measured {
        value: median(times),
        detail: format!("PM2 7, median of {RUNS}, longest {worst:.0} ms"),
    })
}

/// A wrapper that runs a command where the only name server is deaf and there is no network, and
/// leaves it its own process.
fn deaf(names: &Path) -> Vec<String> {
    let names = names.to_str().expect("a UTF-8 path");
    let script =
        "ip link set lo up && mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"";
    let words = ["unshare", "-Urnm", "sh", "-c", script, "sh", names];
    let mut words: Vec<String> = words.map(str::to_owned).to_vec();
    words.extend([this_file(), PART.to_owned()]);
    words
}

/// Becomes the command, with the name server's socket open and nobody who reads it.
pub fn play(words: &[String]) {
    let socket = UdpSocket::bind((NAME_SERVER, 53)).expect("the name server's address");
    fcntl(&socket, FcntlArg::F_SETFD(FdFlag::empty())).expect("a socket to hand on");
    let error = Command::new(&words[0]).args(&words[1..]).exec();
    panic!("{}: {error}", words[0]);
}

fn once(deaf: &[String], room: &Path, god: &God) -> Result<f64, String> {
    let mut command = alone(&deaf[0], room);
    command
        .args(&deaf[1..])
        .args([UNREACH, "watch", "--json", "--timeout", "30", "--pm2-home"])
        .arg(god.home())
        .args((0..NAMES).map(|name| format!("name-{name}.example:23000")))
        .stdout(Stdio::null());
    let mut watch = Kept::start(&mut command);
    wait_for("lookups in this process", || looks_up(watch.0.id()))?;
    wait_for("lookups of the agent", || {
        child_of(god.pid()).is_ok_and(looks_up)
    })?;
    let begun = Instant::now();
    kill(watch.pid(), Signal::SIGINT).map_err(|error| error.to_string())?;
    let ended = watch.0.wait().map_err(|error| error.to_string())?;
    let took = begun.elapsed();
    if ended.code().is_none() {
        return Err(format!("it did not leave by itself: {ended}"));
    }
    wait_for("end of the agent", || child_of(god.pid()).is_err())?;
    Ok(took.as_secs_f64() * 1000.0)
}

/// Whether a process has a thread that looks a name up.
fn looks_up(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    threads.into_iter().flatten().flatten().any(|thread| {
        fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name == "name lookup\n")
    })
}

fn wait_for(what: &str, mut there: impl FnMut() -> bool) -> Result<(), String> {
    let begun = Instant::now();
    while !there() {
        if begun.elapsed() > PATIENCE {
            return Err(format!("no {what} within {PATIENCE:?}"));
        }
        sleep(Duration::from_millis(5));
    }
    Ok(())
}
