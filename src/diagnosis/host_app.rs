//! Who started us: the app that macOS holds responsible for what a terminal does.

use crate::model::{Process, StartedBy};

/// What a line of ancestors says of the way a process was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    pub by: StartedBy,
    /// The hosting app, where there is one with a name.
    pub app: Option<String>,
}

/// Names of processes, and the app that each belongs to. Only Terminal.app is exempt from Local
/// Network Privacy; the others need a grant of their own (facts/LNP.md §1.2, F776479).
const APPS: &[(&str, &str)] = &[
    ("Terminal", "Terminal.app"),
    ("iTerm", "iTerm2"),
    ("Code", "Visual Studio Code"),
    ("Electron", "an Electron app"),
    ("Cursor", "Cursor"),
    ("ghostty", "Ghostty"),
    ("Warp", "Warp"),
    ("stable", "Warp"),
    ("kitty", "kitty"),
    ("alacritty", "Alacritty"),
    ("wezterm", "WezTerm"),
    ("idea", "IntelliJ IDEA"),
    ("Hyper", "Hyper"),
    ("Tabby", "Tabby"),
];

/// Reads a line of ancestors, the process itself first. The nearest host counts: a tmux server
/// stands between a Terminal and what runs inside, and macOS holds the server responsible.
pub fn started_by(ancestors: &[Process]) -> Starter {
    for process in ancestors.iter().skip(1) {
        let name = process.name.trim_start_matches('-');
        if name.starts_with("tmux") || name.starts_with("screen") || name.starts_with("SCREEN") {
            return Starter {
                by: StartedBy::Tmux,
                app: None,
            };
        }
        if name.starts_with("sshd") {
            return Starter {
                by: StartedBy::Ssh,
                app: None,
            };
        }
        if name == "cron" || name == "crond" {
            return Starter {
                by: StartedBy::Cron,
                app: None,
            };
        }
        let app = APPS.iter().find(|(start, _)| {
            let next = name.strip_prefix(start).map(|rest| rest.chars().next());
            next.is_some_and(|next| next.is_none_or(|c| !c.is_ascii_lowercase()))
        });
        if let Some((_, app)) = app {
            let by = if *app == "Terminal.app" {
                StartedBy::Terminal
            } else {
                StartedBy::GuiApp
            };
            return Starter {
                by,
                app: Some((*app).to_owned()),
            };
        }
    }
    Starter {
        by: StartedBy::Unknown,
        app: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_host_counts() {
        let table: [(&[&str], StartedBy, Option<&str>); 8] = [
            (
                &["unreach", "zsh", "login", "Terminal", "launchd"],
                StartedBy::Terminal,
                Some("Terminal.app"),
            ),
            (
                &["unreach", "-zsh", "iTermServer-3.5", "launchd"],
                StartedBy::GuiApp,
                Some("iTerm2"),
            ),
            (
                &["unreach", "zsh", "Code Helper (Plugin)", "Code"],
                StartedBy::GuiApp,
                Some("Visual Studio Code"),
            ),
            (
                &["unreach", "bash", "tmux: server", "Terminal"],
                StartedBy::Tmux,
                None,
            ),
            (
                &["unreach", "bash", "sshd-session", "sshd"],
                StartedBy::Ssh,
                None,
            ),
            (&["unreach", "sh", "cron"], StartedBy::Cron, None),
            (
                &["unreach", "bash", "stablediffusion", "Deskflow"],
                StartedBy::Unknown,
                None,
            ),
            (&["Terminal"], StartedBy::Unknown, None),
        ];
        for (names, by, app) in table {
            let line: Vec<_> = names
                .iter()
                .map(|name| Process {
                    pid: 1,
                    name: (*name).to_owned(),
                })
                .collect();
            let expected = Starter {
                by,
                app: app.map(str::to_owned),
            };
            assert_eq!(started_by(&line), expected, "{names:?}");
        }
    }
}
