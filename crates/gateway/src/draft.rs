//! The usage record of a request that is under way, and its one settlement.

use std::sync::Arc;
use std::time::Instant;

use quick_cache::sync::Cache;
use tollgate_base::{Money, Rate, RequestId, SubscriptionId, Timestamp, Usage};
use tollgate_pricing::{CostParts, ModelPrice, Served};
use tollgate_protocol::{ApiError, Dialect, Observed, Pass};
use tollgate_routing::{Attempt, OnDisconnect};
use tollgate_store::{ResponseOwner, StreamEnd, UsageRecord};

use crate::counted::{Counted, counted};
use crate::events::{Events, Watch};
use crate::journal::Line;
use crate::passes::{Terms, charge_passes};
use crate::reserved::{Reserved, Took, counted_tokens};
use crate::settle::{Place, Settlement};
use crate::state::Live;
use crate::vocabulary::Vocabulary;

/// The status of a request whose caller went away before the answer; nginx's number for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request under way. It holds its place in the settler's queue and is settled exactly once: by [`Draft::close`],
/// or when it is dropped because its caller left before anything was consumed.
pub(crate) struct Draft {
    record: Option<Box<UsageRecord>>,
    place: Option<Place>,
    /// Apart, because it is large and every open stream has one.
    price: Option<Box<ModelPrice>>,
    answered: Option<Line>,
    /// What the request's body comes to by its size, where no upstream says it.
    prompt_tokens: u64,
    on_disconnect: OnDisconnect,
    /// Has the prices of other models that an upstream may run for the request.
    live: Option<Arc<Live>>,
    ownership: Option<Ownership>,
    reserved: Reserved,
    started: Instant,
    /// Tells listeners what happens to it.
    watch: Option<Box<Watch>>,
}

/// To whom and to which account a stored response will belong.
pub(crate) struct Ownership {
    pub(crate) owner: ResponseOwner,
    /// The owners this node knows; a caller may ask for its response before the store has it.
    pub(crate) known: Arc<Cache<String, ResponseOwner>>,
}

/// How a request ended.
pub(crate) struct Ending {
    pub(crate) status: u16,
    pub(crate) stream_end: StreamEnd,
    /// What the answer, or the stream so far, said of itself.
    pub(crate) observed: Observed,
    /// The usage as a translation counted it.
    pub(crate) estimate: Option<Usage>,
    pub(crate) error_kind: Option<String>,
}

impl Ending {
    /// An ending with what was observed of the answer.
    pub(crate) fn observed(status: u16, stream_end: StreamEnd, observed: Observed) -> Self {
        Self { status, stream_end, observed, estimate: None, error_kind: None }
    }

    /// The same with what a translation counted, for where the upstream did not.
    pub(crate) fn or_estimated(mut self, estimate: Option<Usage>) -> Self {
        self.estimate = estimate;
        self
    }

    fn counted(&self, prompt_tokens: u64, vocabulary: &Vocabulary<'_>) -> Option<Counted> {
        let success = (200..300).contains(&self.status);
        let counted = || counted(&self.observed, self.stream_end, self.estimate, prompt_tokens, vocabulary);
        success.then(counted).flatten()
    }

    fn served(&self) -> Served {
        let Observed { service_tier, speed, inference_geo, .. } = &self.observed;
        Served::read(service_tier.as_deref(), speed.as_deref(), inference_geo.as_deref())
    }
}

impl Draft {
    pub(crate) fn new(record: UsageRecord, place: Place, started: Instant) -> Self {
        Self {
            record: Some(Box::new(record)),
            place: Some(place),
            price: None,
            answered: None,
            prompt_tokens: 0,
            on_disconnect: OnDisconnect::Drain,
            live: None,
            ownership: None,
            reserved: Reserved::default(),
            started,
            watch: None,
        }
    }

    /// Copies in what stands in for what an upstream may not say, and the prices of what else it may run.
    pub(crate) fn countable(&mut self, prompt_tokens: u64, live: Arc<Live>) {
        self.prompt_tokens = prompt_tokens;
        self.live = Some(live);
    }

