//! Lists of hosts, good and bad, as tables.

use super::*;
use proptest::prelude::*;

const ORIGIN: &str = "~/.aimaestro/hosts.json";

#[test]
fn both_forms_are_read() {
    let list = r#"[
        {"id":"Mini","name":"Mac Mini","url":"http://10.0.0.18:23000","tailscale":true,
         "tags":["a"],"type":"remote","aliases":["10.0.0.18",7,"mini-old"]},
        {"id":"nas","name":"NAS","url":"http://nas:23000","enabled":false,"aliases":"nas"},
        {"id":"odd","name":"Odd","url":"http://odd:23000","enabled":null}
    ]"#;
    let entry = |id: &str, name: &str, url: &str, enabled, aliases: &[&str]| Entry {
        id: id.to_owned(),
        name: name.to_owned(),
        url: url.to_owned(),
        enabled,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
    };
    let expected = Hosts {
        entries: vec![
            entry(
                "Mini",
                "Mac Mini",
                "http://10.0.0.18:23000",
                true,
                &["10.0.0.18", "mini-old"],
            ),
            entry("nas", "NAS", "http://nas:23000", false, &[]),
            entry("odd", "Odd", "http://odd:23000", true, &[]),
        ],
        warnings: Vec::new(),
    };
    assert_eq!(parse_variable(list, ORIGIN).as_ref(), Ok(&expected));
    let file = format!("\u{feff}{{\"version\":2,\"hosts\":{list}}}\r\n");
    assert_eq!(parse_file(&file, ORIGIN), Ok(expected));
    assert_eq!(parse_variable(" [] ", ORIGIN), Ok(Hosts::default()));
}

#[test]
fn entries_that_lack_something_are_skipped_and_told() {
    let list = r#"[
        {"name":"a","url":"http://a"},
        {"id":"b","name":"","url":5},
        {"id":"c","name":"c","url":null},
        "d",
        {"id":"e","name":"e","url":"http://e"}
    ]"#;
    let hosts = parse_variable(list, "$AIMAESTRO_HOSTS").unwrap();
    assert_eq!(hosts.entries.len(), 1);
    assert_eq!(
        hosts.warnings,
        [
            "$AIMAESTRO_HOSTS: entry 1 is skipped: it has no id",
            "$AIMAESTRO_HOSTS: entry 2 is skipped: its name is empty, its url is not text",
            "$AIMAESTRO_HOSTS: entry 3 is skipped: it has no url",
            "$AIMAESTRO_HOSTS: entry 4 is skipped: it is not an object with id, name and url",
        ]
    );
}

