//! Phase 3, money: the most that a request can cost is held before its caller sees a byte.
//!
//! The hold is promised by the node's own wallet at once, so that the upstream can be asked; the store takes it in its next
//! commit, beside that call. Whoever answers the caller waits for it.

use std::time::Duration;

use memchr::memmem;
use tokio::sync::oneshot;
use tollgate_base::{Money, Rate};
use tollgate_ledger::{Ask, CacheWrites, Calls, most_it_can_cost, most_prompt_tokens, prompt_tokens_by_size};
use tollgate_pricing::{ModelPrice, Served, ServiceTier};
use tollgate_protocol::{ApiError, ErrorKind, Probe};
use tollgate_routing::{Additions, HoldMode};
use tollgate_store::{Hold, HoldOutcome, UsageRecord};
use tollgate_translate::traits::ModelTraits;

use crate::draft::Draft;
use crate::fallback::Targets;
use crate::funds::Source;
use crate::generate::Generation;
use crate::plan::{charged_by, price_of};
use crate::shaping::InForce;
use crate::state::Shared;

/// How long a caller waits for the store.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How often one request may use a tool of the provider, where nobody says.
const MOST_CALLS: u64 = 10;

/// A hold on its way to the store; none where the group holds nothing.
pub(crate) struct Ticket(Option<Answer>);

/// The store's answer to come, and what its refusal means.
struct Answer {
    outcome: oneshot::Receiver<HoldOutcome>,
    refusal: ErrorKind,
}

impl Ticket {
    /// Waits until the hold is durable.
    pub(crate) async fn wait(self) -> Result<(), ApiError> {
        let Some(Answer { outcome, refusal }) = self.0 else { return Ok(()) };
        match tokio::time::timeout(LONGEST_WAIT, outcome).await {
            Ok(Ok(HoldOutcome::Held)) => Ok(()),
            // Another node has promised the same money.
            Ok(Ok(HoldOutcome::Refused)) => Err(ApiError::of(refusal)),
            Ok(Err(_)) | Err(_) => Err(ApiError::of(ErrorKind::StoreUnavailable).retry_after(1)),
        }
    }
}

/// Holds the most that the request can cost at any of the accounts that may be tried, from the first source that has it;
/// as often as an answer may have to be paid for.
///
/// At first what its size alone tells is held. Only who cannot pay that has the body searched for what makes it less:
/// for most requests that search would be the dearest part of this phase.
pub(crate) fn hold(
    shared: &Shared,
    request: &Generation<'_>,
    targets: &mut Targets<'_>,
    draft: &mut Draft,
) -> Result<Ticket, ApiError> {
    let Generation { identity, group, .. } = request;
    let now = shared.now();
    if group.hold == HoldMode::None {
        let source = identity.funds.check(group, now)?;
        draft.paid_by(source.subscription_id());
        return Ok(Ticket(None));
    }
    let Some(rates) = draft.record().map(|record| (record.group_rate, record.user_rate)) else {
        return Ok(Ticket(None));
    };
    let first = targets.first().and_then(|attempt| price_of(shared, request, &attempt));
    let price_version = first.map_or(0, |(_, version)| version);
    let mut refused = ApiError::of(ErrorKind::NoSubscription);
    let mut bounds: [Option<Money>; 2] = [None, None];
    for source in identity.funds.sources(group, now) {
        for (look, known) in [Look::AtItsSize, Look::Inside].into_iter().zip(&mut bounds) {
            let amount = match known {
                Some(amount) => *amount,
                None => *known.insert(most(shared, request, targets, rates, look)?),
            };
            match identity.funds.promise(source, amount, group, now) {
                Ok(()) => {
                    let bound = Bound { amount, price_version };
                    return hand_in(shared, request, draft, source, &bound);
                }
                Err(error) => refused = error,
            }
        }
    }
    Err(refused)
}

