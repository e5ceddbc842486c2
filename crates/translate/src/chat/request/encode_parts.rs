//! The parts of a turn as Chat content parts.

use super::blocks::{text_of, text_of_blocks};
use super::encode::Writer;
use super::write::Extras;
use super::write_parts::{AudioOut, ContentOut, FileOut, ImageOut, MarkOut, PartOut, SaidOut, UrlOut};
use crate::error::TranslateError;
use crate::family::CacheMark;
use crate::ir::{CacheLifetime, Document, PartOfTurn, Source, TurnPart, Wording};
use crate::json::member::{undated, wire_type};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Objects of a part whose unknown members are kept by their whole path.
const OBJECTS: [&str; 3] = ["image_url", "input_audio", "file"];

impl<'r> Writer<'r, '_> {
    /// Adds a part to those of a message.
    pub(super) fn part(
        &mut self,
        part: &'r TurnPart<'r>,
        parts: &mut Vec<PartOut<'r>>,
    ) -> Result<(), TranslateError> {
        let before = parts.len();
        match &part.body {
            PartOfTurn::Text { text, phase } => {
                if phase.is_some() {
                    self.foreign.settle("input.phase")?;
                }
                // Other protocols' empty texts say nothing, and many servers refuse them.
                if self.own || !text.is_empty() {
                    parts.push(SaidOut::Text { text: text.borrowed() }.into());
                }
            }
            PartOfTurn::Refusal { text } if self.own => parts.push(SaidOut::Refusal { refusal: text }.into()),
            PartOfTurn::Refusal { text } => parts.push(SaidOut::Text { text: Wording::from(&**text) }.into()),
            PartOfTurn::Image { source, detail } => {
                let url = self.image(source)?;
                let extras = self.extras_of("image_url", part);
                let image_url = ImageOut { url, detail: detail.as_deref(), extras };
                parts.push(SaidOut::ImageUrl { image_url }.into());
            }
            PartOfTurn::Document(document) => self.document(document, part, parts)?,
            PartOfTurn::Audio { data, format } => {
                let extras = self.extras_of("input_audio", part);
                parts.push(SaidOut::InputAudio { input_audio: AudioOut { data, format, extras } }.into());
            }
            PartOfTurn::Other { json, .. } if self.own => {
                parts.push(PartOut::Raw(json));
                return Ok(());
            }
            // What these items brought was read into the tools and settings.
            PartOfTurn::Other { kind, .. }
                if matches!(&**kind, "additional_tools" | "configuration_update") =>
            {
                return Ok(());
            }
            PartOfTurn::Other { kind, json } => match text_of(kind, json) {
                Some(text) => parts.push(SaidOut::Text { text: text.into() }.into()),
                None => return self.settle_part(kind),
            },
            PartOfTurn::ServerToolCall { json, .. } => return self.settle_part(&wire_type(json)),
            PartOfTurn::ServerToolResult { kind, .. } => return self.settle_part(kind),
            PartOfTurn::Reasoning(_) => return self.settle_part("reasoning"),
            PartOfTurn::ToolCall(_) => return self.settle_part("tool_use"),
            PartOfTurn::ToolResult(_) => return self.settle_part("tool_result"),
        }
        let own = self.part_extras(part)?;
        if let Some(PartOut::Said { extras, cache_control, prompt_cache_breakpoint, .. }) =
            parts.get_mut(before..).and_then(<[_]>::last_mut)
        {
            *extras = own;
            (*cache_control, *prompt_cache_breakpoint) = self.marks(part.cache);
        }
        Ok(())
    }

    fn settle_part(&mut self, kind: &str) -> Result<(), TranslateError> {
        let field = self.foreign.part(undated(kind));
        self.foreign.settle(&field)
    }

    /// The extras of a part, its inner objects' left out.
    pub(super) fn part_extras(&mut self, part: &'r TurnPart<'r>) -> Result<Extras<'r>, TranslateError> {
        if self.own && (self.lists() || !matches!(part.body, PartOfTurn::Text { .. })) {
            return Ok(Extras::top(&part.extras, &OBJECTS));
        }
        let at = self.foreign.part("");
        self.foreign.extras(&at, &part.extras)?;
        Ok(Extras::default())
    }

    fn extras_of(&self, object: &str, part: &'r TurnPart<'r>) -> Extras<'r> {
        if self.own { Extras::of(object, &part.extras) } else { Extras::default() }
    }

    fn image(&self, source: &'r Source<'r>) -> Result<UrlOut<'r>, TranslateError> {
        match source {
            Source::Base64 { media_type, data } => Ok(UrlOut::Data { media_type, data }),
            Source::Url(url) => Ok(UrlOut::Address(url)),
            Source::FileId(_) | Source::Text(_) | Source::Blocks(_) => {
                let field = match self.request.protocol {
                    Protocol::Responses => "input.content.file_id",
                    _ => "messages.content.image.source.file_id",
                };
                let why = "Chat Completions takes an image as data or as an address, not by a file's id";
                Err(TranslateError::refused(field, why))
            }
        }
    }

    fn document(
        &mut self,
        document: &'r Document<'r>,
        part: &'r TurnPart<'r>,
        parts: &mut Vec<PartOut<'r>>,
    ) -> Result<(), TranslateError> {
        if document.citations {
            let field = self.foreign.part("document.citations");
            self.foreign.settle(&field)?;
        }
        let text = match &document.source {
            Source::Text(text) => Some(Cow::Borrowed(&**text)),
            Source::Blocks(json) => match text_of_blocks(json) {
                Some(text) => Some(Cow::Owned(text)),
                None => return Err(self.no_file("content", "its content blocks are not text alone")),
            },
            _ => None,
        };
        if let Some(text) = text {
            let text = headed([document.title.as_deref(), document.context.as_deref()], text);
            parts.push(SaidOut::Text { text: text.into() }.into());
            return Ok(());
        }
        let mut file = self.file(document)?;
        file.extras = self.extras_of("file", part);
        if let Some(context) = &document.context {
            parts.push(SaidOut::Text { text: Wording::from(&**context) }.into());
        }
        parts.push(SaidOut::File { file }.into());
        Ok(())
    }

    fn file(&self, document: &'r Document<'r>) -> Result<FileOut<'r>, TranslateError> {
        let mut file = FileOut {
            file_id: None,
            filename: document.title.as_deref(),
            file_data: None,
            extras: Extras::default(),
        };
        match &document.source {
            Source::Base64 { media_type, data } if self.own || self.habits.files => {
                if !self.own {
                    file.filename = file.filename.or(Some(name_for(media_type)));
                }
                file.file_data = Some(UrlOut::Data { media_type, data });
            }
            Source::FileId(id) if self.takes_file_ids() => file.file_id = Some(id),
            Source::Url(url) if self.own || self.habits.file_urls => {
                file.file_data = Some(UrlOut::Address(url));
            }
            Source::FileId(_) => {
                return Err(self
                    .no_file("file_id", "the upstream cannot be given a file of another provider's store"));
            }
            Source::Url(_) => {
                return Err(self.no_file("url", "Chat Completions takes a file as data, not as an address"));
            }
            _ => return Err(self.no_file("data", "the upstream takes no files")),
        }
        Ok(file)
    }

    fn takes_file_ids(&self) -> bool {
        self.own || (self.habits.file_ids && self.request.protocol == Protocol::Responses)
    }

    /// A document that cannot be sent, and that the answer would miss.
    fn no_file(&self, member: &str, why: &str) -> TranslateError {
        let field = match (self.request.protocol, member) {
            (Protocol::Messages, _) => format!("messages.content.document.source.{member}"),
            (Protocol::Responses, "url") => "input.content.file_url".to_owned(),
            (Protocol::Responses, "data") => "input.content.file_data".to_owned(),
            (Protocol::Responses, _) => format!("input.content.{member}"),
            (Protocol::Chat, "file_id") => "messages.content.file.file_id".to_owned(),
            (Protocol::Chat, _) => "messages.content.file.file_data".to_owned(),
        };
        TranslateError::refused(field, why)
    }

    /// The marks at the end of a cached prompt: `cache_control` and `prompt_cache_breakpoint`.
    pub(super) fn marks(&self, cache: Option<CacheLifetime>) -> (Option<MarkOut>, Option<MarkOut>) {
        let Some(lifetime) = cache else { return (None, None) };
        match self.habits.cache {
            CacheMark::No => (None, None),
            CacheMark::AsCame if !self.own => (None, None),
            CacheMark::AsCame | CacheMark::CacheControl => {
                let ttl = ttl(lifetime, "5m", "1h");
                (Some(MarkOut { r#type: Some("ephemeral"), mode: None, ttl }), None)
            }
            CacheMark::Breakpoint => {
                let ttl = ttl(lifetime, "30m", "12h");
                (None, Some(MarkOut { r#type: None, mode: Some("explicit"), ttl }))
            }
        }
    }

    /// Parts as the content of a message: one string where they are one plain text, or where text has to be a string.
    pub(super) fn content(&self, mut parts: Vec<PartOut<'r>>) -> ContentOut<'r> {
        if parts.is_empty() {
            return ContentOut::Text(Wording::default());
        }
        if !parts.iter().all(|part| is_plain_text(part, !self.lists())) {
            return ContentOut::Parts(parts);
        }
        if parts.len() == 1
            && let Some(PartOut::Said { said: SaidOut::Text { text }, .. }) = parts.pop()
        {
            return ContentOut::Text(text);
        }
        if self.lists() {
            return ContentOut::Parts(parts);
        }
        let mut joined = String::new();
        for part in &parts {
            if let PartOut::Said { said: SaidOut::Text { text }, .. } = part {
                if !joined.is_empty() && !text.is_empty() {
                    joined.push_str("\n\n");
                }
                joined.push_str(text);
            }
        }
        ContentOut::Text(joined.into())
    }
}

/// Whether a part is text and nothing else; marks do not matter where there can be none.
fn is_plain_text(part: &PartOut<'_>, marked_too: bool) -> bool {
    match part {
        PartOut::Said { said: SaidOut::Text { .. }, cache_control, prompt_cache_breakpoint, extras } => {
            extras.is_empty()
                && (marked_too || (cache_control.is_none() && prompt_cache_breakpoint.is_none()))
        }
        _ => false,
    }
}

const fn ttl(lifetime: CacheLifetime, short: &'static str, long: &'static str) -> Option<&'static str> {
    match lifetime {
        CacheLifetime::Default => None,
        CacheLifetime::Short => Some(short),
        CacheLifetime::Long => Some(long),
    }
}

/// A text under its title and what else is to be known of it.
fn headed<'t>(heads: [Option<&str>; 2], text: Cow<'t, str>) -> Cow<'t, str> {
    let mut lines: Vec<&str> = heads.into_iter().flatten().filter(|head| !head.is_empty()).collect();
    if lines.is_empty() {
        return text;
    }
    lines.push(&text);
    Cow::Owned(lines.join("\n\n"))
}

/// OpenAI wants every file to have a name.
fn name_for(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "document.pdf",
        _ => "document.txt",
    }
}
