//! Reads variables, remembers which ones, and collects what is wrong with all of them.

use std::fmt;

/// What is wrong with a variable. What it held is not told: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    Missing { variable: Variable, expects: String },
    Unusable { variable: Variable, expects: String },
    Unknown { name: String },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (variable, expects, how) = match self {
            Self::Missing { variable, expects } => (variable, expects, "is missing"),
            Self::Unusable { variable, expects } => (variable, expects, "cannot be used"),
            Self::Unknown { name } => {
                return write!(f, "{name} is no setting. .env.example lists those that are.");
            }
        };
        let Variable { name, example, .. } = variable;
        write!(f, "{name} {how}. It expects {expects}. Example: {name}={example}")
    }
}

/// Everything that is wrong with the settings, one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Problems(pub Vec<Problem>);

/// A variable: its name, what it expects and an example that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        let expects = expects.to_owned();
        let missing = (self.source)(variable.name).is_none_or(|text| text.trim().is_empty());
        self.problems.push(if missing {
            Problem::Missing { variable, expects }
        } else {
            Problem::Unusable { variable, expects }
        });
    }

    /// Refuses names under `prefix` that nothing has read, as a misspelt limit limits nothing.
    pub fn no_others(&mut self, prefix: &str, names: impl Iterator<Item = String>) {
        let unknown = names.filter(|name| name.starts_with(prefix) && !self.seen.contains(&name.as_str()));
        self.problems.extend(unknown.map(|name| Problem::Unknown { name }));
    }

    /// The names of all variables that were asked for, or everything that is wrong.
    pub fn finish(self) -> Result<Vec<&'static str>, Problems> {
        if self.problems.is_empty() { Ok(self.seen) } else { Err(Problems(self.problems)) }
    }
}
