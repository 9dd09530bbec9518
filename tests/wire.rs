//! What we and our agent say to each other: whatever comes in whatever pieces, and never a panic.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::net::SocketAddr;
use std::time::Duration;
use unreach::model::{
    Answer, Attempt, Endpoint, Errno, ErrorKind, Failure, Host, Outcome, Phase, Phases, Probe,
    Question,
};
use unreach::vantage::wire::{
    FromAgent, LONGEST_LINE, Lines, ToAgent, VERSION, WireError, decode, encode,
};

/// Foreign text: anything that is a text.
fn text() -> impl Strategy<Value = String> {
    "[a-z\u{0}-\u{10ffff}\n\r\"\\\\]{0,20}"
}

fn duration() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n))
}

fn host() -> impl Strategy<Value = Host> {
    prop_oneof![
        text().prop_map(Host::Name),
        any::<[u8; 4]>().prop_map(|octets| Host::V4(octets.into())),
        (any::<u128>(), option::of(text())).prop_map(|(bits, zone)| Host::V6 {
            address: bits.into(),
            zone,
        }),
    ]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let question = prop_oneof![
        Just(Question::Connect),
        (text(), any::<bool>()).prop_map(|(path, tls)| Question::Get { path, tls }),
    ];
    (host(), any::<u16>(), question).prop_map(|(host, port, question)| Endpoint {
        host,
        port,
        question,
    })
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![
        Just(Phase::Dns),
        Just(Phase::Connect),
        Just(Phase::Tls),
        Just(Phase::Http),
    ]
}

fn failure() -> impl Strategy<Value = Failure> {
    let error = prop_oneof![
        Just(ErrorKind::HostUnreachable),
        Just(ErrorKind::NoLocalAddress),
        Just(ErrorKind::TimedOut),
        Just(ErrorKind::Other),
    ];
    let errno = (any::<i32>(), text()).prop_map(|(number, name)| Errno { number, name });
    (phase(), error, option::of(errno), text()).prop_map(|(phase, error, errno, text)| Failure {
        phase,
        error,
        errno,
        text,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        (option::of(any::<u16>()), vec(text(), 0..3))
            .prop_map(|(status, notes)| Outcome::Answered(Answer { status, notes })),
        failure().prop_map(Outcome::Failed),
        text().prop_map(Outcome::NotAsked),
    ]
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let local = option::of(any::<SocketAddr>());
    (
        any::<SocketAddr>(),
        local,
        duration(),
        option::of(failure()),
    )
        .prop_map(|(address, local, took, failure)| Attempt {
            address: plain(address),
            local: local.map(plain),
            took,
            failure,
        })
}

/// An address without a flow label, which no text form has.
fn plain(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(mut v6) => {
            v6.set_flowinfo(0);
            v6.into()
        }
        v4 => v4,
    }
}

fn probe() -> impl Strategy<Value = Probe> {
    let phase = || option::of(duration());
    let phases =
        (phase(), phase(), phase(), phase()).prop_map(|(dns, connect, tls, http)| Phases {
            dns,
            connect,
            tls,
            http,
        });
    (outcome(), duration(), phases, vec(attempt(), 0..3)).prop_map(
        |(outcome, took, phases, attempts)| Probe {
            outcome,
            took,
            phases,
            attempts,
        },
    )
}

fn from_agent() -> impl Strategy<Value = FromAgent> {
    prop_oneof![
        (any::<u32>(), text()).prop_map(|(wire, program)| FromAgent::Hello { wire, program }),
        (any::<u64>(), probe()).prop_map(|(ask, probe)| FromAgent::Told { ask, probe }),
    ]
}

fn to_agent() -> impl Strategy<Value = ToAgent> {
    (any::<u64>(), endpoint(), duration()).prop_map(|(ask, endpoint, timeout)| ToAgent::Ask {
        ask,
        endpoint,
        timeout,
    })
}

