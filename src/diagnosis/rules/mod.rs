//! One small rule for each cause. A rule sees the case and nothing else; it says what it found
//! with the signs it used, or nothing where no sign points its way.

mod content_filter;
mod firewall;
mod local_network_privacy;
mod name_lookup;
mod network_down;
mod node_racing;
mod refused;
mod vpn_route;
mod worker_down;

use super::matrix::Matrix;
use crate::model::{Confidence, Evidence, Finding, Sign};

/// What a rule is.
pub type Rule = fn(&Matrix) -> Option<Finding>;

/// The registry, in the order in which equals are shown.
pub const ALL: &[Rule] = &[
    local_network_privacy::look,
    worker_down::look,
    refused::look,
    firewall::look,
    vpn_route::look,
    content_filter::look,
    node_racing::look,
    name_lookup::look,
    network_down::look,
];

/// Signs being gathered.
#[derive(Debug, Default)]
struct Signs(Vec<Evidence>);

impl Signs {
    fn push(&mut self, sign: Sign, text: impl Into<String>) {
        let evidence = Evidence {
            sign,
            text: text.into(),
        };
        if !self.0.contains(&evidence) {
            self.0.push(evidence);
        }
    }

    fn speaks_for(&mut self, text: impl Into<String>) {
        self.push(Sign::For, text);
    }

    fn speaks_against(&mut self, text: impl Into<String>) {
        self.push(Sign::Against, text);
    }

    fn unknown(&mut self, text: impl Into<String>) {
        self.push(Sign::Unknown, text);
    }

    fn any(&self, sign: Sign) -> bool {
        self.0.iter().any(|evidence| evidence.sign == sign)
    }
}

/// A finding where there is a sign for it.
fn found(
    code: &'static str,
    cause: &'static str,
    sentence: impl Into<String>,
    refuted_by: &str,
    confidence: Confidence,
    targets: Vec<String>,
    signs: Signs,
) -> Option<Finding> {
    signs.any(Sign::For).then(|| Finding {
        code,
        cause,
        sentence: sentence.into(),
        confidence,
        targets,
        evidence: signs.0,
        refuted_by: refuted_by.to_owned(),
    })
}

/// Ids in one sentence: `mini-1, mini-2 and 3 more`.
fn named(ids: &[String]) -> String {
    match ids {
        [] => "no target".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}
