//! The items of a Responses request as written.

use super::shape_parts::{PartOut, TextOut};
use crate::ir::Wording;
use crate::json::Extras;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An item of `input`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ItemOut<'a> {
    Raw(&'a RawValue),
    Message(MessageOut<'a>),
    Reasoning(ReasoningOut<'a>),
    Call(CallOut<'a>),
    Output(OutputOut<'a>),
    Native(NativeOut<'a>),
}

/// A message.
#[derive(Serialize)]
pub(super) struct MessageOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phase: Option<&'static str>,
    pub(super) content: Vec<PartOut<'a>>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A reasoning item.
#[derive(Serialize)]
pub(super) struct ReasoningOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) summary: Vec<TextOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) content: Vec<TextOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encrypted_content: Option<&'a str>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A call of a function or of a custom tool.
#[derive(Serialize)]
pub(super) struct CallOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) call_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<&'a str>,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<&'a str>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// What such a call gave.
#[derive(Serialize)]
pub(super) struct OutputOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) call_id: &'a str,
    pub(super) output: ContentOut<'a>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A text, or parts.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ContentOut<'a> {
    Text(Wording<'a>),
    Parts(Vec<PartOut<'a>>),
}

/// A call of a tool that the model knows by its type, or what it gave: one member says it.
pub(super) struct NativeOut<'a> {
    pub(super) kind: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) call_id: Option<&'a str>,
    pub(super) member: &'static str,
    pub(super) value: MemberOut<'a>,
    /// Members that have to be there, unless `extras` has them.
    pub(super) usual: Vec<(&'static str, UsualOut)>,
    pub(super) extras: Extras<'a>,
}

/// The telling member of a [`NativeOut`].
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum MemberOut<'a> {
    Raw(&'a RawValue),
    Text(Cow<'a, str>),
    Part(PartOut<'a>),
    Shell([ShellOut<'a>; 1]),
    /// Nothing was said.
    Absent,
}

/// What a shell command gave.
#[derive(Serialize)]
pub(super) struct ShellOut<'a> {
    pub(super) stdout: Cow<'a, str>,
    pub(super) stderr: &'static str,
    pub(super) outcome: OutcomeOut,
}

/// How a shell command ended.
#[derive(Serialize)]
pub(super) struct OutcomeOut {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) exit_code: i32,
}

/// A member's usual value.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum UsualOut {
    Word(&'static str),
    None([(); 0]),
}

impl Serialize for NativeOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind)?;
        if let Some(id) = self.id {
            map.serialize_entry("id", id)?;
        }
        if let Some(call_id) = self.call_id {
            map.serialize_entry("call_id", call_id)?;
        }
        if !matches!(self.value, MemberOut::Absent) {
            map.serialize_entry(self.member, &self.value)?;
        }
        for (name, value) in self.usual.iter().filter(|(name, _)| !self.extras.has(name)) {
            map.serialize_entry(name, value)?;
        }
        for (name, raw) in &self.extras.0 {
            map.serialize_entry(name, raw)?;
        }
        map.end()
    }
}
