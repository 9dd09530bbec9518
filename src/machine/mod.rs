//! This computer: its network, its processes, its system, its launchd.

pub mod kernel;
pub mod launchd;
mod network;
mod processes;
mod system;

pub use network::{Interface, Network, source_for};
pub use processes::{Titled, ancestors, is_one_of_us, titles_of};
pub use system::{hostnames, this_computer};
