//! Whether a crowd of targets spoils the times that are shown.

use super::children::{output, unreach};
use super::endpoints::Endpoints;
use super::table::{Bar, Kind, Measured, Table, median};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const TARGETS: usize = 1000;
const PAIRS: usize = 3;
const LONE: usize = 9;

const BAR: Bar = Bar {
    figure: "connect p50, 1,000 targets over 5 s / a lone target",
    most: 1.5,
    unit: "x",
    kind: Kind::Time,
};

pub fn measure(table: &mut Table) {
    let endpoints = Endpoints::start();
    let crowd = home(endpoints.urls(TARGETS));
    let alone = home(endpoints.urls(1));
    let pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|_| {
            // The last try is the one that is told: the one before warms up.
            let lone = || connects(alone.path(), &["--tries", "2", "--interval", "0.2"]);
            let lone = median((0..LONE).flat_map(|_| lone()));
            let crowd = connects(crowd.path(), &["--tries", "1", "--interval", "5"]);
            assert_eq!(crowd.len(), TARGETS, "answers");
            (median(crowd), lone)
        })
        .collect();
    let (crowd, lone) = (pairs.iter().map(|p| p.0), pairs.iter().map(|p| p.1));
    let detail = format!(
        "{:.0} / {:.0} µs, {PAIRS} pairs",
        1000.0 * median(crowd),
        1000.0 * median(lone)
    );
    let value = median(pairs.iter().map(|(crowd, lone)| crowd / lone));
    table.row(&BAR, Ok(Measured { value, detail }));
}

/// A home directory whose config file names these targets.
pub fn home(urls: impl Iterator<Item = String>) -> TempDir {
    let home = tempfile::Builder::new().prefix("u").tempdir();
    let home = home.expect("a temporary directory");
    let config = home.path().join("config/unreach");
    fs::create_dir_all(&config).expect("a config directory");
    let targets = urls.map(|url| format!("[[target]]\nurl = \"{url}\"\n"));
    fs::write(config.join("config.toml"), targets.collect::<String>()).expect("a config file");
    home
}

/// How long each target took to connect, in milliseconds, as `check` reports it.
fn connects(home: &Path, words: &[&str]) -> Vec<f64> {
    let mut command = unreach(home);
    command.args(["check", "--no-pm2", "--json"]).args(words);
    let output = output(&mut command);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!("{command:?}: {error}: {said}")
    });
    let targets = report["targets"].as_array().expect("targets");
    targets
        .iter()
        .filter(|target| target["terminal"]["outcome"] == "answered")
        .filter_map(|target| target["terminal"]["connect_ms"].as_f64())
        .collect()
}
