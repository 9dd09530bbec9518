//! Ask for a meaning, get a glyph and a colour.

use crate::model::{Outcome, Verdict};
use anstyle::{AnsiColor, Style as Ansi};

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Good,
    /// Answered, but not well; or known only by half.
    Warn,
    Bad,
    /// The two sides differ.
    Differ,
    Plain,
    Strong,
}

/// How output may look.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub ascii: bool,
    pub color: bool,
    /// How many columns a line may take.
    pub width: usize,
}

impl Style {
    /// `text` in the colour of its role; as it is where colour is off.
    pub fn paint(&self, role: Role, text: &str) -> String {
        if !self.color || role == Role::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = match role {
            Role::Good => AnsiColor::Green.on_default(),
            Role::Warn => AnsiColor::Yellow.on_default(),
            Role::Bad => AnsiColor::Red.on_default(),
            Role::Differ => AnsiColor::Magenta.on_default().bold(),
            Role::Plain | Role::Strong => Ansi::new().bold(),
        };
        format!("{ansi}{text}{ansi:#}")
    }

    /// One of two texts, by the character set.
    pub fn pick<'a>(&self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.ascii { ascii } else { unicode }
    }

    /// The glyph and the role of an outcome.
    pub fn mark(&self, outcome: &Outcome) -> (&'static str, Role) {
        let bad_status = |status: Option<u16>| status.is_some_and(|status| status >= 400);
        let (unicode, ascii, role) = match outcome {
            Outcome::Answered(answer) if bad_status(answer.status) => ("!", "!", Role::Warn),
            Outcome::Answered(_) => ("✓", "ok", Role::Good),
            Outcome::Failed(_) => ("✗", "XX", Role::Bad),
            Outcome::NotAsked(_) => ("–", "-", Role::Plain),
        };
        (if self.ascii { ascii } else { unicode }, role)
    }

    /// The role of a verdict's word.
    pub fn verdict(&self, verdict: Verdict) -> Role {
        match verdict {
            Verdict::Fine => Role::Good,
            Verdict::Split | Verdict::Reversed => Role::Differ,
            Verdict::Down => Role::Bad,
            Verdict::Flapping | Verdict::OneSide | Verdict::Stale => Role::Warn,
            Verdict::Waiting => Role::Plain,
        }
    }
}
