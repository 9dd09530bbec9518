//! The core played through: messages in, effects and changes out, no clock but a number.

use super::model::Goal;
use super::*;
use crate::model::*;
use std::time::Duration;

/// A run of the core with somebody at its edges.
struct Stage {
    model: Model,
    at: Stamp,
    asked: Vec<(Stamp, VantageKind, u64, String)>,
    left: Option<u8>,
    wishes: Vec<String>,
    reach: Reach,
}

const TERMINAL: VantageKind = VantageKind::Terminal;
const PM2: VantageKind = VantageKind::Pm2;

fn settings(goal: Goal) -> Settings {
    Settings {
        goal,
        interval: Duration::from_secs(if goal == Goal::Watch { 5 } else { 2 }),
        timeout: Duration::from_secs(3),
        pm2_home: "~/.pm2".to_owned(),
    }
}

fn target(name: &str) -> Target {
    Target {
        id: name.to_owned(),
        name: name.to_owned(),
        url: name.to_owned(),
        endpoint: Endpoint {
            host: Host::V4([10, 0, 0, name.len() as u8].into()),
            port: 23000,
            question: Question::Connect,
        },
        role: Role::Worker,
        source: Source::CommandLine,
    }
}

fn targets(count: usize) -> Vec<Target> {
    (0..count).map(|n| target(&format!("w{n}"))).collect()
}

fn found(targets: Vec<Target>) -> Msg {
    Msg::Found(Found {
        targets,
        ..Found::default()
    })
}

fn answered() -> Outcome {
    Outcome::Answered(Answer {
        status: Some(200),
        notes: Vec::new(),
    })
}

fn refused() -> Outcome {
    Outcome::Failed(Failure {
        phase: Phase::Connect,
        error: ErrorKind::HostUnreachable,
        errno: Some(Errno {
            number: 65,
            name: "EHOSTUNREACH".to_owned(),
        }),
        text: "No route to host".to_owned(),
    })
}

impl Stage {
    fn new(settings: Settings, uid: u32) -> Stage {
        let computer = ThisComputer {
            uid,
            ..ThisComputer::default()
        };
        let model = Model::new(settings, computer, VantageState::Starting);
        let mut stage = Stage {
            model,
            at: Stamp(1),
            asked: Vec::new(),
            left: None,
            wishes: Vec::new(),
            reach: Reach::Internet,
        };
        stage.tell(Msg::Start);
        stage
    }

    fn check(tries: u32) -> Stage {
        Stage::new(settings(Goal::Check { tries }), 501)
    }

    fn watch() -> Stage {
        Stage::new(settings(Goal::Watch), 501)
    }

    fn tell(&mut self, msg: Msg) {
        let mut routes = Vec::new();
        for effect in update(&mut self.model, self.at, msg) {
            match effect {
                Effect::Ask {
                    vantage,
                    ask,
                    endpoint,
                    ..
                } => {
                    self.asked
                        .push((self.at, vantage, ask, endpoint.to_string()));
                }
                Effect::Leave(status) => self.left = Some(status),
                Effect::LookForTargets => {}
                // Told before the next message, as a quick edge would.
                Effect::FindRoutes(rows) => {
                    let route = Route {
                        reach: self.reach,
                        interface: Some("en0".to_owned()),
                    };
                    routes.extend(rows.into_iter().map(|(row, ..)| (row, route.clone())));
                }
                other => self.wishes.push(format!("{other:?}")),
            }
        }
        if !routes.is_empty() {
            self.tell(Msg::Routes(routes));
        }
    }

    fn pm2(&mut self, state: VantageState) {
        self.tell(Msg::Pm2(Pm2Event::State(state)));
    }

    fn pm2_lives(&mut self) {
        self.tell(Msg::Pm2(Pm2Event::God(GodSeen {
            pid: 812,
            ..GodSeen::default()
        })));
        self.tell(Msg::Pm2(Pm2Event::Others(Vec::new())));
        self.pm2(VantageState::Live);
    }