/// Feeds `bytes` in pieces that end at `cuts`; gives the lines and the error.
fn fed(bytes: &[u8], cuts: &[usize]) -> (Vec<Vec<u8>>, Option<WireError>) {
    let (mut stream, mut lines, mut from) = (Lines::default(), Vec::new(), 0);
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    for end in ends {
        stream.feed(&bytes[from..end]);
        from = end;
        loop {
            match stream.next_line() {
                Ok(Some(line)) => lines.push(line.to_vec()),
                Ok(None) => break,
                Err(error) => return (lines, Some(error)),
            }
        }
    }
    (lines, None)
}

#[test]
fn the_language_is_written_down() {
    let hello = FromAgent::Hello {
        wire: VERSION,
        program: "/bin/unreach".to_owned(),
    };
    assert_eq!(
        encode(&hello).unwrap(),
        b"{\"hello\":{\"wire\":1,\"program\":\"/bin/unreach\"}}\n"
    );
    let ask = ToAgent::Ask {
        ask: 7,
        endpoint: Endpoint {
            host: Host::V4([10, 0, 0, 18].into()),
            port: 23000,
            question: Question::Connect,
        },
        timeout: Duration::from_millis(1500),
    };
    let line = r#"{"ask":{"ask":7,"endpoint":{"host":{"v4":"10.0.0.18"},"port":23000,"question":"connect"},"timeout":{"secs":1,"nanos":500000000}}}"#;
    assert_eq!(encode(&ask).unwrap(), format!("{line}\n").as_bytes());
    assert_eq!(decode::<ToAgent>(line.as_bytes()), Ok(ask));
}

/// Whoever is older or newer can at least be told so.
#[test]
fn a_hello_of_another_version_is_read() {
    for wire in [0, VERSION + 1, u32::MAX] {
        let line =
            format!(r#"{{"hello":{{"wire":{wire},"since":[1,{{"a":null}}],"program":"x","":7}}}}"#);
        assert_eq!(
            decode(line.as_bytes()),
            Ok(FromAgent::Hello {
                wire,
                program: "x".to_owned()
            })
        );
    }
}

#[test]
fn what_is_not_of_this_language_says_why() {
    for line in [
        &b""[..],
        b"null",
        b"{}",
        b"\"hello\"",
        b"{\"hello\":{}}",
        b"{\"hello\":{\"wire\":-1,\"program\":\"x\"}}",
        b"{\"hello\":{\"wire\":1,\"program\":\"x\"}} {}",
        b"{\"new\":{}}",
        b"{\"ask\":{\"ask\":1}}",
        b"\xff\xfe",
    ] {
        let error = decode::<FromAgent>(line).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("a line was not understood: "), "{text}");
        assert!(decode::<ToAgent>(line).is_err(), "{line:?}");
    }
}

#[test]
fn a_line_too_long_is_refused_on_both_sides() {
    let hello = |length: usize| FromAgent::Hello {
        wire: 1,
        program: "x".repeat(length),
    };
    let frame = encode(&hello(0)).unwrap().len() - 1;
    let longest = encode(&hello(LONGEST_LINE - frame)).unwrap();
    assert_eq!(longest.len(), LONGEST_LINE + 1);
    let (lines, error) = fed(&longest, &[LONGEST_LINE, 5000]);
    assert_eq!((lines.len(), error), (1, None));
    assert_eq!(
        encode(&hello(LONGEST_LINE - frame + 1)),
        Err(WireError::TooLong)
    );

    let mut long = vec![b'x'; LONGEST_LINE + 1];
    for end in [&b""[..], b"\n", b"\n{}\n"] {
        long.truncate(LONGEST_LINE + 1);
        long.extend_from_slice(end);
        assert_eq!(fed(&long, &[]), (vec![], Some(WireError::TooLong)));
    }
    assert_eq!(
        WireError::TooLong.to_string(),
        "a line is longer than 262144 bytes"
    );
}

