//! The import law: which room may use which, and what pure rooms keep away from.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A room, the rooms it may use, and the crates it may use besides std.
struct Law {
    room: &'static str,
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
}

const EVERYTHING: &str = "*";

const LAWS: &[Law] = &[
    law("model", &[], &["serde"]),
    law("diagnosis", &["model"], &[]),
    law("case", &["model"], &["serde_json", "serde_path_to_error"]),
    law("config", &["model"], &["serde", "toml", "url"]),
    law("cli", &["model"], &["clap"]),
    law(
        "machine",
        &["model"],
        &["netdev", "nix", "plist", "sysinfo"],
    ),
    law("pm2", &["model"], &["nix", "serde", "serde_json", "tokio"]),
    law("maestro", &["model"], &["serde", "serde_json"]),
    law(
        "probe",
        &["model"],
        &["httparse", "nix", "tokio", "tokio_rustls", "webpki_roots"],
    ),
    law(
        "vantage",
        &["model", "probe", "pm2", "machine"],
        &["nix", "serde", "serde_json", "tempfile", "tokio"],
    ),
    law("app", &["model", "diagnosis"], &[]),
    law(
        "report",
        &["model", "diagnosis"],
        &[
            "anstyle",
            "serde",
            "serde_json",
            "textwrap",
            "unicode_width",
        ],
    ),
    law("runtime", &[EVERYTHING], &[EVERYTHING]),
];

/// Rooms without clock, I/O and async: what goes in decides what comes out.
const PURE: &[&str] = &[
    "model",
    "diagnosis",
    "case",
    "config",
    "app",
    "report",
    "cli",
    "maestro",
];

/// What a pure room does not touch.
const IMPURE: &[&str] = &[
    "Instant",
    "SystemTime",
    "std::env::",
    "std::fs",
    "std::io::std",
    "std::process",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "ToSocketAddrs",
    "async ",
    ".await",
    "println!",
    "eprintln!",
    "thread_rng",
];

/// Crates that only some rooms may know, whatever else they may.
const RESERVED: &[(&str, &[&str])] = &[
    ("ratatui", &["view", "runtime"]),
    ("crossterm", &["view", "runtime"]),
];

/// Crates for tests, allowed in every file of tests.
const FOR_TESTS: &[&str] = &["proptest", "rcgen", "serde_json", "tempfile"];

const fn law(
    room: &'static str,
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
) -> Law {
    Law {
        room,
        rooms,
        crates,
    }
}

#[test]
fn every_file_keeps_the_law() {
    let breaches: Vec<String> = sources()
        .iter()
        .flat_map(|path| {
            let source = fs::read_to_string(path).expect("a source file");
            let inside = path.strip_prefix(root().join("src")).expect("inside src");
            breaches(inside, &source)
                .into_iter()
                .map(|why| format!("src/{}: {why}", inside.display()))
        })
        .collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn every_room_has_a_law_and_every_law_a_room() {
    let found: BTreeSet<String> = sources()
        .iter()
        .filter_map(|path| room(path.strip_prefix(root().join("src")).ok()?))
        .collect();
    let governed: BTreeSet<String> = LAWS.iter().map(|law| law.room.to_owned()).collect();
    assert_eq!(found, governed);
}

#[test]
fn the_top_level_stays_small() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "LICENSE",
        "CHANGELOG.md",
        "README.md",
        "build.rs",
        "src",
        "assets",
        "tests",
        "benches",
        "fuzz",
        "target",
    ];
    for entry in fs::read_dir(root()).expect("the project").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(
            name.starts_with('.') || allowed.contains(&name.as_str()),
            "{name} on the top level"
        );
    }
}

#[test]
fn the_law_sees_what_breaks_it() {
    let table = [
        (
            "model/x.rs",
            "use crate::app::Model;",
            "model may not use app",
        ),
        (
            "model/x.rs",
            "use crate::{app, model};",
            "model may not use app",
        ),
        (
            "app/x.rs",
            "fn f() { crate::probe::ask() }",
            "app may not use probe",
        ),
        (
            "app/x.rs",
            "use super::super::runtime::Clock;",
            "climbs out of its room",
        ),
        (
            "app/x.rs",
            "use tokio::sync::mpsc;",
            "app may not use the crate tokio",
        ),
        ("app/x.rs", "let now = Instant::now();", "touches Instant"),
        ("report/x.rs", "async fn f() {}", "touches async"),
        ("pm2/x.rs", "use ratatui::Frame;", "ratatui"),
        (
            "probe/x.rs",
            "#[cfg(target_os = \"macos\")]",
            "cfg(target_os)",
        ),
        ("probe/x.rs", "unsafe { f() }", "unsafe"),
        ("probe/utils.rs", "", "says nothing"),
    ];
    for (path, line, expected) in table {
        let found = breaches(Path::new(path), &format!("//! First.\n{line}\n"));
        assert!(
            found.iter().any(|why| why.contains(expected)),
            "{path}: {line}: {found:?}"
        );
    }
    let fine = "//! First.\nuse crate::model::Probe; // crate::app is elsewhere\nuse std::time::Duration;\n";
    assert_eq!(breaches(Path::new("app/x.rs"), fine), [""; 0]);
    assert_eq!(
        breaches(Path::new("app/x.rs"), "use std::fmt;\n"),
        ["no `//!` line says what it is for"]
    );
}

