//! What `launchctl list`, `launchctl list LABEL` and `launchctl print-disabled` say
//! (facts/LAUNCHD.md §1.1, §3).

use crate::model::Listed;

/// The table of `launchctl list`: with its head, or some rows of it alone.
/// `None` where `text` is none.
pub fn table(text: &str) -> Option<Vec<Listed>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_head = |line: &str| line.split_whitespace().eq(["PID", "Status", "Label"]);
    if lines.clone().any(is_head) {
        // What stands around it is a prompt or an end.
        return Some(
            lines
                .skip_while(|line| !is_head(line))
                .filter_map(row)
                .collect(),
        );
    }
    let rows: Option<Vec<Listed>> = lines.by_ref().map(row).collect();
    rows.filter(|rows| !rows.is_empty())
}

fn row(line: &str) -> Option<Listed> {
    let (pid, rest) = line.split_once(char::is_whitespace)?;
    let (status, label) = rest.trim_start().split_once(char::is_whitespace)?;
    let label = label.trim();
    let pid = match pid {
        "-" => None,
        pid => Some(pid.parse().ok().filter(|pid: &i64| *pid >= 0)?),
    };
    // A table of numbers is no list of jobs.
    label.chars().find(|c| c.is_alphabetic())?;
    let (last_exit_code, last_signal) = match status {
        "-" => (None, None),
        // The table decodes the status: a signal is negative.
        status => match status.parse::<i64>().ok()? {
            signal @ ..0 => (None, signal.checked_neg()),
            code => (Some(code), None),
        },
    };
    Some(Listed {
        label: Some(label.to_owned()),
        pid,
        last_exit_code,
        last_signal,
        program: None,
    })
}

/// The dictionary of `launchctl list LABEL`. `None` where `text` is none.
pub fn dictionary(text: &str) -> Option<Listed> {
    let mut listed = Listed::default();
    let (mut depth, mut known) = (0_usize, false);
    for line in text.lines().map(str::trim) {
        if line.ends_with(['{', '(']) {
            depth += 1;
        } else if matches!(line, "};" | "}" | ");" | ")") {
            depth = depth.saturating_sub(1);
            if depth == 0 && known {
                break;
            }
        } else if depth == 1
            && let Some((key, value)) = line
                .strip_suffix(';')
                .and_then(|line| line.split_once(" = "))
        {
            let key = key.trim_matches('"');
            let text = || Some(value.trim_matches('"').to_owned());
            match key {
                "Label" => listed.label = text(),
                "Program" => listed.program = text(),
                "PID" => listed.pid = value.parse().ok(),
                "LastExitStatus" => {
                    (listed.last_exit_code, listed.last_signal) = waited(value.parse().ok()?);
                }
                _ => {}
            }
            known |= matches!(key, "Label" | "LastExitStatus");
        }
    }
    known.then_some(listed)
}

/// Exit code and signal of a raw wait status, which this form prints: 15 is SIGTERM, 19200 exit 75.
fn waited(status: i64) -> (Option<i64>, Option<i64>) {
    match status & 0x7f {
        0 => (Some((status >> 8) & 0xff), None),
        signal => (None, Some(signal)),
    }
}

/// The labels of `launchctl print-disabled`, and whether each is disabled. `None` where `text` is none.
/// macOS up to 12 says `true` for disabled.
pub fn disabled(text: &str) -> Option<Vec<(String, bool)>> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| *line == "disabled services = {")?;
    // Other blocks follow: `login item associations`.
    let inside = lines.take_while(|line| *line != "}");
    let entry = |line: &str| {
        let (label, word) = line.split_once(" => ")?;
        let disabled = match word.trim() {
            "true" | "disabled" => true,
            "false" | "enabled" => false,
            _ => return None,
        };
        Some((label.trim().trim_matches('"').to_owned(), disabled))
    };
    Some(inside.filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_and_without_a_head() {
        let rows = table("% launchctl list\nPID\tStatus\tLabel\n-\t-9\ta b\n12\t78\tc\n% ")
            .expect("a table");
        let [first, second] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!(
            (first.label.as_deref(), first.last_signal, first.pid),
            (Some("a b"), Some(9), None)
        );
        assert_eq!((second.last_exit_code, second.pid), (Some(78), Some(12)));
        assert_eq!(table("12\t0\tx").map(|rows| rows.len()), Some(1));
        for other in [
            "",
            "1 2 3",
            "12 0 x\nand more",
            "drwxr-xr-x 2 me staff",
            "-1 0 x",
        ] {
            assert_eq!(table(other), None, "{other}");
        }
        assert_eq!(table("PID Status Label").map(|rows| rows.len()), Some(0));
    }

    #[test]
    fn a_dictionary_holds_a_raw_status() {
        let text = |status: &str| {
            format!(
                "{{\n\t\"Label\" = \"a\";\n\t\"X\" = {{\n\t\t\"PID\" = 1;\n\t}};\n\t\"LastExitStatus\" = {status};\n}};"
            )
        };
        let read = |status| dictionary(&text(status)).expect("a dictionary");
        assert_eq!(
            (read("15").last_signal, read("15").last_exit_code),
            (Some(15), None)
        );
        assert_eq!(
            (read("19200").last_signal, read("19200").last_exit_code),
            (None, Some(75))
        );
        assert_eq!((read("0").pid, read("0").last_exit_code), (None, Some(0)));
        assert_eq!(dictionary("{\"a\": 1}"), None);
        assert_eq!(dictionary(""), None);
    }

    #[test]
    fn disabled_ends_with_its_block() {
        let text = "disabled services = {\n\t\"a\" => true\n\t\"b\" => enabled\n\t\"c\" => odd\n}\nlogin item associations = {\n\t\"d\" => true\n}";
        let expected = vec![("a".to_owned(), true), ("b".to_owned(), false)];
        assert_eq!(disabled(text), Some(expected));
        assert_eq!(disabled("services = {\n}"), None);
    }
}
