//! A cause, how sure we are of it, and what that stands on.

use serde::Serialize;

/// A cause that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Permanent: texts and tests hang on it.
    pub code: &'static str,
    /// The cause in one word, for files.
    pub cause: &'static str,
    /// The cause in one sentence, for people.
    pub sentence: String,
    pub confidence: Confidence,
    /// The ids of the targets that it is about.
    pub targets: Vec<String>,
    pub evidence: Vec<Evidence>,
    /// What would show that it is something else.
    pub refuted_by: String,
}

/// How sure a finding is, the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// There is nothing to judge from.
    Unknown,
    RuledOut,
    Possible,
    Likely,
    Proven,
}

/// One sign, and which way it points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub sign: Sign,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    For,
    Against,
    /// It would tell, and nobody looked or could.
    Unknown,
}

impl Confidence {
    /// The word in JSON and on screen.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Unknown => "unknown",
            Confidence::RuledOut => "ruled-out",
            Confidence::Possible => "possible",
            Confidence::Likely => "likely",
            Confidence::Proven => "proven",
        }
    }

    /// Whether it is a cause to be reckoned with.
    pub fn stands(self) -> bool {
        self >= Confidence::Possible
    }
}

impl Sign {
    pub fn word(self) -> &'static str {
        match self {
            Sign::For => "for",
            Sign::Against => "against",
            Sign::Unknown => "unknown",
        }
    }
}
