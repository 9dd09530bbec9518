//! The case file: read, checked, written. One form for reports, diagnosis, replay and tests.

mod read;

pub use read::{CaseError, read};
