//! Reading values that may be of another type than they should: God stores whatever it was given.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A text, or a number or a boolean as text.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Loose::deserialize(from)? {
        Loose::Text(text) => Some(text),
        Loose::Number(number) => Some(number.to_string()),
        Loose::Truth(truth) => Some(truth.to_string()),
        Loose::List(_) | Loose::Nothing => None,
    })
}

/// A whole number that fits, perhaps written as text.
pub(super) fn number<'de, D: Deserializer<'de>, N: TryFrom<u64>>(
    from: D,
) -> Result<Option<N>, D::Error> {
    let number = match Loose::deserialize(from)? {
        Loose::Number(number) => Some(number),
        Loose::Text(text) => text.parse().ok(),
        _ => None,
    };
    Ok(number.and_then(|number| N::try_from(number).ok()))
}

/// True for `true`, `"true"` and 1.
pub(super) fn truth<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(match Loose::deserialize(from)? {
        Loose::Truth(truth) => truth,
        Loose::Text(text) => text == "true" || text == "1",
        Loose::Number(number) => number == 1,
        Loose::List(_) | Loose::Nothing => false,
    })
}

/// The texts of a list; one text is a list of one.
pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Loose::deserialize(from)? {
        Loose::List(list) => list,
        Loose::Text(text) => vec![text],
        _ => Vec::new(),
    })
}

enum Loose {
    Nothing,
    Truth(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Loose, D::Error> {
        from.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Loose, E> {
        Ok(Loose::Truth(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        let mut list = Vec::new();
        while let Some(one) = seq.next_element()? {
            match one {
                Loose::Text(text) => list.push(text),
                Loose::Number(number) => list.push(number.to_string()),
                _ => {}
            }
        }
        Ok(Loose::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Nothing)
    }
}

/// Replaces lone surrogates by U+FFFD, in place: node writes them as `\ud800`, which is JSON but no
/// text, and one in a single name would hide every app. `json` is valid JSON or will be refused.
pub(super) fn mend_surrogates(json: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = json[at..].iter().position(|b| *b == b'\\') {
        at += found;
        match escape(&json[at..]) {
            Some(0xd800..0xdc00) if matches!(escape(&json[at + 6..]), Some(0xdc00..0xe000)) => {
                at += 12;
            }
            Some(0xd800..0xe000) => {
                json[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            Some(_) => at += 6,
            None => at = (at + 2).min(json.len()),
        }
    }
}

/// The number of the `\uXXXX` that `json` begins with.
fn escape(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mended(json: &str) -> String {
        let mut bytes = json.as_bytes().to_vec();
        mend_surrogates(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lone_surrogates_go_and_pairs_stay() {
        for (json, expected) in [
            (r#""a\ud800b""#, r#""a\ufffdb""#),
            (r#""\udc00\ud800""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud800\n\u0041""#, r#""\\ud800\n\u0041""#),
            (r"\", r"\"),
            (r"\ud80", r"\ud80"),
        ] {
            assert_eq!(mended(json), expected);
        }
    }

    proptest! {
        #[test]
        fn mending_keeps_what_is_well(text in "[\\\\\"/a-z\\n\u{0}-\u{10ffff}]*") {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(mended(&json), json);
        }

        #[test]
        fn any_bytes_are_mended(mut bytes in proptest::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'u'), Just(b'd'), Just(b'8'), any::<u8>()], 0..60)) {
            mend_surrogates(&mut bytes);
        }
    }
}