    /// What becomes of the call to the upstream when the caller leaves.
    pub(crate) const fn on_disconnect(&self) -> OnDisconnect {
        self.on_disconnect
    }

    /// Sets what becomes of the call when the caller leaves.
    pub(crate) const fn leaves(&mut self, on_disconnect: OnDisconnect) {
        self.on_disconnect = on_disconnect;
    }

    /// About how long the prompt is.
    pub(crate) const fn prompt_tokens(&self) -> u64 {
        self.prompt_tokens
    }

    /// Moves the request out, to be settled elsewhere; what stays behind settles nothing.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            record: self.record.take(),
            place: self.place.take(),
            price: self.price.take(),
            answered: self.answered.take(),
            prompt_tokens: self.prompt_tokens,
            on_disconnect: self.on_disconnect,
            live: self.live.take(),
            ownership: self.ownership.take(),
            reserved: std::mem::take(&mut self.reserved),
            started: self.started,
            watch: self.watch.take(),
        }
    }

    /// Lets listeners, if there are any, watch it from now on.
    pub(crate) fn watched_by(&mut self, events: &Arc<Events>) {
        self.watch = self.record.as_deref().and_then(|record| Watch::begin(events, record, self.started));
    }

    /// Tells that an account is about to be asked.
    pub(crate) fn attempted(&mut self, attempt: &Attempt<'_>) {
        if let (Some(watch), Some(record)) = (&mut self.watch, &self.record) {
            watch.attempt(record, attempt);
        }
    }

    /// Tells that the account asked last did not serve.
    pub(crate) fn attempt_failed(&mut self, why: &'static str) {
        if let (Some(watch), Some(record)) = (&mut self.watch, &self.record) {
            watch.failed(record, why);
        }
    }

    /// A second record of the same request as it stands now, for an answer that is charged by itself. The hold stays
    /// with the request.
    pub(crate) fn beside(&mut self, place: Place) -> Option<Self> {
        let record = UsageRecord { id: RequestId::generate(), held: None, ..self.record.as_deref()?.clone() };
        let mut beside = Self::new(record, place, self.started);
        beside.price.clone_from(&self.price);
        beside.prompt_tokens = self.prompt_tokens;
        beside.live.clone_from(&self.live);
        // A response that is stored belongs to the account that made it.
        beside.ownership = self.ownership.take();
        Some(beside)
    }

    /// Goes back to how it stood when `beside` was made, which then settles nothing; what was tried since is counted.
    pub(crate) fn restore(&mut self, beside: &mut Self) {
        let (Some(now), Some(then)) = (self.record.as_deref_mut(), beside.record.take()) else { return };
        *now = UsageRecord { id: now.id, held: now.held, attempts: now.attempts, ..*then };
        self.price = beside.price.take();
        self.ownership = beside.ownership.take();
    }

    /// What the request has taken of rates; put right when it is settled.
    pub(crate) const fn reserved(&mut self) -> &mut Reserved {
        &mut self.reserved
    }

    /// The record as it stands; `None` once it is settled.
    pub(crate) fn record(&mut self) -> Option<&mut UsageRecord> {
        self.record.as_deref_mut()
    }

    /// Copies in what the request will be charged by.
    pub(crate) fn priced(&mut self, price: ModelPrice, version: i64) {
        self.price = Some(Box::new(price));
        if let Some(record) = self.record() {
            record.price_version = version;
        }
    }

    /// Notes what pays: a subscription, else the balance.
    pub(crate) fn paid_by(&mut self, subscription_id: Option<SubscriptionId>) {
        if let Some(record) = self.record() {
            record.subscription_id = subscription_id;
        }
    }

    /// Notes that the first real byte of the answer is there.
    pub(crate) fn first_byte(&mut self) {
        let elapsed_ms = self.elapsed_ms();
        let (Some(record), Some(place)) = (self.record.as_deref_mut(), &self.place) else { return };
        if record.first_byte_ms.is_some() {
            return;
        }
        record.first_byte_ms = Some(elapsed_ms);
        if let Some(watch) = &self.watch {
            watch.first_byte(record, elapsed_ms);
        }
        // A whole answer is there at once, and its end is journaled next.
        if record.held.is_some() && record.stream {
            self.answered = place.journal().answered(record.id);
        }
    }

    /// Notes what of the request could not be carried to the upstream, or of the answer to the caller.
    pub(crate) fn dropped(&mut self, names: &[String]) {
        let Some(record) = self.record() else { return };
        let noted = record.dropped.take().unwrap_or_default();
        let before: Vec<&str> = noted.split(',').filter(|name| !name.is_empty()).collect();
        let new = names.iter().map(String::as_str).filter(|name| !before.contains(name));
        let all: Vec<&str> = before.iter().copied().chain(new).collect();
        record.dropped = (!all.is_empty()).then(|| all.join(","));
    }

    /// Keeps the account that made a stored response, so that later calls on it go there.
    pub(crate) fn keeps_response(&mut self, ownership: Ownership) {
        self.ownership = Some(ownership);
    }

    /// Lets the caller ask for a response before its request is settled.
    pub(crate) fn announce(&self, id: &str) {
        if let Some(Ownership { owner, known }) = &self.ownership {
            known.insert(id.to_owned(), *owner);
        }
    }

    /// Settles a request that was refused or failed before it consumed anything.
    pub(crate) fn refuse(self, error: &ApiError, dialect: Dialect) {
        let status = error.status(dialect);
        let error_kind = Some(error.kind.as_str().to_owned());
        let nothing = Ending::observed(status, StreamEnd::None, Observed::default());
        self.close(Ending { error_kind, ..nothing });
    }

    /// Settles the request.
    pub(crate) fn close(mut self, ending: Ending) {
        self.settle(ending);
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn settle(&mut self, ending: Ending) {
        let total_ms = self.elapsed_ms();
        let (Some(mut record), Some(place)) = (self.record.take(), self.place.take()) else {
            return;
        };
        record.total_ms = total_ms;
        record.status = ending.status;
        record.stream_end = ending.stream_end;
        let model = record.upstream_model.as_deref().unwrap_or(&record.requested_model);
        let vocabulary = Vocabulary::of(model);
        let (counted, served) = (ending.counted(self.prompt_tokens, &vocabulary), ending.served());
        let Ending { observed, .. } = ending;
        record.stop_reason = observed.stop_reason;
        record.error_kind = ending.error_kind;
        let took = match counted {
            Some(Counted { usage, estimated }) => {
                record.estimated = estimated;
                self.price_usage(&mut record, &usage, &observed.passes, served);
                Took::Tokens(counted_tokens(&record.usage))
            }
            // An answer without usage was not free; that its cost is unknown has to show.
            None if (200..300).contains(&ending.status) => {
                record.estimated = true;
                Took::Unknown
            }
            None => Took::Tokens(0),
        };
        self.reserved.settle(if record.attempts == 0 { Took::Nothing } else { took });
        let response = self.ownership.take().zip(observed.id).map(|(ownership, id)| {
            ownership.known.insert(id.clone(), ownership.owner);
            (id, ownership.owner)
        });
        if let Some(watch) = self.watch.take() {
            watch.end(&record);
        }
        place.send(Settlement { record: *record, response, answered: self.answered.take() });
    }

    /// Puts usage and its price into the record.
    fn price_usage(&self, record: &mut UsageRecord, usage: &Usage, passes: &[Pass], served: Served) {
        let (usage, was_cut) = bounded(usage);
        if was_cut {
            tracing::warn!(request = %record.id, "an upstream reported impossible usage");
            record.error_kind = Some("usage_out_of_bounds".to_owned());
        }
        record.usage = usage;
        record.service_tier = served.label();
        let Some(price) = &self.price else { return };
        let terms = Terms { price, served, group_rate: record.group_rate, user_rate: record.user_rate };
        let at_account = Terms { group_rate: self.account_rate(record), user_rate: Rate::ONE, ..terms };
        let passes = if was_cut { &[] } else { passes };
        let charged = |terms: &Terms<'_>| {
            charge_passes(&usage, passes, terms, |model: &str| self.price_of(record, model))
        };
        match charged(&terms).and_then(|charge| Ok((charge, charged(&at_account)?.total))) {
            Ok((charge, account_cost)) => {
                record.cost = charge.total;
                record.parts = charge.parts;
                record.account_cost = account_cost;
            }
            Err(error) => {
                // Only numbers no provider serves get here; they are kept and flagged, not wrapped.
                tracing::error!(request = %record.id, %error, "usage cannot be priced");
                (record.cost, record.account_cost) = (Money::ZERO, Money::ZERO);
                record.parts = CostParts::default();
                record.error_kind = Some("usage_not_priced".to_owned());
            }
        }
    }

    /// What the account's provider charges of the list price.
    fn account_rate(&self, record: &UsageRecord) -> Rate {
        let account = self.live.as_ref().zip(record.account_id);
        account.and_then(|(live, id)| live.catalog.account(&id)).map_or(Rate::ONE, |account| account.rate)
    }

    /// The price of another model that the upstream ran; `None` for the one that the request is priced by.
    fn price_of(&self, record: &UsageRecord, model: &str) -> Option<ModelPrice> {
        if record.upstream_model.as_deref() == Some(model) {
            return None;
        }
        let catalog = &self.live.as_ref()?.catalog;
        let (account, protocol) = (catalog.account(&record.account_id?)?, record.upstream_protocol?);
        catalog.price_at(model, model, account, protocol, record.at).map(|price| price.at(record.at))
    }
}

