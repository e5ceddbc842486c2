//! A content block on the wire, read once: the members that its type has as what they are, all others as they came.
//!
//! A block's type nearly always stands first, so it is known how to read what follows. What stands in front of it is kept
//! as JSON and read behind it. A block of a type that is not known is put together again from its members.

use super::wire::{CitationsIn, Content, SourceIn};
use crate::ir::{Extra, Wording};
use crate::json::Text;
use crate::json::member::object;
use crate::json::read::{List, Str, at, keep};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A block.
#[derive(Default)]
pub(super) struct BlockIn<'a> {
    pub(super) kind: Option<Cow<'a, str>>,
    pub(super) text: Option<Wording<'a>>,
    pub(super) source: Option<SourceIn<'a>>,
    pub(super) title: Option<Str<'a>>,
    pub(super) context: Option<Str<'a>>,
    pub(super) citations: Option<CitationsIn<'a>>,
    pub(super) thinking: Option<Str<'a>>,
    pub(super) signature: Option<Str<'a>>,
    pub(super) data: Option<Str<'a>>,
    pub(super) id: Option<Text<'a>>,
    pub(super) name: Option<Text<'a>>,
    pub(super) input: Option<&'a RawValue>,
    pub(super) tool_use_id: Option<Text<'a>>,
    pub(super) content: Option<Content<'a>>,
    pub(super) is_error: Option<bool>,
    pub(super) cache_control: Option<&'a RawValue>,
    /// Members that the type does not have.
    pub(super) extras: Vec<Extra<'a>>,
    /// The whole block, if its type is not known.
    pub(super) whole: Option<Box<RawValue>>,
}

/// Whether the type is read member by member.
fn is_known(kind: &str) -> bool {
    let known = ["text", "tool_use", "tool_result", "thinking", "redacted_thinking", "image", "document"];
    known.contains(&kind)
}

impl<'de: 'a, 'a> Deserialize<'de> for BlockIn<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BlockVisitor { in_result: false })
    }
}

struct BlockVisitor {
    in_result: bool,
}

impl<'de> Visitor<'de> for BlockVisitor {
    type Value = BlockIn<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a content block")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<BlockIn<'de>, A::Error> {
        let mut block = BlockIn::default();
        let mut early: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            if key == "type" {
                let kind: Option<Str<'de>> = map.next_value().map_err(|error| at("type", &error))?;
                block.kind = kind.map(|kind| kind.0);
                break;
            }
            early.push((key, map.next_value()?));
        }
        let kind = block.kind.clone().unwrap_or_default();
        if self.in_result && kind == "tool_result" {
            // They would nest as deeply as the caller likes.
            let error = de::Error::custom("a tool_result, expected a block that results may hold");
            return Err(at("type", &error));
        }
        if !is_known(&kind) {
            return whole(block, early, map);
        }
        for (key, json) in early {
            block.member(&kind, key, Kept(json, PhantomData::<A::Error>))?;
        }
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            block.member(&kind, key, Next(&mut map))?;
        }
        Ok(block)
    }
}

/// A block of a type that is not known, with what a call or a result of a provider's tool is known by.
fn whole<'de, A: MapAccess<'de>>(
    mut block: BlockIn<'de>,
    mut members: Vec<(Cow<'de, str>, &'de RawValue)>,
    mut map: A,
) -> Result<BlockIn<'de>, A::Error> {
    let kind = serde_json::value::to_raw_value(&block.kind).map_err(de::Error::custom)?;
    while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
        members.push((key, map.next_value()?));
    }
    for (key, json) in &members {
        match &**key {
            "id" => block.id = serde_json::from_str(json.get()).ok(),
            "name" => block.name = serde_json::from_str(json.get()).ok(),
            "tool_use_id" => block.tool_use_id = serde_json::from_str(json.get()).ok(),
            "cache_control" => block.cache_control = Some(json),
            _ => {}
        }
    }
    let rest = members.iter().map(|(key, json)| (&**key, *json));
    block.whole =
        object(std::iter::once(("type", &*kind)).chain(rest)).map_err(de::Error::custom).map(Some)?;
    Ok(block)
}

