//! Files inside a request: `data:` addresses (RFC 2397), and bare base64 that has to be told by its name.

use std::borrow::Cow;

/// What is wrong with an address that is [`Address::Malformed`].
pub(crate) const MALFORMED: &str = "must be base64: data:<media type>;base64,<data>";

const SCHEME: &str = "data:";
const MARK: &str = ";base64";
/// How the base64 of every PDF begins: `%PDF-`.
const PDF_BEGINS: &str = "JVBERi0";

/// What a string is that may be a `data:` address.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    /// One in base64.
    Base64 {
        /// Without its parameters.
        media_type: Cow<'a, str>,
        /// The base64.
        data: Cow<'a, str>,
    },
    /// One without a media type, or in another encoding.
    Malformed,
    /// None: the string as it came.
    Other(Cow<'a, str>),
}

/// Takes an address apart without copying what it borrows.
pub(crate) fn parse(url: Cow<'_, str>) -> Address<'_> {
    if !url.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
        return Address::Other(url);
    }
    let Some((media_end, data_start)) = split(&url) else { return Address::Malformed };
    match url {
        Cow::Borrowed(url) => Address::Base64 {
            media_type: Cow::Borrowed(&url[SCHEME.len()..media_end]),
            data: Cow::Borrowed(&url[data_start..]),
        },
        Cow::Owned(mut url) => {
            let data = url.split_off(data_start);
            let media_type = url[SCHEME.len()..media_end].to_owned();
            Address::Base64 { media_type: Cow::Owned(media_type), data: Cow::Owned(data) }
        }
    }
}

/// Where the media type ends, and where the data begins.
fn split(url: &str) -> Option<(usize, usize)> {
    let comma = url.find(',')?;
    let head = url[..comma].strip_suffix(MARK)?;
    let media_end = head.find(';').unwrap_or(head.len());
    is_media_type(head.get(SCHEME.len()..media_end)?).then_some((media_end, comma + 1))
}

/// Whether a text is a media type without parameters (RFC 6838, section 4.2).
pub(crate) fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

/// The media type of a file that came as bare base64, as far as its beginning and its name tell.
pub(crate) fn media_type_of(data: &str, filename: Option<&str>) -> &'static str {
    let Some(filename) = filename.filter(|name| !name.is_empty() && !data.starts_with(PDF_BEGINS)) else {
        return "application/pdf";
    };
    let ending = filename.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    match ending.as_deref() {
        Some("txt" | "log") => "text/plain",
        Some("md") => "text/markdown",
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_base64_with_a_media_type_is_taken_apart() {
        let base64 = |media_type: &'static str, data: &'static str| Address::Base64 {
            media_type: media_type.into(),
            data: data.into(),
        };
        for (url, want) in [
            ("data:image/png;base64,AAAA", base64("image/png", "AAAA")),
            ("DATA:image/png;charset=x;base64,AA", base64("image/png", "AA")),
            ("data:application/vnd.x+json;base64,", base64("application/vnd.x+json", "")),
            ("data:text/plain,hello", Address::Malformed),
            ("data:;base64,AA", Address::Malformed),
            ("data:png;base64,AA", Address::Malformed),
            ("data:app,ication/pdf;base64,AA", Address::Malformed),
            ("data:", Address::Malformed),
            ("https://example.com/a,b", Address::Other("https://example.com/a,b".into())),
            ("dä", Address::Other("dä".into())),
        ] {
            assert_eq!(parse(Cow::Borrowed(url)), want);
            assert_eq!(parse(Cow::Owned(url.to_owned())), want);
        }
    }

    #[test]
    fn a_bare_file_is_what_it_begins_with_or_its_name_says() {
        for (data, name, want) in [
            ("JVBERi0xLjQ", Some("notes.md"), "application/pdf"),
            ("AAAA", None, "application/pdf"),
            ("AAAA", Some("a.PDF"), "application/pdf"),
            ("AAAA", Some("notes.md"), "text/markdown"),
            ("AAAA", Some("ä"), "application/octet-stream"),
            ("AAAA", Some("a.docx"), "application/octet-stream"),
        ] {
            assert_eq!(media_type_of(data, name), want, "{name:?}");
        }
    }
}