    /// Lets time pass; nobody answers meanwhile.
    fn pass(&mut self, long: Duration) {
        let end = self.at.after(long);
        while self.model.wake() <= end && self.left.is_none() {
            self.at = self.at.max(self.model.wake());
            self.tell(Msg::Tick);
        }
        self.at = end;
    }

    /// Answers everything that was asked from `vantage` and is not answered.
    fn answer(&mut self, vantage: VantageKind, outcome: Outcome) -> usize {
        let (now, later): (Vec<_>, Vec<_>) =
            self.asked.drain(..).partition(|(_, of, ..)| *of == vantage);
        self.asked = later;
        for (_, _, ask, _) in &now {
            self.tell_outcome(vantage, *ask, outcome.clone());
        }
        now.len()
    }

    fn tell_outcome(&mut self, vantage: VantageKind, ask: u64, outcome: Outcome) {
        let probe = Probe {
            outcome,
            took: Duration::from_millis(1),
            phases: Phases::default(),
            attempts: Vec::new(),
        };
        self.tell(Msg::Observed(Observation {
            vantage,
            ask,
            probe,
        }));
    }

    /// Lets time pass in small steps, with both sides answering at once.
    fn live(&mut self, long: Duration, here: &Outcome, there: &Outcome) {
        let end = self.at.after(long);
        while self.at < end && self.left.is_none() {
            self.pass(Duration::from_millis(50));
            self.answer(TERMINAL, here.clone());
            self.answer(PM2, there.clone());
        }
    }

    fn verdict(&self, row: usize) -> Verdict {
        self.model.rows[row].verdict
    }

    fn verdicts_told(&self) -> Vec<Verdict> {
        let told = self
            .model
            .changes_from(0)
            .filter_map(|change| match change.what {
                What::Verdict { to, .. } => Some(to),
                _ => None,
            });
        told.collect()
    }
}

#[test]
fn a_check_asks_so_often_from_both_sides_and_leaves() {
    let mut stage = Stage::check(3);
    stage.tell(found(targets(2)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(10), &answered(), &refused());
    assert_eq!(stage.left, Some(1));
    assert!(
        stage.at < Stamp(4_200),
        "three tries two seconds apart, not more: {:?}",
        stage.at
    );
    for row in &stage.model.rows {
        assert_eq!(row.verdict, Verdict::Split);
        assert_eq!((row.terminal.tries, row.terminal.answered), (3, 3));
        assert_eq!((row.pm2.tries, row.pm2.answered), (3, 0));
    }
}

#[test]
fn starts_are_spread_and_what_is_in_flight_is_bounded() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(10)));
    stage.pass(Duration::from_millis(100));
    let at: Vec<u64> = stage.asked.iter().map(|(at, ..)| at.0 - 1).collect();
    assert_eq!(at, [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]);

    let mut stage = Stage::watch();
    stage.tell(found(targets(2_000)));
    stage.pass(Duration::from_secs(6));
    assert_eq!(
        stage.asked.len(),
        256,
        "nobody answered, so no more than this is asked"
    );
    stage.answer(TERMINAL, answered());
    assert!(
        stage.asked.len() == 256,
        "as many again: {}",
        stage.asked.len()
    );

    let mut stage = Stage::watch();
    stage.tell(found(targets(1_000)));
    stage.live(Duration::from_millis(4_950), &answered(), &answered());
    let asked = stage
        .model
        .rows
        .iter()
        .filter(|row| row.terminal.tries == 1)
        .count();
    assert_eq!(asked, 991, "one every 5 ms");
    stage.live(Duration::from_secs(5), &answered(), &answered());
    let twice = stage
        .model
        .rows
        .iter()
        .filter(|row| row.terminal.tries == 2)
        .count();
    assert_eq!(twice, 991, "one round in one interval");
}

