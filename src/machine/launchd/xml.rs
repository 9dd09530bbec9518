//! XML as Apple's reader takes it, made into XML that the crate `plist` takes.
//!
//! Apple's own reader of property lists is no general XML parser, and the files in the wild are what
//! it accepts. It skips a DOCTYPE up to its `>` whatever stands in it, takes text before `<?xml`, and
//! reads CDATA as text; the crate drops CDATA. A bare `&` it refuses ("Encountered unknown
//! ampersand-escape sequence at line …", also from `plutil -lint`), and so launchd never loads such a
//! file; what the file says is clear all the same, so it is read, and the problem is told.

/// What the crate is given. Line breaks stay, so a line here is the same line in the file.
#[derive(Debug)]
pub struct Prepared {
    pub text: String,
    /// The lines with a bare `&`.
    pub bare_ampersands: Vec<usize>,
}

/// Takes out declarations, comments and DOCTYPE, turns CDATA into text, and escapes a bare `&`.
/// What has no end is left for the crate to refuse.
pub fn prepare(source: &str) -> Prepared {
    let mut text = String::with_capacity(source.len());
    let mut bare_ampersands: Vec<usize> = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        line += rest[..at].matches('\n').count();
        rest = &rest[at..];
        let taken = match markup(rest) {
            Markup::LeftOut(length) => {
                text.extend(rest[..length].matches('\n'));
                length
            }
            Markup::Cdata(inner, length) => {
                let escaped = inner.replace('&', "&amp;").replace('<', "&lt;");
                text.push_str(&escaped);
                length
            }
            Markup::Endless => break,
            Markup::Other if rest.starts_with('&') && !is_entity(rest) => {
                if bare_ampersands.last() != Some(&line) {
                    bare_ampersands.push(line);
                }
                text.push_str("&amp;");
                1
            }
            Markup::Other => {
                text.push_str(&rest[..1]);
                1
            }
        };
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    text.push_str(rest);
    Prepared {
        text,
        bare_ampersands,
    }
}

/// What stands at a `<` or an `&`. Lengths are in bytes, with both ends.
enum Markup<'a> {
    /// A comment, a declaration or a DOCTYPE.
    LeftOut(usize),
    Cdata(&'a str, usize),
    /// One of those without its end.
    Endless,
    Other,
}

fn markup(rest: &str) -> Markup<'_> {
    let through = |from: usize, end: &str| Some(from + rest[from..].find(end)? + end.len());
    let length = if rest.starts_with("<!--") {
        through(4, "-->")
    } else if rest.starts_with("<?") {
        through(2, "?>")
    } else if rest.starts_with("<!DOCTYPE") {
        through(9, ">").and_then(|end| match rest[..end].contains('[') {
            // With rules of its own inside brackets it ends after those.
            true => through(through(9, "]")?, ">"),
            false => Some(end),
        })
    } else if rest.starts_with("<![CDATA[") {
        return match through(9, "]]>") {
            Some(length) => Markup::Cdata(&rest[9..length - 3], length),
            None => Markup::Endless,
        };
    } else {
        return Markup::Other;
    };
    length.map_or(Markup::Endless, Markup::LeftOut)
}

/// Whether an entity of XML's own, or a character by its number, stands at the beginning.
fn is_entity(rest: &str) -> bool {
    // The longest that means something is `&#x10ffff;`, with some zeros before it.
    let Some(end) = rest.bytes().take(16).position(|byte| byte == b';') else {
        return false;
    };
    let name = &rest[1..end];
    let digits =
        |text: &str, radix: u32| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    matches!(name, "lt" | "gt" | "amp" | "apos" | "quot")
        || name.strip_prefix("#x").is_some_and(|hex| digits(hex, 16))
        || name
            .strip_prefix('#')
            .is_some_and(|number| digits(number, 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apple_skips_is_gone_and_lines_stay() {
        let source =
            "\n<?xml version=\"1.0\"?>\n<!DOCTYPE plist \\\n \"x\">\n<!-- a & b -->\n<plist/>";
        assert_eq!(prepare(source).text, "\n\n\n\n\n<plist/>");
        let with_rules = "<!DOCTYPE p [ <!ELEMENT p ANY> ]><p/>";
        assert_eq!(prepare(with_rules).text, "<p/>");
    }

    #[test]
    fn cdata_is_text() {
        assert_eq!(
            prepare("<s><![CDATA[a && <b>]]></s>").text,
            "<s>a &amp;&amp; &lt;b></s>"
        );
    }

    #[test]
    fn a_bare_ampersand_is_told_and_entities_stay() {
        let prepared = prepare("<s>&lt;&#38;&#x26;</s>\n<s>a && b &c; &\u{e9};</s>");
        assert_eq!(
            prepared.text,
            "<s>&lt;&#38;&#x26;</s>\n<s>a &amp;&amp; b &amp;c; &amp;\u{e9};</s>"
        );
        assert_eq!(prepared.bare_ampersands, [2]);
    }

    #[test]
    fn what_has_no_end_is_left() {
        for source in [
            "<!-- x",
            "<![CDATA[ x",
            "<?xml",
            "<!DOCTYPE",
            "<!DOCTYPE [ >",
        ] {
            assert_eq!(prepare(source).text, source);
        }
    }
}
