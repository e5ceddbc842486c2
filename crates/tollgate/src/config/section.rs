//! The macro that turns one definition of a configuration section into its struct, its reader and its reference.
//!
//! A key is written down once: name, type, default (as text, read by the same parser as any other value) and
//! meaning. Everything else, `docs/configuration.md` included, is derived from that, so nothing can drift.

use super::layers::Layers;

/// One key as the reference shows it.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// The whole path, joined by dots: `upstream.connect_timeout_ms`.
    pub(crate) path: String,
    /// The type in two or three words.
    pub(crate) kind: &'static str,
    /// The default as it would be written on a command line; empty where there is none.
    pub(crate) default: &'static str,
    /// What the key does.
    pub(crate) meaning: String,
}

impl Key {
    /// The environment variable that sets the key.
    pub(crate) fn env_name(&self) -> String {
        env_name(&self.path)
    }
}

/// The environment variable of a key path: upper case, two underscores for each dot.
pub(crate) fn env_name(path: &str) -> String {
    format!("{}{}", super::environment::PREFIX, path.replace('.', "__").to_uppercase())
}

/// A struct made by [`section!`].
pub(crate) trait Section: Sized {
    /// What the section is about.
    const ABOUT: &'static str;

    /// Reads every key under `prefix`; `None` if any was wrong (the layers hold the problems then).
    fn read(prefix: &str, layers: &mut Layers) -> Option<Self>;

    /// Appends every key under `prefix`, own keys before those of nested sections.
    fn describe(prefix: &str, keys: &mut Vec<Key>);

    /// Appends every nested section's prefix and what it is about.
    fn sections(prefix: &str, sections: &mut Vec<(String, &'static str)>);
}

/// `prefix.name`, or `name` at the top.
pub(crate) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Defines a section: `pub struct Name { key: Type = "default", } sections { part: Part, }`.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        struct $Name:ident {
            $( $(#[doc = $meaning:literal])+ $key:ident : $Type:ty = $default:literal, )*
        }
        $( sections { $( $part:ident : $Part:ty, )* } )?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        pub(crate) struct $Name {
            $( $(#[doc = $meaning])+ pub(crate) $key: $Type, )*
            $( $( pub(crate) $part: $Part, )* )?
        }

        impl $crate::config::section::Section for $Name {
            const ABOUT: &'static str = concat!($($about),+);

            fn read(prefix: &str, layers: &mut $crate::config::layers::Layers) -> Option<Self> {
                use $crate::config::section::join;
                $( let $key = layers.take::<$Type>(&join(prefix, stringify!($key)), $default); )*
                $( $( let $part = <$Part>::read(&join(prefix, stringify!($part)), layers); )* )?
                Some(Self { $( $key: $key?, )* $( $( $part: $part?, )* )? })
            }

            fn describe(prefix: &str, keys: &mut Vec<$crate::config::section::Key>) {
                use $crate::config::{section::{Key, join}, value::Setting};
                $( keys.push(Key {
                    path: join(prefix, stringify!($key)),
                    kind: <$Type as Setting>::KIND,
                    default: $default,
                    meaning: concat!($($meaning),+).trim().to_owned(),
                }); )*
                $( $( <$Part>::describe(&join(prefix, stringify!($part)), keys); )* )?
            }

            fn sections(prefix: &str, sections: &mut Vec<(String, &'static str)>) {
                $( $(
                    let part = $crate::config::section::join(prefix, stringify!($part));
                    sections.push((part.clone(), <$Part>::ABOUT));
                    <$Part>::sections(&part, sections);
                )* )?
                let _ = (prefix, sections);
            }
        }
    };
}
pub(crate) use section;
