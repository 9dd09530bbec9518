//! From observations to meaning: one verdict for each target, and the causes behind it. Pure.

mod findings;
mod host_app;
mod matrix;
mod rules;
mod verdict;

pub use findings::{Diagnosis, diagnose};
pub use host_app::{Starter, started_by};
pub use verdict::{Patience, SideView, exit_status, judge};
