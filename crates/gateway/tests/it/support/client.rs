//! A small HTTP client: one connection for each call, bytes as they came.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::DEADLINE;

/// A request to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let call = Self { body: body.into(), ..Self::new(Method::POST, path) };
        call.header("content-type", "application/json")
    }

    pub(crate) fn json(path: impl Into<String>, body: &Value) -> Self {
        Self::post(path, body.to_string())
    }

    pub(crate) fn bearer(self, key: &str) -> Self {
        self.header("authorization", &format!("Bearer {key}"))
    }

    /// Adds a header; one of the same name stays.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    /// Sends it and reads the whole answer.
    pub(crate) async fn send(&self, to: SocketAddr) -> Reply {
        self.open(to).await.rest().await
    }

    /// Sends it and waits for the head of the answer.
    pub(crate) async fn open(&self, to: SocketAddr) -> Open {
        tokio::time::timeout(DEADLINE, self.start(to)).await.expect("no answer in time")
    }

    async fn start(&self, to: SocketAddr) -> Open {
        let stream = TcpStream::connect(to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = Connection(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().entry("host").or_insert(HeaderValue::from_static("gate.test"));
        let response = sender.send_request(request).await.unwrap();
        Open { response, _connection: connection }
    }

    /// Sends it, waits so long without an answer, and hangs up.
    pub(crate) async fn hang_up_after(&self, to: SocketAddr, wait: std::time::Duration) {
        let answer = tokio::time::timeout(wait, self.start(to)).await;
        assert!(answer.is_err(), "an answer came before the caller hung up");
    }
}

/// Closes its connection when it is dropped.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An answer whose body is still coming. Dropping it hangs up.
pub(crate) struct Open {
    pub(crate) response: Response<Incoming>,
    _connection: Connection,
}

impl Open {
    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Option<Bytes> {
        let reading = async {
            while let Some(frame) = self.response.frame().await {
                if let Ok(data) = frame.unwrap().into_data() {
                    return Some(data);
                }
            }
            None
        };
        tokio::time::timeout(DEADLINE, reading).await.expect("no chunk in time")
    }

    /// Reads until the body so far holds `text`; the body so far.
    pub(crate) async fn until(&mut self, text: &str) -> Bytes {
        let mut read = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            read.extend_from_slice(&chunk);
            if memchr::memmem::find(&read, text.as_bytes()).is_some() {
                return read.freeze();
            }
        }
        panic!("`{text}` never came: {}", String::from_utf8_lossy(&read));
    }

    /// The rest of the body.
    pub(crate) async fn rest(mut self) -> Reply {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await {
            body.extend_from_slice(&chunk);
        }
        let (head, _) = self.response.into_parts();
        Reply { status: head.status.as_u16(), headers: head.headers, body: body.freeze() }
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Fails unless the status is 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}
