//! What you take away: one snapshot, many forms. Text goes in and comes out; nothing is printed here.

mod columns;
mod headline;
mod inspect;
mod json;
mod lines;
mod markdown;
mod mask;
mod style;
mod table;
mod text;
mod why;

pub use columns::name_columns;
pub use headline::{Headline, headline};
pub use inspect::{inspected_to_json, inspected_to_text};
pub use json::{change_to_json, diagnosis_to_json, to_json};
pub use lines::change_to_line;
pub use markdown::to_markdown;
pub use mask::{Names, masked};
pub use style::{Role, Style};
pub use text::{Detail, to_text};
pub use why::diagnosis_to_text;
