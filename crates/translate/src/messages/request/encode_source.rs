//! Images and documents as content blocks.

use super::encode::Writer;
use super::write::{CitationsOut, SaidOut, SourceOut};
use crate::error::TranslateError;
use crate::ir::{Document, Source, TurnPart};
use crate::json::Extras;
use crate::settle::picture;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

const PDF: &str = "application/pdf";

impl<'r> Writer<'r, '_> {
    /// An image.
    pub(super) fn image(
        &mut self,
        source: &'r Source<'r>,
        detail: Option<&str>,
        part: &'r TurnPart<'r>,
    ) -> Result<SaidOut<'r>, TranslateError> {
        if detail.is_some_and(|detail| detail != "auto") {
            let field = self.field("image_url.detail", "input_image.detail");
            self.foreign.settle(&field)?;
        }
        let field = self.field("image_url", "input_image");
        let mut made = self.source(source, &field, part)?;
        if !self.own
            && let Some(media_type) = made.media_type
        {
            made.media_type = Some(picture(media_type).ok_or_else(|| {
                TranslateError::refused(&field, "Messages takes images as jpeg, png, gif or webp only")
            })?);
        }
        Ok(SaidOut { r#type: "image", source: Some(made), ..SaidOut::default() })
    }

    /// A document.
    pub(super) fn document(
        &mut self,
        document: &'r Document<'r>,
        part: &'r TurnPart<'r>,
    ) -> Result<SaidOut<'r>, TranslateError> {
        let field = self.field("file", "input_file");
        let mut source = self.source(&document.source, &field, part)?;
        if !self.own && source.r#type == "base64" {
            source = readable(source, &field)?;
        }
        let extras = self.extras_of("citations", part);
        let citations = (document.citations || !extras.is_empty())
            .then_some(CitationsOut { enabled: document.citations, extras });
        Ok(SaidOut {
            r#type: "document",
            source: Some(source),
            title: document.title.as_deref(),
            context: document.context.as_deref(),
            citations,
            ..SaidOut::default()
        })
    }

    fn source(
        &self,
        source: &'r Source<'r>,
        field: &str,
        part: &'r TurnPart<'r>,
    ) -> Result<SourceOut<'r>, TranslateError> {
        let mut made = SourceOut { extras: self.extras_of("source", part), ..SourceOut::default() };
        match source {
            Source::Base64 { media_type, data } => {
                made.r#type = "base64";
                made.media_type = Some(media_type);
                made.data = Some(Cow::Borrowed(data));
            }
            Source::Url(url) => {
                made.r#type = "url";
                made.url = Some(url);
            }
            Source::FileId(_) if !self.own => {
                let why = "the upstream cannot be given a file of another provider's store";
                return Err(TranslateError::refused(format!("{field}.file_id"), why));
            }
            Source::FileId(id) => {
                made.r#type = "file";
                made.file_id = Some(id);
            }
            Source::Text(text) => {
                made.r#type = "text";
                made.media_type = Some("text/plain");
                made.data = Some(Cow::Borrowed(text));
            }
            Source::Blocks(json) => {
                made.r#type = "content";
                made.content = Some(json);
            }
        }
        Ok(made)
    }

    fn extras_of(&self, object: &str, part: &'r TurnPart<'r>) -> Extras<'r> {
        if self.own { Extras::of(object, &part.extras) } else { Extras::default() }
    }

    /// The path to a member of a part, which Chat and Responses call differently.
    fn field(&self, chat: &str, responses: &str) -> String {
        self.foreign.part(if self.request.protocol == Protocol::Responses { responses } else { chat })
    }
}

/// A document as it is taken: PDF as base64, text as text.
fn readable<'r>(source: SourceOut<'r>, field: &str) -> Result<SourceOut<'r>, TranslateError> {
    let media_type = source.media_type.unwrap_or_default().to_ascii_lowercase();
    if media_type == PDF {
        return Ok(SourceOut { media_type: Some(PDF), ..source });
    }
    let refused = || TranslateError::refused(field, "Messages takes documents as PDF or text only");
    if !media_type.starts_with("text/") && media_type != "application/json" {
        return Err(refused());
    }
    let data = source.data.unwrap_or_default();
    let bytes = STANDARD.decode(&*data).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let data = Some(Cow::Owned(text));
    Ok(SourceOut { r#type: "text", media_type: Some("text/plain"), data, ..SourceOut::default() })
}
