//! A bare HTTP/1.1 client that keeps every frame of a body and how it ended.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tollgate_sse::Decoder;
use tollgate_testkit::{Sandbox, SandboxConfig};

/// An answer: its head, the frames of its body, and the error that ended it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) frames: Vec<Bytes>,
    pub(crate) error: Option<hyper::Error>,
}

/// One event as decoded.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// The three protocols: path and a way to make a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Messages,
    Chat,
    Responses,
}

pub(crate) const APIS: [Api; 3] = [Api::Messages, Api::Chat, Api::Responses];

impl Api {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Messages => "/v1/messages",
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
        }
    }

    pub(crate) fn body(self, prompt: &str, stream: bool) -> Value {
        let messages = json!([{"role": "user", "content": prompt}]);
        match self {
            Self::Messages => {
                json!({"model": "m", "max_tokens": 100_000, "messages": messages, "stream": stream})
            }
            Self::Chat if stream => {
                json!({"model": "m", "messages": messages, "stream": true, "stream_options": {"include_usage": true}})
            }
            Self::Chat => json!({"model": "m", "messages": messages}),
            Self::Responses => json!({"model": "m", "input": prompt, "stream": stream}),
        }
    }
}

pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig::default()).await.unwrap()
}

/// Asks for an answer to `prompt`.
pub(crate) async fn ask(sandbox: &Sandbox, api: Api, prompt: &str, stream: bool) -> Reply {
    post(sandbox.addr(), api.path(), &api.body(prompt, stream)).await.unwrap()
}

pub(crate) async fn post(addr: SocketAddr, path: &str, body: &Value) -> hyper::Result<Reply> {
    send(addr, Method::POST, path, &[], body.to_string()).await
}

pub(crate) async fn get(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    send(addr, Method::GET, path, headers, String::new()).await.unwrap()
}

/// Sends a request on a connection of its own; headers named here replace the usual ones.
pub(crate) async fn send(
    addr: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> hyper::Result<Reply> {
    let stream = TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::builder().method(&method).uri(path).header("host", "sandbox");
    if method == Method::POST && !headers.iter().any(|(name, _)| *name == "anthropic-version") {
        request = request.header("anthropic-version", "2023-06-01");
    }
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request = request.header(*name, *value);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await?;
    let (head, mut body) = response.into_parts();
    let mut reply = Reply { status: head.status, headers: head.headers, frames: Vec::new(), error: None };
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => reply.frames.extend(frame.into_data()),
            Err(error) => {
                reply.error = Some(error);
                break;
            }
        }
    }
    Ok(reply)
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.frames.concat()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The events, decoded frame by frame as they came; comments are left out.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut decoder = Decoder::new(64 * 1024 * 1024);
        let mut events = Vec::new();
        for frame in &self.frames {
            decoder.push(frame.clone()).unwrap();
            while let Some(frame) = decoder.next_frame() {
                events.push(frame);
            }
        }
        events.extend(decoder.finish());
        let with_data = events.iter().filter(|frame| frame.has_data);
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        with_data.map(|frame| Event { name: frame.event_str().to_owned(), data: text(&frame.data) }).collect()
    }
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or(Value::Null)
    }
}

/// The text of a streamed answer, put together from its deltas.
pub(crate) fn streamed_text(api: Api, events: &[Event]) -> String {
    let delta = |event: &Event| {
        let data = event.json();
        let text = match api {
            Api::Messages => &data["delta"]["text"],
            Api::Chat => &data["choices"][0]["delta"]["content"],
            Api::Responses if event.name == "response.output_text.delta" => &data["delta"],
            Api::Responses => &Value::Null,
        };
        text.as_str().unwrap_or_default().to_owned()
    };
    events.iter().map(delta).collect()
}

/// The text of a plain answer.
pub(crate) fn plain_text(api: Api, answer: &Value) -> String {
    let text = match api {
        Api::Messages => &answer["content"][0]["text"],
        Api::Chat => &answer["choices"][0]["message"]["content"],
        Api::Responses => &answer["output"][0]["content"][0]["text"],
    };
    text.as_str().unwrap_or_default().to_owned()
}

/// Whether the protocol's last event is there.
pub(crate) fn is_terminated(api: Api, events: &[Event]) -> bool {
    let Some(last) = events.last() else { return false };
    match api {
        Api::Messages => last.name == "message_stop",
        Api::Chat => last.data == "[DONE]",
        Api::Responses => matches!(last.name.as_str(), "response.completed" | "response.incomplete"),
    }
}
