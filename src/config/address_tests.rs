//! Addresses, good and bad, as tables.

use super::*;
use proptest::prelude::*;

fn name(name: &str) -> Host {
    Host::Name(name.to_owned())
}

fn v4(text: &str) -> Host {
    Host::V4(text.parse().unwrap())
}

fn v6(address: &str, zone: Option<&str>) -> Host {
    Host::V6 {
        address: address.parse().unwrap(),
        zone: zone.map(str::to_owned),
    }
}

#[test]
fn what_is_connected() {
    for (text, host, port) in [
        ("mini-1", name("mini-1"), 23000),
        ("Mini-1.Local", name("mini-1.local"), 23000),
        ("mini.lan.", name("mini.lan."), 23000),
        ("_a_b", name("_a_b"), 23000),
        ("mini-1:22", name("mini-1"), 22),
        ("http:80", name("http"), 80),
        ("10.0.0.18", v4("10.0.0.18"), 23000),
        ("10.0.0.18:065535", v4("10.0.0.18"), 65535),
        ("::1", v6("::1", None), 23000),
        ("::1:8080", v6("::1:8080", None), 23000),
        ("::ffff:10.0.0.18", v6("::ffff:10.0.0.18", None), 23000),
        ("fe80::1%en0", v6("fe80::1", Some("en0")), 23000),
        ("fe80::1%25", v6("fe80::1", Some("25")), 23000),
        ("[::1]", v6("::1", None), 23000),
        ("[::1]:8080", v6("::1", None), 8080),
        ("[fe80::1%en0]:8080", v6("fe80::1", Some("en0")), 8080),
        ("[fe80::1%br-0.100]:1", v6("fe80::1", Some("br-0.100")), 1),
        ("tcp://10.0.0.18:9100", v4("10.0.0.18"), 9100),
        ("TCP://mini:22/", name("mini"), 22),
        ("tcp://mini:22#x", name("mini"), 22),
        ("tcp://[fe80::1%25en0]:22", v6("fe80::1", Some("en0")), 22),
        ("tcp://Bücher.local:22", name("xn--bcher-kva.local"), 22),
        ("工人.local", name("xn--gmqq38a.local"), 23000),
    ] {
        let expected = Endpoint {
            host,
            port,
            question: Question::Connect,
        };
        assert_eq!(parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_asked() {
    for (text, host, port, path, tls) in [
        ("http://mini", name("mini"), 80, "/", false),
        ("https://mini", name("mini"), 443, "/", true),
        ("HTTP://MINI:8080", name("mini"), 8080, "/", false),
        (
            "http://10.0.0.18:23000/api/sessions?local=true",
            v4("10.0.0.18"),
            23000,
            "/api/sessions?local=true",
            false,
        ),
        ("http://mini?x", name("mini"), 80, "/?x", false),
        ("http://mini/a#b?c", name("mini"), 80, "/a", false),
        ("http://mini#b", name("mini"), 80, "/", false),
        ("http://mini\\a", name("mini"), 80, "/a", false),
        ("http://mini/ä/../b|\"", name("mini"), 80, "/b|%22", false),
        ("http://mini/@me", name("mini"), 80, "/@me", false),
        (
            "http://mini/?to=ftp://x",
            name("mini"),
            80,
            "/?to=ftp://x",
            false,
        ),
        (
            "https://bücher.example/",
            name("xn--bcher-kva.example"),
            443,
            "/",
            true,
        ),
        ("http://[::1]/", v6("::1", None), 80, "/", false),
        (
            "http://[fe80::1%25en0]:80/x",
            v6("fe80::1", Some("en0")),
            80,
            "/x",
            false,
        ),
        (
            "http://[fe80::1%en0]:80/x",
            v6("fe80::1", Some("en0")),
            80,
            "/x",
            false,
        ),
        (
            "http://[fe80::1%25]/",
            v6("fe80::1", Some("25")),
            80,
            "/",
            false,
        ),
    ] {
        let path = path.to_owned();
        let expected = Endpoint {
            host,
            port,
            question: Question::Get { path, tls },
        };
        assert_eq!(parse(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_refused_and_why() {
    for (text, why) in [
        ("", "names no host"),
        (" mini", "no spaces"),
        ("mini 1", "no spaces"),
        ("mini\u{1b}[31m", "no control characters"),
        ("http://mini/a b", "no spaces"),
        ("mini:0", "from 1 to 65535"),
        ("mini:65536", "from 1 to 65535"),
        ("mini:99999999999999999999", "from 1 to 65535"),
        ("mini:+80", "from 1 to 65535"),
        ("mini:http", "from 1 to 65535"),
        ("mini:", "no port after"),
        ("http://mini:/", "no port after"),
        ("http://mini:0/", "from 1 to 65535"),
        ("ftp://mini", "http://, https:// and tcp:// only"),
        ("://mini", "http://, https:// and tcp:// only"),
        ("http://me:secret@mini/", "leave it out"),
        ("http://me@mini/", "leave it out"),
        ("tcp://me:secret@mini:22", "leave it out"),
        ("me:secret@mini", "leave it out"),
        ("http://", "names no host"),
        ("http:///x", "names no host"),
        ("http://:80/", "names no host"),
        (":80", "names no host"),
        ("/api", "names no host"),
        ("tcp://mini", "tcp:// has no port"),
        ("tcp://mini:22/x", "takes no path"),
        ("mini:23000/api", "write http://mini:23000/api"),
        ("mini?x", "write http://mini?x"),
        ("http:/mini/x", "two slashes"),
        ("::1%en0", "link-local"),
        ("2001:db8::1%en0", "link-local"),
        ("[2001:db8::1%en0]:80", "link-local"),
        ("http://[::1%25en0]/", "link-local"),
        ("10.0.0.18%en0", "link-local"),
        ("http://mi%20ni/", "link-local"),
        ("fe80::1%", "name of an interface"),
        ("fe80::1", "write fe80::1%en0"),
        ("http://[fe80::1]/", "write fe80::1%en0"),
        ("fe80::1%en0:8080", "[fe80::1%en0]:23000 with a port"),
        ("fe80::1%sixteen-letters-", "name of an interface"),
        ("[fe80::1%en/0]:8080", "needs a scheme"),
        ("[::1", "not closed"),
        ("[::1]8080", "may follow the brackets"),
        ("[10.0.0.18]:80", "not an IPv6 address"),
        ("[mini]:80", "not an IPv6 address"),
        ("a:b:c", "more than one ':'"),
        ("http://::1/", "more than one ':'"),
        ("10.0.0", "four numbers"),
        ("10.0.0.256", "four numbers"),
        ("010.0.0.1", "four numbers"),
        ("23000", "four numbers"),
        ("mini..lan", "not a name"),
        (".lan", "not a name"),
        ("mini,nas", "not a name"),
        ("mini|nas", "not a name"),
        ("$(x)", "not a name"),
    ] {
        let said = parse(text).expect_err(text).to_string();
        assert!(said.contains(why), "{text:?} gave {said:?}");
        assert!(said.starts_with('"'), "{said}");
    }
    assert!(parse(&"a".repeat(64)).is_err());
    assert!(parse(&["a"; 200].join(".")).is_err());
}

#[test]
fn a_password_is_never_repeated() {
    for text in [
        "http://me:secret@mini/",
        "http://me:secret word@mini/",
        "http://me:se@secret@mini/",
        "http://me:x/secret@mini/",
        "https://secret@mini:0/",
        "ftp://me:secret@mini",
        "secret:me://x@mini",
        "me:secret@mini:80/x",
        "me:secret/x@mini",
        "tcp://secret@mini",
    ] {
        let error = parse(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        assert!(error.to_string().contains("@mini"), "{error}");
    }
}

#[test]
fn a_message_is_clean_and_short() {
    let said = parse("mini\u{1b}[2J\u{202e}1").unwrap_err().to_string();
    assert!(said.starts_with("\"mini[2J1\": "), "{said}");
    let said = parse(&format!("{} ", "ä".repeat(10_000)))
        .unwrap_err()
        .to_string();
    assert!(said.chars().count() < 200, "{said}");
}

fn hosts() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z][a-z0-9_]{0,20}(\\.[a-z][a-z0-9]{0,10}){0,3}".prop_map(Host::Name),
        any::<Ipv4Addr>().prop_map(Host::V4),
        // A link-local address without its interface is refused: one of a thousand.
        any::<Ipv6Addr>()
            .prop_filter("link-local", |address| !address.is_unicast_link_local())
            .prop_map(|address| Host::V6 {
                address,
                zone: None
            }),
        (any::<u64>(), "[a-z0-9._~-]{1,15}").prop_map(|(low, zone)| Host::V6 {
            address: Ipv6Addr::from((0xfe80_u128 << 112) | u128::from(low)),
            zone: Some(zone),
        }),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_text_of_the_right_letters_makes_it_panic(
        text in "(http://|https://|tcp://|)[a-z0-9:/?#@%\\[\\].é\\\\-]{0,30}",
    ) {
        if let Ok(Endpoint { question: Question::Get { path, .. }, .. }) = parse(&text) {
            prop_assert!(path.starts_with('/'));
            prop_assert!(path.bytes().all(|b| b.is_ascii_graphic()), "{}", path);
        }
    }

    #[test]
    fn what_is_displayed_reads_back(host in hosts(), port in 1_u16..) {
        let endpoint = Endpoint { host, port, question: Question::Connect };
        prop_assert_eq!(parse(&endpoint.to_string()), Ok(endpoint.clone()));
    }
}
