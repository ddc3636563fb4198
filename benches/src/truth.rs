//! The truth table: who does what in each case. Nobody is measured who does not do what is asked.

use serde_json::Value;

use crate::{
    case::Case,
    contender::{Answer, Contender},
    entry,
    rows::Row,
    table::Table,
};

/// How the contenders of some rows do.
#[derive(Debug)]
pub struct Truth {
    table: Table,
    notes: Vec<String>,
    failures: Vec<String>,
}

impl Truth {
    /// Asks every contender once for each case.
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

    /// What somebody did wrong.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Prints it.
    ///
    /// # Panics
    /// If somebody failed.
    pub fn print_and_assert(&self) {
        println!("Truth table: what each answers. A dash is a case that there is not, for the reason below.\n");
        println!("{}", self.table);
        self.notes.iter().for_each(|note| println!("  - {note}"));
        assert!(self.failures.is_empty(), "not measured, as somebody failed:\n{}", self.failures.join("\n"));
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

/// The status is right, and who is let in gets the entry.
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

    /// Lets in everybody, or nobody, and answers with this body.
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
    fn who_does_not_do_what_is_asked_fails() {
        let entry = crate::entry::expected().to_string();
        assert_eq!(failures(&Careless(200, entry.leak())), Case::ALL.len() - 1);
        assert_eq!(failures(&Careless(200, "{}")), Case::ALL.len());
        assert_eq!(failures(&Careless(401, "")), 2);
    }
}
