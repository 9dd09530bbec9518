//! What several integration tests share.

#![allow(dead_code, reason = "no test uses all of it")]

pub mod fake;
pub mod pm2;
pub mod servers;