/// Hands a hold that was promised to the store.
fn hand_in(
    shared: &Shared,
    request: &Generation<'_>,
    draft: &mut Draft,
    source: Source<'_>,
    bound: &Bound,
) -> Result<Ticket, ApiError> {
    let prompt_tokens = draft.prompt_tokens();
    draft.paid_by(source.subscription_id());
    let Some(record) = draft.record() else { return Ok(Ticket(None)) };
    record.held = Some(bound.amount);
    let hold = described(shared, request, record, source, bound, prompt_tokens);
    let refusal = match source {
        Source::Balance if hold.quotas.is_empty() => ErrorKind::InsufficientBalance,
        Source::Balance | Source::Subscription(..) => ErrorKind::QuotaUsedUp,
    };
    let outcome = shared.settler.hold(hold)?;
    Ok(Ticket(Some(Answer { outcome, refusal })))
}

/// The hold as the store keeps it.
fn described(
    shared: &Shared,
    request: &Generation<'_>,
    record: &UsageRecord,
    source: Source<'_>,
    bound: &Bound,
    input_tokens: u64,
) -> Hold {
    Hold {
        id: record.id,
        user_id: record.user_id,
        key_id: record.key_id,
        group_id: record.group_id,
        amount: bound.amount,
        credit_line: request.group.credit_line,
        price_version: bound.price_version,
        group_rate: record.group_rate,
        user_rate: record.user_rate,
        endpoint: record.endpoint.clone(),
        client_protocol: record.client_protocol,
        requested_model: record.requested_model.clone(),
        stream: record.stream,
        input_tokens,
        node: shared.node,
        at: record.at,
        subscription_id: source.subscription_id(),
        quotas: request.identity.funds.quota_ids(source),
    }
}

/// How closely a request is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    AtItsSize,
    Inside,
}

/// The most that a request can cost.
struct Bound {
    amount: Money,
    /// The price at the account that is asked first.
    price_version: i64,
}

fn most(
    shared: &Shared,
    request: &Generation<'_>,
    targets: &Targets<'_>,
    rates: (Rate, Rate),
    look: Look,
) -> Result<Money, ApiError> {
    let mut most = Money::ZERO;
    let mut note = |names: (&str, &str), price: &ModelPrice, added: &Additions| {
        let ask = ask(request, names, price, look, added);
        let amount = most_it_can_cost(&ask, price, rates.0, rates.1).map_err(|error| {
            tracing::error!(%error, model = names.1, "a hold cannot be priced");
            ApiError::of(ErrorKind::Internal)
        })?;
        most = most.max(amount);
        Ok::<(), ApiError>(())
    };
    // Any account of any target may be asked: those before it may be at their limit.
    for plan in targets.plans() {
        if plan.is_shaped() {
            for attempt in plan.attempts() {
                let Some((price, _)) = price_of(shared, request, &attempt) else { continue };
                let added = InForce::of(&attempt).map(InForce::additions).unwrap_or_default();
                note((attempt.model, &attempt.upstream_model), &price, &added)?;
            }
            continue;
        }
        for (upstream_model, version) in plan.offers() {
            let Some((price, _)) = charged_by(shared, version, request.at) else { continue };
            note((plan.model(), upstream_model), &price, &Additions::default())?;
        }
    }
    let all = (1..targets.answers()).try_fold(most, |sum, _| sum.checked_add(most));
    all.ok_or_else(|| ApiError::of(ErrorKind::Internal))
}

