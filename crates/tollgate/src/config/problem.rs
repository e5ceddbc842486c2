//! What can be wrong with a configuration, in words that say where and what to write instead.

use std::fmt;
use std::path::PathBuf;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A place in the file; line and column count from 1.
    File {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// An environment variable.
    Environment(String),
    /// A command-line flag.
    Flag(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// A key that does not exist.
    #[error("{place}: unknown key `{key}`{}", .suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?")))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where.
        place: Place,
        /// What was probably meant, in the form the place needs.
        suggestion: Option<String>,
    },
    /// A value of another type or outside its range.
    #[error("{}`{key}`: expected {expected}, found {found}", .place.as_ref().map_or_else(String::new, |place| format!("{place}: ")))]
    WrongValue {
        /// The key's path.
        key: String,
        /// Where; `None` for a default.
        place: Option<Place>,
        /// What is accepted.
        expected: &'static str,
        /// What was there.
        found: String,
    },
    /// The file is not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {message}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A flag that is not of the form `key=value`.
    #[error("flag --set {text}: expected key=value")]
    NotAnAssignment {
        /// The flag's value.
        text: String,
    },
    /// Keys that do not fit together.
    #[error("`{key}`: {message}")]
    Contradiction {
        /// The key to change.
        key: &'static str,
        /// What does not fit.
        message: String,
    },
}

/// Everything that is wrong, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub(crate) struct ConfigError(pub(crate) Vec<Problem>);
