//! The command line and its help texts.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// Shows what your PM2 apps see of the network, next to what this terminal sees.
#[derive(Debug, Parser)]
#[command(name = "unreach", version, disable_help_subcommand = true, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub everywhere: Everywhere,
}

const AFTER_HELP: &str = "\
Exit status: 0 fine, 1 a problem was found, 2 wrong usage or unreadable input,
3 could not find out.";

const TARGETS_HELP: &str = "\
Targets:
  host                 AI Maestro's port 23000: connected, never spoken to
  host:port            connected, never spoken to; also as tcp://host:port
  http://host/path     asked with one GET; https:// likewise
  fe80::1%en0          IPv6, with its interface where it is link-local
Without any: the config file, then $AIMAESTRO_HOSTS, then ~/.aimaestro/hosts.json,
then what the apps under PM2 complain about in their logs.";

const DIAGNOSE_HELP: &str = "\
A case file is JSON: who asked, whom, and what came back. Every report of
unreach check --json holds one, and can be given as it is.
Exit status: 0 no problem found, 1 a problem found, 2 the file is wrong,
3 nothing can be judged from it.";

const INSPECT_HELP: &str = "\
FILE is recognised by its content: a launchd job's plist (XML or binary), or what
launchctl print (of one job), list or print-disabled said, or its error message.
Of a plist the folder counts too: LaunchAgents or LaunchDaemons.
Exit status: 0 recognised, 2 not readable or not recognised.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask every target from this terminal and from PM2, print both side by side, leave
    #[command(after_help = TARGETS_HELP)]
    Check(Check),
    /// Keep asking, and print one line for each change
    #[command(after_help = TARGETS_HELP)]
    Watch(Watch),
    /// Check, and print everything known for a bug report: home, user and host name taken out
    #[command(after_help = TARGETS_HELP)]
    Report(Check),
    /// Say what a case file comes down to: verdicts, causes, and how sure they are
    #[command(after_help = DIAGNOSE_HELP)]
    Diagnose(Diagnose),
    /// Say what a launchd plist or a captured launchctl output is
    #[command(after_help = INSPECT_HELP)]
    Inspect(Inspect),
    /// Print the config file with every setting explained and at its default
    Config,
    /// Ask from inside PM2 (started by unreach itself)
    #[command(hide = true)]
    Agent(Agent),
}

#[derive(Debug, Args)]
pub struct Check {
    /// What to ask
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "md")]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long)]
    pub md: bool,
    /// How often to ask each target from each side, 2 seconds apart (or --interval); 1 for speed
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub tries: u32,
}

#[derive(Debug, Args)]
pub struct Watch {
    /// What to ask
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Print one JSON value a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Diagnose {
    /// The case file, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Inspect {
    /// The plist or the captured output, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What unreach tells its agent when it has God start it.
#[derive(Debug, Args)]
pub struct Agent {
    /// The socket to answer on
    #[arg(long)]
    pub socket: PathBuf,
    /// PM2's socket, to take the agent's own entry out when unreach is gone
    #[arg(long)]
    pub rpc: PathBuf,
    /// The number of the agent's entry
    #[arg(long)]
    pub entry: u32,
    /// How long the addresses of a name are kept, in milliseconds
    #[arg(long)]
    pub name_ttl: u64,
}

#[derive(Debug, Args)]
pub struct Everywhere {
    /// PM2's home directory [default: $PM2_HOME, else ~/.pm2]
    #[arg(long, value_name = "DIR", global = true)]
    pub pm2_home: Option<PathBuf>,
    /// Ask from this terminal only
    #[arg(long, global = true)]
    pub no_pm2: bool,
    /// Seconds from one question to the next [default: 5; between tries of check: 2]
    #[arg(long, value_name = "S", global = true, value_parser = seconds::<200, 3_600_000>)]
    pub interval: Option<Duration>,
    /// Seconds until a probe is given up [default: 3]
    #[arg(long, value_name = "S", global = true, value_parser = seconds::<50, 60_000>)]
    pub timeout: Option<Duration>,
    /// Use ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Use no colours (also: NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// The config file [default: $XDG_CONFIG_HOME/unreach/config.toml, else ~/.config/…]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Say more: every target's reach, phases and source
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// Seconds, whole or not, between two bounds in milliseconds.
fn seconds<const LEAST: u64, const MOST: u64>(text: &str) -> Result<Duration, String> {
    let (least, most) = (Duration::from_millis(LEAST), Duration::from_millis(MOST));
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| (least..=most).contains(duration))
        .ok_or_else(|| {
            format!(
                "must be {} to {} seconds",
                least.as_secs_f64(),
                most.as_secs_f64()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seconds_are_bounded() {
        let parse = seconds::<200, 3_600_000>;
        assert_eq!(parse("0.2"), Ok(Duration::from_millis(200)));
        for bad in ["0.1", "-1", "NaN", "inf", "1e99", "five", ""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