/// The most that the request asks of a model, by its name here and at the provider, with what shaping adds to it.
fn ask(
    request: &Generation<'_>,
    (model, upstream_model): (&str, &str),
    price: &ModelPrice,
    look: Look,
    added: &Additions,
) -> Ask {
    let Generation { live, group, call, .. } = request;
    let (probe, body) = (call.probe, &call.body[..]);
    let traits = live.catalog.traits_for(model, upstream_model);
    let history_bytes = call.history.as_ref().map_or(0, |history| history.len() as u64);
    let prompt = match look {
        Look::AtItsSize => prompt_tokens_by_size(body.len()),
        Look::Inside => most_prompt_tokens(body),
    };
    let prompt_tokens = prompt.saturating_add(history_bytes).saturating_add(added.prompt_bytes);
    let is_added = |word: &[u8]| memmem::find(added.text.as_bytes(), word).is_some();
    let mentions =
        |word: &[u8]| look == Look::AtItsSize || memmem::find(body, word).is_some() || is_added(word);
    let output_tokens = match group.hold {
        HoldMode::Full => most_output(probe, &traits, added),
        HoldMode::Input | HoldMode::None => 0,
    };
    Ask {
        prompt_tokens: traits.context_window_tokens.map_or(prompt_tokens, |window| prompt_tokens.min(window)),
        output_tokens,
        audio: (price.input_audio.is_some() || price.output_audio.is_some()) && mentions(b"audio"),
        images: (price.input_image.is_some() || price.output_image.is_some()) && mentions(b"image"),
        calls: calls(probe, body, look, is_added),
        cache_writes: match look {
            Look::AtItsSize => CacheWrites::Long,
            Look::Inside => cache_writes(body).max(cache_writes(added.text.as_bytes())),
        },
        served: Served {
            tier: if is_priority(probe.service_tier.as_deref()) || is_priority(added.service_tier.as_deref())
            {
                ServiceTier::Priority
            } else {
                ServiceTier::Standard
            },
            fast: price.multipliers.fast.is_some() && mentions(b"\"speed\""),
            us: price.multipliers.us.is_some() && mentions(b"\"inference_geo\""),
        },
    }
}

/// What the provider's own tools may do. Many requests offer a search of the web, and at most its price is small; the
/// others are looked for among the tools, which are but a part of the body.
fn calls(probe: &Probe<'_>, body: &[u8], look: Look, is_added: impl Fn(&[u8]) -> bool) -> Calls {
    let tools = probe.tools.and_then(|tools| body.get(tools.start..tools.end));
    let is_offered =
        |word: &[u8]| tools.is_some_and(|tools| memmem::find(tools, word).is_some()) || is_added(word);
    let most_of = |words: &[&[u8]]| if words.iter().any(|word| is_offered(word)) { MOST_CALLS } else { 0 };
    let any_tool_searches = look == Look::AtItsSize && tools.is_some();
    Calls {
        web_searches: if any_tool_searches { MOST_CALLS } else { most_of(&[b"web_search"]) },
        file_searches: most_of(&[b"\"file_search\""]),
        code_executions: most_of(&[b"\"code_interpreter\"", b"\"code_execution_"]),
        images: most_of(&[b"\"image_generation\""]),
    }
}

fn is_priority(service_tier: Option<&str>) -> bool {
    matches!(service_tier, Some("priority" | "fast" | "auto"))
}

/// The longest answer: what the caller or the operator allows, within what the model can; for each of the answers asked
/// for.
fn most_output(probe: &Probe<'_>, traits: &ModelTraits, added: &Additions) -> u64 {
    let own_limit = || traits.default_max_tokens();
    let mut asked = probe.max_tokens.unwrap_or_else(own_limit).max(added.output_tokens.unwrap_or(0));
    if added.lifts_output {
        asked = asked.max(own_limit());
    }
    let longest = traits.max_output_tokens.unwrap_or(u64::MAX);
    asked.min(longest).saturating_mul(probe.n.max(1))
}

/// Providers write to a cache at a higher price only where the request marks what to keep.
fn cache_writes(body: &[u8]) -> CacheWrites {
    let mentions = |words: &[&[u8]]| words.iter().any(|word| memmem::find(body, word).is_some());
    if !mentions(&[b"\"cache_control\"", b"\"prompt_cache_breakpoint\""]) {
        return CacheWrites::None;
    }
    if mentions(&[b"\"1h\"", b"\"12h\""]) { CacheWrites::Long } else { CacheWrites::Short }
}
