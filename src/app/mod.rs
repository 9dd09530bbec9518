//! What the program thinks: one model, one `update`, and wishes for the outside. Pure.

mod asking;
mod case;
mod message;
mod model;
mod pm2;
mod snapshot;
mod targets;
#[cfg(test)]
mod tests;
mod update;

pub use message::{AppLogs, Effect, Found, GodSeen, Msg, Pm2Event};
pub use model::{Goal, Model, Row, Settings, SideState};
pub use update::update;
