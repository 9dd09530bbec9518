//! What we and our agent say to each other: lines however they are cut, and messages.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use unreach::vantage::wire::{FromAgent, Lines, ToAgent, WireError, decode, encode};
use unreach_fuzz::pieces;

fn lines(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<WireError>) {
    let (mut stream, mut lines) = (Lines::default(), Vec::new());
    for piece in pieces {
        stream.feed(piece);
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

fn message<T: Serialize + DeserializeOwned + PartialEq + Debug>(line: &[u8]) {
    let Ok(message) = decode::<T>(line) else {
        return;
    };
    // What we make of a message may be longer than what it was: escapes and defaults.
    let Ok(again) = encode(&message) else { return };
    let line = again.strip_suffix(b"\n").expect("a line");
    assert!(!line.contains(&b'\n'));
    assert_eq!(decode::<T>(line), Ok(message));
}

fuzz_target!(|data: &[u8]| {
    let (whole, error) = lines(&[data]);
    assert_eq!(lines(&pieces(data)), (whole.clone(), error));
    for line in whole.iter().map(Vec::as_slice).chain([data]) {
        message::<FromAgent>(line);
        message::<ToAgent>(line);
    }
});
