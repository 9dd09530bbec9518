//! Bytes to text, in the encodings that plists and captures come in.

/// The text of `bytes`: UTF-8 or UTF-16, with or without byte order mark, with `\n` at line ends.
///
/// # Errors
/// The number of the first byte that is no UTF-8.
pub fn decode(bytes: &[u8]) -> Result<String, usize> {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            // The place is counted from the beginning of the file.
            return utf8(rest).map_err(|at| at + 3);
        }
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark the first character tells: XML begins with `<`.
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        _ => return utf8(bytes),
    };
    Ok(text.replace("\r\n", "\n"))
}

fn utf8(bytes: &[u8]) -> Result<String, usize> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.valid_up_to())?;
    Ok(text.replace("\r\n", "\n"))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// The number of the line, from 1, that the byte `at` of `text` lies in.
pub fn line_at(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_gives_the_same_text() {
        let text = "<é工>\r\n</x>";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", le.as_slice()].concat(),
            [b"\xfe\xff", be.as_slice()].concat(),
            le,
            be,
        ] {
            assert_eq!(decode(&bytes).as_deref(), Ok("<é工>\n</x>"));
        }
        assert_eq!(decode(b"ab\xff"), Err(2));
        assert_eq!(decode(b"\xef\xbb\xbfab\xff"), Err(5));
        assert_eq!(decode(b""), Ok(String::new()));
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!(line_at("a\nb", 0), 1);
        assert_eq!(line_at("a\nb", 2), 2);
        assert_eq!(line_at("a\nb", 99), 2);
    }
}
