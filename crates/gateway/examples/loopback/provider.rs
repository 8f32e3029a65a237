//! A provider that costs next to nothing, so that what is measured is what stands before it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Response, header};
use axum::routing::post;
use hyper::body::Frame;
use tokio::net::TcpListener;
use tokio::time::Interval;

use crate::Failure;

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1760000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"A short answer, as most are."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":8,"total_tokens":28}}"#;
const WORD: &str = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"word \"},\"finish_reason\":null}]}\n\n";

/// Answers until it is killed.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/v1/chat/completions", post(answer));
    loop {
        let (stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let stream = hyper_util::rt::TokioIo::new(stream);
            let talk = hyper::server::conn::http1::Builder::new();
            let _ = talk.serve_connection(stream, service).await;
        });
    }
}

async fn answer(body: Bytes) -> Response<Body> {
    let asked = String::from_utf8_lossy(&body);
    let is_slow = asked.contains("\"slow\"");
    let (kind, body) = match is_slow {
        false => ("application/json", Body::from(ANSWER)),
        true => {
            let each = tokio::time::interval(Duration::from_secs(1));
            ("text/event-stream", Body::new(Words(each)))
        }
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// A word each second, without an end.
struct Words(Interval);

impl HttpBody for Words {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        ready!(self.0.poll_tick(context));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(WORD.as_bytes())))))
    }
}