#[test]
fn a_late_pm2_is_asked_at_once_and_falls_into_step() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(1)));
    stage.pass(Duration::from_millis(1_500));
    stage.answer(TERMINAL, answered());
    stage.pm2_lives();
    assert_eq!(stage.answer(PM2, answered()), 1, "at once");
    stage.pass(Duration::from_secs(4));
    let at: Vec<_> = stage.asked.iter().map(|(at, of, ..)| (*at, *of)).collect();
    assert_eq!(at, [(Stamp(5_001), TERMINAL), (Stamp(5_001), PM2)]);
}

#[test]
fn nobody_is_asked_twice_at_a_time_and_an_overdue_question_follows_at_once() {
    let mut stage = Stage::check(2);
    stage.tell(found(targets(1)));
    stage.pass(Duration::from_secs(3));
    assert_eq!(stage.asked.len(), 1, "the first one is still under way");
    stage.answer(TERMINAL, refused());
    assert_eq!(stage.asked.len(), 1, "and now the second");
    stage.answer(TERMINAL, refused());
    stage.pm2(VantageState::Absent("none".to_owned()));
    stage.tell(Msg::Pm2(Pm2Event::Others(Vec::new())));
    assert_eq!((stage.asked.len(), stage.left), (0, Some(3)));
}

#[test]
fn what_was_under_way_while_the_computer_slept_says_nothing() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(21), &answered(), &answered());
    stage.pass(Duration::from_secs(5));
    let under_way: Vec<_> = stage.asked.drain(..).collect();
    assert_eq!(under_way.len(), 2);
    stage.at = stage.at.after(Duration::from_secs(3_600));
    stage.tell(Msg::Tick);
    for (_, vantage, ask, _) in under_way {
        stage.tell_outcome(vantage, ask, refused());
    }
    let row = &stage.model.rows[0];
    assert_eq!(
        (row.terminal.tries, row.terminal.answered),
        (5, 5),
        "no failure was counted"
    );
    assert_eq!(row.verdict, Verdict::Waiting);
    assert!(
        stage
            .model
            .changes_from(0)
            .any(|change| matches!(change.what, What::Slept(_)))
    );
    stage.live(Duration::from_secs(2), &answered(), &answered());
    assert_eq!(stage.verdict(0), Verdict::Fine, "asked again at once");
}

#[test]
fn an_agent_that_owes_answers_is_silent_until_it_speaks() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(11), &answered(), &answered());
    for _ in 0..20 {
        stage.pass(Duration::from_secs(1));
        stage.answer(TERMINAL, answered());
    }
    assert_eq!(stage.model.pm2.state.word(), "silent");
    assert_eq!(stage.verdict(0), Verdict::Stale, "never a stale green");
    let owed: Vec<_> = stage.asked.drain(..).collect();
    assert_eq!(owed.len(), 1, "it is not asked on and on");
    stage.tell_outcome(PM2, owed[0].2, answered());
    assert_eq!(stage.model.pm2.state, VantageState::Live);
    stage.live(Duration::from_secs(6), &answered(), &answered());
    assert_eq!(stage.verdict(0), Verdict::Fine);
}

#[test]
fn a_god_that_is_gone_takes_its_answers_along() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(11), &answered(), &answered());
    assert_eq!(stage.verdict(0), Verdict::Fine);
    stage.pm2(VantageState::Gone("it ended".to_owned()));
    assert_eq!(stage.verdict(0), Verdict::Waiting);
    for _ in 0..6 {
        stage.pass(Duration::from_secs(1));
        stage.answer(TERMINAL, answered());
    }
    assert_eq!(stage.verdict(0), Verdict::OneSide);
    stage.pm2_lives();
    stage.live(Duration::from_secs(1), &answered(), &refused());
    assert_eq!(
        stage.verdict(0),
        Verdict::Split,
        "another God is judged by its own answers"
    );
    assert_eq!(
        stage.verdicts_told(),
        [Verdict::Fine, Verdict::OneSide, Verdict::Split]
    );
}

