//! Our client against real PM2, the newest of each supported major.

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::pm2::God;
use unreach::pm2::entry::{AgentEntry, FIRST_ID, free_id, owner_of, user_apps};
use unreach::pm2::god::{self, Home};
use unreach::pm2::rpc::{Client, RpcError};

const WAIT: Duration = Duration::from_secs(20);

support::for_each_major!(
    crate::support::wait_for:
    god_says_who_it_is_and_lists_its_apps,
    thirty_calls_disturb_nobody,
    an_entry_of_ours_leaves_nothing,
    a_failed_spawn_is_an_error,
    the_death_of_god_is_seen,
);

fn home(god: &God) -> Home {
    Home::choose(Some(&god.home()), None, None, None).unwrap()
}

async fn connected(god: &God) -> Client {
    Client::connect(&god.socket(), WAIT).await.unwrap()
}

fn entry(god: &God, pm_id: u32, program: &str, arguments: &[&str]) -> AgentEntry {
    let arguments: Vec<String> = arguments.iter().map(|word| word.to_string()).collect();
    let pid_file = god.room().join(format!("{pm_id}.pid"));
    let owner = std::process::id();
    AgentEntry::new(
        owner,
        pm_id,
        Path::new(program),
        &arguments,
        god.room(),
        &pid_file,
    )
    .unwrap()
}

fn logs(god: &God) -> Vec<PathBuf> {
    let found = std::fs::read_dir(god.home().join("logs")).unwrap();
    let mut found: Vec<PathBuf> = found.map(|file| file.unwrap().path()).collect();
    found.sort();
    found
}

async fn god_says_who_it_is_and_lists_its_apps(major: u32) {
    let pm2 = God::start(major);
    pm2.start_apps(&["one", "two", "three"]);
    pm2.done(&["stop", "two"]);

    let mut god = god::find(&home(&pm2), WAIT).await.unwrap();
    assert_eq!(god.pid, pm2.pid());
    assert_eq!(god.version.split('.').next().unwrap(), major.to_string());
    assert_eq!(god.report.pm2_version.as_ref(), Some(&god.version));
    assert_eq!(god.report.uid, Some(nix::unistd::geteuid().as_raw()));
    assert_eq!(god.report.home, Some(pm2.home()));
    assert_eq!(god.report.pm2_dir.as_deref(), Some(pm2.package()));
    let node = god.report.node.clone().unwrap();
    let version = std::process::Command::new(node)
        .arg("--version")
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    assert_eq!(
        version.trim().strip_prefix('v'),
        god.report.node_version.as_deref()
    );
    assert!(
        god.report
            .started_at
            .is_some_and(|at| at > 1_600_000_000_000)
    );

    let apps = god.client.apps().await.unwrap();
    let mut names: Vec<_> = apps
        .iter()
        .map(|app| app.name.as_deref().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "three", "two"]);
    assert_eq!(user_apps(&apps).count(), 3);
    assert!(!format!("{god:?} {apps:?}").contains("s3cret"));
    for app in &apps {
        let stopped = app.name.as_deref() == Some("two");
        assert_eq!(
            app.status.as_deref(),
            Some(if stopped { "stopped" } else { "online" })
        );
        assert_eq!(app.pid.is_none(), stopped, "{app:?}");
        assert_eq!(app.program, Some(pm2.app_script()));
        assert_eq!(app.exec_mode.as_deref(), Some("fork_mode"));
        assert_eq!(app.namespace.as_deref(), Some("default"));
        assert!(
            app.out_log
                .as_ref()
                .unwrap()
                .starts_with(pm2.home().join("logs"))
        );
        assert!(
            app.err_log
                .as_ref()
                .unwrap()
                .starts_with(pm2.home().join("logs"))
        );
        assert!(app.restarts == Some(0) && app.started_at.is_some() && app.arguments.is_empty());
        assert_eq!(owner_of(app), None);
    }
    pm2.stop();
}

