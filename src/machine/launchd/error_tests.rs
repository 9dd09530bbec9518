//! The texts of launchctl's refusals.

use super::*;

#[test]
fn every_form_gives_its_number() {
    for (text, code) in [
        ("Boot-out failed: 3: No such process", 3),
        (
            "Bootstrap failed: 5: Input/output error\nTry re-running the command as root for richer errors.",
            5,
        ),
        ("Load failed: 119: Service is disabled", 119),
        (
            "/x.plist: Service is disabled\nBootstrap failed: 119: Service is disabled",
            119,
        ),
        ("/x.plist: Path had bad ownership/permissions", 122),
        ("/x.plist: service already bootstrapped", 37),
        (
            "Could not kickstart service \"a\": 125: Domain does not support specified action",
            125,
        ),
        (
            "Bad request.\nCould not find service \"a\" in domain for system",
            113,
        ),
        ("Bad request.\nCould not find domain for user gui: 501", 112),
        ("Could not find service \"a\" in domain for port", 113),
        ("37: Operation already in progress", 37),
        ("Unrecognized subcommand: lod", 64),
    ] {
        assert_eq!(
            read(text).and_then(|error| error.code),
            Some(code),
            "{text}"
        );
    }
}

#[test]
fn names_are_read_where_they_stand() {
    for (text, label, domain) in [
        (
            "Could not find service \"a b\" in domain for user gui: 501",
            Some("a b"),
            Some("gui/501"),
        ),
        (
            "Could not find service \"a\" in domain for user: 501",
            Some("a"),
            Some("user/501"),
        ),
        (
            "Could not find service \"a\" in domain for port",
            Some("a"),
            None,
        ),
        (
            "Could not find domain for user gui: 501",
            None,
            Some("gui/501"),
        ),
    ] {
        let error = read(text).expect("an error");
        assert_eq!(
            (error.label.as_deref(), error.domain.as_deref()),
            (label, domain),
            "{text}"
        );
    }
}

#[test]
fn the_command_changes_the_meaning() {
    let meaning = |text| read(text).expect("an error").meaning;
    assert_ne!(
        meaning("Boot-out failed: 5: Input/output error"),
        meaning("Bootstrap failed: 5: Input/output error")
    );
    let unknown = read("Bootstrap failed: 999: Odd").expect("an error");
    assert_eq!((unknown.code, unknown.remedy), (Some(999), None));
    assert!(unknown.meaning.contains("999: Odd"));
}

#[test]
fn other_texts_are_no_errors() {
    for text in [
        "",
        "12: 30: 45",
        "Error: ",
        "connect failed: ECONNREFUSED",
        "state = running",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    let bare = read("Bad request.").expect("an error");
    assert_eq!(bare.code, None);
    assert!(bare.remedy.is_some());
}
