//! What each endpoint answers.

use std::io;

use http::{Method, Response};
use serde_json::Value;
use tollgate_base::Usage;

use crate::answer::Answer;
use crate::ask::{Api, Ask};
use crate::body::SandboxBody;
use crate::counts::{Outcome, Ticket};
use crate::directive::{BreakOff, Directives, ErrorForm, Faults};
use crate::error::{ProviderError, to_json};
use crate::reading::{self, Body};
use crate::respond::{self, Kind};
use crate::responses::{Status, Stored};
use crate::route::Endpoint;
use crate::script::{self, Received};
use crate::serve::Call;
use crate::wire::{self, Event};
use crate::{chat, fast, keys, messages, models, responses, strict};

const HTML: &str =
    "<!DOCTYPE html>\n<html><head><title>Sandbox</title></head><body><h1>Bad gateway</h1></body></html>\n";

/// Answers a request; an error closes the connection without an answer.
pub(crate) async fn answer(call: Call) -> io::Result<Response<SandboxBody>> {
    if !call.endpoint.takes(&call.head.method) {
        let error = ProviderError {
            status: 405,
            message: "Method Not Allowed".to_owned(),
            ..ProviderError::default()
        };
        return Ok(call.refuse(call.ticket(""), &error));
    }
    match call.endpoint {
        Endpoint::Messages | Endpoint::Chat | Endpoint::Responses => generate(call).await,
        Endpoint::CountTokens | Endpoint::InputTokens | Endpoint::Compact => count(call).await,
        _ => look_up(call).await,
    }
}

/// Endpoints without a body: models, stored responses, everything that does not exist.
async fn look_up(call: Call) -> io::Result<Response<SandboxBody>> {
    let mut ticket = call.ticket("");
    let faults = match directives(&call, "") {
        Ok(directives) => scoped(&call, directives).faults,
        Err(error) => return Ok(call.refuse(ticket, &error)),
    };
    if let Some(early) = misbehave(&call, &faults, &mut ticket, false).await? {
        return Ok(early.answer(&call, &faults, ticket));
    }
    match found(&call) {
        Ok(value) => Ok(json_answer(&call, &faults, to_json(&value), Usage::default(), ticket)),
        Err(error) => Ok(call.refuse(ticket, &error)),
    }
}

fn found(call: &Call) -> Result<Value, ProviderError> {
    let anthropic = call.head.headers.contains_key("anthropic-version");
    let query = call.head.uri.query().unwrap_or_default();
    let names = &call.state.config.models;
    match call.endpoint {
        Endpoint::Models => Ok(models::list(names, query, anthropic)),
        Endpoint::Model => models::one(names, &call.id, anthropic),
        Endpoint::Stored if call.head.method == Method::DELETE => call.state.stored().delete(&call.id),
        Endpoint::Stored => Ok(call.state.stored().get(&call.id)?.body.clone()),
        Endpoint::Cancel => call.state.stored().cancel(&call.id),
        Endpoint::InputItems => call.state.stored().page(&call.id, query),
        Endpoint::Hello => Ok(serde_json::json!({"message": "hello"})),
        _ => Err(ProviderError::not_found(format!(
            "Invalid URL ({} {})",
            call.head.method,
            call.head.uri.path()
        ))),
    }
}

/// Counting, and compaction: JSON in, JSON out.
async fn count(call: Call) -> io::Result<Response<SandboxBody>> {
    let counted = match counted(&call) {
        Ok(counted) => counted,
        Err(error) => return Ok(call.refuse(call.ticket(""), &error)),
    };
    let mut ticket = call.ticket(&counted.model);
    let faults = match directives(&call, &counted.prompt) {
        Ok(directives) => scoped(&call, directives).faults,
        Err(error) => return Ok(call.refuse(ticket, &error)),
    };
    if let Some(early) = misbehave(&call, &faults, &mut ticket, false).await? {
        return Ok(early.answer(&call, &faults, ticket));
    }
    Ok(json_answer(&call, &faults, counted.json, counted.usage, ticket))
}

struct Counted {
    model: String,
    prompt: String,
    json: Vec<u8>,
    usage: Usage,
}

fn counted(call: &Call) -> Result<Counted, ProviderError> {
    let body = reading::object(&call.body)?;
    if call.endpoint == Endpoint::CountTokens {
        let (model, tokens) = messages::count_tokens(&call.head.headers, &body)?;
        check(call, &body)?;
        let json = to_json(&serde_json::json!({"input_tokens": tokens}));
        return Ok(Counted { model, prompt: messages::prompt(&body), json, usage: Usage::default() });
    }
    let before = call.state.stored().previous_tokens(responses::previous(&body))?;
    if call.endpoint == Endpoint::InputTokens {
        let (model, tokens) = responses::count_tokens(&body, before)?;
        check(call, &body)?;
        let json = to_json(&serde_json::json!({"object": "response.input_tokens", "input_tokens": tokens}));
        return Ok(Counted { model, prompt: responses::prompt(&body), json, usage: Usage::default() });
    }
    let ask = responses::read(&body, before)?;
    let directives = directives(call, &ask.prompt)?;
    let answer = make_answer(call, &ask, &directives);
    let json = responses::compaction(&answer);
    Ok(Counted { model: ask.model, prompt: ask.prompt, json, usage: answer.usage })
}