/// Who never ends a line is found out after the longest line and one piece, and costs no more; and
/// what was handed out is not kept.
#[test]
fn memory_is_bounded() {
    let mut stream = Lines::default();
    let piece = [b'x'; 1000];
    let mut fed = 0;
    while stream.next_line() == Ok(None) {
        stream.feed(&piece);
        fed += piece.len();
        assert!(fed <= LONGEST_LINE + piece.len(), "{fed}");
    }
    assert_eq!(stream.next_line(), Err(WireError::TooLong));

    let mut stream = Lines::default();
    let most = LONGEST_LINE / 1000;
    for round in 0..20 * most {
        stream.feed(&piece);
        if round % most == 0 {
            stream.feed(b"\n");
        }
        while stream.next_line().unwrap().is_some() {}
        if round % (5 * most) == most - 1 {
            // Each byte is shown as "120, ".
            let held = format!("{stream:?}").len();
            assert!(held < 6 * LONGEST_LINE, "{held}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn to_the_agent_and_back_in_any_pieces_and_in_order(
        messages in vec(to_agent(), 0..6),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| encode(message).unwrap()).collect();
        let (lines, error) = fed(&bytes, &cuts);
        prop_assert_eq!(error, None);
        let read: Vec<ToAgent> = lines.iter().map(|line| decode(line).unwrap()).collect();
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn from_the_agent_and_back_in_any_pieces_and_in_order(
        messages in vec(from_agent(), 0..6),
        cuts in vec(any::<usize>(), 0..20),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| encode(message).unwrap()).collect();
        let (lines, error) = fed(&bytes, &cuts);
        prop_assert_eq!(error, None);
        let read: Vec<FromAgent> = lines.iter().map(|line| decode(line).unwrap()).collect();
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn a_truncated_message_is_awaited_and_never_taken_for_another(
        message in from_agent(),
        cut in any::<usize>(),
    ) {
        let bytes = encode(&message).unwrap();
        let part = &bytes[..cut % (bytes.len() - 1)];
        prop_assert_eq!(fed(part, &[]), (vec![], None));
        prop_assert!(decode::<FromAgent>(part).is_err());
    }

    #[test]
    fn what_a_newer_one_adds_is_passed_over(message in from_agent(), more in text()) {
        let mut value = serde_json::to_value(&message).unwrap();
        add(&mut value, &more);
        prop_assert_eq!(decode(value.to_string().as_bytes()), Ok(message));
    }

    #[test]
    fn flipped_bytes_never_panic_and_pieces_change_nothing(
        messages in vec(from_agent(), 1..4),
        flips in vec((any::<usize>(), any::<u8>()), 1..6),
        cuts in vec(any::<usize>(), 0..8),
    ) {
        let mut bytes: Vec<u8> = messages.iter().flat_map(|message| encode(message).unwrap()).collect();
        for (at, flip) in flips {
            let at = at % bytes.len();
            bytes[at] ^= flip;
        }
        let whole = fed(&bytes, &[]);
        for line in &whole.0 {
            let _ = decode::<FromAgent>(line);
            let _ = decode::<ToAgent>(line);
        }
        prop_assert_eq!(fed(&bytes, &cuts), whole);
    }

    #[test]
    fn any_bytes_are_lines(bytes in vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), cuts in vec(any::<usize>(), 0..8)) {
        let (mut lines, error) = fed(&bytes, &cuts);
        prop_assert_eq!(error, None);
        let whole = bytes.iter().filter(|byte| **byte == b'\n').count();
        prop_assert_eq!(lines.len(), whole);
        lines.push(bytes.rsplit(|byte| *byte == b'\n').next().unwrap().to_vec());
        prop_assert_eq!(lines.join(&b'\n'), bytes);
    }
}

/// Puts a field that nobody knows into every structure with named fields.
fn add(value: &mut serde_json::Value, more: &str) {
    use serde_json::Value;
    /// Objects of one field that stand for a variant of an enum: there a second one is an error.
    const VARIANTS: [&str; 10] = [
        "hello",
        "told",
        "ask",
        "answered",
        "failed",
        "not-asked",
        "name",
        "v4",
        "v6",
        "get",
    ];
    match value {
        Value::Object(fields) => {
            let variant =
                fields.len() == 1 && fields.keys().all(|name| VARIANTS.contains(&name.as_str()));
            fields.values_mut().for_each(|value| add(value, more));
            // A Duration is serde's own form, which will not change.
            if !variant && !fields.contains_key("nanos") {
                fields.insert("a-new-field".to_owned(), more.into());
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| add(value, more)),
        _ => {}
    }
}
