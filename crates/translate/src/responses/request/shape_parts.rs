//! The parts of messages and outputs of a Responses request as written.

use crate::ir::Wording;
use crate::json::Extras;
use serde::Serialize;
use serde::ser::Serializer;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A part of a message or of an output.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PartOut<'a> {
    Raw(&'a RawValue),
    Text(TextOut<'a>),
    Refusal(RefusalOut<'a>),
    Image(ImageOut<'a>),
    File(FileOut<'a>),
    Audio(AudioPartOut<'a>),
}

impl<'a> PartOut<'a> {
    /// Where members that are kept as they came are added.
    pub(super) fn extras_mut(&mut self) -> Option<&mut Extras<'a>> {
        match self {
            Self::Raw(_) => None,
            Self::Text(part) => Some(&mut part.extras),
            Self::Refusal(part) => Some(&mut part.extras),
            Self::Image(part) => Some(&mut part.extras),
            Self::File(part) => Some(&mut part.extras),
            Self::Audio(part) => Some(&mut part.extras),
        }
    }
}

/// A text.
#[derive(Serialize)]
pub(super) struct TextOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) text: Wording<'a>,
    #[serde(rename = "prompt_cache_breakpoint", skip_serializing_if = "Option::is_none")]
    pub(super) cache: Option<BreakpointOut>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

impl<'a> TextOut<'a> {
    pub(super) fn plain(kind: &'static str, text: impl Into<Wording<'a>>) -> Self {
        Self { kind, text: text.into(), cache: None, extras: Extras::default() }
    }
}

/// A refusal.
#[derive(Serialize)]
pub(super) struct RefusalOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) refusal: &'a str,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A picture.
#[derive(Serialize)]
pub(super) struct ImageOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) image_url: Option<UrlOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'a str>,
    #[serde(rename = "prompt_cache_breakpoint", skip_serializing_if = "Option::is_none")]
    pub(super) cache: Option<BreakpointOut>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A file.
#[derive(Serialize)]
pub(super) struct FileOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<UrlOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_id: Option<&'a str>,
    #[serde(rename = "prompt_cache_breakpoint", skip_serializing_if = "Option::is_none")]
    pub(super) cache: Option<BreakpointOut>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// Sound.
#[derive(Serialize)]
pub(super) struct AudioPartOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) input_audio: AudioOut<'a>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// `input_audio`.
#[derive(Serialize)]
pub(super) struct AudioOut<'a> {
    pub(super) data: &'a str,
    pub(super) format: &'a str,
}

/// `prompt_cache_breakpoint`.
#[derive(Clone, Copy, Serialize)]
pub(super) struct BreakpointOut {
    pub(super) mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<&'static str>,
}

/// An address, or bytes written as one: straight into the body, without a copy of their own.
pub(super) enum UrlOut<'a> {
    Plain(Cow<'a, str>),
    Data { media_type: Cow<'a, str>, data: Cow<'a, str> },
}

impl Serialize for UrlOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(url) => serializer.serialize_str(url),
            Self::Data { media_type, data } => {
                serializer.collect_str(&format_args!("data:{media_type};base64,{data}"))
            }
        }
    }
}
