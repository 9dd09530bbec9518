//! From where we ask: this process, and an agent of ours under PM2.

pub mod agent;
mod asker;
mod meeting;
mod pm2;
pub mod wire;

pub use asker::Asker;
pub use pm2::{Event, Orders, supervise};
