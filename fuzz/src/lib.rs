//! What the fuzz targets share.

/// Cuts `data` into pieces, as a stream may deliver it. Where the cuts are depends on the bytes alone, so an input says
/// all and a seed needs no preamble.
pub fn pieces(data: &[u8]) -> Vec<&[u8]> {
    // FNV-1a, then xorshift: any spread of lengths will do.
    let mut state = data.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    }) | 1;
    let (mut rest, mut pieces) = (data, Vec::new());
    while !rest.is_empty() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Mostly a few bytes, now and then many.
        let most = if state & 0x7000 == 0 { 300 } else { 7 };
        let length = 1 + (state >> 32) as usize % most;
        let (piece, more) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// Fails where a text for the terminal holds something that could move the cursor or begin a line.
pub fn assert_clean(text: &str) {
    assert_eq!(unreach::model::clean(text), text, "not fit to be shown");
}