/// Messages, Chat and Responses.
async fn generate(call: Call) -> io::Result<Response<SandboxBody>> {
    let (ask, body) = match read_ask(&call) {
        Ok(read) => read,
        Err(error) => return Ok(call.refuse(call.ticket(""), &error)),
    };
    let mut ticket = call.ticket(&ask.model);
    let directives = match directives(&call, &ask.prompt).and_then(|read| with_steps(read, &ask)) {
        Ok(directives) => scoped(&call, directives),
        Err(error) => return Ok(call.refuse(ticket, &error)),
    };
    let faults = &directives.faults;
    if let Some(early) = misbehave(&call, faults, &mut ticket, ask.stream).await? {
        return Ok(early.answer(&call, faults, ticket));
    }
    if let Some(bench) = directives.bench {
        return Ok(fast::Fast::new(&call.state.config).prepared(&call, &ask.model, ask.stream, bench, ticket));
    }
    let answer = make_answer(&call, &ask, &directives);
    keep(&call, &ask, &answer, &body);
    if ask.stream {
        return Ok(stream_answer(&call, &ask, &answer, &body, faults, ticket));
    }
    let queued = call.endpoint == Endpoint::Responses && reading::flag(&body, "background").unwrap_or(false);
    let shape = &faults.shape;
    let json = match api(&call) {
        Api::Messages => messages::json(&ask, &answer, shape),
        Api::Chat => chat::json(&ask, &answer, shape),
        Api::Responses => responses::json(&ask, &answer, &body, shape, queued.then_some(Status::Queued)).1,
    };
    Ok(json_answer(&call, faults, json, answer.usage, ticket))
}

fn api(call: &Call) -> Api {
    call.endpoint.api().unwrap_or(Api::Chat)
}

fn read_ask(call: &Call) -> Result<(Ask, Body), ProviderError> {
    let body = reading::object(&call.body)?;
    let ask = read_body(call, &body)?;
    check(call, &body)?;
    Ok((ask, body))
}

/// What a real provider refuses besides.
fn check(call: &Call, body: &Body) -> Result<(), ProviderError> {
    if call.state.config.lenient {
        return Ok(());
    }
    match api(call) {
        Api::Messages => strict::messages(&call.head.headers, body, &call.seal()),
        Api::Chat => strict::chat(body),
        Api::Responses => {
            let known = call.state.stored().known(responses::previous(body));
            strict::responses(body, &call.seal(), &known)
        }
    }
}

fn read_body(call: &Call, body: &Body) -> Result<Ask, ProviderError> {
    match api(call) {
        Api::Messages => messages::read(&call.head.headers, body),
        Api::Chat => chat::read(body),
        Api::Responses => {
            let before = call.state.stored().previous_tokens(responses::previous(body))?;
            responses::read(body, before)
        }
    }
}

fn make_answer(call: &Call, ask: &Ask, directives: &Directives) -> Answer {
    let received = Received { headers: &call.head.headers, body: &call.body };
    script::answer(ask, &directives.content, &received, &call.seal())
}

/// The directives of the prompt and of the header; the header's win.
fn directives(call: &Call, prompt: &str) -> Result<Directives, ProviderError> {
    let mut pairs = keys::in_text(prompt).map_err(ProviderError::invalid)?;
    for value in call.head.headers.get_all("x-sandbox") {
        let text = value.to_str().map_err(|_| ProviderError::invalid("x-sandbox: not plain text"))?;
        pairs.extend(keys::in_header(text).map_err(ProviderError::invalid)?);
    }
    Directives::read(&pairs).map_err(ProviderError::invalid)
}

/// A tool loop goes on: of an earlier message only its steps are heard.
fn with_steps(mut directives: Directives, ask: &Ask) -> Result<Directives, ProviderError> {
    if directives.content.steps.is_none() && !keys::is_in(&ask.prompt) {
        let pairs = keys::in_text(&ask.earlier).map_err(ProviderError::invalid)?;
        let steps: Vec<_> = pairs.into_iter().filter(|pair| pair.key == "steps").collect();
        directives.content.steps = Directives::read(&steps).map_err(ProviderError::invalid)?.content.steps;
    }
    Ok(directives)
}

fn scoped(call: &Call, directives: Directives) -> Directives {
    let Directives { content, faults, scope, bench } = directives;
    let faults = call.state.scopes.filter(call.endpoint, &call.credential, &scope, faults);
    Directives { content, faults, scope, bench }
}

/// An answer that takes the place of the real one.
enum Early {
    Html,
    Error(ProviderError),
}

