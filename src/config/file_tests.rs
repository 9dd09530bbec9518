//! Config files, good and bad, as tables.

use super::*;
use proptest::prelude::*;

#[test]
fn the_default_text_is_the_default() {
    assert_eq!(parse(DEFAULT_TEXT), Ok(Config::default()));
    assert_eq!(parse(""), Ok(Config::default()));
}

/// The default text with every setting line switched on; prose has no ` = ` after its first word.
fn uncommented() -> String {
    let setting = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.starts_with("[[") || line.contains(" = ") && !key.contains(' ')
    };
    DEFAULT_TEXT
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(bare) if setting(bare) => format!("{bare}\n"),
            _ => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn the_default_text_shows_the_defaults() {
    let shown = parse(&uncommented()).unwrap();
    // These two have no value by default, so the text can only show an example.
    assert_eq!(shown.pm2_home.as_deref(), Some("~/.pm2"));
    assert_eq!(shown.targets.len(), 1);
    let rest = Config {
        pm2_home: None,
        targets: Vec::new(),
        ..shown
    };
    assert_eq!(rest, Config::default());
}

#[test]
fn the_default_text_shows_every_key() {
    let shown = uncommented();
    for wrong in ["zz = 1", "[[target]]\nzz = 1"] {
        let said = parse(wrong).unwrap_err().to_string();
        let known = said.split_once("the keys here are ").unwrap().1;
        let mut keys = 0;
        for key in known.split('`').skip(1).step_by(2) {
            let found = shown
                .lines()
                .any(|line| line.starts_with(&format!("{key} = ")) || line == format!("[[{key}]]"));
            assert!(found, "{key} is missing");
            keys += 1;
        }
        assert!(keys >= 2, "{said}");
    }
}

#[test]
fn every_key_is_read() {
    let text = "\u{feff}interval = 0.2\r\ntimeout = 60\r\npm2_home = '/srv/pm2'\r\nascii = true\r\n\
                color = false\r\n[[target]]\r\nurl = 'nas:22'\r\n[[target]]\r\nname = 'Mini'\r\n\
                url = 'http://[fe80::1%en0]/'\r\n";
    let expected = Config {
        interval: Duration::from_millis(200),
        timeout: Duration::from_secs(60),
        pm2_home: Some("/srv/pm2".to_owned()),
        ascii: true,
        color: false,
        targets: vec![
            Entry {
                url: "nas:22".to_owned(),
                name: None,
            },
            Entry {
                url: "http://[fe80::1%en0]/".to_owned(),
                name: Some("Mini".to_owned()),
            },
        ],
    };
    assert_eq!(parse(text), Ok(expected));
}

#[test]
fn what_is_refused_where_and_why() {
    for (text, line, column, why) in [
        (
            "intervall = 5",
            1,
            1,
            "unknown key `intervall`: the keys here are `interval`, `timeout`",
        ),
        ("# é\nascii = true\n  zz = 1", 3, 3, "unknown key `zz`"),
        ("\u{feff}zz = 1", 1, 1, "unknown key `zz`"),
        ("\"a, expected b\" = 1", 1, 1, "unknown key `a, expected b`"),
        ("\"a\\u001b[2J\" = 1", 1, 1, "unknown key `a[2J`"),
        ("[server]\nx = 1", 1, 2, "unknown key `server`"),
        (
            "[[target]]\nurl = 'nas'\nport = 1",
            3,
            1,
            "unknown key `port`: the keys here are `url`",
        ),
        (
            "interval = 0.1",
            1,
            12,
            "`interval` is 0.1, and must be a number of seconds from 0.2 to 3600",
        ),
        ("interval = 3601", 1, 12, "from 0.2 to 3600"),
        ("interval = nan", 1, 12, "from 0.2 to 3600"),
        ("interval = -inf", 1, 12, "from 0.2 to 3600"),
        ("interval = '5'", 1, 12, "`interval` is text"),
        (
            "timeout = 0",
            1,
            11,
            "`timeout` is 0, and must be a number of seconds from 0.05 to 60",
        ),
        ("timeout = 9223372036854775807", 1, 11, "from 0.05 to 60"),
        ("timeout = [3]", 1, 11, "`timeout` is a list"),
        (
            "ascii = 1",
            1,
            9,
            "`ascii` is a number, and must be true or false",
        ),
        ("color = 'no'", 1, 9, "`color` is text"),
        ("pm2_home = ' '", 1, 12, "`pm2_home` is empty"),
        ("pm2_home = '.pm2'", 1, 12, "starts with neither / nor ~/"),
        (
            "pm2_home = '~me/.pm2'",
            1,
            12,
            "starts with neither / nor ~/",
        ),
        ("pm2_home = 2024-01-01", 1, 12, "`pm2_home` is a date"),
        ("[[target]]\nname = 'x'", 1, 1, "no `url`"),
        ("[[target]]\nurl = ''", 2, 7, "`url` is empty"),
        ("[[target]]\nurl = 5", 2, 7, "`url` is a number"),
        (
            "[[target]]\nurl = 'nas'\n\n[[target]]\nurl = 'nas:0'",
            5,
            7,
            "`url` \"nas:0\": the port",
        ),
        (
            "[[target]]\nurl = 'nas'\nname = ''",
            3,
            8,
            "`name` is empty",
        ),
        ("[target]\nurl = 'nas'", 1, 1, "write [[target]]"),
        ("target = ['http://nas']", 1, 11, "write [[target]]"),
        ("target = 'nas'", 1, 10, "write [[target]]"),
        (
            "interval = 5\ninterval = 6",
            2,
            1,
            "not TOML (duplicate key)",
        ),
        ("interval 5", 1, 10, "not TOML"),
        ("color = no", 1, 9, "not TOML"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.why.contains(why), "{text:?} gave {error}");
        assert_eq!(
            (error.line, error.column),
            (line, column),
            "{text:?} gave {error}"
        );
    }
}

#[test]
fn a_password_is_never_repeated() {
    for text in [
        "[[target]]\nurl = 'http://me:secret@mini/'",
        "[[target]]\nurl = 'http://me:secret@mini/",
        "target = ['http://me:secret@mini/']",
        "target = 'http://me:secret@mini/'",
        "url = http://me:secret@mini/",
        "'http://me:secret@mini/' = 1",
    ] {
        let error = parse(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}

#[test]
fn depth_does_not_overflow_the_stack() {
    assert!(parse(&format!("interval = {}", "[".repeat(100_000))).is_err());
    assert!(parse(&format!("{} = 1", vec!["a"; 100_000].join("."))).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn no_text_of_the_right_pieces_makes_it_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "interval", "timeout", "target", "[[target]]\n", "url", "name", " = ", "'", "\"",
                "\n", "1e400", "-1", "nan", "[", "]", "{", "}", ",", ".", "#", "é", "\u{feff}",
                "http://", "@", "\r\n", "ascii", "true", "~/",
            ]),
            0..24,
        ),
    ) {
        let _ = parse(&pieces.concat());
    }
}
