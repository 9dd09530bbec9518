//! What two sides together say of one target.

/// The meaning of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Both sides are answered.
    Fine,
    /// The terminal is answered and PM2 is not.
    Split,
    /// PM2 is answered and the terminal is not.
    Reversed,
    /// Neither side is answered.
    Down,
    /// A side changes its mind from try to try.
    Flapping,
    /// Only one side could ask, or one side's word does not count.
    OneSide,
    /// A side's last answer is too old to speak of now.
    Stale,
    /// Not enough answers yet.
    Waiting,
}

impl Verdict {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Fine => "fine",
            Verdict::Split => "split",
            Verdict::Reversed => "reversed",
            Verdict::Down => "down",
            Verdict::Flapping => "flapping",
            Verdict::OneSide => "one-side",
            Verdict::Stale => "stale",
            Verdict::Waiting => "waiting",
        }
    }

    /// Whether something is wrong, as opposed to fine or not known.
    pub fn problem(self) -> bool {
        matches!(
            self,
            Verdict::Split | Verdict::Reversed | Verdict::Down | Verdict::Flapping
        )
    }
}
