//! Requests of other protocols, made by hand.

use crate::chat::request::encode::encode_for;
use crate::family::{Family, Quirks};
use crate::ir::{
    CallKind, Document, PartOfTurn, PastCall, Request, Role, Source, ToolResult, Turn, TurnPart,
};
use crate::notes::Notes;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

pub(super) fn raw(json: &Value) -> Cow<'static, RawValue> {
    Cow::Owned(RawValue::from_string(json.to_string()).unwrap())
}

pub(super) fn text(text: &'static str) -> TurnPart<'static> {
    PartOfTurn::Text { text: text.into(), phase: None }.into()
}

pub(super) fn image() -> TurnPart<'static> {
    let source = Source::Base64 { media_type: "image/png".into(), data: "AAAA".into() };
    PartOfTurn::Image { source, detail: None }.into()
}

pub(super) fn document(source: Source<'static>, title: Option<&'static str>) -> TurnPart<'static> {
    let document = Document { source, title: title.map(Cow::Borrowed), context: None, citations: false };
    PartOfTurn::Document(document).into()
}

pub(super) fn call(id: &'static str, kind: CallKind<'static>, arguments: &'static str) -> TurnPart<'static> {
    let call =
        PastCall { id: id.into(), name: "f".into(), namespace: None, kind, arguments: arguments.into() };
    PartOfTurn::ToolCall(call).into()
}

pub(super) fn result(id: &'static str, content: Vec<TurnPart<'static>>, is_error: bool) -> TurnPart<'static> {
    let result = ToolResult { call_id: id.into(), kind: CallKind::Function, content, is_error };
    PartOfTurn::ToolResult(result).into()
}

pub(super) fn request(turns: Vec<Turn<'static>>) -> Request<'static> {
    let mut request = Request::new(Protocol::Messages, "m".into());
    request.turns = turns;
    request
}

pub(super) fn turn(role: Role, parts: Vec<TurnPart<'static>>) -> Turn<'static> {
    Turn::new(role, parts)
}

pub(super) fn write(request: &Request<'_>, habits: Quirks) -> (Value, Vec<String>) {
    let mut notes = Notes::default();
    let written = encode_for(request, "up", habits, &mut notes).unwrap();
    (serde_json::from_slice(&written).unwrap(), notes.to_strings())
}

/// An upstream that knows whatever OpenAI knows, by the older names.
pub(super) fn usual() -> Quirks {
    Quirks {
        developer: true,
        allowed_tools: true,
        refusals: true,
        cache_key: true,
        service_tier: true,
        verbosity: true,
        ..*Family::Generic.quirks()
    }
}
