//! Prints of every age, cut and odd.

use super::*;

fn service(text: &str) -> Service {
    match read(text) {
        Some(Printed::Service(service)) => *service,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_state_of_a_block_is_not_the_jobs() {
    let text = "gui/501/a = {\n\tresource coalition = {\n\t\tstate = active\n\t\tID = 7\n\t}\n\truns = 1\n}\n";
    let read = service(text);
    assert_eq!(
        (read.state, read.runs, read.coalition),
        (None, Some(1), Some(7))
    );
}

#[test]
fn arguments_are_text_whatever_they_hold() {
    let text = "system/a = {\n\targuments = {\n\t\t/bin/sh\n\t\tf = {\n\t\t}\n\t\tstate = bad\n\t}\n\tstate = running\n}";
    let read = service(text);
    assert_eq!(read.state.as_deref(), Some("running"));
    let arguments = read.program_arguments.expect("arguments");
    assert_eq!(arguments, ["/bin/sh", "f = {", "}", "state = bad"]);
}

#[test]
fn a_cut_head_is_no_loss() {
    let text = "\tstate = active\n\t\tactive count = 3\n\t}\n\tstate = running\n\tpid = 12\n\truns = 2\n}\n";
    let read = service(text);
    assert_eq!(
        (read.state.as_deref(), read.pid, read.label),
        (Some("running"), Some(12), None)
    );
    let named =
        "\tstate = running\n\truns = 2\n\tenvironment = {\n\t\tXPC_SERVICE_NAME => com.PM2\n";
    assert_eq!(service(named).label.as_deref(), Some("com.PM2"));
}

#[test]
fn a_prompt_before_and_after_is_skipped() {
    let text = "me@mac ~ % launchctl print system/x\nsystem/x = {\n\tstate = running\n}\nme@mac ~ % ls = {\nstate = odd";
    let read = service(text);
    assert_eq!(
        (read.label.as_deref(), read.state.as_deref()),
        (Some("x"), Some("running"))
    );
}

#[test]
fn domains_of_every_age() {
    for (text, expected) in [
        ("gui/501 [100023]", "gui/501"),
        ("system", "system"),
        ("com.apple.xpc.launchd.domain.system", "system"),
        ("com.apple.xpc.launchd.domain.user.501", "user/501"),
        (
            "com.apple.xpc.launchd.user.domain.501.100009.Aqua",
            "gui/501",
        ),
        (
            "com.apple.xpc.launchd.user.domain.501.100009.Background",
            "user/501",
        ),
    ] {
        assert_eq!(domain(text), expected);
    }
    let old = service(
        "com.PM2 = {\n\tactive count = 0\n\tdomain = com.apple.xpc.launchd.domain.system\n}",
    );
    assert_eq!(
        (old.label.as_deref(), old.domain.as_deref()),
        (Some("com.PM2"), Some("system"))
    );
}

#[test]
fn other_texts_are_not_prints() {
    for text in [
        "",
        "a = {\n\tb = 1\n}",
        "state = 1",
        "disabled services = {\n\t\"a\" => true\n}",
        "{ }",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
    let domain = read("gui/501 = {\n\ttype = login\n\tservices = {\n\t\t0 - a\n\t}\n}");
    assert_eq!(domain, Some(Printed::Domain("gui/501".to_owned())));
}

#[test]
fn exit_codes() {
    assert_eq!(number("78: EX_CONFIG"), Some(78));
    assert_eq!(number("-9"), Some(-9));
    assert_eq!(number("(never exited)"), None);
    assert_eq!(number("99999999999999999999"), None);
}
