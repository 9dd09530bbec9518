//! The commands of a shell script, as far as a reader needs to know which programs it starts.

/// How deep substitutions are followed.
const DEEPEST: usize = 8;

/// The simple commands of `script`, each as its words without quotes. Pipes, lists, groups and
/// substitutions are taken apart; `$(which NAME)` is NAME. Variables stay as they are written.
pub fn commands(script: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    read(script, DEEPEST, &mut found);
    found.retain(|words| !words.is_empty());
    found
}

#[derive(Default)]
struct Reader {
    words: Vec<String>,
    word: String,
    /// Whether a word has begun, which may be empty: `''`.
    begun: bool,
}

impl Reader {
    fn push(&mut self, text: &str) {
        self.word.push_str(text);
        self.begun = true;
    }

    fn end_word(&mut self) {
        if self.begun {
            self.words.push(std::mem::take(&mut self.word));
            self.begun = false;
        }
    }

    fn end_command(&mut self, found: &mut Vec<Vec<String>>) {
        self.end_word();
        found.push(std::mem::take(&mut self.words));
    }
}

fn read(script: &str, deeper: usize, found: &mut Vec<Vec<String>>) {
    let mut reader = Reader::default();
    let mut quote = None;
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let mut taken = c.len_utf8();
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), c) => reader.push(c.encode_utf8(&mut [0; 4])),
            (None, '\'' | '"') => {
                quote = Some(c);
                reader.push("");
            }
            (_, '\\') => {
                let next = after.chars().next();
                taken += next.map_or(0, char::len_utf8);
                reader.push(next.unwrap_or('\\').encode_utf8(&mut [0; 4]));
            }
            (_, '$') if after.starts_with('(') => {
                let inner = until_closed(&after[1..]);
                substitute(inner, deeper, &mut reader, found);
                taken = (2 + inner.len() + 1).min(rest.len());
            }
            (_, '`') => {
                let inner = &after[..after.find('`').unwrap_or(after.len())];
                substitute(inner, deeper, &mut reader, found);
                taken = (1 + inner.len() + 1).min(rest.len());
            }
            (Some(_), c) => reader.push(c.encode_utf8(&mut [0; 4])),
            (None, '#') if !reader.begun => {
                taken = rest.find('\n').unwrap_or(rest.len());
            }
            // `2>&1` and `&>file` are no ends.
            (None, '&') if reader.word.ends_with('>') || after.starts_with('>') => reader.push("&"),
            (None, ';' | '\n' | '|' | '&' | '(' | ')') => reader.end_command(found),
            (None, c) if c.is_whitespace() => reader.end_word(),
            (None, c) => reader.push(c.encode_utf8(&mut [0; 4])),
        }
        rest = &rest[taken..];
    }
    reader.end_command(found);
}

/// What stands before the parenthesis that closes a substitution.
fn until_closed(text: &str) -> &str {
    let mut depth = 1_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

fn substitute(inner: &str, deeper: usize, reader: &mut Reader, found: &mut Vec<Vec<String>>) {
    let mut commands = Vec::new();
    if deeper > 0 {
        read(inner, deeper - 1, &mut commands);
    }
    let words: Vec<&str> = commands
        .first()
        .map(|words| words.iter().map(String::as_str).collect())
        .unwrap_or_default();
    match words[..] {
        ["which", name] | ["command", "-v", name] | ["type", "-P" | "-p", name] => {
            reader.push(name)
        }
        _ => {
            reader.push("$()");
            found.append(&mut commands);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_quotes_and_ends() {
        let table: &[(&str, &[&[&str]])] = &[
            (
                "cd \"$P/a b\" && ./pm2 resurrect",
                &[&["cd", "$P/a b"], &["./pm2", "resurrect"]],
            ),
            (
                "a 2>&1 | b; c & d",
                &[&["a", "2>&1"], &["b"], &["c"], &["d"]],
            ),
            ("a &>log # all; of it\nb ''", &[&["a", "&>log"], &["b", ""]]),
            ("$(which pm2) resurrect", &[&["pm2", "resurrect"]]),
            ("\"`command -v pm2`\" start x", &[&["pm2", "start", "x"]]),
            ("x \"$(pm2 jlist)\"", &[&["pm2", "jlist"], &["x", "$()"]]),
            ("a\\ b 'c d'e", &[&["a b", "c de"]]),
            ("(pm2 resurrect)", &[&["pm2", "resurrect"]]),
        ];
        for (script, expected) in table {
            assert_eq!(&commands(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_never_closed_ends_with_the_script() {
        for script in [
            "\"a",
            "'a",
            "$(a",
            "`a",
            "a\\",
            "$(((((((((((((((a",
            "&",
            "$",
        ] {
            commands(script);
        }
    }
}
