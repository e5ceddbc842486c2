//! The yardstick: a reverse proxy of hyper's server and its own pool of `client::conn` connections. It parses nothing,
//! knows no keys and writes nothing.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use anyhow::Result;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

type Connection = SendRequest<Incoming>;

struct Pool {
    upstream: SocketAddr,
    idle: Mutex<Vec<Connection>>,
}

/// Serves until the process ends.
pub(crate) async fn serve(listen: SocketAddr, upstream: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let pool = Arc::new(Pool { upstream, idle: Mutex::new(Vec::new()) });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let pool = Arc::clone(&pool);
        tokio::spawn(async move {
            let service = service_fn(|request| forward(Arc::clone(&pool), request));
            let connection = hyper::server::conn::http1::Builder::new();
            // A caller that hangs up ends its own connection and nothing else.
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn forward(pool: Arc<Pool>, mut request: Request<Incoming>) -> Result<Response<Relayed>> {
    let mut connection = pool.take().await?;
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = path.into();
    }
    let response = connection.send_request(request).await?;
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, Relayed { body, back: Some((connection, pool)) }))
}

impl Pool {
    async fn take(&self) -> Result<Connection> {
        loop {
            let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
            match idle {
                Some(connection) if connection.is_ready() => return Ok(connection),
                Some(_) => {}
                None => return self.dial().await,
            }
        }
    }

    async fn dial(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.upstream).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// An answer that gives its connection back when it was read to its end.
struct Relayed {
    body: Incoming,
    back: Option<(Connection, Arc<Pool>)>,
}

impl Body for Relayed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        // hyper never polls a body of known length to its `None`, so the end is asked for here.
        if self.body.is_end_stream()
            && let Some((connection, pool)) = self.back.take()
            && let Ok(mut idle) = pool.idle.lock()
        {
            idle.push(connection);
        }
    }
}
