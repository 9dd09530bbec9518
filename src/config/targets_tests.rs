//! Lists of targets: ids, names, duplicates, peers, complaints, precedence.

use super::*;

fn named<'a>(id: &'a str, name: &'a str, url: &'a str) -> Named<'a> {
    let given = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    Named {
        id: given(id),
        name: given(name),
        url,
    }
}

#[test]
fn ids_and_names() {
    let mut list = List::default();
    for (id, name, url, want_id, want_name) in [
        ("", "", "Mini", "mini:23000", "mini:23000"),
        ("", "", "http://mini", "mini", "mini"),
        ("", "", "https://mini/x", "mini-2", "mini"),
        ("", "", "http://mini:8080", "mini:8080", "mini:8080"),
        (
            "",
            "",
            "[fe80::1%en0]:22",
            "[fe80::1%en0]:22",
            "[fe80::1%en0]:22",
        ),
        ("", "Mac Mini", "10.0.0.1", "mac-mini", "Mac Mini"),
        ("", "mac\u{1b} mini ", "10.0.0.2", "mac-mini-2", "mac mini"),
        ("mac-mini-3", "", "10.0.0.3", "mac-mini-3", "10.0.0.3:23000"),
        ("", "Mac mini", "10.0.0.4", "mac-mini-4", "Mac mini"),
        ("Nas", "The NAS", "10.0.0.5", "Nas", "The NAS"),
        (
            " \u{202e}",
            " ",
            "10.0.0.6",
            "10.0.0.6:23000",
            "10.0.0.6:23000",
        ),
    ] {
        list.add(&named(id, name, url), Source::CommandLine)
            .unwrap();
        let target = list.targets.last().unwrap();
        assert_eq!((&*target.id, &*target.name), (want_id, want_name));
        assert_eq!((&*target.url, target.role), (url, Role::Worker));
    }
    assert_eq!(list.warnings, [""; 0]);
}

#[test]
fn the_same_endpoint_is_asked_once() {
    let mut list = List::default();
    for (name, url) in [
        ("mini", "http://mini/a"),
        ("", "HTTP://Mini:80/a#x"),
        ("other", "http://mini/a"),
        ("", "http://mini/b"),
    ] {
        list.add(&named("", name, url), Source::CommandLine)
            .unwrap();
    }
    assert_eq!(list.targets.len(), 2);
    assert_eq!(
        list.warnings,
        [
            "mini is listed twice: it is asked once",
            "mini is listed twice, as mini and as other: it is asked once, as mini",
        ]
    );
    assert!(
        list.add(&named("", "", "nas:0"), Source::CommandLine)
            .is_err()
    );
    assert_eq!(list.targets.len(), 2);
}

#[test]
fn peers_are_asked_for_their_own_sessions() {
    for (base, url) in [
        (
            "http://10.0.0.18:23000",
            "http://10.0.0.18:23000/api/sessions?local=true",
        ),
        (
            "http://10.0.0.18:23000/",
            "http://10.0.0.18:23000/api/sessions?local=true",
        ),
        (
            "https://Mini/maestro//?x=1#y",
            "https://mini/maestro/api/sessions?local=true",
        ),
        (
            "http://[fe80::1%25en0]:80",
            "http://[fe80::1%en0]/api/sessions?local=true",
        ),
    ] {
        let mut list = List::default();
        list.add_peer(&named("a", "A", base), Source::MaestroVariable);
        assert_eq!(list.targets[0].url, url);
        assert_eq!(address::parse(url).as_ref(), Ok(&list.targets[0].endpoint));
    }
}

#[test]
fn a_peer_without_a_usable_url_is_told() {
    for (url, why) in [
        (
            "10.0.0.18:23000",
            "host A is not asked: \"10.0.0.18:23000\" is no http:// or",
        ),
        (
            "http://me:secret@a",
            "host A is not asked: \"http://…@a\": the address holds",
        ),
    ] {
        let mut list = List::default();
        let source = Source::MaestroFile("~/.aimaestro/hosts.json".to_owned());
        list.add_peer(&named("a", "A", url), source);
        assert!(list.targets.is_empty());
        assert!(list.warnings[0].starts_with("~/.aimaestro/hosts.json: "));
        assert!(list.warnings[0].contains(why), "{}", list.warnings[0]);
    }
}

#[test]
fn complaints_about_one_address_are_one_target() {
    let complaint = |address: &str, zone: &str, port, app: &str, age| Complaint {
        address: address.parse().unwrap(),
        zone: Some(zone.to_owned()).filter(|zone| !zone.is_empty()),
        port,
        app: app.to_owned(),
        age,
    };
    let mut list = List::default();
    list.add_complaints(&[
        complaint("10.0.0.18", "", 23000, "web", None),
        complaint("10.0.0.18", "", 23000, "api", Some(90)),
        complaint("10.0.0.18", "en0", 23000, "web", Some(30)),
        complaint("10.0.0.18", "", 22, "web", None),
        complaint("10.0.0.19", "", 0, "web", None),
        complaint("fe80::1", "en0", 80, "web", None),
        complaint("fe80::1", "no such/zone", 80, "web", None),
    ]);
    let found: Vec<String> = list
        .targets
        .iter()
        .map(|target| format!("{} {}", target.url, target.source))
        .collect();
    assert_eq!(
        found,
        [
            "10.0.0.18:23000 log of web, api, written 30 s ago",
            "10.0.0.18:22 log of web",
            "[fe80::1%en0]:80 log of web",
        ]
    );
    assert!(
        list.targets
            .iter()
            .all(|t| t.endpoint.question == Question::Connect)
    );
    let warned = list.warnings.join("\n");
    for words in [
        "the log of web",
        "10.0.0.19:0",
        "the port is not",
        "fe80::1%no such/zone",
    ] {
        assert!(warned.contains(words), "{warned}");
    }
    assert_eq!(list.warnings.len(), 2);
}

#[test]
fn the_first_source_with_targets_wins_and_later_ones_are_not_read() {
    let broken = List {
        warnings: vec!["broken".to_owned()],
        ..List::default()
    };
    let mut full = List::default();
    full.add(&named("", "", "nas"), Source::CommandLine)
        .unwrap();
    let mut read = 0;
    let chosen = choose(
        [
            ("a", List::default()),
            ("b", broken),
            ("c", full.clone()),
            ("d", full.clone()),
        ]
        .into_iter()
        .inspect(|_| read += 1)
        .map(|(name, list)| (name.to_owned(), list)),
    );
    assert_eq!(read, 3);
    assert_eq!(chosen.targets, full.targets);
    assert_eq!(chosen.warnings, ["broken"]);
    assert_eq!(chosen.looked_at, ["a", "b", "c"]);
    assert!(choose([]).targets.is_empty());
}

#[test]
fn of_thousands_of_complaints_few_are_taken() {
    let complaint = |n: u32| Complaint {
        address: std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into(),
        zone: None,
        port: 80,
        app: "api".to_owned(),
        age: None,
    };
    let complaints: Vec<_> = (0..20_000).map(complaint).collect();
    let mut list = List::default();
    list.add_complaints(&complaints);
    assert_eq!(list.targets.len(), Source::MOST_LOGGED + 1);
    assert_eq!(list.targets[0].name, "10.0.0.0:80");
}
