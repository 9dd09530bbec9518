//! System calls and instructions of a probe, counted: what a second, larger run adds to a first.

use super::children::{output, this_file, tool};
use super::endpoints::Endpoints;
use super::engine::{self, Order};
use super::table::{Bar, Kind, Measured, Table};
use std::process::{Command, Stdio};

const SOME: usize = 512;
const MORE: usize = 2048;

const CALLS: Bar = Bar {
    figure: "system calls of a probe",
    most: 10.0,
    unit: "",
    kind: Kind::Count,
};
const INSTRUCTIONS: Bar = Bar {
    figure: "user instructions of a probe",
    most: 25_000.0,
    unit: "",
    kind: Kind::Count,
};

pub fn measure(table: &mut Table) {
    let endpoints = Endpoints::start();
    let calls = tool("strace", "-V").and_then(|()| {
        each(
            &endpoints,
            "strace",
            &["-f", "-c", "-o", "/dev/stderr"],
            |said| {
                // % time, seconds, usecs/call, calls, errors where there are any, name
                let total = said
                    .lines()
                    .find(|line| line.trim_end().ends_with("total"))?;
                total.split_whitespace().nth(3)?.parse().ok()
            },
        )
    });
    table.row(&CALLS, calls);
    let instructions = tool("valgrind", "--version").and_then(|()| {
        let options = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        each(&endpoints, "valgrind", &options, |said| {
            let (_, count) = said
                .lines()
                .find_map(|line| line.split_once("Collected : "))?;
            count.trim().parse().ok()
        })
    });
    table.row(&INSTRUCTIONS, instructions);
}

/// Lets `counter` count two runs and reads its count with `read`.
fn each(
    endpoints: &Endpoints,
    counter: &str,
    options: &[&str],
    read: impl Fn(&str) -> Option<f64>,
) -> Result<Measured, String> {
    let count = |asks: usize| {
        let mut command = Command::new(counter);
        command
            .args(options)
            .args([&this_file(), engine::PART])
            .args(Order::words(endpoints, SOME, asks))
            .stdin(Stdio::null());
        let output = output(&mut command);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let all = String::from_utf8_lossy(&output.stdout)
            .trim()
            .ends_with(&format!(" {asks}"));
        read(&said)
            .filter(|_| all)
            .ok_or_else(|| format!("{counter} did not count: {}", said.trim()))
    };
    let (some, more) = (count(SOME)?, count(MORE)?);
    Ok(Measured {
        value: (more - some) / (MORE - SOME) as f64,
        detail: format!("{counter}, {MORE} probes less {SOME}"),
    })
}
