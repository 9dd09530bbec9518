//! PM2's frames: whatever comes in whatever pieces, and never a panic.

use proptest::prelude::*;
use unreach::pm2::amp::{AmpError, Decoder, Frame, MOST_ARGUMENTS, decode, encode};

const CAP: usize = 4096;

fn message() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let argument = proptest::collection::vec(any::<u8>(), 0..60);
    proptest::collection::vec(argument, 1..=MOST_ARGUMENTS)
}

fn encoded(message: &[Vec<u8>]) -> Vec<u8> {
    let arguments: Vec<&[u8]> = message.iter().map(Vec::as_slice).collect();
    encode(&arguments).unwrap()
}

fn arguments(frame: &Frame) -> Vec<Vec<u8>> {
    frame.arguments().map(<[u8]>::to_vec).collect()
}

/// Feeds `bytes` in pieces that end at `cuts`; gives the frames, the error, the most bytes held.
fn fed(bytes: &[u8], cuts: &[usize], cap: usize) -> (Vec<Frame>, Option<AmpError>, usize) {
    let mut decoder = Decoder::new(cap);
    let (mut frames, mut held, mut from) = (Vec::new(), 0, 0);
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    for end in ends {
        let mut piece = &bytes[from..end];
        from = end;
        loop {
            let next = decoder.decode(&mut piece);
            held = held.max(decoder.held());
            match next {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    // An error stays: nobody knows where the next frame begins.
                    assert_eq!(decoder.decode(&mut piece), Err(error));
                    return (frames, Some(error), held);
                }
            }
        }
        assert!(piece.is_empty());
    }
    (frames, None, held)
}

#[test]
fn the_measured_request_and_reply() {
    let call: &[u8] = br#"j:{"type":"call","method":"getVersion","args":[{}]}"#;
    let request = encode(&[call, b"s:1948:0"]).unwrap();
    assert_eq!(request.len(), 68);
    assert_eq!(request[..5], [0x12, 0, 0, 0, 0x33]);
    let reply = b"\x12\x00\x00\x00\x14j:{\"args\":[\"7.0.4\"]}\x00\x00\x00\x08s:1948:0";
    let (frames, taken) = decode(reply, CAP).unwrap();
    assert_eq!(taken, 37);
    assert_eq!(frames[0].first(), b"j:{\"args\":[\"7.0.4\"]}");
    assert_eq!(frames[0].last(), b"s:1948:0");
    assert!(!format!("{:?}", frames[0]).contains("7.0.4"));
}

#[test]
fn what_is_no_frame_says_why() {
    for (bytes, error, text) in [
        (
            &b"HTTP/1.1 400"[..],
            AmpError::NotAmp(b'H'),
            "the first byte 0x48 does not begin a PM2 message",
        ),
        (&b"\x10"[..], AmpError::NoArguments, "the message is empty"),
        (
            &b"\x12\xff\xff\xff\xff"[..],
            AmpError::TooLong {
                length: 4_294_967_304,
                cap: CAP,
            },
            "the message has at least 4294967304 bytes, the most is 4096",
        ),
    ] {
        assert_eq!(decode(bytes, CAP), Err(error));
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(encode(&[]), Err(AmpError::NoArguments));
    assert_eq!(
        encode(&[b"".as_slice(); 16]),
        Err(AmpError::TooManyArguments(16))
    );
}

#[test]
fn the_cap_is_for_the_whole_frame() {
    let message = encode(&[&[0; 100], &[0; 100]]).unwrap();
    assert!(decode(&message, message.len()).is_ok());
    let short = message.len() - 1;
    // Refused at the second length, before the second argument is taken.
    assert!(matches!(
        decode(&message[..109], short),
        Err(AmpError::TooLong { .. })
    ));
    assert!(matches!(
        decode(&message[..1], 8),
        Err(AmpError::TooLong { .. })
    ));
}

#[test]
fn a_claim_costs_nothing() {
    let mut decoder = Decoder::new(256 << 20);
    let mut claim: &[u8] = b"\x11\x0f\xff\xff\x00abc";
    assert_eq!(decoder.decode(&mut claim), Ok(None));
    assert!(decoder.held() < 100, "{}", decoder.held());
}

#[test]
fn an_empty_argument_is_one() {
    let (frames, _) = decode(b"\x12\0\0\0\0\0\0\0\0", CAP).unwrap();
    assert_eq!(arguments(&frames[0]), [b"", b""]);
}

proptest! {
    #[test]
    fn round_trip_in_any_pieces(
        messages in proptest::collection::vec(message(), 0..5),
        cuts in proptest::collection::vec(any::<usize>(), 0..20),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| encoded(message)).collect();
        let (frames, error, held) = fed(&bytes, &cuts, CAP);
        prop_assert_eq!(error, None);
        prop_assert!(held <= CAP);
        prop_assert_eq!(frames.iter().map(arguments).collect::<Vec<_>>(), messages);
    }

    #[test]
    fn a_truncated_frame_is_awaited(message in message(), cut in any::<usize>()) {
        let bytes = encoded(&message);
        let (frames, taken) = decode(&bytes[..cut % bytes.len()], CAP).unwrap();
        prop_assert_eq!((frames.len(), taken), (0, 0));
    }

    #[test]
    fn flipped_bytes_never_panic_nor_grow_beyond_the_cap(
        messages in proptest::collection::vec(message(), 1..4),
        flips in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
        cap in 0usize..600,
    ) {
        let mut bytes: Vec<u8> = messages.iter().flat_map(|message| encoded(message)).collect();
        for (at, flip) in flips {
            let at = at % bytes.len();
            bytes[at] ^= flip;
        }
        let (frames, error, held) = fed(&bytes, &cuts, cap);
        prop_assert!(held <= cap.max(1));
        // Pieces change nothing.
        prop_assert_eq!((frames, error), {
            let (frames, error, _) = fed(&bytes, &[], cap);
            (frames, error)
        });
    }

    #[test]
    fn any_bytes_are_taken_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        cuts in proptest::collection::vec(any::<usize>(), 0..8),
    ) {
        let (_, _, held) = fed(&bytes, &cuts, 300);
        prop_assert!(held <= 300);
    }
}
