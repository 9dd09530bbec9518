//! The title of a PM2 daemon as `ps` shows it.

/// What a title says: `PM2 v7.0.4: God Daemon (/home/me/.pm2)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// As PM2 wrote it: `7.0.4`. Foreign text.
    pub version: String,
    /// Its home. `None` where the title was cut: it cannot grow beyond the old command line
    /// (facts/PM2.md §3.1). Foreign text.
    pub home: Option<String>,
}

/// Reads a process title. `None` where it is not a God's; also a God started by `--no-daemon`,
/// by pm2-runtime or with PM2_DAEMON_TITLE, whose titles say something else.
pub fn parse(title: &str) -> Option<Title> {
    let title = title.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let (version, rest) = title.strip_prefix("PM2 v")?.split_once(": ")?;
    let version_like =
        version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(char::is_whitespace);
    let rest = rest.strip_prefix("God Daemon")?;
    if !version_like || !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let home = rest
        .strip_prefix(" (")
        .and_then(|rest| rest.strip_suffix(')'))
        // A home with parentheses of its own, cut just behind one of them.
        .filter(|home| home.matches('(').count() == home.matches(')').count())
        .filter(|home| !home.is_empty());
    Some(Title {
        version: version.to_owned(),
        home: home.map(str::to_owned),
    })
}

/// The Gods among titled processes, given as pid, parent and title. A child that God has just
/// forked wears God's title until it becomes the program it is to be.
pub fn gods(titled: Vec<(u32, Option<u32>, Title)>) -> Vec<(u32, Title)> {
    let pids: Vec<u32> = titled.iter().map(|(pid, ..)| *pid).collect();
    let of_its_own = |parent: &Option<u32>| !parent.is_some_and(|parent| pids.contains(&parent));
    titled
        .into_iter()
        .filter(|(_, parent, _)| of_its_own(parent))
        .map(|(pid, _, title)| (pid, title))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        for (title, expected) in [
            (
                "PM2 v7.0.4: God Daemon (/home/me/.pm2)",
                Some(("7.0.4", Some("/home/me/.pm2"))),
            ),
            (
                "PM2 v5.4.3: God Daemon (/Users/Jo Doe (work)/.pm2)  \0\0",
                Some(("5.4.3", Some("/Users/Jo Doe (work)/.pm2"))),
            ),
            (
                "PM2 v6.0.0-beta.1: God Daemon (/h/.pm2)",
                Some(("6.0.0-beta.1", Some("/h/.pm2"))),
            ),
            (
                "PM2 v7.0.4: God Daemon (/home/a-long-n",
                Some(("7.0.4", None)),
            ),
            (
                "PM2 v7.0.4: God Daemon (/home/me (x)",
                Some(("7.0.4", None)),
            ),
            ("PM2 v7.0.4: God Daemon ()", Some(("7.0.4", None))),
            ("PM2 v7.0.4: God Daemon", Some(("7.0.4", None))),
            ("PM2 v7.0.4: God Daemonic", None),
            ("PM2 v7.0.4: God Dae", None),
            ("PM2 vx: God Daemon (/h)", None),
            ("PM2 v7.0 .4: God Daemon (/h)", None),
            ("vim PM2 v7.0.4: God Daemon (/h)", None),
            ("node /usr/lib/node_modules/pm2/lib/Daemon.js", None),
            ("", None),
        ] {
            let expected = expected.map(|(version, home)| Title {
                version: version.to_owned(),
                home: home.map(str::to_owned),
            });
            assert_eq!(parse(title), expected, "{title:?}");
        }
    }

    #[test]
    fn a_child_in_gods_clothes_is_no_god() {
        let title = parse("PM2 v7.0.4: God Daemon (/home/me/.pm2)").unwrap();
        let titled = vec![
            (812, Some(1), title.clone()),
            (9_120, Some(812), title.clone()),
            (640, Some(7), title.clone()),
        ];
        assert_eq!(gods(titled), [(812, title.clone()), (640, title)]);
    }
}
