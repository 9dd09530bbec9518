//! Foreign text made safe to show: names, headers, paths and log lines come from strangers.

/// Takes out what could move the cursor, recolour the screen or reorder a line: control
/// characters and Unicode's bidirectional and invisible formatting characters.
/// Line breaks and tabs become one space.
pub fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            c if c.is_control() => None,
            // Bidirectional marks, embeddings, overrides and isolates (Unicode TR9), zero width
            // characters, the soft hyphen, variation selectors, interlinear marks and tags.
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' => None,
            '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' => None,
            '\u{e0000}'..='\u{e0fff}' => None,
            c => Some(c),
        })
        .collect()
}

/// `path` with the home directory written as `~`.
pub fn masked_home(path: &str, home: &str) -> String {
    let home = home.trim_end_matches('/');
    match path.strip_prefix(home) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => {
            format!("~{rest}")
        }
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_bidi_marks_go_and_letters_stay() {
        assert_eq!(clean("mini\u{1b}[31m-1\u{202e}x\u{9b}2J"), "mini[31m-1x2J");
        assert_eq!(clean("a\tb\r\nc"), "a b  c");
        assert_eq!(clean("工人 é"), "工人 é");
    }

    #[test]
    fn home_is_a_tilde_only_where_it_is_a_whole_directory() {
        assert_eq!(masked_home("/Users/me/.pm2", "/Users/me"), "~/.pm2");
        assert_eq!(
            masked_home("/Users/men/.pm2", "/Users/me"),
            "/Users/men/.pm2"
        );
        assert_eq!(masked_home("/srv", ""), "/srv");
    }
}