async fn thirty_calls_disturb_nobody(major: u32) {
    let pm2 = God::start(major);
    pm2.start_apps(&["one", "two"]);
    let mut client = connected(&pm2).await;
    let before = client.apps().await.unwrap();
    assert_eq!(before.len(), 2);

    let mut chance = 0x2545_f491_4f6c_dd1d_u64 + u64::from(major);
    let mut ours = Vec::new();
    for turn in 0..30 {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        match chance % 8 {
            0 => assert!(client.version().await.unwrap().contains('.')),
            1 => assert!(client.report().await.unwrap().node.is_some()),
            2 | 3 => {
                let id = free_id(std::process::id(), &client.apps().await.unwrap());
                let started = client.start(&entry(&pm2, id, "/bin/sleep", &["60"])).await;
                assert!(started.unwrap() > 1);
                ours.push(id);
            }
            4 => {
                if let Some(id) = ours.pop() {
                    client.delete(id).await.unwrap();
                }
            }
            // An entry that is not there.
            5 => {
                let error = client.delete(FIRST_ID + turn).await.unwrap_err();
                assert!(matches!(error, RpcError::God { .. }), "{error}");
            }
            // A call that is abandoned on the way.
            6 => {
                let soon = Duration::from_micros(chance >> 32 & 0x3ff);
                let _ = tokio::time::timeout(soon, client.apps()).await;
                client = connected(&pm2).await;
            }
            _ => assert_eq!(client.apps().await.unwrap().len(), 2 + ours.len()),
        }
    }
    for id in ours {
        client.delete(id).await.unwrap();
    }

    assert_eq!(client.peer().unwrap().pid, Some(pm2.pid()));
    assert_eq!(client.apps().await.unwrap(), before);
    assert!(!pm2.log().contains("global error"), "{}", pm2.log());
    pm2.stop();
}

async fn an_entry_of_ours_leaves_nothing(major: u32) {
    let pm2 = God::start(major);
    pm2.start_apps(&["one"]);
    let logs_before = logs(&pm2);
    let mut client = connected(&pm2).await;
    let id = free_id(std::process::id(), &client.apps().await.unwrap());
    let pid = client
        .start(&entry(&pm2, id, "/bin/sleep", &["60"]))
        .await
        .unwrap();

    let apps = client.apps().await.unwrap();
    let ours = apps.iter().find(|app| app.pm_id == Some(id)).unwrap();
    assert_eq!(
        (ours.pid, owner_of(ours)),
        (Some(pid), Some(std::process::id()))
    );
    assert_eq!(user_apps(&apps).count(), 1);
    let listed = pm2.list();
    let seen = listed.iter().find(|one| one["pid"] == pid).unwrap();
    assert_eq!(seen["pm2_env"]["pmx_module"], true);
    assert!(seen["pm_id"].as_u64().unwrap() >= u64::from(FIRST_ID));
    assert!(pm2.room().join(format!("{id}.pid")).exists());

    // What the user does meanwhile neither ends our entry nor keeps it.
    pm2.done(&["save"]);
    pm2.done(&["restart", "all"]);
    let dump = std::fs::read_to_string(pm2.home().join("dump.pm2")).unwrap();
    assert!(
        dump.contains("\"one\"") && !dump.contains("unreach"),
        "{dump}"
    );
    let apps = client.apps().await.unwrap();
    assert!(apps.iter().any(|app| app.pid == Some(pid)));
    pm2.start_apps(&["next"]);
    let apps = client.apps().await.unwrap();
    let next = apps.iter().find(|app| app.name.as_deref() == Some("next"));
    assert_eq!(next.unwrap().pm_id, Some(1));
    pm2.done(&["delete", "next"]);

    client.delete(id).await.unwrap();
    assert!(
        client
            .apps()
            .await
            .unwrap()
            .iter()
            .all(|app| owner_of(app).is_none())
    );
    assert!(!pm2.room().join(format!("{id}.pid")).exists());
    let leftover: Vec<PathBuf> = logs(&pm2)
        .into_iter()
        .filter(|log| !logs_before.contains(log))
        .collect();
    assert!(
        leftover
            .iter()
            .all(|log| log.to_string_lossy().contains("next")),
        "{leftover:?}"
    );
    let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), None);
    assert_eq!(alive, Err(nix::errno::Errno::ESRCH));
    assert!(Path::new("/dev/null").exists());
    pm2.stop();
}

