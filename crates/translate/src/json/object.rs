//! A tool call's arguments as the JSON object that some protocols want.

use super::{compact, is_object};
use serde::Serialize;
use serde_json::value::RawValue;

/// Arguments as an object. None at all are `{}`; what is no object stays readable under a name that no tool has.
pub(crate) fn to_object(arguments: &str) -> Result<Box<RawValue>, serde_json::Error> {
    #[derive(Serialize)]
    struct Unreadable<'a> {
        _raw: &'a str,
    }
    if matches!(arguments.trim(), "" | "null") {
        return RawValue::from_string("{}".to_owned());
    }
    if is_object(arguments) {
        return RawValue::from_string(compact(arguments).into_owned());
    }
    serde_json::value::to_raw_value(&Unreadable { _raw: arguments })
}

/// A custom tool's free text as an object.
pub(crate) fn wrap_text(input: &str) -> Result<Box<RawValue>, serde_json::Error> {
    #[derive(Serialize)]
    struct Custom<'a> {
        input: &'a str,
    }
    serde_json::value::to_raw_value(&Custom { input })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_an_object_whatever_they_are() {
        for (arguments, want) in [
            ("", "{}"),
            (" null ", "{}"),
            ("{ \"n\": 12345678901234567890123 }", r#"{"n":12345678901234567890123}"#),
            ("{\"a\":", r#"{"_raw":"{\"a\":"}"#),
            ("[1]", r#"{"_raw":"[1]"}"#),
        ] {
            assert_eq!(to_object(arguments).unwrap().get(), want);
        }
        assert_eq!(wrap_text("*** Begin \"x\"").unwrap().get(), r#"{"input":"*** Begin \"x\""}"#);
    }
}
