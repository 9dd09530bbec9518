//! What the user chose: the command line over the config file over the defaults.

use super::looking::{Places, read};
use super::output::{Form, Look};
use crate::app::{Goal, Settings};
use crate::cli::{Check, Everywhere, Watch};
use crate::config::file::{self, Config};
use crate::machine::hostnames;
use crate::pm2::Home;
use crate::report::{Detail, Names, Style};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// From one try of a check to the next: shorter than that, Local Network Privacy may still be
/// making up its mind (facts/LNP.md §6).
const BETWEEN_TRIES: Duration = Duration::from_secs(2);

/// The width of output that goes to no terminal, in columns.
const WITHOUT_EDGE: usize = 120;

/// Everything a run needs to know.
#[derive(Debug)]
pub struct Run {
    pub settings: Settings,
    pub look: Look,
    /// `None` where PM2 is not to be asked.
    pub pm2: Option<Home>,
    pub places: Places,
}

/// The settings of `unreach check`.
///
/// # Errors
/// A sentence for the user, when the config file can't be used.
pub fn check(check: &Check, everywhere: &Everywhere) -> Result<Run, String> {
    let form = match (check.json, check.md) {
        (true, _) => Form::Json,
        (_, true) => Form::Markdown,
        _ => Form::Text,
    };
    let goal = Goal::Check { tries: check.tries };
    run(goal, form, &check.targets, everywhere)
}

/// The settings of `unreach report`: a check that tells everything, with names taken out.
///
/// # Errors
/// As [`check`].
pub fn report(orders: &Check, everywhere: &Everywhere) -> Result<Run, String> {
    let mut run = check(orders, everywhere)?;
    run.look.detail = Detail::Everything;
    run.look.masked = Some(Names {
        home: run
            .places
            .home
            .as_ref()
            .map(|home| home.to_string_lossy().into_owned())
            .unwrap_or_default(),
        user: user_name().unwrap_or_default(),
        hosts: hostnames(),
    });
    Ok(run)
}

fn user_name() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid());
    user.ok().flatten().map(|user| user.name)
}

/// The settings of `unreach watch`.
///
/// # Errors
/// As [`check`].
pub fn watch(watch: &Watch, everywhere: &Everywhere) -> Result<Run, String> {
    let form = if watch.json {
        Form::JsonLines
    } else {
        Form::Lines
    };
    run(Goal::Watch, form, &watch.targets, everywhere)
}

fn run(goal: Goal, form: Form, targets: &[String], everywhere: &Everywhere) -> Result<Run, String> {
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    let path = config_file(everywhere.config.as_deref(), home.as_deref());
    let config = read_config(path.as_deref(), everywhere.config.is_some())?;
    let explicit = everywhere.pm2_home.as_deref().map(absolute).or_else(|| {
        config
            .pm2_home
            .as_deref()
            .map(|text| from_home(text, home.as_deref()))
    });
    let pm2 = Home::choose(
        explicit.as_deref(),
        std::env::var_os("PM2_HOME").as_deref(),
        home.as_deref(),
        // The variable names one God's socket: not that of a home somebody asked for.
        std::env::var_os("PM2_DAEMON_RPC_PORT")
            .filter(|_| explicit.is_none())
            .as_deref(),
    );
    let pm2 = match (everywhere.no_pm2, pm2) {
        (true, _) => None,
        (false, Some(pm2)) => Some(pm2),
        (false, None) => {
            return Err(
                "no home directory is known, so neither is PM2's: give --pm2-home DIR, or --no-pm2"
                    .to_owned(),
            );
        }
    };
    let between = match goal {
        Goal::Check { .. } => BETWEEN_TRIES,
        Goal::Watch => config.interval,
    };
    Ok(Run {
        settings: Settings {
            goal,
            interval: everywhere.interval.unwrap_or(between),
            timeout: everywhere.timeout.unwrap_or(config.timeout),
            pm2_home: pm2
                .as_ref()
                .map(|pm2| pm2.shown(pm2.dir()))
                .unwrap_or_default(),
        },
        look: Look {
            form,
            style: style(&config, everywhere),
            detail: if everywhere.verbose {
                Detail::Everything
            } else {
                Detail::Problems
            },
            masked: None,
        },
        pm2,
        places: Places {
            command_line: targets.to_vec(),
            config: path,
            hosts_variable: std::env::var("AIMAESTRO_HOSTS").ok(),
            hosts_file: home.as_ref().map(|home| home.join(".aimaestro/hosts.json")),
            home,
        },
    })
}

fn config_file(explicit: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|dir| dir.is_absolute());
    let base = base.or_else(|| home.map(|home| home.join(".config")));
    explicit
        .map(Path::to_owned)
        .or_else(|| base.map(|base| base.join("unreach/config.toml")))
}

fn read_config(path: Option<&Path>, asked_for: bool) -> Result<Config, String> {
    let Some(path) = path else {
        return Ok(Config::default());
    };
    let shown = format!("the config file {}", path.display());
    match read(path, &shown)? {
        Some(text) => file::parse(&text).map_err(|error| format!("{}, {error}", path.display())),
        None if asked_for => Err(format!("{shown} can't be read: there is no such file")),
        None => Ok(Config::default()),
    }
}

fn from_home(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(text),
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// How output may look where no config file is read.
pub fn plain_style(everywhere: &Everywhere) -> Style {
    style(&Config::default(), everywhere)
}

fn style(config: &Config, everywhere: &Everywhere) -> Style {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let terminal = std::io::stdout().is_terminal();
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let columns =
        rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| usize::from(size.ws_col));
    Style {
        ascii: everywhere.ascii || config.ascii || !speaks_unicode(),
        color: terminal && config.color && !everywhere.no_color && !set("NO_COLOR") && !dumb,
        // A file or a pipe has no edge to fit into.
        width: columns
            .ok()
            .filter(|columns| *columns > 0)
            .unwrap_or(WITHOUT_EDGE),
    }
}

/// Whether the locale's characters are UTF-8: the first of these that is set decides (POSIX).
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok());
    let first = locale
        .into_iter()
        .find(|value| !value.is_empty())
        .unwrap_or_default();
    let first = first.to_ascii_lowercase();
    first.contains("utf-8") || first.contains("utf8")
}
