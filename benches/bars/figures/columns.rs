//! How long a user waits for both columns.

use super::children::{output, unreach};
use super::endpoints::Endpoints;
use super::paced::home;
use super::pm2::God;
use super::table::{Bar, Kind, Measured, Table, median};
use serde_json::Value;
use std::time::Instant;

const TARGETS: usize = 10;
const RUNS: usize = 10;

const BAR: Bar = Bar {
    figure: "both columns of 10 targets, from the start to the end",
    most: 150.0,
    unit: "ms",
    kind: Kind::Time,
};

pub fn measure(table: &mut Table) {
    let endpoints = Endpoints::start();
    let home = home(endpoints.urls(TARGETS));
    let god = God::start(7);
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let mut command = unreach(home.path());
        command
            .args(["check", "--tries", "1", "--json", "--pm2-home"])
            .arg(god.home());
        let begun = Instant::now();
        let output = output(&mut command);
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let targets = report["targets"].as_array().expect("targets");
        let both = |target: &&Value| {
            ["terminal", "pm2"].map(|side| &target[side]["outcome"]) == ["answered", "answered"]
        };
        assert_eq!(targets.iter().filter(both).count(), TARGETS, "{report:#}");
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    table.row(
        &BAR,
        Ok(Measured {
            value: median(times),
            detail: format!("PM2 7, median of {RUNS}, longest {worst:.0} ms"),
        }),
    );
}
