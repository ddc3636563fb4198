//! The truth table: the response of every contender in every case. A contender that fails a case is not measured.

use serde_json::Value;

use crate::{
    case::Case,
    contender::{Answer, Contender},
    entry,
    rows::Row,
    table::Table,
};

/// The results of the contenders in all cases.
#[derive(Debug)]
pub struct Truth {
    table: Table,
    notes: Vec<String>,
    failures: Vec<String>,
}

impl Truth {
    /// Sends every contender one request for each case.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let mut truth = Self { table: Table::new(columns()), notes: Vec::new(), failures: Vec::new() };
        for (index, row) in rows.iter().enumerate() {
            if !rows[..index].iter().any(|before| before.is_of(row)) {
                truth.ask(&**row.contender());
            }
        }
        truth
    }

    /// Returns the cases in which a contender gave a wrong response.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Prints the table.
    ///
    /// # Panics
    /// If a contender failed a case.
    pub fn print_and_assert(&self) {
        println!(
            "Truth table: the status of each response. A dash marks a case that the contender does not have; see below.\n"
        );
        println!("{}", self.table);
        self.notes.iter().for_each(|note| println!("  - {note}"));
        assert!(
            self.failures.is_empty(),
            "not measured, because a contender failed the truth table:\n{}",
            self.failures.join("\n")
        );
        println!("\nAll passed.\n");
    }

    fn ask(&mut self, contender: &dyn Contender) {
        let mut reasons: Vec<&str> = Vec::new();
        let verdicts = Case::ALL.map(|case| match contender.answer(case) {
            Ok(answer) => self.judge(contender.name(), case, &answer),
            Err(reason) => {
                reasons.push(reason);
                "-".to_owned()
            }
        });
        reasons.dedup();
        self.notes.extend(reasons.into_iter().map(|reason| format!("{}: {reason}", contender.name())));
        self.table.row([vec![contender.name().to_owned()], verdicts.to_vec()].concat());
    }

    fn judge(&mut self, name: &str, case: Case, answer: &Answer) -> String {
        if is_right(case, answer) {
            return answer.status.to_string();
        }
        self.failures.push(format!("{name}: {}: {answer:?} instead of {}", case.name(), case.status()));
        format!("FAILED {}", answer.status)
    }
}

/// Returns whether the status is as expected, and the response to a valid credential is the entry.
fn is_right(case: Case, answer: &Answer) -> bool {
    let has_entry = |body: &String| serde_json::from_str::<Value>(body).is_ok_and(|body| body == entry::expected());
    answer.status == case.status() && (case != Case::Valid || answer.body.as_ref().is_none_or(has_entry))
}

fn columns() -> [&'static str; Case::ALL.len() + 1] {
    let mut columns = ["contender"; Case::ALL.len() + 1];
    columns[1..].copy_from_slice(&Case::ALL.map(Case::name));
    columns
}

#[cfg(test)]
mod tests {
    use super::{Answer, Case, Contender, Table, Truth, columns};
    use crate::contender::Work;

    /// Gives the same status and body in every case.
    struct Careless(u16, &'static str);

    impl Contender for Careless {
        fn name(&self) -> &'static str {
            "careless"
        }

        fn answer(&self, _: Case) -> Result<Answer, &'static str> {
            Ok(Answer { status: self.0, body: Some(self.1.to_owned()) })
        }

        fn work(&self, _: Case, _: usize, _: &mut dyn FnMut(Work<'_>)) {}
    }

    fn failures(contender: &Careless) -> usize {
        let mut truth = Truth { table: Table::new(columns()), notes: Vec::new(), failures: Vec::new() };
        truth.ask(contender);
        truth.failures().len()
    }

    #[test]
    fn a_contender_with_wrong_responses_fails() {
        let entry = crate::entry::expected().to_string();
        assert_eq!(failures(&Careless(200, entry.leak())), Case::ALL.len() - 1);
        assert_eq!(failures(&Careless(200, "{}")), Case::ALL.len());
        assert_eq!(failures(&Careless(401, "")), 2);
    }
}
