//! The command line: help, exit statuses, forms of output, good and bad input.

mod support;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};
use support::unreach::{Watch, json, output, unreach, worker};
use tempfile::TempDir;

fn room() -> TempDir {
    tempfile::Builder::new()
        .prefix("u")
        .tempdir()
        .expect("a temporary directory")
}

/// Runs it in `room` and gives exit status, output and errors.
fn run(room: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = output(unreach(room).args(arguments));
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        status.code().expect("an exit status"),
        text(stdout),
        text(stderr),
    )
}

/// A port of this computer on which nobody listens.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a free port")
        .to_string()
}

fn hosts(room: &Path, text: &str) {
    fs::create_dir_all(room.join(".aimaestro")).expect("a directory");
    fs::write(room.join(".aimaestro/hosts.json"), text).expect("a hosts file");
}

fn config(room: &Path, text: &str) {
    fs::create_dir_all(room.join(".config/unreach")).expect("a directory");
    fs::write(room.join(".config/unreach/config.toml"), text).expect("a config file");
}

#[test]
fn help_and_version_are_fine_and_anything_else_is_told() {
    let room = room();
    let (status, said, _) = run(room.path(), &["--help"]);
    assert_eq!(status, 0);
    for word in [
        "check",
        "watch",
        "config",
        "--pm2-home",
        "Exit status: 0 fine, 1 a problem",
    ] {
        assert!(said.contains(word), "{word} in {said}");
    }
    assert!(
        !said.contains("agent"),
        "the agent is not the user's business"
    );
    let (status, said, _) = run(room.path(), &["--version"]);
    assert_eq!(
        (status, said),
        (0, format!("unreach {}\n", env!("CARGO_PKG_VERSION")))
    );
    let (status, _, errors) = run(room.path(), &["chekc"]);
    assert!(status == 2 && errors.contains("'check'"), "{errors}");
    for bad in [
        &["check", "--tries", "0"][..],
        &["check", "--timeout", "soon"],
        &["check", "--json", "--md"],
        &["watch", "--interval", "0"],
    ] {
        assert_eq!(run(room.path(), bad).0, 2, "{bad:?}");
    }
}

#[test]
fn the_default_config_can_be_printed_and_used() {
    let room = room();
    let (status, said, _) = run(room.path(), &["config"]);
    assert_eq!(
        (status, said.as_str()),
        (0, include_str!("../assets/config.toml"))
    );
    config(room.path(), &said);
    let (status, _, errors) = run(
        room.path(),
        &["check", "--no-pm2", "--tries", "1", &nobody()],
    );
    assert_eq!((status, errors.as_str()), (3, ""));
}

