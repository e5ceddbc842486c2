//! The configuration: every key with its default, and the sources that override it.
//!
//! Later sources win: defaults, then the file, then the environment, then flags. A key no one knows is an error,
//! because a misspelt limit that is silently ignored is found out in production.

mod environment;
mod file;
mod layers;
mod problem;
mod reference;
mod section;
mod suggest;
mod tree;
mod value;

use std::path::PathBuf;

pub(crate) use layers::Effective;
pub(crate) use problem::{ConfigError, Problem};
pub(crate) use reference::page as reference_page;
pub(crate) use tree::Config;
pub(crate) use value::{Http2, LogFormat};

use layers::Layers;
use problem::Place;
use section::Section;
use value::Raw;

/// Where values come from, besides the defaults.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The TOML file, if one is named.
    pub(crate) file: Option<PathBuf>,
    /// All environment variables; those without the prefix are passed over.
    pub(crate) environment: Vec<(String, String)>,
    /// `--set` flags, each `key=value`.
    pub(crate) assignments: Vec<String>,
    /// First-class flags: name, key path, value. They win over `--set`.
    pub(crate) flags: Vec<(&'static str, &'static str, String)>,
}

impl Sources {
    /// Reads all sources, later over earlier.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub(crate) fn load(&self) -> Result<(Config, Vec<Effective>), ConfigError> {
        let mut layers = Layers::new(Config::keys());
        if let Some(path) = &self.file {
            file::read(path, &mut layers);
        }
        environment::read(self.environment.iter().cloned(), &mut layers);
        self.read_flags(&mut layers);
        let config = Config::read("", &mut layers);
        if let Some(config) = &config {
            layers.problems.extend(config.contradictions());
        }
        match config {
            Some(config) if layers.problems.is_empty() => Ok((config, layers.effective)),
            _ => Err(ConfigError(layers.problems)),
        }
    }

    fn read_flags(&self, layers: &mut Layers) {
        for text in &self.assignments {
            match text.split_once('=') {
                Some((key, value)) => {
                    let place = Place::Flag(format!("--set {key}"));
                    layers.set(key.trim(), Raw::Word(value.to_owned()), place);
                }
                None => layers.problems.push(Problem::NotAnAssignment { text: text.clone() }),
            }
        }
        for (flag, key, value) in &self.flags {
            layers.set(key, Raw::Word(value.clone()), Place::Flag((*flag).to_owned()));
        }
    }
}

#[cfg(test)]
mod tests;
