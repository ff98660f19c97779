//! Reads variables, remembers which ones, and collects what is wrong with all of them.

use std::fmt;

/// One variable that cannot be used. What it held is not told: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub variable: &'static str,
    pub expects: String,
    pub example: &'static str,
    pub missing: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.missing { "is missing" } else { "cannot be used" };
        write!(
            f,
            "{} {how}. It expects {}. Example: {}={}",
            self.variable, self.expects, self.variable, self.example
        )
    }
}

/// Everything that is wrong with the settings, one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// A variable: its name, what it expects and an example that is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub name: &'static str,
    pub expects: &'static str,
    pub example: &'static str,
}

pub const fn variable(name: &'static str, expects: &'static str, example: &'static str) -> Variable {
    Variable { name, expects, example }
}

pub struct Reader<'a> {
    source: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
    seen: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { source, problems: Vec::new(), seen: Vec::new() }
    }

    /// The value of a variable that is set to more than blanks.
    pub fn text(&mut self, variable: Variable) -> Option<String> {
        self.seen.push(variable.name);
        (self.source)(variable.name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A variable that may be absent. One that does not parse is a problem, and absent.
    pub fn maybe<T>(&mut self, variable: Variable, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(variable)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(variable, variable.expects);
        }
        value
    }

    /// A variable with a default. One that does not parse is a problem, and the default.
    pub fn or<T>(&mut self, variable: Variable, default: T, parse: impl Fn(&str) -> Option<T>) -> T {
        self.maybe(variable, parse).unwrap_or(default)
    }

    pub fn refuse(&mut self, variable: Variable, expects: &str) {
        let problem = Problem {
            variable: variable.name,
            expects: expects.to_owned(),
            example: variable.example,
            missing: (self.source)(variable.name).is_none_or(|text| text.trim().is_empty()),
        };
        self.problems.push(problem);
    }

    /// The names of all variables that were asked for, or everything that is wrong.
    pub fn finish(self) -> Result<Vec<&'static str>, Problems> {
        if self.problems.is_empty() { Ok(self.seen) } else { Err(Problems(self.problems)) }
    }
}
