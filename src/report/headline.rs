//! The one sentence on top: what is wrong, and with how many.

use crate::model::{Pm2, Snapshot, VantageState, Verdict};

/// The answer in a word and a sentence, and what to do next where there is something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub word: &'static str,
    pub verdict: Option<Verdict>,
    pub sentence: String,
    pub next: Vec<String>,
}

/// From the worst on: what is said first.
const BY_WEIGHT: [Verdict; 8] = [
    Verdict::Split,
    Verdict::Reversed,
    Verdict::Flapping,
    Verdict::Down,
    Verdict::OneSide,
    Verdict::Stale,
    Verdict::Waiting,
    Verdict::Fine,
];

/// What a snapshot comes down to.
pub fn headline(snapshot: &Snapshot) -> Headline {
    let all = snapshot.rows.len();
    if all == 0 {
        return nothing_to_check(snapshot);
    }
    let count = |verdict| {
        snapshot
            .rows
            .iter()
            .filter(|row| row.verdict == verdict)
            .count()
    };
    let present: Vec<_> = BY_WEIGHT
        .into_iter()
        .filter(|verdict| count(*verdict) > 0)
        .collect();
    let worst = present[0];
    let mut sentence = match worst {
        Verdict::OneSide => one_side(snapshot, count(worst)),
        _ => format!(
            "{} of {all} {} {}",
            count(worst),
            workers(all),
            says(worst, count(worst))
        ),
    };
    for verdict in &present[1..] {
        sentence.push_str(&format!(
            "; {} {}",
            count(*verdict),
            says(*verdict, count(*verdict))
        ));
    }
    let next = match (&snapshot.pm2.state, worst) {
        (VantageState::Absent(_), _) if snapshot.pm2.asked() => how_to_start(&snapshot.pm2),
        _ => Vec::new(),
    };
    Headline {
        word: word(worst),
        verdict: Some(worst),
        sentence,
        next,
    }
}

/// The word of a verdict as people read it.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fine => "FINE",
        Verdict::Split => "SPLIT",
        Verdict::Reversed => "REVERSED",
        Verdict::Down => "DOWN",
        Verdict::Flapping => "FLAPPING",
        Verdict::OneSide => "ONE SIDE",
        Verdict::Stale => "STALE",
        Verdict::Waiting => "WAITING",
    }
}

fn says(verdict: Verdict, count: usize) -> String {
    let s = if count == 1 { "s" } else { "" };
    match verdict {
        Verdict::Fine => format!("answer{s} this terminal and PM2"),
        Verdict::Split => format!("answer{s} this terminal but not PM2"),
        Verdict::Reversed => format!("answer{s} PM2 but not this terminal"),
        Verdict::Down => format!("answer{s} nobody"),
        Verdict::Flapping => "now answer, now do not".replace("answer", &format!("answer{s}")),
        Verdict::OneSide => "known from one side only".to_owned(),
        Verdict::Stale => "with old answers only".to_owned(),
        Verdict::Waiting => "not known yet".to_owned(),
    }
}

fn workers(count: usize) -> &'static str {
    if count == 1 { "worker" } else { "workers" }
}

fn one_side(snapshot: &Snapshot, count: usize) -> String {
    match snapshot.pm2.state.why() {
        Some(why) => why.to_owned(),
        None if snapshot.computer.uid == 0 => {
            format!("{count} on-link: an answer to root proves nothing for your apps")
        }
        None => format!("{count} {} known from one side only", workers(count)),
    }
}

fn how_to_start(pm2: &Pm2) -> Vec<String> {
    let home = match pm2.home.as_str() {
        "~/.pm2" => String::new(),
        home => format!("PM2_HOME={} ", quoted(home)),
    };
    let mut next = vec![format!(
        "Start it with  {home}pm2 resurrect  (the apps you saved) or  {home}pm2 start APP ; then ask again."
    )];
    let serving = pm2.others.iter().filter(|other| other.serves);
    for other in serving.filter_map(|other| other.home.as_ref()) {
        next.push(format!(
            "Another PM2 of yours is running: ask it with  --pm2-home {}",
            quoted(other)
        ));
    }
    next
}

/// A path as a shell reads it back; `~` at its front stays what it is.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
    let (front, rest) = match path.strip_prefix("~/") {
        Some(rest) => ("~/", rest),
        None => ("", path),
    };
    match rest.chars().all(plain) {
        true => path.to_owned(),
        false => format!("{front}'{}'", rest.replace('\'', "'\\''")),
    }
}

fn nothing_to_check(snapshot: &Snapshot) -> Headline {
    let sentence = match snapshot.looked_at.as_slice() {
        [] => "no workers were named".to_owned(),
        places => format!("no workers in {}", places.join(", ")),
    };
    Headline {
        word: "NOTHING TO CHECK",
        verdict: None,
        sentence,
        next: vec![
            "Name one for this run:     unreach check http://192.168.1.41:23000".to_owned(),
            "Or write a config file:    unreach config > ~/.config/unreach/config.toml".to_owned(),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_to_be_pasted_is_one_word() {
        for (path, expected) in [
            ("/srv/pm2", "/srv/pm2"),
            ("~/.pm2-b", "~/.pm2-b"),
            ("~/my pm2", "~/'my pm2'"),
            ("/a b/$x", "'/a b/$x'"),
            ("/it's", r"'/it'\''s'"),
        ] {
            assert_eq!(quoted(path), expected);
        }
    }
}
