//! What both of our processes hold in memory with a thousand targets.

use super::children::{Kept, LONGEST, unreach};
use super::endpoints::Endpoints;
use super::paced::home;
use super::pm2::God;
use super::table::{Bar, Kind, Measured, Table};
use nix::sys::signal::{Signal, kill};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

const TARGETS: usize = 1000;

/// From the end of the first round until memory is read: four more rounds, and the routes were
/// read again twice.
const LATER: Duration = Duration::from_secs(21);

const OURS: Bar = bar("memory with 1,000 targets, unreach watch");
const AGENT: Bar = bar("memory with 1,000 targets, its agent under PM2");

const fn bar(figure: &'static str) -> Bar {
    Bar {
        figure,
        most: 15.0,
        unit: "MB",
        kind: Kind::Count,
    }
}

pub fn measure(table: &mut Table) {
    let endpoints = Endpoints::start();
    let home = home(endpoints.urls(TARGETS));
    let god = God::start(7);
    let mut command = unreach(home.path());
    command
        .args(["watch", "--json", "--interval", "5", "--pm2-home"])
        .arg(god.home())
        .stdout(Stdio::piped());
    let mut watch = Kept::start(&mut command);
    let stdout = watch.0.stdout.take().expect("its stdout");
    let (tell, told) = channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = tell.send(line);
        }
    });
    let deadline = Instant::now() + LONGEST;
    let mut answered = ["terminal", "pm2"].map(|side| (side, HashSet::new()));
    while answered.iter().any(|(_, ids)| ids.len() < TARGETS) {
        let line = told
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .expect("an answer from everybody in time");
        let change: Value = serde_json::from_str(&line).expect("JSON");
        for (side, ids) in &mut answered {
            if change["kind"] == "outcome" && change["vantage"] == *side {
                assert_eq!(change["to"], "200", "{line}");
                ids.insert(change["id"].to_string());
            }
        }
    }
    thread::sleep(LATER);
    let agent = child_of(god.pid());
    table.row(&OURS, resident(watch.0.id()));
    table.row(&AGENT, agent.and_then(resident));
    let _ = kill(watch.pid(), Signal::SIGINT);
    let _ = watch.0.wait();
    let _ = reader.join();
}

/// `VmRSS` now, and `VmHWM`, the most it was.
fn resident(pid: u32) -> Result<Measured, String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    let status = status.map_err(|error| format!("process {pid}: {error}"))?;
    let megabytes = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes * 1024.0 / 1e6)
    };
    let (Some(value), Some(most)) = (megabytes("VmRSS:"), megabytes("VmHWM:")) else {
        return Err(format!("process {pid} has no memory"));
    };
    Ok(Measured {
        value,
        detail: format!("at most {most:.1} MB since its start"),
    })
}

/// God's only child: no app runs.
pub fn child_of(god: u32) -> Result<u32, String> {
    let children = fs::read_to_string(format!("/proc/{god}/task/{god}/children"));
    let children = children.map_err(|error| format!("PM2's children: {error}"))?;
    let mut pids = children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok());
    pids.next().ok_or_else(|| "no agent under PM2".to_owned())
}