impl<'a> BlockIn<'a> {
    /// Reads one member: as what it is if blocks of the type have it, as it came otherwise.
    fn member<V: Value<'a>>(&mut self, kind: &str, key: Cow<'a, str>, value: V) -> Result<(), V::Error> {
        let read = match (kind, &*key) {
            (_, "cache_control") => value.read().map(|read| self.cache_control = read),
            ("text", "text") => value.read().map(|read| self.text = read),
            ("thinking", "thinking") => value.read().map(|read| self.thinking = read),
            ("thinking", "signature") => value.read().map(|read| self.signature = read),
            ("redacted_thinking", "data") => value.read().map(|read| self.data = read),
            ("tool_use", "id") => value.read().map(|read| self.id = read),
            ("tool_use", "name") => value.read().map(|read| self.name = read),
            ("tool_use", "input") => value.read().map(|read| self.input = read),
            ("tool_result", "tool_use_id") => value.read().map(|read| self.tool_use_id = read),
            ("tool_result", "content") => {
                value.read().map(|read: Option<Given<'a>>| self.content = read.map(|given| given.0))
            }
            ("tool_result", "is_error") => value.read().map(|read| self.is_error = read),
            ("image" | "document", "source") => value.read().map(|read| self.source = read),
            ("document", "title") => value.read().map(|read| self.title = read),
            ("document", "context") => value.read().map(|read| self.context = read),
            ("document", "citations") => value.read().map(|read| self.citations = read),
            _ => {
                let json: Option<&'a RawValue> = value.read()?;
                if let Some(json) = json {
                    keep(&mut self.extras, key, json);
                }
                return Ok(());
            }
        };
        read.map_err(|error| at(&key, &error))
    }
}

/// What a tool gave: nearly always one long string, which is not taken apart.
struct Given<'a>(Content<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&'de RawValue>::deserialize(deserializer)?;
        match json.get().as_bytes().first() {
            Some(b'"') => Wording::read(json).map(Content::Text),
            Some(b'[') => {
                let List(blocks): List<InResult<'de>> = from_kept(json)?;
                Some(Content::Blocks(blocks.into_iter().map(|block| block.0).collect()))
            }
            _ => None,
        }
        .map(Self)
        .ok_or_else(|| de::Error::custom("something else, expected a string or a list of content blocks"))
    }
}

/// A block in a result.
struct InResult<'a>(BlockIn<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for InResult<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BlockVisitor { in_result: true }).map(Self)
    }
}

/// A member's value, wherever it comes from.
trait Value<'a> {
    type Error: de::Error;

    /// The value; none if it is null.
    fn read<T: Deserialize<'a>>(self) -> Result<Option<T>, Self::Error>;
}

/// The value behind the key that was just read.
struct Next<'m, A>(&'m mut A);

impl<'a, A: MapAccess<'a>> Value<'a> for Next<'_, A> {
    type Error = A::Error;

    fn read<T: Deserialize<'a>>(self) -> Result<Option<T>, A::Error> {
        self.0.next_value()
    }
}

/// A value that was kept as JSON. Its errors are those of whoever keeps it.
struct Kept<'a, E>(&'a RawValue, PhantomData<E>);

impl<'a, E: de::Error> Value<'a> for Kept<'a, E> {
    type Error = E;

    fn read<T: Deserialize<'a>>(self) -> Result<Option<T>, E> {
        from_kept(self.0)
    }
}

fn from_kept<'a, T: Deserialize<'a>, E: de::Error>(json: &'a RawValue) -> Result<T, E> {
    serde_json::from_str(json.get()).map_err(|error| {
        let text = error.to_string();
        // Where it is in the member says nothing of where it is in the body.
        E::custom(text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text))
    })
}
