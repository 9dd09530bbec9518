//! All that a case comes down to: verdicts, and what each rule found.

use super::matrix::Matrix;
use super::rules;
use crate::model::{Case, CaseKind, Confidence, Finding, Verdict};

/// The answer to a case.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// By the id of each target that was asked.
    pub verdicts: Vec<(String, Verdict)>,
    /// The surest first. Local Network Privacy is always among them; others only where there is a
    /// sign for them.
    pub findings: Vec<Finding>,
}

/// Judges a case. Looks at nothing but the case.
pub fn diagnose(case: &Case) -> Diagnosis {
    let matrix = Matrix::of(case);
    let targets = matrix.targets();
    let verdicts = targets
        .iter()
        .map(|target| (target.id.clone(), verdict(&matrix, &target.id)));
    let mut findings: Vec<Finding> = rules::ALL.iter().filter_map(|rule| rule(&matrix)).collect();
    // Stable: equals stay in the order of the rules.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    Diagnosis {
        verdicts: verdicts.collect(),
        findings,
    }
}

impl Diagnosis {
    /// 0 no problem, 1 a problem, 3 nothing can be judged from it.
    pub fn exit_status(&self) -> u8 {
        let problem = self.verdicts.iter().any(|(_, verdict)| verdict.problem());
        let cause = self
            .findings
            .iter()
            .any(|finding| finding.confidence.stands());
        let nothing = self
            .findings
            .iter()
            .any(|finding| finding.confidence == Confidence::Unknown);
        match () {
            () if problem || cause => 1,
            () if nothing || self.verdicts.is_empty() => 3,
            () => 0,
        }
    }
}

/// What one group of vantages says together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Answered,
    Failed,
    Unsteady,
    Mixed,
}

/// The terminal's side against everybody else's, as the dashboard has it. Where there is no such
/// pair, the vantages are compared among themselves.
fn verdict(matrix: &Matrix, target: &str) -> Verdict {
    let here = |kind: CaseKind| matches!(kind, CaseKind::Terminal | CaseKind::Ssh);
    let group = |wanted: bool| {
        let cells = matrix
            .of_target(target)
            .filter(|cell| here(cell.vantage.kind) == wanted);
        let mut all = cells.map(|cell| match () {
            () if cell.unsteady() => Group::Unsteady,
            () if cell.always_answered() => Group::Answered,
            () => Group::Failed,
        });
        let first = all.next()?;
        Some(all.fold(first, |so_far, next| match (so_far, next) {
            (a, b) if a == b => a,
            (Group::Unsteady, _) | (_, Group::Unsteady) => Group::Unsteady,
            _ => Group::Mixed,
        }))
    };
    let count = matrix.of_target(target).count();
    match (group(true), group(false)) {
        (Some(Group::Unsteady), _) | (_, Some(Group::Unsteady)) => Verdict::Flapping,
        (Some(Group::Answered), Some(Group::Answered)) => Verdict::Fine,
        (Some(Group::Failed), Some(Group::Failed)) => Verdict::Down,
        (Some(Group::Failed), Some(Group::Answered)) => Verdict::Reversed,
        (Some(_), Some(_)) | (Some(Group::Mixed), None) | (None, Some(Group::Mixed)) => {
            Verdict::Split
        }
        (Some(Group::Answered), None) | (None, Some(Group::Answered)) if count > 1 => Verdict::Fine,
        (Some(Group::Failed), None) | (None, Some(Group::Failed)) if count > 1 => Verdict::Down,
        (Some(_), None) | (None, Some(_)) => Verdict::OneSide,
        (None, None) => Verdict::Waiting,
    }
}
