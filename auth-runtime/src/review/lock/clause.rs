//! Reads a clause.

use std::str::FromStr;

use super::{
    super::{
        CheckText, ClaimContent, Clause, Clauses,
        error::{ParsePolicyError, Problem},
    },
    cursor::Cursor,
    limits::{MAX_CLAUSES, MAX_DEPTH},
};
use crate::policy::{RuleName, UNITS};

const CLAUSE: &str = "a clause such as `role(\"..\")`, `permission(\"..\")` or `any(.., ..)`";

/// Reads a clause as [`Display`](std::fmt::Display) writes it.
impl FromStr for Clause {
    type Err = ParsePolicyError;

    fn from_str(text: &str) -> Result<Self, ParsePolicyError> {
        let mut cursor = Cursor::new(text, 1);
        let clause = read(&mut cursor)?;
        cursor.end()?;
        Ok(clause)
    }
}

/// Takes a clause.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Clause, ParsePolicyError> {
    Reader { cursor, left: MAX_CLAUSES }.clause(MAX_DEPTH)
}

struct Reader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    /// How many more clauses may follow.
    left: usize,
}

impl Reader<'_, '_> {
    fn clause(&mut self, depth: usize) -> Result<Clause, ParsePolicyError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| self.cursor.error(Problem::TooManyClauses))?;
        let depth = depth.checked_sub(1).ok_or_else(|| self.cursor.error(Problem::TooDeep))?;
        let start = *self.cursor;
        match self.cursor.word(|character| !character.is_ascii_lowercase()) {
            "authenticated" => Ok(Clause::Authenticated),
            "role" => self.name().map(Clause::HasRole),
            "permission" => self.name().map(Clause::HasPermission),
            "scopes" => self.name().map(Clause::HasScope),
            "schemes" => self.name().map(Clause::UsesScheme),
            "fresh" => self.fresh().map(Clause::Fresh),
            "claim" => self.claim(),
            "acr" => self.acr().map(Clause::Acr),
            "check" => self.check(),
            "all" => self.list(depth).map(Clause::All),
            "any" => self.list(depth).map(Clause::Any),
            "not" => self.not(depth),
            "" => self.named(start, depth),
            _ => Err(start.expected(CLAUSE)),
        }
    }

    /// Takes a rule with a name: `NAME = clause`.
    fn named(&mut self, start: Cursor<'_>, depth: usize) -> Result<Clause, ParsePolicyError> {
        let name = if self.cursor.at_string() {
            self.cursor.string(CLAUSE)?
        } else {
            let name = self.cursor.word(|character| !RuleName::has(character));
            let is_name = name.starts_with(|first: char| first.is_ascii_uppercase());
            is_name.then(|| name.to_owned()).ok_or_else(|| start.expected(CLAUSE))?
        };
        if self.cursor.eat("=") { Ok(Clause::named(name, self.clause(depth)?)) } else { Err(start.expected(CLAUSE)) }
    }

    fn open(&mut self) -> Result<(), ParsePolicyError> {
        self.cursor.need("(", "`(`")
    }

    fn close(&mut self) -> Result<(), ParsePolicyError> {
        self.cursor.need(")", "`)`")
    }

    fn name(&mut self) -> Result<String, ParsePolicyError> {
        self.open()?;
        let name = self.cursor.string("a name in quotation marks")?;
        self.close()?;
        Ok(name)
    }

    fn value(&mut self, expected: &'static str) -> Result<String, ParsePolicyError> {
        self.cursor.need("=", "`=`")?;
        self.cursor.string(expected)
    }

    fn check(&mut self) -> Result<Clause, ParsePolicyError> {
        const TEXT: &str = "the text of a check in quotation marks";
        if !self.cursor.at("(") {
            return self.value(TEXT).map(Clause::check);
        }
        let name = self.name()?;
        Ok(Clause::Checked(CheckText::new(self.value(TEXT)?).named(name)))
    }

    fn claim(&mut self) -> Result<Clause, ParsePolicyError> {
        const VALUE: &str = "a string, a whole number, `true` or `false`";
        self.open()?;
        let name = self.cursor.string("a name in quotation marks")?;
        self.cursor.need("=", "`=`")?;
        let value = if self.cursor.at_string() {
            ClaimContent::Text(self.cursor.string(VALUE)?)
        } else {
            let start = *self.cursor;
            match self.cursor.word(|character| character == ')').trim_end() {
                "true" => ClaimContent::Bool(true),
                "false" => ClaimContent::Bool(false),
                number => ClaimContent::Integer(number.parse().map_err(|_| start.expected(VALUE))?),
            }
        };
        self.close()?;
        Ok(Clause::Claim { name, value })
    }

    fn acr(&mut self) -> Result<Vec<String>, ParsePolicyError> {
        const VALUE: &str = "an authentication context class in quotation marks";
        self.open()?;
        let mut values = vec![self.cursor.string(VALUE)?];
        while self.cursor.eat(",") {
            values.push(self.cursor.string(VALUE)?);
        }
        self.close()?;
        Ok(values)
    }

    fn fresh(&mut self) -> Result<u64, ParsePolicyError> {
        const AGE: &str = "a time such as `\"30s\"`, `\"5m\"`, `\"12h\"` or `\"7d\"`";
        let start = *self.cursor;
        seconds(&self.value(AGE)?).ok_or_else(|| start.expected(AGE))
    }

    fn list(&mut self, depth: usize) -> Result<Clauses, ParsePolicyError> {
        self.open()?;
        let mut clauses = vec![self.clause(depth)?];
        while self.cursor.eat(",") {
            clauses.push(self.clause(depth)?);
        }
        self.cursor.need(")", "`,` or `)`")?;
        Clauses::new(clauses).ok_or_else(|| self.cursor.expected(CLAUSE))
    }

    fn not(&mut self, depth: usize) -> Result<Clause, ParsePolicyError> {
        self.open()?;
        let clause = self.clause(depth)?;
        self.close()?;
        Ok(Clause::not(clause))
    }
}

/// Returns a time such as `5m` in seconds.
fn seconds(text: &str) -> Option<u64> {
    let letter = text.chars().next_back()?;
    let (unit, _) = UNITS.into_iter().find(|(_, own)| *own == letter)?;
    let digits = text.strip_suffix(letter).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse::<u64>().ok()?.checked_mul(unit)
}