async fn a_failed_spawn_is_an_error(major: u32) {
    let pm2 = God::start(major);
    pm2.start_apps(&["one"]);
    let mut client = connected(&pm2).await;
    let before = client.apps().await.unwrap();
    let program = pm2.room().join("missing");
    let entry = entry(&pm2, FIRST_ID + 1, program.to_str().unwrap(), &[]);
    for _ in 0..2 {
        let error = client.start(&entry).await.unwrap_err();
        let RpcError::StartedNothing { status, .. } = &error else {
            panic!("{error}")
        };
        assert!(["online", "errored"].contains(&status.as_str()), "{status}");
        assert!(error.to_string().contains("started nothing"), "{error}");
    }
    // Nothing is left of it, and nobody else was disturbed.
    assert_eq!(client.apps().await.unwrap(), before);
    assert_eq!(client.peer().unwrap().pid, Some(pm2.pid()));
    assert!(!pm2.log().contains("global error"), "{}", pm2.log());
    pm2.stop();
}

async fn the_death_of_god_is_seen(major: u32) {
    let mut pm2 = God::start(major);
    let mut god = god::find(&home(&pm2), WAIT).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(50), god.client.closed()).await;
    assert!(early.is_err());
    god.client.version().await.unwrap();
    let killed = Instant::now();
    pm2.kill_hard();
    let end = god.client.closed().await;
    assert!(matches!(end, RpcError::Closed), "{end}");
    assert!(killed.elapsed() < WAIT);
    let no = god::find(&home(&pm2), WAIT).await.unwrap_err();
    assert!(matches!(no, god::NoGod::Absent(_)), "{no:?}");
}

/// A dashboard asks every second or two: it must cost next to nothing.
#[tokio::test]
async fn ten_apps_are_listed_in_milliseconds() {
    let pm2 = God::start(7);
    pm2.start_apps(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    let mut times = Vec::new();
    let cpu = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID;
    let before = Duration::from(cpu.now().unwrap());
    for _ in 0..21 {
        let begun = Instant::now();
        let apps = connected(&pm2).await.apps().await.unwrap();
        times.push(begun.elapsed());
        assert_eq!(apps.len(), 10);
    }
    let cpu = (Duration::from(cpu.now().unwrap()) - before) / 21;
    times.sort_unstable();
    eprintln!(
        "connect and list ten apps: median {:?}, our processor time {cpu:?}",
        times[10]
    );
    // Generous: other tests run meanwhile.
    assert!(times[10] < Duration::from_millis(500), "{times:?}");
    pm2.stop();
}

/// How the network differs for God alone: see facts/PM2.md §7.3.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_god_behind_a_wrapper_is_found() {
    let unshare = |words: &[&str]| std::process::Command::new("unshare").args(words).output();
    if !unshare(&["-Urn", "true"]).is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: no user namespaces here");
        return;
    }
    let pm2 = God::start_with(7, &["unshare", "-Urn", "sh", "-c", "exec \"$@\"", "sh"]);
    pm2.start_apps(&["one"]);
    let mut god = god::find(&home(&pm2), WAIT).await.unwrap();
    assert_eq!(god.pid, pm2.pid());
    // It believes to be root; the kernel knows better, and so do we.
    assert_eq!(god.report.uid, Some(0));
    assert_eq!(god.client.apps().await.unwrap().len(), 1);
    pm2.stop();
}

/// A test that fails must leave nothing behind either.
#[tokio::test]
async fn a_god_is_ended_by_a_panic_and_its_apps_too() {
    let (send, receive) = std::sync::mpsc::channel();
    let failing = std::thread::spawn(move || {
        let pm2 = God::start(7);
        pm2.start_apps(&["one"]);
        let app = pm2.list()[0]["pid"].as_i64().unwrap();
        send.send((pm2.pid() as i64, app)).unwrap();
        panic!("this panic is part of the test");
    });
    assert!(failing.join().is_err());
    let (god, app) = receive.recv().unwrap();
    for pid in [god, app] {
        let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), None);
        assert_eq!(alive, Err(nix::errno::Errno::ESRCH));
    }
}
