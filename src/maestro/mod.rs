//! AI Maestro: its hosts file.

pub mod hosts;
