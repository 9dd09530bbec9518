//! One plain line for each change: to read along, and for screen readers.

use super::columns::{pad, time};
use super::headline::word;
use super::style::Style;
use crate::model::{Change, VantageKind, VantageState, Verdict, What, clean};

/// A change as one line, without its end. `at` is its time of day, `names` how many columns
/// the names of targets take.
pub fn change_to_line(change: &Change, at: &str, names: usize, style: &Style) -> String {
    let arrow = style.pick("→", "->");
    let (who, said) = match &change.what {
        What::Outcome {
            name,
            vantage,
            from,
            to,
            detail,
            took,
            ..
        } => {
            let from = from
                .as_ref()
                .map(|from| format!("{from} {arrow} "))
                .unwrap_or_default();
            let side = pad(side(*vantage), 8);
            (
                name.as_str(),
                format!("{side}  {from}{to}  {}  {detail}", time(*took)),
            )
        }
        What::Verdict {
            name,
            from: Verdict::Waiting,
            to,
            ..
        } => (name.as_str(), verdict(*to, style)),
        What::Verdict { name, from, to, .. } => (
            name.as_str(),
            format!("{} {arrow} {}", word(*from), verdict(*to, style)),
        ),
        What::Vantage { vantage, state } => (side(*vantage), state_in_words(state)),
        What::TargetAdded {
            name, url, source, ..
        } => (name.as_str(), format!("added: {url}, from {source}")),
        What::TargetRemoved { name, .. } => (name.as_str(), "no longer a target".to_owned()),
        What::Slept(long) => (
            "clock",
            format!("slept for {} s; asking again", long.as_secs()),
        ),
        What::Notice(text) => ("note", text.clone()),
    };
    let line = format!("{at}  {}  ", pad(&clean(who), names));
    // Only our own colours may hold an escape.
    let said = if matches!(change.what, What::Verdict { .. }) {
        said
    } else {
        clean(&said)
    };
    format!("{line}{}", said.trim_end())
}

fn verdict(verdict: Verdict, style: &Style) -> String {
    style.paint(style.verdict(verdict), word(verdict))
}

fn side(vantage: VantageKind) -> &'static str {
    match vantage {
        VantageKind::Terminal => "terminal",
        VantageKind::Pm2 => "PM2",
    }
}

fn state_in_words(state: &VantageState) -> String {
    match state {
        VantageState::Starting => "starting an agent under PM2".to_owned(),
        VantageState::Live => "live: an agent under PM2 asks".to_owned(),
        VantageState::Absent(why) => format!(
            "absent: {why}. Start it with  pm2 resurrect  or  pm2 start APP ; it is picked up by itself"
        ),
        other => format!("{}: {}", other.word(), other.why().unwrap_or_default()),
    }
}
