//! Lanes of translation: a kind of call and the one protocol that its upstream speaks.

use serde_json::{Value, json};
use tollgate_protocol::Protocol;
use tollgate_translate::grammar::{Ended, Grammar, check_answer, check_request};

use super::said::Said;
use super::sse::events;
use super::{Kind, Reply, Setup, World};

const PROTOCOLS: [Protocol; 3] = [Protocol::Messages, Protocol::Chat, Protocol::Responses];

/// A kind of call to an upstream that speaks another protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) kind: Kind,
    pub(crate) upstream: Protocol,
}

impl Lane {
    /// Every kind to every protocol that its body is not written in.
    pub(crate) fn all() -> Vec<Self> {
        Self::of(&Kind::ALL)
    }

    /// Every plain kind to every other protocol: the six directions.
    pub(crate) fn native() -> Vec<Self> {
        Self::of(&Kind::NATIVE)
    }

    fn of(kinds: &[Kind]) -> Vec<Self> {
        let lanes = kinds.iter().flat_map(|kind| PROTOCOLS.map(|upstream| Self { kind: *kind, upstream }));
        lanes.filter(|lane| lane.upstream != lane.kind.protocol()).collect()
    }

    pub(crate) async fn world(self) -> World {
        World::start(self.setup()).await
    }

    pub(crate) fn setup(self) -> Setup {
        Setup::speaking(self.upstream)
    }

    /// What a good answer says, after it was held against its protocol's grammar.
    #[track_caller]
    pub(crate) fn said(self, reply: &Reply, stream: bool) -> Said {
        assert_eq!(reply.status, 200, "{self:?}: {}", reply.text());
        let protocol = self.kind.answer_protocol();
        if stream {
            let ended = walk(protocol, reply);
            assert_eq!(ended, Ended::Well, "{self:?}: {}", reply.text());
            return Said::streamed(protocol, &events(&reply.body));
        }
        let answer = self.whole(reply);
        let checked = check_answer(protocol, answer.to_string().as_bytes());
        assert_eq!(checked, Ok(()), "{self:?}: {answer}");
        Said::whole(protocol, &answer)
    }

    /// A whole answer, out of its envelope.
    fn whole(self, reply: &Reply) -> Value {
        let mut answer = reply.json();
        if matches!(self.kind, Kind::EnvelopeMessages | Kind::EnvelopeChat) {
            answer = answer["data"].take();
            // The envelope leaves these two out.
            answer["object"] = json!("chat.completion");
            answer["created"] = json!(0);
        }
        answer
    }

    /// Holds what reached the upstream against its protocol; the body of the last request.
    #[track_caller]
    pub(crate) fn sent(self, world: &World) -> Value {
        let last = world.sandbox.last_requests().pop().expect("the upstream was asked");
        let path = match self.upstream {
            Protocol::Messages => "/v1/messages",
            Protocol::Chat => "/v1/chat/completions",
            Protocol::Responses => "/v1/responses",
        };
        assert_eq!(last.path, path, "{self:?}");
        let body: Value = serde_json::from_slice(&last.body).unwrap();
        assert_eq!(check_request(self.upstream, &last.body), Ok(()), "{self:?}: {body}");
        body
    }
}

/// Holds a stream against its protocol's grammar.
#[track_caller]
pub(crate) fn walk(protocol: Protocol, reply: &Reply) -> Ended {
    let mut grammar = Grammar::new(protocol);
    for event in events(&reply.body) {
        let kept = grammar.frame(&event.name, event.data.as_bytes());
        assert_eq!(kept, Ok(()), "{event:?} in {}", reply.text());
    }
    grammar.end().unwrap_or_else(|broken| panic!("{broken}: {}", reply.text()))
}
