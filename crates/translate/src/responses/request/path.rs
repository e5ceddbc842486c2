//! Where in a body something stands, for what is told of it.

use crate::error::TranslateError;
use std::fmt;

/// Where in the body something stands, such as `input.3.content.0`.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Name(&'static str),
    Index(usize),
}

impl<'p> Path<'p> {
    pub(super) const fn root(name: &'static str) -> Self {
        Self { parent: None, step: Step::Name(name) }
    }

    pub(super) const fn at(&'p self, name: &'static str) -> Self {
        Self { parent: Some(self), step: Step::Name(name) }
    }

    pub(super) const fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    pub(super) fn wrong(&self, what: impl Into<String>) -> TranslateError {
        TranslateError::bad_request(self.to_string(), what)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        match self.step {
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "{index}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_every_step() {
        let input = Path::root("input");
        let item = input.index(3);
        let content = item.at("content");
        assert_eq!(content.index(0).at("text").to_string(), "input.3.content.0.text");
    }
}
