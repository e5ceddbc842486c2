//! Responses that the gate keeps itself, where the upstream that made them keeps none: to be continued by
//! `previous_response_id`, and to be read again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tollgate_base::{KeyId, Timestamp};
use tollgate_protocol::{ApiError, ErrorKind};
use tollgate_store::{KeptResponse, MAX_KEPT_BYTES, Store};

use crate::authenticate::store_error;
use crate::route::StoredAction;

/// How many responses wait in memory for their write, and a little longer.
const RECENT: usize = 1_024;
/// How long a response is kept; OpenAI keeps them for at least this long.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The kept responses.
#[derive(Clone)]
pub(crate) struct Kept {
    store: Store,
    /// What was made just now: a caller may continue it before the store has it.
    recent: Arc<Cache<String, Arc<KeptResponse>>>,
}

impl Kept {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, recent: Arc::new(Cache::new(RECENT)) }
    }

    /// Keeps a response. It can be asked for at once; the store has it a moment later.
    pub(crate) fn keep(&self, response: KeptResponse) {
        if response.input.len() + response.response.len() > MAX_KEPT_BYTES {
            tracing::warn!(response = %response.id, "a response is too large to be kept");
            return;
        }
        let response = Arc::new(response);
        self.recent.insert(response.id.clone(), Arc::clone(&response));
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.keep_response(&response).await {
                tracing::error!(response = %response.id, %error, "a response could not be kept");
            }
        });
    }

    /// The response `id` of a key.
    pub(crate) async fn find(
        &self,
        id: &str,
        key: KeyId,
        now: Timestamp,
    ) -> Result<Option<Arc<KeptResponse>>, ApiError> {
        if let Some(kept) = self.recent.get(id) {
            return Ok((kept.key_id == key && kept.expires_at > now).then_some(kept));
        }
        let found = self.store.kept_response(id, key, now).await.map_err(store_error)?;
        Ok(found.map(Arc::new))
    }

    /// The items of the conversation that ends with the response `id`, as a JSON list; `None` if it is not kept here.
    ///
    /// # Errors
    /// The response is kept and one that it continued is not.
    pub(crate) async fn conversation(
        &self,
        id: &str,
        key: KeyId,
        now: Timestamp,
    ) -> Result<Option<Bytes>, ApiError> {
        let Some(last) = self.find(id, key, now).await? else { return Ok(None) };
        let mut chain = vec![last];
        while let Some(previous) = chain.last().and_then(|kept| kept.previous_id.clone()) {
            let gone = || ApiError::about(ErrorKind::ResponseNotFound, &previous);
            if chain.iter().any(|kept| kept.id == previous) {
                return Err(gone());
            }
            chain.push(self.find(&previous, key, now).await?.ok_or_else(gone)?);
        }
        chain.reverse();
        Ok(Some(Bytes::from(joined(&chain)?)))
    }

    /// Answers a call on a kept response with a body.
    pub(crate) async fn answer(
        &self,
        kept: &KeptResponse,
        action: StoredAction,
    ) -> Result<Vec<u8>, ApiError> {
        match action {
            StoredAction::Get => Ok(kept.response.clone()),
            StoredAction::InputItems => input_items(&kept.input),
            StoredAction::Cancel => {
                Err(ApiError::invalid_field("id", "only a background response can be cancelled"))
            }
            StoredAction::Delete => {
                self.recent.remove(&kept.id);
                self.store.forget_kept_response(&kept.id, kept.key_id).await.map_err(store_error)?;
                serde_json::to_vec(&Deleted { id: &kept.id, object: "response", deleted: true })
                    .map_err(|_| ApiError::of(ErrorKind::Internal))
            }
        }
    }

    pub(crate) async fn expire(&self, now: Timestamp) -> tollgate_store::Result<u64> {
        self.store.expire_kept_responses(now).await
    }
}

#[derive(Serialize)]
struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

