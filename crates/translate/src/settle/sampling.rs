//! How tokens are drawn, as far as the target's model lets a caller say.

use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::SamplingTrait;
use tollgate_protocol::Protocol;

/// Drops and clamps what the model refuses.
pub(super) fn settle(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let accepted = match target.traits.sampling {
        SamplingTrait::Accepted => true,
        SamplingTrait::Refused => false,
        SamplingTrait::WithoutReasoning => !target.traits.thinks_with(&request.reasoning),
    };
    let quirks = target.quirks();
    let chat = target.protocol == Protocol::Chat;
    let top_k = match target.protocol {
        Protocol::Messages => accepted && target.traits.top_k,
        Protocol::Chat => quirks.top_k,
        Protocol::Responses => false,
    };
    let sampling = &mut request.sampling;
    keep_if(accepted, &mut sampling.temperature, "temperature", notes);
    keep_if(accepted, &mut sampling.top_p, "top_p", notes);
    keep_if(top_k, &mut sampling.top_k, "top_k", notes);
    keep_if(chat && accepted, &mut sampling.frequency_penalty, "frequency_penalty", notes);
    keep_if(chat && accepted, &mut sampling.presence_penalty, "presence_penalty", notes);
    keep_if(chat && quirks.seed, &mut sampling.seed, "seed", notes);
    let most = f64::from(target.traits.temperature_max_tenths) / 10.0;
    if let Some(temperature) = &mut sampling.temperature
        && *temperature > most
    {
        *temperature = most;
        notes.add("temperature");
    }
}

fn keep_if<T: Neutral>(keep: bool, value: &mut Option<T>, name: &'static str, notes: &mut Notes) {
    if keep {
        return;
    }
    if let Some(dropped) = value.take()
        && !dropped.is_neutral(name)
    {
        notes.add(name);
    }
}

/// A value that asks for nothing is dropped unsaid.
trait Neutral {
    fn is_neutral(&self, name: &str) -> bool;
}

impl Neutral for f64 {
    #[expect(clippy::float_cmp, reason = "the caller wrote just this number")]
    fn is_neutral(&self, name: &str) -> bool {
        match name {
            "temperature" | "top_p" => *self == 1.0,
            _ => *self == 0.0,
        }
    }
}

impl Neutral for u64 {
    fn is_neutral(&self, _: &str) -> bool {
        false
    }
}

impl Neutral for i64 {
    fn is_neutral(&self, _: &str) -> bool {
        false
    }
}
