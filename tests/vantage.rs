//! The vantage under PM2: the shipped program against real PM2, the newest of each major.

mod support;

use nix::sys::signal::Signal;
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use support::pm2::God;
use support::unreach::{PATIENCE, Watch, json, left_behind, lives, unreach, until, worker};
use unreach::pm2::{AgentEntry, Client};

support::for_each_major!(
    std::convert::identity:
    pm2_behaves_as_without_us,
    nothing_is_left_when_we_are_killed,
    a_restarted_god_is_followed,
    two_of_us_do_not_disturb_each_other,
    what_dead_runs_left_is_taken_out,
    an_agent_that_dies_is_replaced,
);

fn watching(god: &God) -> Watch {
    let worker = worker("127.0.0.1:0");
    let mut command = unreach(god.room());
    command.args([
        "watch",
        "--json",
        "--interval",
        "0.2",
        "--timeout",
        "1",
        &format!("http://{worker}"),
    ]);
    let mut watch = Watch::start(&mut command);
    watch.until_outcome("pm2", "200");
    watch
}

/// Our entries in God's list.
fn ours(god: &God) -> Vec<Value> {
    let named = |entry: &Value| {
        entry["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("unreach"))
    };
    god.list().into_iter().filter(named).collect()
}

fn pid_of(entry: &Value) -> u32 {
    entry["pid"].as_u64().expect("a pid") as u32
}

fn files(folder: &Path) -> Vec<String> {
    let found = std::fs::read_dir(folder)
        .expect("a folder of PM2")
        .flatten();
    let mut names: Vec<String> = found
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Nothing of ours: not in the list, not in the dump, no file, no process.
fn assert_clean(god: &God, agent: u32) {
    until("the agent is gone", || !lives(agent));
    until("its entry is gone", || ours(god).is_empty());
    for folder in ["logs", "pids"] {
        let names = files(&god.home().join(folder));
        assert!(
            !names.iter().any(|name| name.contains("unreach")),
            "{names:?}"
        );
    }
    god.done(&["save", "--force"]);
    let dump = std::fs::read_to_string(god.home().join("dump.pm2")).expect("a dump");
    assert!(!dump.contains("unreach"), "{dump}");
    until("its directory is gone", || {
        left_behind(god.room()).is_empty()
    });
}

fn pm2_behaves_as_without_us(major: u32) {
    let god = God::start(major);
    god.start_apps(&["one", "two"]);
    let before = files(&god.home().join("logs"));
    let watch = watching(&god);
    let [entry] = &ours(&god)[..] else {
        panic!("one entry of ours: {:?}", ours(&god))
    };
    let agent = pid_of(entry);
    assert_eq!(entry["name"], format!("unreach-{}", watch.pid()));
    assert_eq!(entry["pm_id"], 900_000 + watch.pid());

    god.done(&["save"]);
    let dump = std::fs::read_to_string(god.home().join("dump.pm2")).expect("a dump");
    assert!(dump.contains("\"one\"") && !dump.contains("unreach"));
    let apps = |status: &str| {
        let of = |entry: &Value| {
            entry["pm2_env"]["status"] == status && entry["pm2_env"]["pmx_module"] != true
        };
        god.list().iter().filter(|entry| of(entry)).count()
    };
    god.done(&["restart", "all"]);
    assert_eq!(apps("online"), 2);
    god.done(&["stop", "all"]);
    assert_eq!(apps("stopped"), 2);
    god.start_apps(&["three"]);
    let three = god
        .list()
        .into_iter()
        .find(|entry| entry["name"] == "three")
        .expect("the new app");
    assert_eq!(
        three["pm_id"], 2,
        "the next number is the next one, whatever ours is"
    );
    assert_eq!(
        pid_of(&ours(&god)[0]),
        agent,
        "none of this touched the agent"
    );

    let (status, _) = watch.leave(Signal::SIGINT);
    assert_eq!(status.code(), Some(0));
    assert_clean(&god, agent);
    let after = files(&god.home().join("logs"));
    assert_eq!(
        after
            .iter()
            .filter(|name| !name.starts_with("three"))
            .cloned()
            .collect::<Vec<_>>(),
        before
    );
    god.stop();
}

fn nothing_is_left_when_we_are_killed(major: u32) {
    let god = God::start(major);
    god.start_apps(&["one"]);
    let watch = watching(&god);
    let agent = pid_of(&ours(&god)[0]);
    let (status, _) = watch.leave(Signal::SIGKILL);
    assert_eq!(status.code(), None);
    assert_clean(&god, agent);
    god.stop();
}

fn a_restarted_god_is_followed(major: u32) {
    let mut god = God::start(major);
    let mut watch = watching(&god);
    let agent = pid_of(&ours(&god)[0]);
    god.kill_alone();
    watch.until_state("gone");
    until("the agent of a dead God is gone", || !lives(agent));
    watch.until_verdict("one-side");
    god.again(&[]);
    watch.until_state("live");
    watch.until_verdict("fine");
    let next = pid_of(&ours(&god)[0]);
    assert_ne!(next, agent);
    let (status, _) = watch.leave(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
    assert_clean(&god, next);
    god.stop();
}

fn two_of_us_do_not_disturb_each_other(major: u32) {
    let god = God::start(major);
    let (first, mut second) = (watching(&god), watching(&god));
    assert_eq!(ours(&god).len(), 2);
    first.leave(Signal::SIGHUP);
    let [entry] = &ours(&god)[..] else {
        panic!("one is left: {:?}", ours(&god))
    };
    assert_eq!(entry["name"], format!("unreach-{}", second.pid()));
    let agent = pid_of(entry);
    // A third one that only checks comes and goes, and knows an agent from an app.
    let (status, report) =
        json(unreach(god.room()).args(["check", "--json", "--tries", "1", "127.0.0.1:9"]));
    assert_eq!((status, &report["pm2"]["apps"]), (1, &Value::from(0)));
    assert_eq!(pid_of(&ours(&god)[0]), agent);
    assert!(second.said.iter().all(|line| line["state"] != "gone"));
    second.signal(Signal::SIGINT);
    // Nothing but the end may follow.
    until("it left", || !lives(second.pid()));
    second.said.clear();
    assert_clean(&god, agent);
    god.stop();
}

fn what_dead_runs_left_is_taken_out(major: u32) {
    let god = God::start(major);
    let mut dead = Command::new("true").spawn().expect("true runs");
    dead.wait().expect("it ends");
    let left = god
        .room()
        .join("t")
        .join(format!("unreach-{}-abc", dead.id()));
    std::fs::create_dir_all(&left).expect("what it left");
    let started = support::wait_for(async {
        let pid_file = god.room().join("left.pid");
        let program = Path::new("/bin/sleep");
        let id = 900_000 + dead.id();
        let entry = AgentEntry::new(
            dead.id(),
            id,
            program,
            &["60".to_owned()],
            god.room(),
            &pid_file,
        );
        let mut client = Client::connect(&god.socket(), PATIENCE)
            .await
            .expect("God listens");
        client
            .start(&entry.expect("a fine entry"))
            .await
            .expect("it starts")
    });
    assert_eq!(ours(&god).len(), 1);
    let (status, report) =
        json(unreach(god.room()).args(["check", "--json", "--tries", "1", "127.0.0.1:9"]));
    assert_eq!(
        (status, &report["targets"][0]["verdict"]),
        (1, &Value::from("down"))
    );
    assert_clean(&god, started);
    god.stop();
}

fn an_agent_that_dies_is_replaced(major: u32) {
    let god = God::start(major);
    let mut watch = watching(&god);
    let agent = pid_of(&ours(&god)[0]);
    let pid = nix::unistd::Pid::from_raw(agent as i32);
    nix::sys::signal::kill(pid, Signal::SIGKILL).expect("the agent lives");
    watch.until_state("gone");
    watch.until_state("live");
    let [entry] = &ours(&god)[..] else {
        panic!("one entry of ours: {:?}", ours(&god))
    };
    let next = pid_of(entry);
    assert_ne!(next, agent);
    // One that stops answering is silent, and live again when it goes on.
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(next as i32), Signal::SIGSTOP)
        .expect("it lives");
    watch.until_verdict("stale");
    watch.until_state("silent");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(next as i32), Signal::SIGCONT)
        .expect("it lives");
    watch.until_state("live");
    watch.until_verdict("fine");
    watch.leave(Signal::SIGINT);
    assert_clean(&god, next);
    god.stop();
}

#[test]
fn other_gods_of_this_user_are_told_and_ghosts_too() {
    let (god, other) = (God::start(7), God::start(7));
    let check = |home: &Path| {
        let mut command = unreach(god.room());
        command
            .env("PM2_HOME", home)
            .args(["check", "--json", "--tries", "1", "127.0.0.1:9"]);
        json(&mut command).1["pm2"]["others"].clone()
    };
    let of = |others: &Value, pid: u32| {
        let others = others.as_array().expect("a list").clone();
        others.into_iter().find(|one| one["pid"] == pid)
    };
    let told = of(&check(&god.home()), other.pid()).expect("the other God");
    assert_eq!(
        (&told["serves"], told["version"].as_str()),
        (&Value::from(true), Some(other.version().as_str()))
    );
    assert_eq!(told["home"], other.home().to_str().expect("UTF-8"));
    assert_eq!(
        of(&check(&god.home()), god.pid()),
        None,
        "the one that is asked is no other"
    );
    // A second daemon on one home gets no sockets and runs for ever (facts/PM2.md §3.3).
    let mut ghost = god.ghost();
    until("the ghost wears its title", || {
        of(&check(&god.home()), ghost.id()).is_some()
    });
    let told = of(&check(&god.home()), ghost.id()).expect("the ghost");
    ghost.kill().and_then(|()| ghost.wait()).expect("it ends");
    assert_eq!(told["serves"], false);
    // Where no God answers, the other one is offered.
    let nobody = god.room().join("nobody");
    let mut command = unreach(god.room());
    command
        .env("PM2_HOME", &nobody)
        .args(["check", "--tries", "1", "127.0.0.1:9"]);
    let said = support::unreach::output(&mut command).stdout;
    let said = String::from_utf8(said).expect("UTF-8");
    assert!(
        said.contains(&format!("--pm2-home {}", other.home().display())),
        "{said}"
    );
    other.stop();
    god.stop();
}
