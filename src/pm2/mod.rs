//! PM2's own wire protocol, its God, its process list, its logs.
//!
//! God validates nothing: one malformed call restarts or loses every app of the user
//! (facts/PM2.md §1.4). So nothing here sends bytes that were not made from a type.

pub mod amp;
pub mod answer;
pub mod complaints;
pub mod entry;
pub mod god;
mod link;
mod loose;
mod others;
mod prepare;
mod reply;
pub mod rpc;
pub mod title;

pub use entry::{AgentEntry, EntryError};
pub use god::{God, Home, NoGod, find};
pub use others::others;
pub use reply::{App, Report};
pub use rpc::{Client, Peer, RpcError};
