//! Every figure, and the parts that this file plays when it starts itself as a child.

mod children;
mod columns;
mod cost;
mod endpoints;
mod engine;
mod epoll;
mod leaving;
mod list;
mod memory;
mod paced;
#[allow(dead_code, reason = "shared with the tests; no target uses all of it")]
#[path = "../../../tests/support/pm2.rs"]
mod pm2;
mod raw;
mod table;

use std::process::ExitCode;
use table::Table;

/// Measures everything, prints the table, and says whether all is well.
pub fn measure(bars: bool) -> ExitCode {
    unreach::machine::kernel::raise_file_limit();
    let mut table = Table::begin();
    engine::measure(&mut table);
    cost::measure(&mut table);
    paced::measure(&mut table);
    columns::measure(&mut table);
    list::measure(&mut table);
    memory::measure(&mut table);
    leaving::measure(&mut table);
    table.end(bars)
}

/// Plays a part, if `part` is one; the rest of the command line is its own.
pub fn play(part: &str, words: &[String]) -> Option<ExitCode> {
    match part {
        endpoints::PART => endpoints::play(),
        engine::PART => engine::play(words),
        raw::PART => raw::play(words),
        list::PART => list::play(words),
        leaving::PART => leaving::play(words),
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}
