//! From observations to meaning: pure.

mod verdict;

pub use verdict::{Patience, SideView, exit_status, judge};
