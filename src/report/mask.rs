//! A report to give away: the user's home, name and computer's name taken out. Addresses stay, as
//! without them nothing could be judged.

use crate::model::{Side, Snapshot, Source, VantageState};

/// What is taken out, and nothing where it is not known.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The home directory, shown as `~`.
    pub home: String,
    /// The login name, shown as `USER`.
    pub user: String,
    /// The names of this computer, shown as `THIS-MAC`.
    pub hosts: Vec<String>,
}

/// A name shorter than this stands in too many other words.
const SHORTEST: usize = 2;

/// The snapshot without the names.
pub fn masked(mut snapshot: Snapshot, names: &Names) -> Snapshot {
    let mask = |text: &mut String| *text = names.mask(text);
    let masked_all = |texts: &mut Vec<String>| texts.iter_mut().for_each(mask);
    let pm2 = &mut snapshot.pm2;
    mask(&mut pm2.home);
    pm2.node.iter_mut().for_each(mask);
    match &mut pm2.state {
        VantageState::Starting | VantageState::Live => {}
        VantageState::Silent(why)
        | VantageState::Gone(why)
        | VantageState::Absent(why)
        | VantageState::Refused(why)
        | VantageState::Failed(why) => mask(why),
    }
    pm2.others
        .iter_mut()
        .filter_map(|other| other.home.as_mut())
        .for_each(mask);
    let processes = snapshot
        .computer
        .ancestors
        .iter_mut()
        .chain(&mut pm2.ancestors);
    processes.for_each(|process| mask(&mut process.name));
    masked_all(&mut snapshot.notices);
    masked_all(&mut snapshot.looked_at);
    for row in &mut snapshot.rows {
        for text in [
            &mut row.target.id,
            &mut row.target.name,
            &mut row.target.url,
        ] {
            mask(text);
        }
        match &mut row.target.source {
            Source::Config(path) | Source::MaestroFile(path) => mask(path),
            Source::Log { apps, .. } => masked_all(apps),
            Source::CommandLine | Source::MaestroVariable => {}
        }
        for side in [&mut row.terminal, &mut row.pm2] {
            mask_side(side, names);
        }
    }
    for finding in &mut snapshot.findings {
        mask(&mut finding.sentence);
        masked_all(&mut finding.targets);
        finding
            .evidence
            .iter_mut()
            .for_each(|evidence| mask(&mut evidence.text));
    }
    let case = &mut snapshot.case;
    for target in &mut case.targets {
        mask(&mut target.id);
        target.address.iter_mut().for_each(mask);
    }
    case.observations
        .iter_mut()
        .for_each(|observation| mask(&mut observation.target));
    case.facts.route = std::mem::take(&mut case.facts.route)
        .into_iter()
        .map(|(id, name)| (names.mask(&id), name))
        .collect();
    masked_all(&mut case.log);
    snapshot
}

fn mask_side(side: &mut Side, names: &Names) {
    use crate::model::Outcome;
    if let Some((_, probe)) = &mut side.last {
        match &mut probe.outcome {
            Outcome::Answered(answer) => answer
                .notes
                .iter_mut()
                .for_each(|note| *note = names.mask(note)),
            Outcome::Failed(failure) => failure.text = names.mask(&failure.text),
            Outcome::NotAsked(why) => *why = names.mask(why),
        }
    }
}

impl Names {
    fn mask(&self, text: &str) -> String {
        let home = self.home.trim_end_matches('/');
        let mut text = replaced(text, home, "~");
        for host in self.hosts.iter().filter(|host| *host != "localhost") {
            text = replaced(&text, host, "THIS-MAC");
        }
        // Root is no name, and "root" stands in our own sentences.
        if self.user != "root" {
            text = replaced(&text, &self.user, "USER");
        }
        text
    }
}

/// `word` replaced where it stands alone, in whatever case.
fn replaced(text: &str, word: &str, by: &str) -> String {
    if word.len() < SHORTEST {
        return text.to_owned();
    }
    let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (mut out, mut done) = (String::new(), 0);
    for (at, _) in lower.match_indices(&word) {
        let end = at + word.len();
        let alone = !part(text[..at].chars().next_back()) && !part(text[end..].chars().next());
        if at >= done && alone {
            out.push_str(&text[done..at]);
            out.push_str(by);
            done = end;
        }
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_where_they_stand_alone_and_addresses_stay() {
        let names = Names {
            home: "/Users/ann".to_owned(),
            user: "ann".to_owned(),
            hosts: vec!["anns-mini".to_owned(), "anns-mini.local".to_owned()],
        };
        let table = [
            (
                "/Users/ann/.pm2/rpc.sock is missing",
                "~/.pm2/rpc.sock is missing",
            ),
            ("/Users/anna/.pm2", "/Users/anna/.pm2"),
            (
                "http://Anns-Mini.local:23000/ann",
                "http://THIS-MAC.local:23000/USER",
            ),
            (
                "channel of ann_2 at 10.0.0.18:23000",
                "channel of ann_2 at 10.0.0.18:23000",
            ),
            ("工ann人 ann工", "工ann人 ann工"),
            ("ann", "USER"),
        ];
        for (text, expected) in table {
            assert_eq!(names.mask(text), expected);
        }
        let root = Names {
            user: "root".to_owned(),
            home: "/".to_owned(),
            ..Names::default()
        };
        assert_eq!(root.mask("root / is root"), "root / is root");
    }
}
