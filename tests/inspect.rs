//! `unreach inspect`: real captures and plists, and odd ones, say what they are.

mod support;

use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use support::unreach::{output, unreach};
use unreach::machine::launchd::inspect::{LARGEST, inspect};
use unreach::model::{DomainFrom, Inspected, JobDomain};
use unreach::report::{Style, inspected_to_json, inspected_to_text};

/// What a user gets for `bytes`.
fn told(bytes: &[u8], path: Option<&Path>) -> Result<Value, String> {
    let json = inspected_to_json(&inspect(bytes, path)?);
    Ok(serde_json::from_str(&json).expect("JSON"))
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<PathBuf> = ["launchctl", "plists"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).expect("fixtures").flatten())
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension != "json")
        })
        .collect();
    found.sort();
    assert!(found.len() >= 50, "the fixtures were found");
    found
}

fn fixture(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read(root.join(name)).expect("a fixture")
}

#[test]
fn every_fixture_is_told_as_it_is() {
    let mut wrong = Vec::new();
    for path in fixtures() {
        let expected = fs::read_to_string(path.with_extension("json")).expect("what is expected");
        let expected: Value = serde_json::from_str(&expected).expect("JSON");
        let bytes = fs::read(&path).expect("a fixture");
        let got = told(&bytes, None).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        for (key, value) in expected.as_object().expect("an object") {
            if got.get(key) != Some(value) {
                wrong.push(format!(
                    "{}: {key} is {:?}, expected {value}",
                    path.display(),
                    got.get(key)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_keys_of_the_issue_come_first_and_in_order() {
    for (name, keys) in [
        (
            "plists/50-pm2-7-generated.plist",
            "schema kind label domain is_pm2 program_arguments user",
        ),
        (
            "launchctl/70-old-head-pm2.txt",
            "schema kind label domain state pid last_exit_code path program runs",
        ),
        (
            "launchctl/73-error-bootstrap-5.txt",
            "schema kind code meaning remedy",
        ),
    ] {
        let got = told(&fixture(name), None).expect(name);
        let keys: Vec<&str> = keys.split(' ').collect();
        let first: Vec<&String> = got
            .as_object()
            .expect("an object")
            .keys()
            .take(keys.len())
            .collect();
        assert_eq!(first, keys, "{name}");
        assert_eq!(got["schema"], 1);
    }
}

#[test]
fn every_error_has_one_sentence_and_a_remedy() {
    for path in fixtures() {
        let got = told(&fs::read(&path).expect("a fixture"), None).expect("known");
        if got["kind"] == "launchctl-error" {
            let meaning = got["meaning"].as_str().expect("a meaning");
            assert!(
                meaning.ends_with('.') && !meaning.contains(". "),
                "{meaning}"
            );
            assert!(got["remedy"].is_string(), "{got}");
        }
    }
}

#[test]
fn the_folder_tells_the_domain_before_the_content() {
    let bytes = fixture("plists/51-ai-maestro-daemon.plist");
    let table = [
        (
            "/Library/LaunchDaemons/x.plist",
            JobDomain::Daemon,
            Some(DomainFrom::Path),
        ),
        (
            "/Users/a/Library/LaunchAgents/x.plist",
            JobDomain::Agent,
            Some(DomainFrom::Path),
        ),
        (
            "/x/LaunchDaemons/old/x.plist",
            JobDomain::Daemon,
            Some(DomainFrom::Path),
        ),
        (
            "/tmp/LaunchAgents.disabled/x.plist",
            JobDomain::Daemon,
            Some(DomainFrom::Content),
        ),
        (
            "/tmp/LaunchAgents",
            JobDomain::Daemon,
            Some(DomainFrom::Content),
        ),
    ];
    for (path, expected, by) in table {
        match inspect(&bytes, Some(Path::new(path))) {
            Ok(Inspected::Plist { domain, from, .. }) => {
                assert_eq!((domain, from), (expected, by), "{path}")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_plist_is_the_same_in_every_encoding() {
    for path in fixtures() {
        if path
            .extension()
            .is_none_or(|extension| extension != "plist")
        {
            continue;
        }
        let bytes = fs::read(&path).expect("a fixture");
        let expected = told(&bytes, None);
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let crlf = text.replace('\n', "\r\n");
        let units = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            crlf.encode_utf16().flat_map(bytes).collect()
        };
        for (name, bytes) in [
            ("mark and CRLF", [b"\xef\xbb\xbf", crlf.as_bytes()].concat()),
            (
                "UTF-16 LE",
                [vec![0xff, 0xfe], units(u16::to_le_bytes)].concat(),
            ),
            (
                "UTF-16 BE",
                [vec![0xfe, 0xff], units(u16::to_be_bytes)].concat(),
            ),
            ("UTF-16 without a mark", units(u16::to_le_bytes)),
            ("a line before it", format!("\n{text}").into_bytes()),
            ("no DOCTYPE", without_doctype(&text).into_bytes()),
        ] {
            let got = told(&bytes, None);
            let same =
                |key: &str| got.as_ref().map(|v| &v[key]) == expected.as_ref().map(|v| &v[key]);
            assert!(
                same("label") && same("program_arguments") && same("is_pm2"),
                "{name}: {got:?}"
            );
        }
        // What the crate itself can read, it can write in binary.
        if let Ok(value) = plist::Value::from_reader_xml(text.as_bytes()) {
            let mut binary = Vec::new();
            value.to_writer_binary(&mut binary).expect("a binary plist");
            let cdata = text.contains("<![CDATA[");
            assert!(
                cdata || told(&binary, None) == expected,
                "{}",
                path.display()
            );
        }
    }
}

fn without_doctype(text: &str) -> String {
    let start = text.find("<!DOCTYPE").expect("a DOCTYPE");
    let end = start + text[start..].find('>').expect("its end") + 1;
    text[..start].to_owned() + &text[end..]
}

#[test]
fn a_capture_may_end_anywhere() {
    let whole = String::from_utf8(fixture(
        "launchctl/07-system-apple-daemon-running-endpoints.txt",
    ))
    .expect("UTF-8");
    for (end, _) in whole.char_indices() {
        match told(&whole.as_bytes()[..end], None) {
            Ok(got) => {
                assert!(
                    got["state"].is_null() || got["state"] == "running" || end < 260,
                    "{end}: {got}"
                );
                assert!(got["label"] == "com.apple.akd", "{end}: {got}");
            }
            Err(why) => assert!(end < 24, "{end}: {why}"),
        }
    }
}

#[test]
fn what_is_nothing_of_the_kind_is_told_and_bounded() {
    let array = b"<plist><array><string>a</string></array></plist>".to_vec();
    let no_job = b"<plist><dict><key>CFBundleName</key><string>a</string></dict></plist>".to_vec();
    let table: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "is empty"),
        (b" \n\t".to_vec(), "is empty"),
        (array, "an array"),
        (no_job, "not a launchd job"),
        (b"{\"a\": 1}".to_vec(), "JSON"),
        (b"<!DOCTYPE html><html></html>".to_vec(), "a web page"),
        (b"#!/bin/sh\nexit 1\n".to_vec(), "a script"),
        (b"a word or two".to_vec(), "plain text"),
        (b"\xcf\xfa\xed\xfe\x00\x01".to_vec(), "binary data"),
        (
            b"system = {\n\tservices = {\n\t}\n}".to_vec(),
            "whole domain system",
        ),
        (
            b"<plist>\n<dict>\n<key>Label</key>\n<string>a</string>\n".to_vec(),
            "line 4",
        ),
        (
            b"<plist>\n<dict>\n<key>Label</key>\n<strin>a</strin></dict></plist>".to_vec(),
            "line 4",
        ),
        (
            b"<?xml version=\"1.0\"?>\n<plist><dict>\xff</dict></plist>".to_vec(),
            "UTF-8 at byte",
        ),
        (b"bplist00".to_vec(), "broken property list"),
        (vec![b'x'; LARGEST + 1], "larger than"),
    ];
    for (bytes, expected) in table {
        let why = told(&bytes, None).expect_err(expected);
        assert!(why.contains(expected), "{why}");
    }
}

/// Sizes that would take minutes or all memory if anything here were quadratic or unbounded.
#[test]
fn hostile_files_are_bounded() {
    let most = LARGEST / 16;
    let mut files = vec![bomb()];
    for unit in [
        "<array>",
        "<!-- ",
        "<![CDATA[",
        "<?",
        "&",
        "<dict>",
        "a = {\n",
        "}\n",
        "{\n",
        "1 2 a\n",
        "x: 5: ",
        "\n&",
    ] {
        let many = unit.repeat(most / unit.len());
        files.push(format!("<plist>{many}").into_bytes());
        files.push(many.into_bytes());
    }
    for unit in ["$(", "`", "\"", "a;", "\\"] {
        let script = unit.repeat(most / unit.len());
        let head = "system/a = {\n\tstate = x\n\targuments = {\n\t\tsh\n\t\t-c\n\t\t";
        files.push(format!("{head}{script}\n\t}}\n}}").into_bytes());
    }
    for file in files {
        // The thread's own time: other tests, and others on this computer, take theirs.
        let begun = thread_time();
        let _ = told(&file, None);
        let took = thread_time() - begun;
        let shown = String::from_utf8_lossy(&file[..file.len().min(80)]).into_owned();
        assert!(took < Duration::from_secs(8), "{took:?} for {shown}");
    }
    let why = told(&bomb(), None).expect_err("a bomb");
    assert!(why.contains("unfolds"), "{why}");
}

fn thread_time() -> Duration {
    let clock = nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID;
    nix::time::clock_gettime(clock).expect("a clock").into()
}

/// A binary plist of arrays that each name the next one fifteen hundred times.
fn bomb() -> Vec<u8> {
    const LEVELS: u8 = 20;
    const WIDE: u16 = 1500;
    let mut bytes = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for level in 0..LEVELS {
        offsets.push(u16::try_from(bytes.len()).expect("a small file"));
        bytes.extend([0xaf, 0x11]);
        bytes.extend(WIDE.to_be_bytes());
        bytes.extend(std::iter::repeat_n(level + 1, usize::from(WIDE)));
    }
    offsets.push(u16::try_from(bytes.len()).expect("a small file"));
    bytes.push(0x09);
    let table = bytes.len() as u64;
    bytes.extend(offsets.iter().flat_map(|offset| offset.to_be_bytes()));
    bytes.extend([0, 0, 0, 0, 0, 0, 2, 1]);
    bytes.extend(u64::from(LEVELS + 1).to_be_bytes());
    bytes.extend(0_u64.to_be_bytes());
    bytes.extend(table.to_be_bytes());
    bytes
}

#[test]
fn the_text_fits_and_moves_nothing() {
    for path in fixtures() {
        let bytes = fs::read(&path).expect("a fixture");
        let inspected = inspect(&bytes, None).expect("known");
        for width in [20, 44, 80, 120] {
            let style = Style {
                ascii: true,
                color: false,
                width,
            };
            let text = inspected_to_text(&inspected, &style);
            for line in text.lines() {
                let columns = textwrap::core::display_width(line);
                assert!(columns <= width, "{columns} of {width}: {line}");
                assert_eq!(unreach::model::clean(line), line);
            }
        }
    }
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let room = tempfile::tempdir().expect("a directory");
    let file = tempfile::tempfile().expect("a file");
    let mut input_file = &file;
    input_file.write_all(input).expect("written");
    std::io::Seek::rewind(&mut input_file).expect("rewound");
    let mut command = unreach(room.path());
    command.args(arguments).stdin(Stdio::from(file));
    output(&mut command)
}

#[test]
fn the_program_reads_a_file_or_its_input() {
    let folder = tempfile::tempdir().expect("a directory");
    let agents = folder.path().join("LaunchAgents");
    fs::create_dir(&agents).expect("a directory");
    let file = agents.join("x.plist");
    fs::write(&file, fixture("plists/13-lacaja-pm2-keepalive.plist")).expect("written");
    let path = file.to_str().expect("UTF-8");
    let done = run(&["inspect", path, "--json"], b"");
    assert_eq!(done.status.code(), Some(0));
    let got: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(
        (&got["domain"], &got["is_pm2"]),
        (&"agent".into(), &true.into())
    );

    let done = run(&["inspect", "-"], b"Boot-out failed: 3: No such process\n");
    let said = String::from_utf8(done.stdout).expect("UTF-8");
    assert_eq!(done.status.code(), Some(0));
    assert!(
        said.contains("code        3") && said.contains("nothing to stop"),
        "{said}"
    );

    for (arguments, input, expected) in [
        (
            &["inspect", "-"][..],
            &b"hello"[..],
            "was taken for plain text; inspect knows",
        ),
        (&["inspect", "-"], b"", "is empty"),
        (&["inspect", "/nowhere/x.plist"], b"", "can't be read"),
        (&["inspect", "/"], b"", "can't be read"),
        (
            &["inspect", "-"],
            &vec![0x81; 20 * 1024 * 1024],
            "larger than 8 MiB",
        ),
        (&["inspect"], b"", "FILE"),
    ] {
        let done = run(arguments, input);
        let said = String::from_utf8(done.stderr).expect("UTF-8");
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(expected) && done.stdout.is_empty(), "{said}");
    }
}

/// Texts that come near to what is read.
fn near() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "system/a = {",
        "\tstate = running",
        "\targuments = {",
        "\t}",
        "}",
        "\t\t-c",
        "\t\tpm2 $(which",
        "a => b",
        "disabled services = {",
        "{",
        "\t\"Label\" = \"x\";",
        "};",
        "1\t0\ta",
        "PID Status Label",
        "x failed: 5: y",
        "Could not find service \"a\" in domain for user gui: 501",
        "<plist>",
        "<dict>",
        "<key>Label</key>",
        "</dict>",
        "<string>a && b",
        "</string>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!DOCTYPE [",
        "&#x;",
        "é\u{202e}",
        "last exit code = 9",
        "\tresource coalition = {",
        "<array>",
        "</array>",
        "<key>ProgramArguments</key>",
    ]);
    let ends = prop::sample::select(vec!["\n", "", "\r\n", " "]);
    prop::collection::vec((pieces, ends), 0..40).prop_map(|pieces| {
        pieces
            .iter()
            .map(|(piece, end)| format!("{piece}{end}"))
            .collect()
    })
}

proptest! {
    #[test]
    fn nothing_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = told(&bytes, None);
        let _ = told(&[b"bplist00".as_slice(), &bytes].concat(), None);
        let _ = told(&[b"<plist>".as_slice(), &bytes].concat(), None);
    }

    #[test]
    fn nothing_panics_on_what_comes_near(text in near()) {
        if let Ok(inspected) = inspect(text.as_bytes(), None) {
            let style = Style { ascii: false, color: false, width: 40 };
            inspected_to_text(&inspected, &style);
            inspected_to_json(&inspected);
        }
    }

    #[test]
    fn a_flipped_byte_is_no_harm(at in any::<prop::sample::Index>(), byte in any::<u8>(), which in any::<prop::sample::Index>()) {
        let path = which.get(&fixtures()).clone();
        let mut bytes = fs::read(path).expect("a fixture");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = told(&bytes, None);
    }
}
