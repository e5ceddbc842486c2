//! The pass over a body: members of interest are read, all others only checked.

use std::borrow::Cow;

use super::fault::{Fault, FieldFault};
use super::fields::Field;
use super::scan::{Invalid, Key, Kind, Scan, Scanner, Value};
use super::string::unescape;
use super::{Member, Members, Nested, Probe, Span, Style};
use crate::{Endpoint, Protocol};

/// What the pass found. Field faults are kept until the whole body has proved to be JSON.
pub(super) struct Reader<'a> {
    text: &'a str,
    endpoint: Endpoint,
    seen: u32,
    field_fault: Option<FieldFault>,
    model: Option<(Cow<'a, str>, Span)>,
    has_messages: bool,
    stream: Option<bool>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    metadata_user_id: Option<Cow<'a, str>>,
    safety_identifier: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
    session_hint: Option<Cow<'a, str>>,
    previous_response_id: Option<Cow<'a, str>>,
    conversation: Option<Cow<'a, str>>,
    store: Option<bool>,
    service_tier: Option<Cow<'a, str>>,
    style: Option<Style>,
    n: Option<u64>,
    tools: Option<Span>,
    thinking: Option<Span>,
    format: Option<Span>,
    include_usage: Option<bool>,
    members: Members,
}

/// Where a value is that is left to the upstream to understand.
fn present(value: Value) -> Option<Span> {
    (value.kind != Kind::Null).then_some(value.span)
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, endpoint: Endpoint) -> Self {
        Self {
            text,
            endpoint,
            seen: 0,
            field_fault: None,
            model: None,
            has_messages: false,
            stream: None,
            max_tokens: None,
            max_completion_tokens: None,
            metadata_user_id: None,
            safety_identifier: None,
            user: None,
            session_hint: None,
            previous_response_id: None,
            conversation: None,
            store: None,
            service_tier: None,
            style: None,
            n: None,
            tools: None,
            thinking: None,
            format: None,
            include_usage: None,
            members: Members::default(),
        }
    }

    /// Reads the whole body.
    pub(super) fn read(&mut self) -> Result<(), Fault> {
        let mut scanner = Scanner::new(self.text);
        self.members(&mut scanner).map_err(|Invalid| scanner.fault())
    }

    fn members(&mut self, scanner: &mut Scanner<'a>) -> Scan<()> {
        let mut walk = scanner.open_object()?;
        while let Some(key) = scanner.next_member(&mut walk)? {
            let comma_before = walk.comma;
            let index = walk.members;
            let field = self.known(key, |name| Field::of(self.endpoint, name));
            let value = match field {
                None => scanner.value()?,
                Some(field) => self.field(field, scanner)?,
            };
            let comma_after = scanner.end_member(&mut walk)?;
            if let Some(field) = field {
                let member = Member { key: key.span, value: value.span, index, comma_before, comma_after };
                self.keep(field, member);
            }
        }
        self.members.open = walk.open;
        self.members.count = walk.members;
        scanner.end_of_body()
    }

    /// What was read, or the first field at fault.
    pub(super) fn finish(mut self) -> Result<Probe<'a>, FieldFault> {
        let missing = |field| FieldFault { field, what: "Field required" };
        if let Some(fault) = self.field_fault {
            return Err(fault);
        }
        let (model, model_span) = self.model.take().ok_or(missing("model"))?;
        if self.needs_messages() && !self.has_messages {
            return Err(missing("messages"));
        }
        let max_tokens = self.max_completion_tokens.or(self.max_tokens);
        if max_tokens.is_none() && self.needs_max_tokens() {
            return Err(missing("max_tokens"));
        }
        Ok(Probe {
            model,
            model_span,
            stream: self.stream.unwrap_or(false),
            max_tokens,
            user_id: self.metadata_user_id.or(self.safety_identifier).or(self.user),
            session_hint: self.session_hint,
            previous_response_id: self.previous_response_id,
            conversation: self.conversation,
            store: self.store,
            service_tier: self.service_tier,
            style: self.style,
            members: self.members,
            include_usage: self.include_usage,
            n: self.n.unwrap_or(1),
            tools: self.tools,
            thinking: self.thinking,
            format: self.format,
        })
    }

    fn needs_messages(&self) -> bool {
        self.endpoint.protocol() != Protocol::Responses
    }

    fn needs_max_tokens(&self) -> bool {
        matches!(self.endpoint, Endpoint::Messages | Endpoint::EnvelopeMessages)
    }

    /// What a member's name means, if anything. A name that no text can hold means nothing.
    fn known<T>(&self, key: Key, meaning: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        meaning(&unescape(self.slice(key.span), key.escaped)?)
    }

    /// Reads the value of a known field.
    fn field(&mut self, field: Field, scanner: &mut Scanner<'a>) -> Scan<Value> {
        let name = field.name(self.endpoint);
        if self.seen & field.bit() != 0 {
            self.refuse(name, "given more than once");
        }
        self.seen |= field.bit();
        match field {
            Field::Metadata => return self.metadata(scanner),
            Field::StreamOptions => return self.stream_options(scanner),
            Field::Conversation => return self.conversation(scanner),
            _ => {}
        }
        let value = scanner.value()?;
        match field {
            Field::Model => self.model(value),
            Field::Messages => self.has_messages = self.array(name, value).is_some(),
            Field::Tools => {
                self.tools = (self.array(name, value) == Some(true)).then_some(value.span);
            }
            Field::Thinking => self.thinking = present(value),
            Field::Format => self.format = present(value),
            Field::Stream => self.stream = self.boolean(name, value),
            Field::Store => self.store = self.boolean(name, value),
            Field::MaxTokens => self.max_tokens = self.integer(name, value),
            Field::MaxCompletionTokens => self.max_completion_tokens = self.integer(name, value),
            Field::N => self.n = self.integer(name, value),
            Field::SafetyIdentifier => self.safety_identifier = self.string(name, value),
            Field::User => self.user = self.string(name, value),
            Field::PromptCacheKey => self.session_hint = self.string(name, value),
            Field::PreviousResponseId => self.previous_response_id = self.string(name, value),
            Field::ServiceTier => self.service_tier = self.string(name, value),
            Field::Style => self.style(value),
            Field::NotCounted(_) | Field::Metadata | Field::StreamOptions | Field::Conversation => {}
        }
        Ok(value)
    }

    /// Keeps the place of a member that may be edited.
    fn keep(&mut self, field: Field, member: Member) {
        match field {
            Field::Style => self.members.style = Some(member),
            Field::StreamOptions => self.members.stream_options = Some(member),
            Field::NotCounted(_) => self.members.not_counted.push(member),
            Field::MaxCompletionTokens if self.max_completion_tokens.is_some() => {
                self.members.max_tokens = Some(member);
            }
            Field::MaxTokens if self.max_completion_tokens.is_none() && self.max_tokens.is_some() => {
                self.members.max_tokens = Some(member);
            }
            _ => {}
        }
    }

    fn model(&mut self, value: Value) {
        let Some(model) = self.string("model", value) else {
            return;
        };
        if model.is_empty() {
            return self.refuse("model", "must not be empty");
        }
        self.model = Some((model, value.span));
    }

    fn style(&mut self, value: Value) {
        self.style = match self.string("style", value).as_deref() {
            None => None,
            Some("openai") => Some(Style::Openai),
            Some("claude") => Some(Style::Claude),
            Some(_) => return self.refuse("style", "expected \"openai\" or \"claude\""),
        };
    }

    fn metadata(&mut self, scanner: &mut Scanner<'a>) -> Scan<Value> {
        const USER_ID: &str = "metadata.user_id";
        let mut seen = false;
        let (value, _) = self.nested("metadata", scanner, "user_id", |reader, value| {
            if seen {
                reader.refuse(USER_ID, "given more than once");
            }
            seen = true;
            reader.metadata_user_id = reader.string(USER_ID, value);
        })?;
        Ok(value)
    }

    fn conversation(&mut self, scanner: &mut Scanner<'a>) -> Scan<Value> {
        if scanner.peek() == Some(b'{') {
            let (value, _) = self.nested("conversation", scanner, "id", |reader, value| {
                reader.conversation = reader.string("conversation.id", value);
            })?;
            return Ok(value);
        }
        let value = scanner.value()?;
        self.conversation = self.string("conversation", value);
        Ok(value)
    }

    fn stream_options(&mut self, scanner: &mut Scanner<'a>) -> Scan<Value> {
        const INCLUDE_USAGE: &str = "stream_options.include_usage";
        let mut member = None;
        let (value, object) = self.nested("stream_options", scanner, "include_usage", |reader, value| {
            if member.is_some() {
                reader.refuse(INCLUDE_USAGE, "given more than once");
            }
            member = Some(value.span);
            reader.include_usage = reader.boolean(INCLUDE_USAGE, value);
        })?;
        self.members.options =
            object.map(|(open, members)| Nested { open, is_empty: members == 0, include_usage: member });
        Ok(value)
    }

    /// Reads an object of which one member is of interest. Also gives where it opens and how many members it has;
    /// `None` if it is no object.
    fn nested(
        &mut self,
        field: &'static str,
        scanner: &mut Scanner<'a>,
        wanted: &str,
        mut read: impl FnMut(&mut Self, Value),
    ) -> Scan<(Value, Option<(usize, u32)>)> {
        if scanner.peek() != Some(b'{') {
            let value = scanner.value()?;
            if value.kind != Kind::Null {
                self.refuse(field, "expected an object");
            }
            return Ok((value, None));
        }
        let mut walk = scanner.open_object()?;
        while let Some(key) = scanner.next_member(&mut walk)? {
            let value = scanner.value()?;
            if self.known(key, |name| (name == wanted).then_some(())).is_some() {
                read(self, value);
            }
            scanner.end_member(&mut walk)?;
        }
        let span = Span { start: walk.open - 1, end: scanner.position() };
        Ok((Value { kind: Kind::Object, span }, Some((walk.open, walk.members))))
    }

    fn string(&mut self, field: &'static str, value: Value) -> Option<Cow<'a, str>> {
        match value.kind {
            Kind::Null => None,
            Kind::String { escaped } => {
                let text = unescape(self.slice(value.span), escaped);
                if text.is_none() {
                    self.refuse(field, "holds half of a surrogate pair");
                }
                text
            }
            _ => {
                self.refuse(field, "expected a string");
                None
            }
        }
    }

    fn boolean(&mut self, field: &'static str, value: Value) -> Option<bool> {
        match value.kind {
            Kind::Null => None,
            Kind::Bool(value) => Some(value),
            _ => {
                self.refuse(field, "expected a boolean");
                None
            }
        }
    }

    fn integer(&mut self, field: &'static str, value: Value) -> Option<u64> {
        if value.kind == Kind::Null {
            return None;
        }
        let integer = match value.kind {
            Kind::Number => self.slice(value.span).parse().ok(),
            _ => None,
        };
        if integer.is_none() {
            self.refuse(field, "expected an integer of 0 or more");
        }
        integer
    }

    /// Whether an array has elements.
    fn array(&mut self, field: &'static str, value: Value) -> Option<bool> {
        match value.kind {
            Kind::Null => None,
            Kind::Array => {
                let inside = self.slice(Span { start: value.span.start + 1, end: value.span.end - 1 });
                Some(!inside.bytes().all(|byte| byte.is_ascii_whitespace()))
            }
            _ => {
                self.refuse(field, "expected an array");
                None
            }
        }
    }

    /// Notes a field at fault; the first one counts.
    fn refuse(&mut self, field: &'static str, what: &'static str) {
        self.field_fault.get_or_insert(FieldFault { field, what });
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }
}
