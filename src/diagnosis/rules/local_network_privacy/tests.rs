//! Pictures that look like Local Network Privacy, and what a careful engineer says of each.

use crate::diagnosis::diagnose;
use crate::model::Confidence::{self, *};
use crate::model::{CASE_SCHEMA, Case, Finding};
use serde_json::{Value, json};

/// A Mac with PM2 and a Terminal: `pm2` and `term` are lists of observations of `w`, on-link.
fn picture(pm2: Value, term: Value) -> Value {
    let mut observations = Vec::new();
    for (vantage, of) in [("pm2", pm2), ("term", term)] {
        for one in of.as_array().expect("a list") {
            let mut one = one.clone();
            one["vantage"] = json!(vantage);
            if one["target"].is_null() {
                one["target"] = json!("w");
            }
            observations.push(one);
        }
    }
    json!({
        "schema": CASE_SCHEMA,
        "machine": { "os": "macos", "version": "26.1" },
        "vantages": [
            { "id": "pm2", "kind": "pm2", "program": "node", "platform_binary": false, "root": false, "pid": 812 },
            { "id": "term", "kind": "terminal", "program": "node", "root": false, "host_app": "Terminal.app" },
        ],
        "targets": [
            { "id": "w", "address": "10.0.0.18:23000", "reach": "on-link" },
            { "id": "gw", "reach": "gateway" },
            { "id": "net", "reach": "internet" },
        ],
        "observations": observations,
    })
}

fn refused() -> Value {
    json!({ "outcome": "failed", "phase": "connect", "error": "EHOSTUNREACH", "ms": 1, "at": 0 })
}

fn failed(error: &str) -> Value {
    json!({ "outcome": "failed", "error": error, "at": 0 })
}

fn answered() -> Value {
    json!({ "outcome": "answered", "status": 200, "ms": 18, "at": 0 })
}

fn finding(case: &Value) -> Finding {
    let case: Case = serde_json::from_value(case.clone()).expect("a case");
    let mut findings = diagnose(&case).findings;
    findings.retain(|finding| finding.cause == "local-network-privacy");
    assert_eq!(findings.len(), 1, "always there, once");
    findings.remove(0)
}

fn confidence(case: &Value) -> Confidence {
    finding(case).confidence
}

/// The clean split, with one thing changed.
fn split_but(change: impl Fn(&mut Value)) -> Confidence {
    let mut case = picture(json!([refused()]), json!([answered()]));
    change(&mut case);
    confidence(&case)
}

#[test]
fn a_clean_split_is_likely_and_says_why() {
    let case = picture(json!([refused()]), json!([answered()]));
    let finding = finding(&case);
    assert_eq!(finding.confidence, Likely);
    assert_eq!(finding.targets, ["w"]);
    let said: Vec<_> = finding
        .evidence
        .iter()
        .map(|e| format!("{} {}", e.sign.word(), e.text))
        .collect();
    let said = said.join("\n");
    for words in [
        "for node from PM2 gets EHOSTUNREACH",
        "for node from Terminal.app reaches w",
        "too fast for the network",
        "unknown",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(
        finding.sentence.contains("is blocking node from PM2"),
        "{}",
        finding.sentence
    );
}

#[test]
fn other_systems_and_old_ones_do_not_have_it() {
    assert_eq!(
        split_but(|case| case["machine"]["os"] = json!("linux")),
        RuledOut
    );
    assert_eq!(
        split_but(|case| case["machine"]["version"] = json!("14.7.1")),
        RuledOut
    );
    assert_eq!(
        split_but(|case| case["machine"]["version"] = Value::Null),
        Likely,
        "unknown is not old"
    );
    assert_eq!(
        split_but(|case| case["machine"]["os"] = Value::Null),
        Possible,
        "unknown is not a Mac"
    );
}

#[test]
fn only_the_local_network_is_guarded() {
    for reach in ["internet", "routed", "vpn", "loopback"] {
        assert_eq!(
            split_but(|case| case["targets"][0]["reach"] = json!(reach)),
            RuledOut,
            "{reach}"
        );
    }
    for reach in ["mdns", "vm-bridge"] {
        assert_eq!(
            split_but(|case| case["targets"][0]["reach"] = json!(reach)),
            Likely,
            "{reach}"
        );
    }
    assert_eq!(
        split_but(|case| case["targets"][0]["reach"] = json!("gateway")),
        Possible
    );
    assert_eq!(
        split_but(|case| case["targets"][0]["reach"] = json!("unknown")),
        Possible
    );
}

#[test]
fn other_errors_are_other_causes() {
    for error in [
        "ECONNREFUSED",
        "TIMEOUT",
        "ETIMEDOUT",
        "EHOSTDOWN",
        "ECONNRESET",
        "DNS",
    ] {
        let case = picture(json!([failed(error)]), json!([answered()]));
        assert_eq!(confidence(&case), RuledOut, "{error}");
    }
    let swallowed = picture(json!([failed("OTHER")]), json!([answered()]));
    assert_eq!(confidence(&swallowed), Possible);
}

#[test]
fn who_is_exempt_and_refused_too_speaks_against_it() {
    let both = picture(json!([refused()]), json!([refused()]));
    assert_eq!(confidence(&both), RuledOut, "a firewall rejects everybody");
    let root = |case: &mut Value| case["vantages"][0]["root"] = json!(true);
    assert_eq!(split_but(root), RuledOut, "root is never refused");
    // Another app's terminal is not exempt: that it fails as well says nothing.
    let mut both = picture(json!([refused()]), json!([refused()]));
    both["vantages"][1]["host_app"] = json!("iTerm2");
    assert_eq!(confidence(&both), Possible);
}

#[test]
fn what_weakens_a_split_takes_it_back_to_possible() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 7] = [
        ("a filter", |case| {
            case["facts"]["filters"] = json!(["LuLu"])
        }),
        ("a tunnel", |case| {
            case["facts"]["route"]["w"] = json!("utun4")
        }),
        ("Apple's own program", |case| {
            case["vantages"][0]["platform_binary"] = json!(true)
        }),
        ("a container", |case| {
            case["vantages"][0]["kind"] = json!("container")
        }),
        ("only a ping for contrast", |case| {
            case["observations"][1]["protocol"] = json!("icmp")
        }),
        ("an answer of another time", |case| {
            case["observations"][1]["at"] = json!(600)
        }),
        ("nothing is reached", |case| {
            let down = json!({"vantage":"pm2","target":"net","outcome":"failed","error":"EHOSTUNREACH","at":0});
            case["observations"]
                .as_array_mut()
                .expect("a list")
                .push(down);
        }),
    ];
    for (what, change) in changes {
        assert_eq!(split_but(change), Possible, "{what}");
    }
}