#[test]
fn what_is_no_list_is_refused() {
    type Parse = fn(&str, &str) -> Result<Hosts, HostsError>;
    let (file, variable): (Parse, Parse) = (parse_file, parse_variable);
    for (parse, text, why) in [
        (file, "", ": it is empty: write {\"hosts\":["),
        (file, "\u{feff} \n", ": it is empty"),
        (variable, "", ": it is empty: write [{"),
        (
            file,
            "{\"hosts\":[\n  {,}]}",
            ", line 2, column 4: key must be a string: write",
        ),
        (
            file,
            "{\"hosts\":[",
            ", line 1, column 10: EOF while parsing a list: write",
        ),
        (
            file,
            "{\"hosts\":[]} x",
            ", line 1, column 14: trailing characters: write",
        ),
        (
            file,
            "[]",
            ", line 1, column 0: invalid type: sequence, expected a map: write",
        ),
        (file, "{}", ": there is no \"hosts\" in it: write"),
        (
            file,
            "{\"hosts\":{}}",
            ": what stands under \"hosts\" is not a list: write",
        ),
        (
            variable,
            "{\"hosts\":[]}",
            "invalid type: map, expected a sequence: write",
        ),
        (
            variable,
            "\"http://me:secret@a\"",
            ": invalid type: string, expected a sequence: write",
        ),
        (
            file,
            "\"x\\\", expected secret\"",
            ": invalid type: string, expected a map: write",
        ),
        (
            variable,
            "http://me:secret@a",
            ", line 1, column 1: expected value: write",
        ),
    ] {
        let error = parse(text, "~/ho\u{1b}sts").expect_err(text);
        let said = error.to_string();
        assert!(
            said.starts_with("~/hosts") && said.contains(why),
            "{text:?} gave {said:?}"
        );
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    assert!(parse_variable(&"[".repeat(100_000), ORIGIN).is_err());
}

fn this() -> ThisHost {
    ThisHost {
        names: vec!["MacBook.local".to_owned(), String::new()],
        addresses: ["10.0.0.5", "fe80::5", "172.17.0.1"]
            .map(|address| address.parse().unwrap())
            .to_vec(),
    }
}

/// Entries as (id, url, aliases), all enabled.
fn hosts(entries: &[(&str, &str, &[&str])]) -> Hosts {
    let entries = entries.iter().map(|(id, url, aliases)| Entry {
        id: (*id).to_owned(),
        name: (*id).to_owned(),
        url: (*url).to_owned(),
        enabled: true,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
    });
    Hosts {
        entries: entries.collect(),
        warnings: Vec::new(),
    }
}

#[test]
fn an_entry_of_this_computer_is_no_peer() {
    for (id, url, aliases, peer) in [
        ("mini", "http://10.0.0.18:23000", &[][..], true),
        ("macbook", "http://10.0.0.18:23000", &[], false),
        ("MacBook.LOCAL", "http://10.0.0.18:23000", &[], false),
        ("macbook-2", "http://10.0.0.18:23000", &[], true),
        ("local", "http://10.0.0.18:23000", &[], false),
        ("10.0.0.5", "http://x:23000", &[], false),
        ("x", "http://10.0.0.5:23000", &[], false),
        ("x", "http://172.17.0.1:23000/", &[], false),
        ("x", "http://10.0.0.50:23000", &[], true),
        ("x", "http://MACBOOK.local.:23000/x", &[], false),
        ("x", "https://macbook", &[], false),
        ("x", "http://[fe80::5%25en0]:23000", &[], false),
        ("x", "http://[::ffff:10.0.0.5]:23000", &[], false),
        ("x", "http://macbook@mini:23000", &[], true),
        ("x", "http://mini/macbook", &[], true),
        ("x", "http://localhost:23000", &[], true),
        ("x", "http://y", &["MacBook"], false),
        ("x", "http://y", &["10.0.0.5"], false),
        ("x", "http://y", &["http://10.0.0.5:23000"], false),
        ("x", "http://y", &["fe80::5"], false),
        ("x", "http://y", &["172.17.0.1"], true),
        ("x", "", &["", "10.0.0.50"], true),
    ] {
        let found = peers(&hosts(&[(id, url, aliases)]), &this());
        assert_eq!(found.len() == 1, peer, "{id} {url} {aliases:?}");
    }
}

#[test]
fn aliases_tell_this_computer_only_where_they_are_sure_to() {
    let ids = |entries: &[(&str, &str, &[&str])]| -> Vec<String> {
        let peers = peers(&hosts(entries), &this());
        peers.into_iter().map(|peer| peer.id).collect()
    };
    // Our own entry lists an old name of ours, under which we stand there a second time.
    assert_eq!(
        ids(&[
            ("macbook", "http://a", &["Old.local"]),
            ("old", "http://b", &[]),
            ("Mini", "http://c", &[])
        ]),
        ["mini"]
    );
    // Our address was somebody else's once, and we know which entry is ours.
    assert_eq!(
        ids(&[
            ("macbook", "http://a", &[]),
            ("mini", "http://b", &["10.0.0.5"])
        ]),
        ["mini"]
    );
    // Nobody is us by name, and two might be by address.
    assert_eq!(
        ids(&[
            ("a", "http://a", &["10.0.0.5"]),
            ("b", "http://b", &["10.0.0.5"])
        ]),
        ["a", "b"]
    );
}

#[test]
fn a_host_that_is_off_is_no_peer_but_still_tells_who_we_are() {
    let mut list = hosts(&[
        ("macbook", "http://a", &["old"]),
        ("old", "http://b", &[]),
        ("nas", "http://c", &[]),
    ]);
    list.entries[0].enabled = false;
    list.entries[2].enabled = false;
    assert_eq!(peers(&list, &this()), []);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), origin in any::<String>()) {
        let _ = parse_file(&text, &origin);
        let _ = parse_variable(&text, &origin);
    }

    #[test]
    fn no_text_of_the_right_pieces_makes_it_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"hosts\"", "\"id\"", "\"name\"", "\"url\"", "\"",
                "\\u", "d800", "null", "true", "1e999", "\u{feff}", "é", "\n", " ",
                "string \"", "\", expected", " at line ",
            ]),
            0..24,
        ),
    ) {
        let text = pieces.concat();
        let _ = parse_file(&text, ORIGIN);
        let _ = parse_variable(&text, ORIGIN);
    }

    #[test]
    fn no_entry_makes_peers_panic(id in any::<String>(), url in any::<String>(), alias in any::<String>()) {
        let list = hosts(&[(&id, &url, &[&alias])]);
        prop_assert!(peers(&list, &this()).len() <= 1);
    }
}
