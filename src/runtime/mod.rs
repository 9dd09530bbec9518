//! What keeps it moving: settings, the one loop, and the edges that carry out wishes.

mod clock;
mod edges;
mod inspecting;
mod judging;
mod looking;
mod output;
mod settings;
mod turning;

use crate::cli::{Cli, Command};
use crate::config::file;
use crate::vantage::agent;
use std::io::{self, Write};
use std::time::Duration;

/// Wrong usage or unreadable input.
const UNUSABLE: u8 = 2;
/// Could not find out.
const UNKNOWN: u8 = 3;

/// Does what the command line says, and gives the exit status.
pub fn run(cli: Cli) -> u8 {
    match cli.command {
        Command::Config => match io::stdout().lock().write_all(file::DEFAULT_TEXT.as_bytes()) {
            Ok(()) => 0,
            Err(_) => UNKNOWN,
        },
        Command::Agent(orders) => agent::run(agent::Agent {
            socket: orders.socket,
            rpc: orders.rpc,
            entry: orders.entry,
            name_ttl: Duration::from_millis(orders.name_ttl),
        }),
        Command::Check(check) => {
            status(settings::check(&check, &cli.everywhere).and_then(turning::turn))
        }
        Command::Report(check) => {
            status(settings::report(&check, &cli.everywhere).and_then(turning::turn))
        }
        Command::Watch(watch) => {
            status(settings::watch(&watch, &cli.everywhere).and_then(turning::turn))
        }
        Command::Diagnose(orders) => status(judging::judge(&orders, &cli.everywhere)),
        Command::Inspect(orders) => status(inspecting::inspect(&orders, &cli.everywhere)),
    }
}

/// The exit status; what made it impossible is said.
fn status(done: Result<u8, String>) -> u8 {
    match done {
        Ok(status) => status,
        Err(why) => {
            let why = crate::model::clean(&why);
            output::say(format_args!("unreach: {why}\n"));
            UNUSABLE
        }
    }
}