#[test]
fn root_that_gets_through_outweighs_what_the_program_is() {
    let change = |case: &mut Value| {
        case["vantages"][0]["platform_binary"] = json!(true);
        case["vantages"][1]["root"] = json!(true);
    };
    assert_eq!(
        split_but(change),
        Likely,
        "the same ssh, with sudo and without"
    );
}

#[test]
fn an_unsteady_refusal_is_possible_and_one_after_the_terminal_quit_is_likely() {
    let later = |value: Value, at: u32| {
        let mut value = value;
        value["at"] = json!(at);
        value
    };
    let mut case = picture(
        json!([
            answered(),
            later(answered(), 100),
            later(refused(), 230),
            later(refused(), 235)
        ]),
        json!([]),
    );
    case["observations"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"vantage":"pm2","target":"gw","outcome":"answered","at":230}));
    assert_eq!(confidence(&case), Possible);
    case["events"] = json!([{ "at": 228, "what": "terminal-quit" }]);
    assert_eq!(confidence(&case), Likely);
    case["events"] = json!([{ "at": 228, "what": "network-changed" }]);
    assert_eq!(confidence(&case), Possible);
}

#[test]
fn a_slow_failure_is_a_host_that_is_off() {
    let mut slow = refused();
    slow["ms"] = json!(3000);
    let alone = picture(json!([slow]), json!([]));
    assert_eq!(confidence(&alone), RuledOut);
}

#[test]
fn the_systems_own_log_decides() {
    let notification = "UserEventAgent: Got local network blocked notification: pid: 812, uuid: 7B4C, bundle_id: (null)";
    let other = notification.replace("812", "99");
    let necp = "kernel: tcp drop outgoing [..] t_state: SYN_SENT process: node:812 reason: NECP";
    let alone = |line: &str| {
        let mut case = picture(json!([refused()]), json!([]));
        case["log"] = json!([line]);
        confidence(&case)
    };
    assert_eq!(alone(notification), Proven);
    assert_eq!(alone(&other), Possible, "that was about somebody else");
    assert_eq!(alone(necp), Likely);
    assert_eq!(alone(&necp.replace("node:812", "node:813")), Possible);
    assert_eq!(alone("kernel: something else"), Possible);
    // A line alone, without a refusal, is no finding.
    let mut fine = picture(json!([answered()]), json!([answered()]));
    fine["log"] = json!([notification]);
    assert_eq!(confidence(&fine), RuledOut);
}

#[test]
fn nothing_to_judge_from_is_unknown() {
    assert_eq!(confidence(&picture(json!([]), json!([]))), Unknown);
    let elsewhere = picture(json!([]), json!([answered()]));
    assert_eq!(confidence(&elsewhere), Unknown, "PM2 was not asked");
    assert_eq!(
        confidence(&picture(json!([answered()]), json!([answered()]))),
        RuledOut
    );
}