#[test]
fn exit_statuses_and_verdicts_without_pm2() {
    let room = room();
    let answering = format!("http://{}", worker("127.0.0.1:0"));
    let (status, report) =
        json(unreach(room.path()).args(["check", "--json", "--tries", "1", &answering]));
    assert_eq!(status, 3);
    assert_eq!(report["schema"], 1);
    assert_eq!(report["pm2"]["state"], "absent");
    assert!(
        report["pm2"]["why"]
            .as_str()
            .is_some_and(|why| why.contains("rpc.sock is missing"))
    );
    let findings = report["findings"].as_array().expect("findings");
    let privacy = findings
        .iter()
        .filter(|f| f["cause"] == "local-network-privacy")
        .count();
    assert_eq!(privacy, 1, "{findings:#?}");
    assert_eq!(
        report["machine"]["os"].as_str(),
        Some(if cfg!(target_os = "macos") {
            "macos"
        } else {
            "linux"
        })
    );
    let target = &report["targets"][0];
    assert_eq!(target["verdict"], "one-side");
    assert_eq!(target["reach"], "loopback");
    assert_eq!(target["source"], "command line");
    assert_eq!(target["url"], answering);
    for key in ["id", "name", "interface"] {
        assert!(target[key].is_string(), "{key} in {target:#}");
    }
    let terminal = &target["terminal"];
    assert_eq!(
        (&terminal["outcome"], &terminal["status"]),
        (&json!("answered"), &json!(200))
    );
    assert!(
        terminal["ms"].as_f64() >= terminal["connect_ms"].as_f64(),
        "{terminal:#}"
    );
    assert_eq!(
        (&terminal["tries"], &terminal["answered"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(target["pm2"]["outcome"], "not-asked");

    let (status, said, _) = run(room.path(), &["check", "--tries", "1", &nobody()]);
    assert_eq!(status, 3);
    for words in [
        "ONE SIDE",
        "rpc.sock is missing",
        "pm2 resurrect",
        "refused",
        "not asked: PM2 absent",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn a_report_can_be_judged_again_and_bad_cases_are_told() {
    let room = room();
    let file = room.path().join("report.json");
    let (_, report) =
        json(unreach(room.path()).args(["check", "--json", "--no-pm2", "--tries", "1", &nobody()]));
    fs::write(&file, report.to_string()).expect("a file");
    let path = file.to_str().expect("UTF-8");
    let (status, judged) = json(unreach(room.path()).args(["diagnose", "--json", path]));
    assert_eq!((status, &judged["schema"]), (1, &json!(1)));
    assert_eq!(judged["findings"], report["findings"]);
    assert_eq!(judged["targets"][0]["verdict"], "one-side");
    let (status, said, _) = run(room.path(), &["diagnose", path]);
    assert!(
        status == 1 && said.contains("POSSIBLE") && said.contains("REF-1"),
        "{said}"
    );

    let split = r#"{"schema":1,"machine":{"os":"macos","version":"26.1"},
        "vantages":[{"id":"p","kind":"pm2","program":"node","root":false},
                    {"id":"t","kind":"terminal","host_app":"Terminal.app"}],
        "targets":[{"id":"w\u001b[2J","reach":"on-link"}],
        "observations":[{"vantage":"p","target":"w\u001b[2J","outcome":"failed","error":"EHOSTUNREACH"},
                        {"vantage":"t","target":"w\u001b[2J","outcome":"answered"}]}"#;
    fs::write(&file, split).expect("a file");
    let (status, said, _) = run(room.path(), &["diagnose", path]);
    assert!(
        status == 1 && said.contains("LIKELY") && said.contains("SPLIT"),
        "{said}"
    );
    assert_clean(&said);
    for (text, words) in [
        ("{\n \"schema\": 1,\n}", "line 3"),
        ("{\"schema\": 9}", "schema: 9"),
        (&split.replace("on-link", "near"), "targets[0].reach"),
        (
            &split.replace("\"vantage\":\"p\"", "\"vantage\":\"q\""),
            "observations[0].vantage",
        ),
    ] {
        fs::write(&file, text).expect("a file");
        let (status, said, errors) = run(room.path(), &["diagnose", path]);
        assert_eq!((status, said.as_str()), (2, ""), "{errors}");
        assert!(
            errors.contains(words) && errors.contains("report.json"),
            "{words} in {errors}"
        );
    }
    let (status, _, errors) = run(room.path(), &["diagnose", "missing.json"]);
    assert!(
        status == 2 && errors.contains("missing.json can't be read"),
        "{errors}"
    );
    fs::write(&file, r#"{"schema":1}"#).expect("a file");
    assert_eq!(
        run(room.path(), &["diagnose", path]).0,
        3,
        "nothing can be judged from it"
    );
}

#[test]
fn a_report_holds_everything_but_names() {
    let room = room();
    fs::create_dir_all(room.path().join("h")).expect("PM2's home");
    let host = nix::unistd::gethostname()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let url = format!("http://{}/{host}", nobody());
    let home = room.path().to_str().expect("UTF-8");
    for form in [&[][..], &["--json"], &["--md"]] {
        let arguments = [&["report", "--tries", "1", &url], form].concat();
        let (status, said, _) = run(room.path(), &arguments);
        assert_eq!(status, 3);
        assert!(
            !said.contains(home) && said.contains("~/h/rpc.sock"),
            "{said}"
        );
        assert!(host == "localhost" || !said.contains(&host), "{said}");
        assert!(host == "localhost" || said.contains("THIS-MAC"), "{said}");
        assert!(said.contains("127.0.0.1"), "addresses stay");
    }
    let (_, report) = json(unreach(room.path()).args(["report", "--json", "--tries", "1", &url]));
    fs::write(room.path().join("r.json"), report.to_string()).expect("a file");
    let (status, _) = json(unreach(room.path()).args(["diagnose", "--json", "r.json"]));
    assert_eq!(status, 1, "it can be judged by whoever gets it");
}

#[test]
fn three_tries_are_two_intervals_apart() {
    let room = room();
    let begun = Instant::now();
    let arguments = [
        "check",
        "--json",
        "--no-pm2",
        "--interval",
        "0.3",
        &nobody(),
    ];
    let (_, report) = json(unreach(room.path()).args(arguments));
    assert_eq!(report["targets"][0]["terminal"]["tries"], 3);
    assert!(
        begun.elapsed() >= Duration::from_millis(600),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn with_nothing_to_check_it_says_where_it_looked() {
    let room = room();
    let (status, said, _) = run(room.path(), &["check"]);
    assert_eq!(status, 3);
    for words in [
        "NOTHING TO CHECK",
        "~/.config/unreach/config.toml",
        "~/.aimaestro/hosts.json",
        "unreach config >",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
}

#[test]
fn the_first_source_that_names_a_target_wins() {
    let room = room();
    let source = |arguments: &[&str], variable: &str| {
        let mut command = unreach(room.path());
        command
            .args(["check", "--json", "--no-pm2", "--tries", "1"])
            .args(arguments);
        if !variable.is_empty() {
            command.env("AIMAESTRO_HOSTS", variable);
        }
        let (_, report) = json(&mut command);
        let targets = report["targets"].as_array().expect("targets");
        assert_eq!(targets.len(), 1, "{report:#}");
        let of = |key: &str| targets[0][key].as_str().expect("text").to_owned();
        (of("source"), of("id"), of("url"))
    };
    let of = |source: &str, id: &str, url: &str| (source.to_owned(), id.to_owned(), url.to_owned());
    let at = nobody();
    hosts(
        room.path(),
        &format!(r#"{{"hosts":[{{"id":"File","name":"f","url":"http://{at}"}}]}}"#),
    );
    let asked = format!("http://{at}/api/sessions?local=true");
    assert_eq!(
        source(&[], ""),
        of("~/.aimaestro/hosts.json", "file", &asked)
    );
    let variable = format!(r#"[{{"id":"Variable","name":"v","url":"http://{at}"}}]"#);
    assert_eq!(
        source(&[], &variable),
        of("$AIMAESTRO_HOSTS", "variable", &asked)
    );
    config(
        room.path(),
        &format!("[[target]]\nname = \"named\"\nurl = \"tcp://{at}\"\n"),
    );
    let configured = of(
        "config ~/.config/unreach/config.toml",
        "named",
        &format!("tcp://{at}"),
    );
    assert_eq!(source(&[], &variable), configured);
    assert_eq!(source(&[&at], &variable), of("command line", &at, &at));
}

#[test]
fn bad_input_is_told_with_its_place_and_status_2() {
    let room = room();
    let bad = |arguments: &[&str], expected: &[&str]| {
        let (status, said, errors) = run(room.path(), arguments);
        assert_eq!((status, said.as_str()), (2, ""), "{arguments:?}: {errors}");
        for words in expected {
            assert!(errors.contains(words), "{words} in {errors}");
        }
    };
    bad(&["check", "ftp://a"], &["ftp://a", "http://"]);
    bad(
        &["check", "http://me:s3cret@host/"],
        &["user name or password"],
    );
    assert!(
        !run(room.path(), &["check", "http://me:s3cret@host/"])
            .2
            .contains("s3cret")
    );
    bad(&["check", "fe80::1"], &["interface", "%en0"]);
    bad(
        &["check", "--config", "missing.toml"],
        &["missing.toml", "can't be read"],
    );
    hosts(room.path(), "{\"hosts\":[\n  {\"id\": }\n]}");
    bad(&["check"], &["~/.aimaestro/hosts.json", "line 2", "column"]);
    config(room.path(), "interval = 5\nintervall = 6\n");
    bad(&["check"], &["config.toml", "line 2", "intervall"]);
    config(room.path(), "[[target]]\nurl = \"gopher://x\"\n");
    bad(&["check"], &["config.toml", "line 2", "gopher"]);
    fs::remove_file(room.path().join(".config/unreach/config.toml")).expect("it is there");
    let mut command = unreach(room.path());
    let told = output(command.env("AIMAESTRO_HOSTS", "{").arg("check"));
    assert_eq!(told.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&told.stderr).contains("$AIMAESTRO_HOSTS"));
}

/// What a rpc.sock that is not PM2's does, and what is to be said of it.
#[test]
fn a_socket_that_is_not_pm2s_is_told_and_never_waited_for() {
    let room = room();
    let socket = room.path().join("h/rpc.sock");
    fs::create_dir_all(room.path().join("h")).expect("PM2's home");
    let check = |state: &str, words: &str| {
        let begun = Instant::now();
        let arguments = [
            "check",
            "--json",
            "--tries",
            "1",
            "--timeout",
            "0.5",
            &nobody(),
        ];
        let (status, report) = json(unreach(room.path()).args(arguments));
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "{:?}",
            begun.elapsed()
        );
        let pm2 = &report["pm2"];
        assert_eq!((status, &pm2["state"]), (3, &json!(state)), "{report:#}");
        let why = pm2["why"].as_str().expect("a reason");
        assert!(why.contains(words), "{words} in {why}");
        assert_eq!(report["targets"][0]["verdict"], "one-side");
        assert_eq!(report["targets"][0]["pm2"]["outcome"], "not-asked");
    };
    fs::write(&socket, "").expect("a file");
    check("failed", "is not a socket");
    fs::remove_file(&socket).expect("it is there");
    drop(UnixListener::bind(&socket).expect("a socket"));
    check("absent", "is stale");
    for (answer, words) in [
        (None, "does not answer within 0.5 s"),
        (Some(&b""[..]), "closes every connection"),
        (Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "PM2's protocol"),
        (Some(b"\x00\x00\x00\x00"), "PM2's protocol"),
    ] {
        let _ = fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).expect("a socket");
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for mut stream in listener.incoming().flatten() {
                match answer {
                    None => open.push(stream),
                    Some(answer) => {
                        let mut some = [0; 64];
                        let _ = stream.read(&mut some);
                        let _ = stream.write_all(answer);
                    }
                }
            }
        });
        check("failed", words);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn another_users_pm2_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let room = room();
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(room.path(), open.clone()).expect("our room");
    fs::create_dir_all(room.path().join("h")).expect("PM2's home");
    fs::set_permissions(room.path().join("h"), open).expect("our room");
    if !nix::unistd::geteuid().is_root() {
        // A home of ours that we may not enter looks the same from here.
        fs::set_permissions(room.path().join("h"), fs::Permissions::from_mode(0o000))
            .expect("our room");
    } else {
        let listen = "require('net').createServer().listen('h/rpc.sock', () => \
                      { require('fs').chmodSync('h/rpc.sock', 0o777); console.log('on') })";
        let mut node = std::process::Command::new("node");
        node.args(["-e", listen])
            .current_dir(room.path())
            .uid(1001)
            .gid(1001);
        let mut node = node
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut on = [0; 2];
        node.stdout
            .take()
            .expect("its output")
            .read_exact(&mut on)
            .expect("it listens");
        let (status, report) =
            json(unreach(room.path()).args(["check", "--json", "--tries", "1", &nobody()]));
        node.kill().and_then(|()| node.wait()).expect("it ends");
        assert_eq!(
            (status, &report["pm2"]["state"]),
            (3, &json!("refused")),
            "{report:#}"
        );
        assert!(
            report["pm2"]["why"]
                .as_str()
                .is_some_and(|why| why.contains("uid 1001"))
        );
        return;
    }
    let (status, report) =
        json(unreach(room.path()).args(["check", "--json", "--tries", "1", &nobody()]));
    fs::set_permissions(room.path().join("h"), fs::Permissions::from_mode(0o700))
        .expect("our room");
    assert_eq!(
        (status, &report["pm2"]["state"]),
        (3, &json!("refused")),
        "{report:#}"
    );
}

/// Names, headers and paths come from strangers; none of them may reach a screen raw.
#[test]
fn foreign_text_comes_out_clean_in_every_form() {
    let room = room();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut some = [0; 512];
            let _ = stream.read(&mut some);
            let _ = stream.write_all("\u{1b}[2J\u{202e}工人 not HTTP\u{9b}31m\r\n\r\n".as_bytes());
        }
    });
    let name = r"\u001b[31m工人\u202eX\u0007\u200b";
    hosts(
        room.path(),
        &format!(
            r#"{{"hosts":[{{"id":"a\u001b]0;t\u0007","name":"{name}","url":"http://{at}"}}]}}"#
        ),
    );
    for form in [
        &["check", "-v"][..],
        &["check", "--json"],
        &["check", "--md"],
    ] {
        let arguments = [form, &["--no-pm2", "--tries", "1"]].concat();
        let (_, said, _) = run(room.path(), &arguments);
        assert!(said.contains("工人X"), "{form:?}: {said}");
        assert!(said.contains("not HTTP"), "{form:?}: {said}");
        assert_clean(&said);
    }
    for form in [&["watch"][..], &["watch", "--json"]] {
        let mut command = unreach(room.path());
        command
            .args(form)
            .args(["--no-pm2", "--interval", "0.2"])
            .stdout(std::process::Stdio::piped());
        let mut child = command.spawn().expect("unreach runs");
        let mut stdout = child.stdout.take().expect("its output");
        let (mut said, mut some) = (Vec::new(), [0; 4096]);
        while !String::from_utf8_lossy(&said).contains("not HTTP") {
            let read = stdout.read(&mut some).expect("its output");
            assert!(read > 0, "it ended: {}", String::from_utf8_lossy(&said));
            said.extend(&some[..read]);
        }
        child.kill().and_then(|()| child.wait()).expect("it ends");
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("工人X"), "{form:?}: {said}");
        assert_clean(&said);
    }
}

fn assert_clean(said: &str) {
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!said.contains(harmful), "{said:?}");
    assert!(
        !said.contains("\\u001b") && !said.contains("\\u0007"),
        "{said}"
    );
}

#[test]
fn ascii_means_ascii_and_a_locale_without_utf8_too() {
    let room = room();
    let arguments = ["check", "--no-pm2", "--tries", "1", &nobody()];
    let (_, said, _) = run(room.path(), &arguments);
    assert!(said.contains('✗'), "{said}");
    let (_, said, _) = run(room.path(), &[&arguments[..], &["--ascii"]].concat());
    assert!(said.is_ascii() && said.contains("XX refused"), "{said}");
    let plain = output(unreach(room.path()).env("LC_ALL", "C").args(arguments));
    assert!(plain.stdout.is_ascii());
}

/// Through a terminal of its own, made by `script` (util-linux).
#[test]
#[cfg(target_os = "linux")]
fn colour_is_for_terminals_that_want_it() {
    let room = room();
    let at = nobody();
    let through = |variables: &[(&str, &str)], arguments: &str| {
        let mut command = std::process::Command::new("script");
        let line = format!(
            "stty cols 80; {} check --no-pm2 --tries 1 {arguments} {at}",
            env!("CARGO_BIN_EXE_unreach")
        );
        command
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", room.path())
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh");
        let told = output(
            command
                .envs(variables.iter().copied())
                .stdin(std::process::Stdio::null()),
        );
        String::from_utf8(told.stdout).expect("UTF-8")
    };
    // The progress line of a terminal erases itself; what follows is the report.
    let report = |said: String| {
        said.rsplit("\u{1b}[K")
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let coloured = report(through(&[], ""));
    assert!(coloured.contains("\u{1b}[31m✗"), "{coloured:?}");
    for said in [
        through(&[("NO_COLOR", "1")], ""),
        through(&[], "--no-color"),
        through(&[("TERM", "dumb")], ""),
    ] {
        let said = report(said);
        assert!(said.contains('✗') && !said.contains('\u{1b}'), "{said:?}");
    }
    assert!(
        report(through(&[("NO_COLOR", "")], "")).contains("\u{1b}[31m"),
        "an empty NO_COLOR is none"
    );
    let table = coloured
        .lines()
        .filter(|line| line.contains("WORKER") || line.contains("───"));
    for line in table {
        assert!(line.trim_end().chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_watch_reads_the_hosts_file_again() {
    let room = room();
    let (first, second) = (nobody(), nobody());
    let entry =
        |id: &str, at: &str| format!(r#"{{"id":"{id}","name":"{id}","url":"http://{at}"}}"#);
    hosts(
        room.path(),
        &format!(r#"{{"hosts":[{}]}}"#, entry("one", &first)),
    );
    let mut command = unreach(room.path());
    let mut watch =
        Watch::start(command.args(["watch", "--json", "--no-pm2", "--interval", "0.2"]));
    watch.until_outcome("terminal", "refused");
    hosts(
        room.path(),
        &format!(r#"{{"hosts":[{}]}}"#, entry("two", &second)),
    );
    let gone = watch.until("the old host gone", |line| line["kind"] == "target-removed");
    let come = watch.until("the new host", |line| line["kind"] == "target-added");
    assert_eq!((&gone["id"], &come["id"]), (&json!("one"), &json!("two")));
    watch.until("an answer of the new one", |line| {
        line["kind"] == "outcome" && line["id"] == "two"
    });
    // A broken file is told, and what was known stays.
    hosts(room.path(), "{");
    let notice = watch.until("a notice", |line| {
        line["kind"] == "notice"
            && line["text"]
                .as_str()
                .is_some_and(|t| t.contains("hosts.json"))
    });
    assert!(
        notice["text"]
            .as_str()
            .is_some_and(|text| text.contains("line 1")),
        "{notice}"
    );
    hosts(
        room.path(),
        &format!(
            r#"{{"hosts":[{},{}]}}"#,
            entry("two", &second),
            entry("one", &first)
        ),
    );
    let back = watch.until("the first one again", |line| line["kind"] == "target-added");
    assert_eq!(back["id"], "one");
    assert!(
        watch
            .said
            .iter()
            .filter(|line| line["kind"] == "target-removed")
            .count()
            == 1
    );
}

#[test]
fn leaving_is_quick_and_keeps_the_status() {
    let room = room();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut command = unreach(room.path());
        let mut watch = Watch::start(command.args([
            "watch",
            "--json",
            "--no-pm2",
            "--interval",
            "0.2",
            &nobody(),
        ]));
        watch.until_verdict("one-side");
        let (status, took) = watch.leave(signal);
        assert_eq!(status.code(), Some(3));
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
    // A check that is interrupted says so, and knows nothing.
    let half_open = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = half_open.local_addr().expect("its address");
    let mut command = unreach(room.path());
    command.args([
        "check",
        "--json",
        "--no-pm2",
        "--timeout",
        "30",
        &format!("http://{at}"),
    ]);
    let child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let child = child.expect("unreach runs");
    let (_asked, _): (TcpStream, _) = half_open.accept().expect("it asks");
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id() as i32),
        Signal::SIGINT,
    )
    .expect("it lives");
    let told = child.wait_with_output().expect("it ends");
    assert_eq!(told.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&told.stderr).contains("left before every try was done"));
    let report: Value = serde_json::from_slice(&told.stdout).expect("a report all the same");
    assert_eq!(report["targets"][0]["terminal"]["outcome"], "waiting");
}

#[test]
fn a_closed_pipe_ends_a_watch() {
    let room = room();
    let mut command = unreach(room.path());
    command.args([
        "watch",
        "--no-pm2",
        "--interval",
        "0.2",
        "--json",
        &nobody(),
    ]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("unreach runs");
    drop(child.stdout.take());
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            assert_eq!(status.code(), Some(3));
            break;
        }
        assert!(
            begun.elapsed() < support::unreach::PATIENCE,
            "it goes on though nobody reads"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `command` with an output that holds little and that nobody reads, up to the moment it is full.
fn unread(command: &mut std::process::Command) -> (std::process::Child, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let child = command.stdout(writer).spawn().expect("unreach runs");
    std::thread::sleep(Duration::from_secs(2));
    (child, reader)
}

#[test]
fn an_output_that_nobody_reads_does_not_hold_us() {
    let room = room();
    let many: Vec<String> = (0..900)
        .map(|n| format!("127.7.{}.{}:9", n / 250, n % 250 + 1))
        .collect();
    for run in [
        &["watch", "--json"][..],
        &["check", "--json", "--tries", "1"],
    ] {
        let mut command = unreach(room.path());
        command
            .arg(run[0])
            .arg("--no-pm2")
            .args(&run[1..])
            .args(&many);
        let (mut child, reader) = unread(&mut command);
        assert_eq!(
            child.try_wait().expect("its state"),
            None,
            "{run:?} waits for a reader"
        );
        let pid = nix::unistd::Pid::from_raw(child.id() as i32);
        nix::sys::signal::kill(pid, Signal::SIGTERM).expect("it lives");
        let begun = Instant::now();
        let gone = loop {
            if child.try_wait().expect("its state").is_some()
                || begun.elapsed() > Duration::from_secs(5)
            {
                break begun.elapsed();
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let _ = child.kill();
        let _ = child.wait();
        drop(reader);
        assert!(gone < Duration::from_secs(2), "{run:?}: {gone:?}");
    }
}

#[test]
fn a_slow_reader_gets_every_line() {
    let room = room();
    let many: Vec<String> = (0..900)
        .map(|n| format!("127.7.{}.{}:9", n / 250, n % 250 + 1))
        .collect();
    let mut command = unreach(room.path());
    command.args(["watch", "--json", "--no-pm2"]).args(&many);
    let (mut child, reader) = unread(&mut command);
    let mut outcomes = 0;
    for line in std::io::BufRead::lines(std::io::BufReader::new(reader)) {
        let line: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        assert_ne!(line["kind"], "slept");
        outcomes += u32::from(line["kind"] == "outcome");
        if outcomes == 900 {
            break;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(outcomes, 900);
}

#[test]
fn errors_that_nobody_can_read_change_no_status() {
    let room = room();
    let full = || fs::File::options().write(true).open("/dev/full");
    let Ok(full) = full() else { return };
    let status = unreach(room.path())
        .args(["check", "http://"])
        .stderr(full)
        .status();
    assert_eq!(status.expect("unreach runs").code(), Some(2));
}

#[test]
fn under_nohup_a_closed_terminal_ends_nothing() {
    let room = room();
    let program = env!("CARGO_BIN_EXE_unreach");
    let mut command = std::process::Command::new("/bin/sh");
    command
        .args(["-c", "trap '' HUP; exec \"$@\"", "sh", program])
        .args(["watch", "--json", "--no-pm2", &nobody()])
        .env("HOME", room.path());
    let mut watch = Watch::start(&mut command);
    watch.until_verdict("one-side");
    watch.signal(Signal::SIGHUP);
    std::thread::sleep(Duration::from_millis(300));
    assert!(support::unreach::lives(watch.pid()));
    let (status, _) = watch.leave(Signal::SIGTERM);
    assert_eq!(status.code(), Some(3));
}

#[test]
fn a_config_that_is_no_plain_small_file_is_told_and_never_waited_for() {
    let room = room();
    let pipe = room.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let huge = room.path().join("huge");
    let file = fs::File::create(&huge).expect("a file");
    file.set_len(17 << 20).expect("a large one");
    for (path, expected) in [
        (pipe.as_path(), "not a plain file"),
        (Path::new("/dev/zero"), "not a plain file"),
        (&huge, "larger than 16 MiB"),
        (Path::new("/nonexistent"), "no such file"),
    ] {
        let path = path.to_str().expect("UTF-8");
        let (status, _, said) = run(
            room.path(),
            &["check", "--no-pm2", "--config", path, &nobody()],
        );
        assert_eq!(status, 2, "{path}: {said}");
        assert!(said.contains(expected), "{path}: {said}");
    }
    fs::create_dir_all(room.path().join(".aimaestro")).expect("a directory");
    fs::copy(&huge, room.path().join(".aimaestro/hosts.json")).expect("a copy");
    let (status, _, said) = run(room.path(), &["check", "--no-pm2"]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("larger than 16 MiB"), "{said}");
}
