//! The head of an HTTP answer, however it is cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::probe::status_in;
use unreach_fuzz::{assert_clean, pieces};

fuzz_target!(|data: &[u8]| {
    // An end, because in pieces it may be that nothing is known before it.
    let end: &[u8] = b"\r\n\r\n";
    let whole = status_in([[data, end].concat().as_slice()]);
    let cut = status_in(pieces(data).into_iter().chain([end]));
    match (&whole, &cut) {
        (Some(Ok(status)), Some(Ok(same))) => assert_eq!(status, same),
        // How much of it is shown depends on how much had come.
        (Some(Err(_)), Some(Err(_))) | (None, None) => {}
        _ => panic!("whole {whole:?}, in pieces {cut:?}"),
    }
    for known in [whole, cut].into_iter().flatten() {
        match known {
            Ok(status) => assert!((200..=999).contains(&status) || status < 100 || status == 101),
            Err(why) => assert_clean(&why),
        }
    }
});
