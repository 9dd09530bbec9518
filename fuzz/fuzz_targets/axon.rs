//! PM2's frames, however they are cut.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::pm2::amp::{AmpError, Decoder, Frame, encode};
use unreach_fuzz::pieces;

const CAP: usize = 4096;

fn fed(pieces: &[&[u8]]) -> (Vec<Frame>, Option<AmpError>) {
    let (mut decoder, mut frames) = (Decoder::new(CAP), Vec::new());
    for piece in pieces {
        let mut piece = *piece;
        loop {
            let next = decoder.decode(&mut piece);
            assert!(decoder.held() <= CAP);
            match next {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(decoder.decode(&mut piece), Err(error));
                    return (frames, Some(error));
                }
            }
        }
        assert!(piece.is_empty());
    }
    (frames, None)
}

fuzz_target!(|data: &[u8]| {
    let (frames, error) = fed(&[data]);
    assert_eq!(fed(&pieces(data)), (frames.clone(), error));
    // What was read is what was written.
    let mut again = Vec::new();
    for frame in &frames {
        let arguments: Vec<&[u8]> = frame.arguments().collect();
        again.extend(encode(&arguments).expect("it was a frame"));
    }
    assert!(data.starts_with(&again));
});