#[test]
fn one_lost_probe_is_no_news_and_a_change_that_lasts_is() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(21), &answered(), &answered());
    stage.live(Duration::from_secs(5), &answered(), &refused());
    stage.live(Duration::from_secs(20), &answered(), &answered());
    assert_eq!(stage.verdicts_told(), [Verdict::Fine]);
    stage.live(Duration::from_secs(16), &answered(), &refused());
    assert_eq!(stage.verdicts_told(), [Verdict::Fine, Verdict::Split]);
}

#[test]
fn rows_keep_their_place_and_their_past() {
    let mut stage = Stage::watch();
    stage.tell(found(vec![target("a"), target("bb")]));
    stage.live(Duration::from_secs(1), &answered(), &answered());
    stage.tell(found(vec![target("ccc"), target("bb")]));
    let names = |stage: &Stage| -> Vec<String> {
        stage
            .model
            .shown()
            .map(|row| row.target.name.clone())
            .collect()
    };
    assert_eq!(names(&stage), ["bb", "ccc"], "new ones at the end");
    assert_eq!(
        stage.model.rows[1].terminal.tries, 1,
        "who stays keeps what is known of it"
    );
    stage.live(Duration::from_secs(6), &answered(), &answered());
    assert_eq!(
        stage.model.rows[0].terminal.tries, 1,
        "who is gone is not asked"
    );
    stage.tell(found(vec![target("a"), target("bb"), target("ccc")]));
    assert_eq!(
        names(&stage),
        ["a", "bb", "ccc"],
        "who comes back takes its old place"
    );
    stage.live(Duration::from_secs(6), &answered(), &answered());
    assert!(stage.model.rows[0].terminal.tries > 1);
}

#[test]
fn logs_are_read_only_when_nothing_is_configured() {
    let mut stage = Stage::check(1);
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    assert!(!stage.wishes.iter().any(|wish| wish.contains("ReadLogs")));

    let mut stage = Stage::check(1);
    stage.tell(found(Vec::new()));
    assert_eq!(stage.left, None, "PM2 may know some");
    stage.pm2_lives();
    assert!(
        stage.wishes.iter().any(|wish| wish.contains("ReadLogs")),
        "{:?}",
        stage.wishes
    );
    stage.tell(Msg::Found(Found {
        targets: targets(1),
        from_logs: true,
        ..Found::default()
    }));
    stage.live(Duration::from_secs(1), &answered(), &answered());
    assert_eq!(stage.left, Some(0));

    let mut stage = Stage::check(1);
    stage.tell(found(Vec::new()));
    stage.tell(Msg::Pm2(Pm2Event::Others(Vec::new())));
    stage.pm2(VantageState::Absent("none".to_owned()));
    assert_eq!(stage.left, Some(3), "nothing to check, and nobody to ask");
}

#[test]
fn a_complaint_in_a_log_is_not_taken_back() {
    let mut stage = Stage::watch();
    stage.tell(found(Vec::new()));
    stage.pm2_lives();
    let logged = |name: &str| Target {
        source: Source::Log {
            apps: vec!["web".to_owned()],
            age: Some(3),
        },
        ..target(name)
    };
    let from_logs = |targets| {
        Msg::Found(Found {
            targets,
            from_logs: true,
            ..Found::default()
        })
    };
    stage.tell(from_logs(vec![logged("a")]));
    stage.tell(from_logs(vec![logged("bb")]));
    assert_eq!(stage.model.shown().count(), 2);
}

#[test]
fn the_answer_to_root_proves_nothing_on_the_local_network() {
    for (reach, expected) in [
        (Reach::OnLink, Verdict::OneSide),
        (Reach::Internet, Verdict::Fine),
    ] {
        let mut stage = Stage::new(settings(Goal::Check { tries: 1 }), 0);
        assert!(stage.model.notices[0].contains("root is exempt"));
        stage.reach = reach;
        stage.tell(found(targets(1)));
        stage.pm2_lives();
        stage.live(Duration::from_secs(1), &answered(), &answered());
        assert_eq!(stage.verdict(0), expected);
    }
}

