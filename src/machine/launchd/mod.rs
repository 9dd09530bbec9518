//! launchd: its plists, and what `launchctl` says. Texts in, values out; nothing is run here.

pub mod error;
pub mod inspect;
pub mod list;
pub mod plist;
pub mod print;
mod recognise_pm2;
mod shell;
mod text;
mod value;
mod xml;