/// More than any model reads or writes for one request; what an upstream reports beyond it is an error of its own.
const MOST_TOKENS: u64 = 10_000_000;
const MOST_CALLS: u64 = 10_000;

/// The usage within what is possible, and whether it had to be cut.
fn bounded(usage: &Usage) -> (Usage, bool) {
    let tokens = |count: u64| count.min(MOST_TOKENS);
    let calls = |count: u64| count.min(MOST_CALLS);
    let bounded = Usage {
        input_tokens: tokens(usage.input_tokens),
        output_tokens: tokens(usage.output_tokens),
        cache_write_5m_tokens: tokens(usage.cache_write_5m_tokens),
        cache_write_1h_tokens: tokens(usage.cache_write_1h_tokens),
        cache_read_tokens: tokens(usage.cache_read_tokens),
        reasoning_tokens: tokens(usage.reasoning_tokens),
        web_search_calls: calls(usage.web_search_calls),
        input_audio_tokens: tokens(usage.input_audio_tokens),
        output_audio_tokens: tokens(usage.output_audio_tokens),
        input_image_tokens: tokens(usage.input_image_tokens),
        output_image_tokens: tokens(usage.output_image_tokens),
        generated_images: calls(usage.generated_images),
        file_search_calls: calls(usage.file_search_calls),
        code_execution_calls: calls(usage.code_execution_calls),
    };
    (bounded, bounded != *usage)
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.settle(Ending::observed(CLIENT_CLOSED_REQUEST, StreamEnd::ClientGone, Observed::default()));
    }
}

/// What identifies a request everywhere: on the wire, in the log and in the records.
#[derive(Clone)]
pub(crate) struct RequestTag {
    pub(crate) id: RequestId,
    pub(crate) text: Arc<str>,
    pub(crate) at: Timestamp,
}

impl RequestTag {
    pub(crate) fn new(at: Timestamp) -> Self {
        let id = RequestId::generate();
        Self { id, text: id.to_string().into(), at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_usage_is_cut_and_flagged() {
        let possible = Usage { input_tokens: 900_000, output_tokens: MOST_TOKENS, ..Usage::default() };
        assert_eq!(bounded(&possible), (possible, false));
        let impossible = Usage { output_tokens: u64::MAX, ..possible };
        assert_eq!(bounded(&impossible), (possible, true));
    }
}
