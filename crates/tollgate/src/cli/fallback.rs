//! A fallback as it is written on the command line.

use std::str::FromStr;

use tollgate_routing::FallbackOn;

/// `overload,context:model=glm-5,group=backup`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FallbackWord {
    pub(crate) on: Vec<FallbackOn>,
    pub(crate) model: Option<String>,
    /// A name or an id.
    pub(crate) group: Option<String>,
}

impl FromStr for FallbackWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected WHY:WHERE, such as overload,context:model=glm-5,group=backup".to_owned();
        let (on, targets) = text.split_once(':').ok_or_else(wrong)?;
        let on =
            on.split(',').map(|word| word.trim().parse::<FallbackOn>().map_err(|error| error.to_string()));
        let mut read = Self { on: on.collect::<Result<_, _>>()?, model: None, group: None };
        for target in targets.split(',') {
            let slot = match target.split_once('=') {
                Some(("model", name)) if !name.is_empty() => (&mut read.model, name),
                Some(("group", name)) if !name.is_empty() => (&mut read.group, name),
                _ => return Err(wrong()),
            };
            if slot.0.replace(slot.1.to_owned()).is_some() {
                return Err(wrong());
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_and_targets_are_read() {
        let read: FallbackWord = "overload,context:model=glm-5:free,group=backup".parse().unwrap();
        assert_eq!(read.on, [FallbackOn::Overload, FallbackOn::Context]);
        assert_eq!((read.model.as_deref(), read.group.as_deref()), (Some("glm-5:free"), Some("backup")));
        let read: FallbackWord = "refusal:group=b".parse().unwrap();
        assert_eq!((read.model, read.group.as_deref()), (None, Some("b")));
        for wrong in [
            "",
            "overload",
            "overload:",
            "overload:glm-5",
            "rain:model=m",
            ":model=m",
            "refusal:model=a,model=b",
        ] {
            assert!(wrong.parse::<FallbackWord>().is_err(), "{wrong}");
        }
    }
}
