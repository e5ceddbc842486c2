//! The parts of a Chat message as written.

use crate::ir::Wording;
pub(super) use crate::json::Extras;
use serde::Serialize;
use serde::ser::Serializer;
use serde_json::value::RawValue;
use std::fmt::{self, Display};

/// What a message says.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ContentOut<'a> {
    Null,
    Text(Wording<'a>),
    Parts(Vec<PartOut<'a>>),
}

/// A part of what a message says.
#[derive(Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "nearly all are the larger one")]
pub(super) enum PartOut<'a> {
    Raw(&'a RawValue),
    Said {
        #[serde(flatten)]
        said: SaidOut<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<MarkOut>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt_cache_breakpoint: Option<MarkOut>,
        #[serde(flatten)]
        extras: Extras<'a>,
    },
}

impl<'a> From<SaidOut<'a>> for PartOut<'a> {
    fn from(said: SaidOut<'a>) -> Self {
        Self::Said { said, cache_control: None, prompt_cache_breakpoint: None, extras: Extras::default() }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SaidOut<'a> {
    Text { text: Wording<'a> },
    Refusal { refusal: &'a str },
    ImageUrl { image_url: ImageOut<'a> },
    InputAudio { input_audio: AudioOut<'a> },
    File { file: FileOut<'a> },
}

#[derive(Serialize)]
pub(super) struct ImageOut<'a> {
    pub(super) url: UrlOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'a str>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct AudioOut<'a> {
    pub(super) data: &'a str,
    pub(super) format: &'a str,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct FileOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<UrlOut<'a>>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// An address, or the bytes themselves in a data URL, which is put together only while it is written.
pub(super) enum UrlOut<'a> {
    Address(&'a str),
    Data { media_type: &'a str, data: &'a str },
}

impl Display for UrlOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => f.write_str(url),
            Self::Data { media_type, data } => {
                f.write_str("data:")?;
                f.write_str(media_type)?;
                f.write_str(";base64,")?;
                f.write_str(data)
            }
        }
    }
}

impl Serialize for UrlOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The mark at the end of a cached prompt.
#[derive(Serialize)]
pub(super) struct MarkOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<&'static str>,
}
