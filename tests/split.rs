//! The split, from the kernel: God where a route refuses the workers, us where none does.

#![cfg(target_os = "linux")]

mod support;

use serde_json::{Value, json};
use std::process::Command;
use support::pm2::God;
use support::unreach::{Watch, json, unreach, until, worker};

/// In a network of its own: loopback works, and 127.77.0.0/24 is unreachable (facts/PM2.md §7.3).
/// No root is needed: the user namespace makes one.
const REFUSED: &[&str] = &[
    "unshare",
    "-Urn",
    "sh",
    "-c",
    "ip link set lo up && ip route add unreachable 127.77.0.0/24 table local && exec \"$@\"",
    "sh",
];

/// Whether this computer lets us make such a network; where not, says so, and CI takes that for a
/// failure.
fn possible() -> bool {
    let made = Command::new(REFUSED[0])
        .args(&REFUSED[1..])
        .arg("true")
        .output();
    match made {
        Ok(output) if output.status.success() => true,
        Ok(output) => skipped(&String::from_utf8_lossy(&output.stderr)),
        Err(error) => skipped(&format!("unshare does not run: {error}")),
    }
}

fn skipped(why: &str) -> bool {
    assert!(
        std::env::var_os("CI").is_none(),
        "no network namespace here: {why}"
    );
    println!("skipped: no network namespace here: {why}");
    false
}

#[test]
fn the_kernel_refuses_pm2_and_not_us() {
    if !possible() {
        return;
    }
    let mut god = God::start_with(7, REFUSED);
    let worker = worker("127.77.0.2:0");
    let mut command = unreach(god.room());
    command.args(["check", "--json", "--interval", "0.2"]);
    command.arg(format!("http://{worker}/api/sessions"));
    let (status, report) = json(&mut command);
    assert_eq!(status, 1, "{report:#}");
    let target = &report["targets"][0];
    assert_eq!(target["verdict"], "split");
    assert_eq!(target["terminal"]["outcome"], "answered");
    assert_eq!(target["terminal"]["status"], 200);
    let pm2 = &target["pm2"];
    let expected = [
        ("outcome", json!("failed")),
        ("phase", json!("connect")),
        ("error", json!("EHOSTUNREACH")),
        ("errno", json!(113)),
        ("text", json!("No route to host")),
        ("tries", json!(3)),
        ("answered", json!(0)),
    ];
    for (key, value) in expected {
        assert_eq!(pm2[key], value, "{key} in {pm2:#}");
    }
    assert!(
        pm2["ms"].as_f64().is_some_and(|ms| ms < 1000.0),
        "refused here, not in the network: {pm2}"
    );
    assert_eq!(report["pm2"]["state"], "live");
    assert_eq!(report["pm2"]["pid"], god.pid());

    // Another God of the same home, where nothing refuses.
    god.kill_alone();
    god.again(&[]);
    let (status, report) = json(&mut command);
    assert_eq!(
        (status, &report["targets"][0]["verdict"]),
        (0, &json!("fine")),
        "{report:#}"
    );
    god.stop();
}

#[test]
fn a_watch_tells_when_god_moves_out_of_it() {
    if !possible() {
        return;
    }
    let mut god = God::start_with(7, REFUSED);
    let worker = worker("127.77.0.3:0");
    let mut command = unreach(god.room());
    command.args([
        "watch",
        "--json",
        "--interval",
        "0.2",
        &format!("http://{worker}"),
    ]);
    let mut watch = Watch::start(&mut command);
    watch.until_verdict("split");
    god.kill_alone();
    watch.until_verdict("one-side");
    god.again(&[]);
    let healed = watch.until_outcome("pm2", "200");
    assert_eq!(healed["from"], "EHOSTUNREACH");
    watch.until_verdict("fine");
    drop(watch);
    god.stop();
}

#[test]
fn without_configuration_the_apps_own_logs_name_the_worker() {
    if !possible() {
        return;
    }
    let god = God::start_with(7, REFUSED);
    let worker = worker("127.77.0.4:0");
    let script = god.room().join("complains.js");
    let connect = format!(
        "require('net').connect({}, '{}').on('error', e => console.error(e)); setInterval(() => {{}}, 1000);",
        worker.port(),
        worker.ip()
    );
    std::fs::write(&script, connect).expect("an app");
    god.done(&[
        "start",
        script.to_str().expect("UTF-8"),
        "--name",
        "maestro",
    ]);
    let log = god.home().join("logs/maestro-error.log");
    until("the app complains", || {
        std::fs::read_to_string(&log)
            .is_ok_and(|text| text.contains("EHOSTUNREACH") && text.contains("port"))
    });
    let (status, report) = json(unreach(god.room()).args(["check", "--json", "--tries", "1"]));
    let targets = report["targets"].as_array().map(Vec::as_slice);
    let Some([target]) = targets else {
        panic!("one target: {report:#}")
    };
    assert_eq!(status, 1);
    assert_eq!(target["url"], worker.to_string());
    assert_eq!(target["verdict"], "split");
    assert_eq!(
        target["terminal"]["status"],
        Value::Null,
        "connected, and never spoken to"
    );
    let source = target["source"].as_str().expect("a source");
    assert!(source.starts_with("log of maestro, written "), "{source}");
    god.stop();
}

#[test]
fn the_word_that_matters_is_never_cut() {
    if !possible() {
        return;
    }
    let room = tempfile::tempdir().expect("a room");
    let mut command = Command::new(REFUSED[0]);
    command
        .args(&REFUSED[1..])
        .arg(env!("CARGO_BIN_EXE_unreach"))
        .args([
            "check",
            "--no-pm2",
            "--tries",
            "1",
            "--ascii",
            "127.77.0.2:80",
        ])
        .env("HOME", room.path());
    let said = command.output().expect("unreach runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let row = said.lines().find(|line| line.contains("XX"));
    assert!(
        row.is_some_and(|row| row.contains("XX EHOSTUNREACH ")),
        "{said}"
    );
}