impl Early {
    fn answer(self, call: &Call, faults: &Faults, mut ticket: Ticket) -> Response<SandboxBody> {
        let mut response = match self {
            Self::Error(error) => call.refuse(ticket, &error),
            Self::Html => {
                let status = faults.status.unwrap_or(200);
                ticket.set(status, false, Usage::default(), Outcome::Refused);
                let body = SandboxBody::whole(HTML, call.handle.clone(), Some(ticket));
                respond::response(Some(call.dialect()), status, Kind::Html, &call.request_id, body)
            }
        };
        respond::add_asked(response.headers_mut(), faults);
        response
    }
}

/// What happens before an answer: waits, hangs, resets, refusals.
async fn misbehave(
    call: &Call,
    faults: &Faults,
    ticket: &mut Ticket,
    stream: bool,
) -> io::Result<Option<Early>> {
    if !faults.slow_first.is_zero() {
        tokio::time::sleep(faults.slow_first).await;
    }
    if faults.hang {
        std::future::pending::<()>().await;
    }
    if faults.reset {
        ticket.end_as(Outcome::Cut);
        if call.handle.is_http1() {
            call.handle.reset_on_close();
        }
        return Err(io::Error::new(
            io::ErrorKind::ConnectionReset,
            "the sandbox was asked to reset this connection",
        ));
    }
    if faults.html {
        return Ok(Some(Early::Html));
    }
    let in_stream = matches!(faults.break_off, Some((_, BreakOff::Error)));
    let refused = if in_stream { !stream } else { faults.status.is_some_and(|status| status >= 400) };
    Ok(refused.then(|| Early::Error(ProviderError::asked(faults, 529))))
}

fn json_answer(
    call: &Call,
    faults: &Faults,
    json: Vec<u8>,
    usage: Usage,
    mut ticket: Ticket,
) -> Response<SandboxBody> {
    let status = faults.status.unwrap_or(200);
    let (steps, length) = wire::body_steps(json, faults);
    ticket.set(status, false, usage, at_end(faults.break_off.is_some()));
    let body = SandboxBody::new(steps, length, call.handle.clone(), Some(ticket));
    let mut response = respond::response(Some(call.dialect()), status, Kind::Json, &call.request_id, body);
    respond::add_asked(response.headers_mut(), faults);
    response
}

fn stream_answer(
    call: &Call,
    ask: &Ask,
    answer: &Answer,
    body: &Body,
    faults: &Faults,
    mut ticket: Ticket,
) -> Response<SandboxBody> {
    let api = api(call);
    let shape = &faults.shape;
    let events = match api {
        Api::Messages => messages::events(ask, answer, shape),
        Api::Chat => chat::events(ask, answer, shape),
        Api::Responses => responses::events(ask, answer, body, shape),
    };
    let error = |after: usize| vec![error_event(call, ask, answer, body, faults, after)];
    let stream = wire::stream_steps(api, events, faults, error);
    let status = faults.status.filter(|status| *status < 400).unwrap_or(200);
    ticket.set(status, true, answer.usage, at_end(stream.broken));
    let body = SandboxBody::new(stream.steps, None, call.handle.clone(), Some(ticket));
    let mut response = respond::response(Some(api), status, Kind::Stream, &call.request_id, body);
    respond::add_asked(response.headers_mut(), faults);
    response
}

const fn at_end(broken: bool) -> Outcome {
    if broken { Outcome::Cut } else { Outcome::Answered }
}

/// The error in a stream: an overload unless the directives say otherwise.
fn error_event(call: &Call, ask: &Ask, answer: &Answer, body: &Body, faults: &Faults, after: usize) -> Event {
    let error = ProviderError::asked(faults, 529);
    match api(call) {
        Api::Messages => Event { name: "error", data: error.body(Api::Messages, &call.request_id) },
        Api::Chat if faults.shape.vendor.bare_error => Event { name: "", data: chat::bare_error(&error) },
        Api::Chat => Event { name: "", data: error.body(Api::Chat, &call.request_id) },
        Api::Responses => {
            // A response that has begun fails; one that has not is refused.
            let usual = if after == 0 { ErrorForm::Error } else { ErrorForm::Failed };
            let form = faults.error_form.unwrap_or(usual);
            responses::error_event(ask, answer, body, &error, form == ErrorForm::Failed)
        }
    }
}

/// Keeps a response that was to be stored, which is the default.
fn keep(call: &Call, ask: &Ask, answer: &Answer, body: &Body) {
    if call.endpoint != Endpoint::Responses || body.get("store") == Some(&Value::Bool(false)) {
        return;
    }
    let (id, json) = responses::json(ask, answer, body, &Faults::default().shape, None);
    let Ok(json) = serde_json::from_slice(&json) else {
        return;
    };
    call.state.stored().keep(Stored {
        id,
        body: json,
        input_items: responses::input_items(body, answer.id_state),
        background: reading::flag(body, "background").unwrap_or(false),
        total_tokens: answer.usage.total_tokens(),
    });
}
