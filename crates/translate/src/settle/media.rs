//! Pictures and documents that the target's model cannot look at. An answer without having seen them would be another
//! answer, so they are refused.

use crate::data_url::is_media_type;
use crate::error::TranslateError;
use crate::ir::{Document, PartOfTurn, Request, Source, TurnPart};
use crate::target::Target;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

const PDF: &str = "application/pdf";
const NO_ADDRESS: &str = "must be base64 data or an http(s) address";

/// Refuses what the model cannot see, and gives pictures' types the names that every provider knows.
pub(super) fn settle(request: &mut Request<'_>, target: &Target<'_>) -> Result<(), TranslateError> {
    let from = request.protocol;
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        settle_part(part, from, target)?;
        if let PartOfTurn::ToolResult(result) = &mut part.body {
            result.content.iter_mut().try_for_each(|part| settle_part(part, from, target))?;
        }
    }
    Ok(())
}

fn settle_part(part: &mut TurnPart<'_>, from: Protocol, target: &Target<'_>) -> Result<(), TranslateError> {
    match &mut part.body {
        PartOfTurn::Image { .. } if !target.traits.vision => {
            Err(TranslateError::refused(image_field(from), "the model sees no pictures"))
        }
        PartOfTurn::Image { source, .. } if !can_be_fetched(source) => {
            Err(TranslateError::refused(image_field(from), NO_ADDRESS))
        }
        PartOfTurn::Document(document) if !can_be_fetched(&document.source) => {
            Err(TranslateError::refused(file_field(from), NO_ADDRESS))
        }
        PartOfTurn::Image { source: Source::Base64 { media_type, .. }, .. } => {
            let known = picture(media_type).ok_or_else(|| {
                let why = "pictures are taken as jpeg, png, gif or webp only";
                TranslateError::refused(image_field(from), why)
            })?;
            if media_type != known {
                *media_type = Cow::Borrowed(known);
            }
            Ok(())
        }
        PartOfTurn::Document(Document { source: Source::Base64 { media_type, .. }, .. })
            if !is_media_type(media_type) =>
        {
            Err(TranslateError::refused(file_field(from), "has a media type that is none"))
        }
        PartOfTurn::Document(document) if !target.traits.pdf && is_pdf(&document.source) => {
            Err(TranslateError::refused(file_field(from), "the model reads no PDF"))
        }
        _ => Ok(()),
    }
}

/// The media type of a picture, if it is one that is taken.
pub(crate) fn picture(media_type: &str) -> Option<&'static str> {
    match media_type.to_ascii_lowercase().as_str() {
        "image/jpeg" | "image/jpg" => Some("image/jpeg"),
        "image/png" => Some("image/png"),
        "image/gif" => Some("image/gif"),
        "image/webp" => Some("image/webp"),
        _ => None,
    }
}

/// Whether a link is one that providers of every protocol follow; `data:` in another encoding than base64 is none.
fn can_be_fetched(source: &Source<'_>) -> bool {
    let Source::Url(url) = source else { return true };
    url.starts_with("https://") || url.starts_with("http://")
}

fn is_pdf(source: &Source<'_>) -> bool {
    match source {
        Source::Base64 { media_type, .. } => media_type.eq_ignore_ascii_case(PDF),
        // Whatever it is, it is no text in the request.
        Source::Url(_) | Source::FileId(_) => true,
        Source::Text(_) | Source::Blocks(_) => false,
    }
}

const fn image_field(from: Protocol) -> &'static str {
    match from {
        Protocol::Messages => "messages.content.image",
        Protocol::Chat => "messages.content.image_url",
        Protocol::Responses => "input.input_image",
    }
}

const fn file_field(from: Protocol) -> &'static str {
    match from {
        Protocol::Messages => "messages.content.document",
        Protocol::Chat => "messages.content.file",
        Protocol::Responses => "input.input_file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_on_the_web_are_links() {
        for (url, fits) in [
            ("https://h/a.png", true),
            ("http://h/a.png", true),
            ("https:a.png", false),
            ("data:image/png;base10,aGk=", false),
            ("picture", false),
        ] {
            assert_eq!(can_be_fetched(&Source::Url(url.into())), fits, "{url}");
        }
        assert!(can_be_fetched(&Source::FileId("file_1".into())));
    }
}