/// What a request with the raw body `body` and its finished response leave to be kept.
pub(crate) fn to_be_kept(
    body: &[u8],
    response: &[u8],
    key_id: KeyId,
    previous_id: Option<String>,
    now: Timestamp,
) -> Option<KeptResponse> {
    #[derive(Deserialize)]
    struct Head {
        id: String,
    }
    let head: Head = serde_json::from_slice(response).ok()?;
    Some(KeptResponse {
        id: head.id,
        key_id,
        previous_id,
        input: input_of(body)?,
        response: response.to_vec(),
        created_at: now,
        expires_at: now.after(LIFETIME),
    })
}

/// The `input` of a request as a list of items.
fn input_of(body: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Request<'a> {
        #[serde(borrow)]
        input: Option<&'a RawValue>,
    }
    let request: Request<'_> = serde_json::from_slice(body).ok()?;
    let input = request.input.map_or("[]", RawValue::get);
    Some(if input.starts_with('"') {
        format!(r#"[{{"type":"message","role":"user","content":{input}}}]"#).into_bytes()
    } else {
        input.as_bytes().to_vec()
    })
}

/// All items of a chain: each response's input, then its output.
fn joined(chain: &[Arc<KeptResponse>]) -> Result<Vec<u8>, ApiError> {
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        output: Vec<&'a RawValue>,
    }
    let corrupt = |_| ApiError::of(ErrorKind::Internal);
    let mut items: Vec<&RawValue> = Vec::new();
    for kept in chain {
        items.extend(serde_json::from_slice::<Vec<&RawValue>>(&kept.input).map_err(corrupt)?);
        items.extend(serde_json::from_slice::<Response<'_>>(&kept.response).map_err(corrupt)?.output);
    }
    serde_json::to_vec(&items).map_err(corrupt)
}

/// The list that the API answers for a response's input.
fn input_items(input: &[u8]) -> Result<Vec<u8>, ApiError> {
    #[derive(Serialize)]
    struct List<'a> {
        object: &'static str,
        data: Vec<&'a RawValue>,
        first_id: Option<String>,
        last_id: Option<String>,
        has_more: bool,
    }
    #[derive(Deserialize)]
    struct Item {
        id: Option<String>,
    }
    let corrupt = |_| ApiError::of(ErrorKind::Internal);
    // The API lists the last item first.
    let mut data: Vec<&RawValue> = serde_json::from_slice(input).map_err(corrupt)?;
    data.reverse();
    let id = |item: Option<&&RawValue>| {
        item.and_then(|item| serde_json::from_str::<Item>(item.get()).ok()).and_then(|item| item.id)
    };
    let list =
        List { object: "list", first_id: id(data.first()), last_id: id(data.last()), has_more: false, data };
    serde_json::to_vec(&list).map_err(corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(id: &str, input: &str, output: &str) -> Arc<KeptResponse> {
        let body = format!(r#"{{"model":"m","input":{input}}}"#);
        let response = format!(r#"{{"id":"{id}","output":{output}}}"#);
        let key = KeyId::from_u128(1);
        Arc::new(to_be_kept(body.as_bytes(), response.as_bytes(), key, None, Timestamp::default()).unwrap())
    }

    #[test]
    fn a_conversation_is_every_input_and_output_in_order() {
        let chain =
            [kept("r1", r#""hi""#, r#"[{"type":"message","id":"m1"}]"#), kept("r2", r#"[{"a":1}]"#, "[]")];
        let items = String::from_utf8(joined(&chain).unwrap()).unwrap();
        let expected =
            r#"[{"type":"message","role":"user","content":"hi"},{"type":"message","id":"m1"},{"a":1}]"#;
        assert_eq!(items, expected);
    }

    #[test]
    fn input_items_come_last_first() {
        let list = input_items(br#"[{"id":"a"},{"id":"b"}]"#).unwrap();
        let expected = r#"{"object":"list","data":[{"id":"b"},{"id":"a"}],"first_id":"b","last_id":"a","has_more":false}"#;
        assert_eq!(String::from_utf8(list).unwrap(), expected);
    }
}
