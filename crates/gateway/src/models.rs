//! `GET /v1/models`: the models a key may use, in the shape of the family that asks.

use http::Response;
use tollgate_protocol::{
    ApiError, Dialect, ErrorKind, ModelCard, ModelShape, render_envelope_models, render_model,
    render_model_list, wrap,
};
use tollgate_routing::ListedModel;

use crate::authenticate::authenticate;
use crate::respond::{self, AnswerStream};
use crate::serve::Caller;
use crate::state::Shared;

const DEFAULT_PAGE: usize = 20;
const LARGEST_PAGE: usize = 1000;

/// Answers with the list, or with one model when an id is named.
pub(crate) async fn answer(
    shared: &Shared,
    caller: &Caller,
    id: Option<&str>,
    envelope: bool,
) -> Response<AnswerStream> {
    match render(shared, caller, id, envelope).await {
        Ok(body) => respond::json(&caller.tag, body),
        Err(error) => caller.refuse(&error),
    }
}

async fn render(
    shared: &Shared,
    caller: &Caller,
    id: Option<&str>,
    envelope: bool,
) -> Result<Vec<u8>, ApiError> {
    let live = shared.live();
    let address = caller.address(shared);
    let (identity, _) = authenticate(shared, &live, caller.headers(), caller.dialect, address).await?;
    let shape = shape(caller, envelope)?;
    let at = caller.tag.at;
    if let Some(id) = id {
        let listed = live.catalog.model_for_key(&identity.key, id, at);
        let listed = listed.ok_or_else(|| ApiError::about(ErrorKind::ModelNotFound, id))?;
        let body = render_model(&shape, &card(&listed));
        return Ok(if envelope { wrap(&body) } else { body });
    }
    let cards: Vec<ModelCard> = live.catalog.models_for(&identity.key, at).iter().map(card).collect();
    Ok(if envelope { render_envelope_models(&cards) } else { render_model_list(&shape, &cards) })
}

/// Anthropic's clients always send their version header; OpenAI's never do.
fn shape(caller: &Caller, envelope: bool) -> Result<ModelShape, ApiError> {
    let anthropic =
        caller.dialect == Dialect::Messages || caller.head.uri.path().starts_with("/api/anthropic/");
    if envelope || !anthropic {
        return Ok(ModelShape::OpenAi);
    }
    let query = caller.head.uri.query().unwrap_or("");
    let value = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    let limit = match value("limit") {
        None => DEFAULT_PAGE,
        Some(text) => match text.parse() {
            Ok(limit @ 1..=LARGEST_PAGE) => limit,
            _ => {
                return Err(ApiError::invalid_field("limit", "expected a number from 1 to 1000"));
            }
        },
    };
    let owned = |name| value(name).map(str::to_owned);
    Ok(ModelShape::Anthropic {
        limit: Some(limit),
        after_id: owned("after_id"),
        before_id: owned("before_id"),
    })
}

fn card(listed: &ListedModel<'_>) -> ModelCard {
    let ListedModel { name, model } = *listed;
    ModelCard {
        id: name.to_owned(),
        display_name: model.display_name.clone().unwrap_or_else(|| name.to_owned()),
        created_at_s: model.created_at.seconds(),
        owned_by: model.owned_by.clone().unwrap_or_else(|| "tollgate".to_owned()),
        max_input_tokens: model.context_window_tokens,
        max_output_tokens: model.max_output_tokens,
    }
}
