//! Reads the command line, calls the library, sets the exit status.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(unreach::runtime::run(unreach::cli::Cli::parse()))
}
