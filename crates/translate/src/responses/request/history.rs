//! Where items come from, and those that are needed again as they came.

use super::path::Path;
use super::value::Val;
use super::wire::ItemIn;
use crate::error::TranslateError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Where items came from, for those that have to be read again as they came.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// The member `input` of a body.
    Body(&'a [u8]),
    /// A list.
    List(&'a [u8]),
}

/// The items of an earlier conversation.
pub(super) struct History<'a> {
    pub(super) list: Vec<Val<ItemIn<'a>>>,
    pub(super) source: Source<'a>,
}

impl<'a> History<'a> {
    pub(super) fn read(list: &'a [u8]) -> Result<Self, TranslateError> {
        let path = Path::root("history");
        let read: Val<Vec<Val<ItemIn<'a>>>> =
            serde_json::from_slice(list).map_err(|_| path.wrong("is not JSON"))?;
        Ok(Self { list: read.need(&path)?, source: Source::List(list) })
    }
}

/// Items as they came, read only when one of them is needed.
pub(super) struct Whole<'a> {
    source: Source<'a>,
    items: Option<Vec<&'a RawValue>>,
}

impl<'a> Whole<'a> {
    pub(super) const fn new(source: Source<'a>) -> Self {
        Self { source, items: None }
    }

    /// One of them.
    pub(super) fn item(&mut self, index: usize, path: &Path<'_>) -> Result<&'a RawValue, TranslateError> {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            input: Vec<&'a RawValue>,
        }
        if self.items.is_none() {
            let read = match self.source {
                Source::Body(body) => serde_json::from_slice::<Body<'a>>(body).map(|body| body.input),
                Source::List(list) => serde_json::from_slice(list),
            };
            self.items = Some(read.map_err(|_| path.wrong("is there twice"))?);
        }
        let items = self.items.as_deref().unwrap_or_default();
        items.get(index).copied().ok_or_else(|| path.wrong("is there twice"))
    }
}
