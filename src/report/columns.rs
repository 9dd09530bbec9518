//! Text made to fit: cut by display width, padded, times in the unit that fits.

use crate::model::clean;
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const SHORTEST_NAME: usize = 14;
const LONGEST_NAME: usize = 40;

/// How many columns `text` takes; colours take none.
pub fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// How many columns a list of names takes: those of the longest, within bounds.
pub fn name_columns<'a>(names: impl Iterator<Item = &'a str>, most: usize) -> usize {
    let longest = names.map(|name| clean(name).width()).max().unwrap_or(0);
    longest.clamp(SHORTEST_NAME, most.clamp(SHORTEST_NAME, LONGEST_NAME))
}

/// `text` cleaned, and cut to `columns` with an ellipsis where it is longer.
pub fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    let text = clean(text);
    if text.width() <= columns {
        return text;
    }
    let room = columns.saturating_sub(ellipsis.width());
    let mut used = 0;
    let mut short = String::new();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        short.push(c);
    }
    short.push_str(if columns >= ellipsis.width() {
        ellipsis
    } else {
        ""
    });
    short
}

/// `text` followed by spaces up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// `text` on as many lines as it takes, each but the first indented by `indent` columns.
pub fn wrap(text: &str, columns: usize, indent: usize) -> String {
    let indent = " ".repeat(indent);
    textwrap::fill(
        text,
        textwrap::Options::new(columns)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation),
    )
}

/// A duration in at most seven columns: `0.05 ms`, `1.9 ms`, `18 ms`, `3.0 s`.
pub fn time(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    match ms {
        ms if ms < 0.995 => format!("{:.2} ms", ms.max(0.01)),
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice_and_are_never_halved() {
        assert_eq!(cut("工人工人", 8, "…"), "工人工人");
        assert_eq!(cut("工人工人", 6, "…"), "工人…");
        assert_eq!(cut("mini\u{1b}[2J-1", 20, "…"), "mini[2J-1");
        assert_eq!(cut("abcdef", 5, ".."), "abc..");
        assert_eq!(cut("abcdef", 1, ".."), "");
        assert_eq!(pad("工", 4), "工  ");
    }

    #[test]
    fn long_lines_go_on_below_and_no_word_is_cut() {
        let text = "  PM2  0 of 3 answered; http://a-very-long-address/that-fits-nowhere";
        let expected =
            "  PM2  0 of 3\n       answered;\n       http://a-very-long-address/that-fits-nowhere";
        assert_eq!(wrap(text, 18, 7), expected);
    }

    #[test]
    fn times_in_the_unit_that_fits() {
        let table = [
            (Duration::from_nanos(900), "0.01 ms"),
            (Duration::from_micros(53), "0.05 ms"),
            (Duration::from_micros(996), "1.0 ms"),
            (Duration::from_micros(1_940), "1.9 ms"),
            (Duration::from_micros(9_960), "10 ms"),
            (Duration::from_millis(18), "18 ms"),
            (Duration::from_micros(999_600), "1.0 s"),
            (Duration::from_millis(3_000), "3.0 s"),
        ];
        for (took, expected) in table {
            assert_eq!(time(took), expected);
        }
    }
}