#[test]
fn what_could_not_be_asked_is_neither_fine_nor_a_failure() {
    let mut stage = Stage::check(2);
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    let trouble = Outcome::NotAsked("this computer: too many open files".to_owned());
    stage.live(Duration::from_secs(5), &answered(), &trouble);
    assert_eq!((stage.verdict(0), stage.left), (Verdict::OneSide, Some(3)));
    assert_eq!(stage.model.rows[0].pm2.tries, 0);
}

#[test]
fn an_answer_grows_old_although_asking_goes_on() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(21), &answered(), &answered());
    assert_eq!(stage.verdict(0), Verdict::Fine);
    let trouble = Outcome::NotAsked("8 name lookups are still waiting".to_owned());
    stage.live(Duration::from_secs(60), &answered(), &trouble);
    assert_eq!(stage.verdict(0), Verdict::Stale, "never a stale green");
    stage.live(Duration::from_secs(6), &answered(), &answered());
    assert_eq!(stage.verdict(0), Verdict::Fine);
}

#[test]
fn a_check_whose_agent_fell_silent_does_not_know() {
    let mut stage = Stage::check(3);
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    stage.live(Duration::from_secs(1), &answered(), &answered());
    for _ in 0..30 {
        stage.pass(Duration::from_secs(1));
        stage.answer(TERMINAL, answered());
    }
    assert_eq!(stage.model.pm2.state.word(), "silent");
    assert_eq!((stage.verdict(0), stage.left), (Verdict::OneSide, Some(3)));
}

#[test]
fn an_agent_that_waits_for_its_resolver_is_not_silent() {
    let mut stage = Stage::check(1);
    stage.tell(found(targets(1)));
    stage.pm2_lives();
    // As long for a free slot as a lookup may take, and as long for the probe itself.
    stage.pass(Duration::from_millis(5_900));
    assert_eq!(stage.model.pm2.state, VantageState::Live);
}

#[test]
fn what_a_god_said_of_himself_goes_with_him() {
    let mut stage = Stage::watch();
    let god = GodSeen {
        pid: 812,
        version: "7.0.4".to_owned(),
        node: Some("/usr/bin/node".to_owned()),
        ..GodSeen::default()
    };
    stage.tell(Msg::Pm2(Pm2Event::God(god)));
    stage.pm2(VantageState::Live);
    stage.pm2(VantageState::Gone("it ended".to_owned()));
    let pm2 = &stage.model.pm2;
    assert_eq!((&pm2.version, &pm2.node, pm2.apps), (&None, &None, None));
}

#[test]
fn no_change_is_lost_however_many_targets_come_at_once() {
    let mut stage = Stage::watch();
    stage.tell(found(targets(5_000)));
    let added = |change: &&Change| matches!(change.what, What::TargetAdded { .. });
    assert_eq!(stage.model.changes_from(0).filter(added).count(), 5_000);
}

#[test]
fn an_app_that_searches_its_network_does_not_make_us_search_it_too() {
    let mut stage = Stage::watch();
    stage.tell(found(Vec::new()));
    stage.pm2_lives();
    for round in 0..5 {
        let logged = (0..100).map(|n| Target {
            source: Source::Log {
                apps: vec!["web".to_owned()],
                age: Some(3),
            },
            ..target(&format!("{round}-{n}"))
        });
        stage.tell(Msg::Found(Found {
            targets: logged.collect(),
            from_logs: true,
            ..Found::default()
        }));
    }
    assert_eq!(stage.model.rows.len(), Source::MOST_LOGGED);
    assert_eq!(stage.model.notices.len(), 1, "{:?}", stage.model.notices);
}
