//! What PM2 answers to a call: each input is the body of a frame, JSON behind `j:`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::pm2::amp::{REPLY_CAP, decode, encode};
use unreach::pm2::{RpcError, answer};
use unreach_fuzz::assert_clean;

fn check<R>(read: Result<R, RpcError>) -> Option<R> {
    match read {
        Ok(result) => return Some(result),
        Err(error @ (RpcError::God { .. } | RpcError::Shape { .. })) => {
            assert_clean(&error.to_string());
            assert!(error.to_string().chars().count() < 400);
        }
        Err(error) => panic!("{error}"),
    }
    None
}

fuzz_target!(|data: &[u8]| {
    let bytes = encode(&[&[b"j:", data].concat(), b"s:1:1"]).expect("a frame");
    let (frames, _) = decode(&bytes, REPLY_CAP).expect("a frame");
    let frame = frames.into_iter().next().expect("one");
    for app in check(answer::apps(frame.clone())).unwrap_or_default() {
        assert_ne!(app.pid, Some(0));
    }
    if let Some(report) = check(answer::report(frame.clone())) {
        assert!(report.node.is_none_or(|node| node.is_absolute()));
    }
    assert_ne!(check(answer::started(frame)).flatten(), Some(0));
});