/// What is wrong with one file, `path` inside src.
fn breaches(path: &Path, source: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !source.starts_with("//!") {
        wrong.push("no `//!` line says what it is for".to_owned());
    }
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if ["utils", "util", "common", "helpers", "types", "misc"].contains(&stem.as_str()) {
        wrong.push(format!("the name {stem} says nothing"));
    }
    let code = without_comments(source);
    if code.contains("unsafe ") && !path.starts_with("machine/kernel") {
        wrong.push("unsafe code belongs into machine/kernel".to_owned());
    }
    if code.contains("target_os") && !path.starts_with("machine/kernel") {
        wrong.push("cfg(target_os) belongs into machine/kernel".to_owned());
    }
    if let Some(room) = room(path) {
        wrong.extend(of_the_room(&room, path, &code));
    }
    wrong
}

fn of_the_room(room: &str, path: &Path, code: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(law) = LAWS.iter().find(|law| law.room == room) else {
        return wrong;
    };
    if code.contains("super::super::") && path.components().count() <= 2 {
        wrong.push("climbs out of its room".to_owned());
    }
    let may = |list: &[&str], name: &str| list.contains(&EVERYTHING) || list.contains(&name);
    for used in rooms_used(code) {
        if used != room && !may(law.rooms, &used) {
            wrong.push(format!("{room} may not use {used}"));
        }
    }
    for used in crates_used(code) {
        let reserved = RESERVED.iter().find(|(name, _)| *name == used);
        let forbidden = reserved.is_some_and(|(_, rooms)| !rooms.contains(&room));
        let known = may(law.crates, &used) || FOR_TESTS.contains(&used.as_str());
        if forbidden || !known {
            wrong.push(format!("{room} may not use the crate {used}"));
        }
    }
    if PURE.contains(&room) {
        let touched = IMPURE.iter().filter(|word| code.contains(**word));
        wrong.extend(touched.map(|word| format!("{room} is pure and touches {word}")));
    }
    wrong
}

/// `app` for `app/model.rs`, `cli` for `cli.rs`; none for `lib.rs` and `main.rs`.
fn room(path: &Path) -> Option<String> {
    let first = Path::new(path.components().next()?.as_os_str());
    let room = first.file_stem()?.to_string_lossy().into_owned();
    (!["lib", "main"].contains(&room.as_str())).then_some(room)
}

/// Every `crate::NAME`, also inside `crate::{…}`.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (at, start) in code.match_indices("crate::") {
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(first_names(group)),
            None => used.extend(name(rest)),
        }
    }
    used
}

/// The first name of each path in a group, whose opening brace is read already.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut fresh) = (1, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => fresh = true,
            c if fresh && depth == 1 && (c.is_alphabetic() || c == '_') => {
                names.extend(name(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// The first name of every `use` at the start of a line, and of every dependency's path in the code.
fn crates_used(code: &str) -> BTreeSet<String> {
    let own = ["std", "core", "crate", "super", "self"];
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let dependencies = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .filter_map(|line| Some(line.split_once(" =")?.0.replace('-', "_")));
    let mut known: BTreeSet<String> = dependencies.collect();
    known.extend(RESERVED.iter().map(|(name, _)| (*name).to_owned()));
    let paths = code.match_indices("::").filter_map(|(at, _)| {
        let before = &code[..at];
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
            .map_or(0, |at| at + 1);
        let inside_a_path = before[..start].ends_with("::");
        (!inside_a_path).then(|| before[start..].to_owned())
    });
    paths
        .filter(|path| known.contains(path) && !own.contains(&path.as_str()))
        .collect()
}

fn name(code: &str) -> Option<String> {
    let end = code
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(code.len());
    (end > 0).then(|| code[..end].to_owned())
}

fn without_comments(source: &str) -> String {
    let code = |line: &str| match line.trim_start().starts_with("//") {
        true => String::new(),
        false => line.split(" // ").next().unwrap_or_default().to_owned(),
    };
    source.lines().map(|line| code(line) + "\n").collect()
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a source folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|e| e == "rs") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    assert!(found.len() > 20, "the sources were found");
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
