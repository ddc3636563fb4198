//! Decisions with checks, and the clause that a denial has.

use super::{CheckAnswers, ClaimValue, Decision, Facts, Requirement};

/// A caller without any facts.
struct Stranger;

impl Facts<()> for Stranger {
    fn role(&self, _: u16) -> bool {
        false
    }

    fn permission(&self, _: u16) -> bool {
        false
    }

    fn scope(&self, _: u16) -> bool {
        false
    }

    fn scheme(&self, _: u16) -> bool {
        false
    }

    fn fresh(&self, _: u64) -> bool {
        false
    }

    fn claim(&self, _: &str, _: &ClaimValue) -> bool {
        false
    }

    fn acr(&self, _: &[&str]) -> bool {
        false
    }
}

const A: Requirement<()> = Requirement::check(0, "a");
const B: Requirement<()> = Requirement::check(1, "b");
const ALL: Requirement<()> = Requirement::all(&[A, B]);
const ANY: Requirement<()> = Requirement::any(&[A, B]);

/// Returns the decision as text, with the results of the checks `a` and `b`.
fn decide(rule: Requirement<()>, results: [Option<bool>; 2]) -> String {
    let with = |answers: CheckAnswers, (check, result): (u16, Option<bool>)| {
        result.map_or(answers, |is_met| answers.with(check, is_met))
    };
    match rule.decide(&Stranger, (0..).zip(results).fold(CheckAnswers::NONE, with)) {
        Decision::Allow => "allow".to_owned(),
        Decision::Deny(denial) => format!("{denial:?}"),
        Decision::NeedsCheck(check) => check.to_string(),
    }
}

#[test]
fn the_first_check_that_can_still_decide_is_next() {
    let (yes, no) = (Some(true), Some(false));
    for (rule, results, decision) in [
        (ALL, [None, None], "0"),
        (ALL, [yes, None], "1"),
        (ALL, [yes, yes], "allow"),
        (ALL, [None, no], "CheckFailed: check = b"),
        (ANY, [None, None], "0"),
        (ANY, [no, None], "1"),
        (ANY, [None, yes], "allow"),
        (Requirement::not(&ALL), [None, no], "allow"),
        (Requirement::not(&ANY), [no, None], "1"),
    ] {
        assert_eq!(decide(rule, results), decision, "{rule} {results:?}");
    }
}

#[test]
fn a_denial_has_the_clause_that_failed() {
    let no = [Some(false); 2];
    for (rule, denial) in [
        (ALL, "CheckFailed: check = a"),
        (ANY, "CheckFailed: any(check = a, check = b)"),
        (Requirement::any(&[A]), "CheckFailed: check = a"),
        (const { Requirement::all(&[ANY.named("EITHER")]) }, "CheckFailed: EITHER = any(check = a, check = b)"),
        (ALL.named("BOTH"), "CheckFailed: BOTH = all(check = a, check = b)"),
    ] {
        assert_eq!(decide(rule, no), denial, "{rule}");
    }
    let excluded = decide(Requirement::not(&ANY), [Some(true); 2]);
    assert_eq!(excluded, "Excluded: not(any(check = a, check = b))");
}
