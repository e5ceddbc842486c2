//! How tokens are drawn, as far as the target's model lets a caller say.

use crate::ir::{Request, ThinkingMode};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::SamplingTrait;
use tollgate_protocol::Protocol;

/// Anthropic's documentation of extended thinking.
const LEAST_TOP_P_OF_THINKING: f64 = 0.95;

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
    let thinks = matches!(
        request.reasoning.mode,
        Some(ThinkingMode::Adaptive | ThinkingMode::Enabled { .. } | ThinkingMode::BetweenTools)
    );
    let sampling = &mut request.sampling;
    if target.protocol == Protocol::Messages && thinks {
        // Beside thinking Anthropic takes a `top_p` close to 1, and neither of the others.
        let keeps_top_p = sampling.top_p.is_some_and(|top_p| top_p >= LEAST_TOP_P_OF_THINKING);
        keep_if(false, &mut sampling.temperature, "temperature", notes);
        keep_if(false, &mut sampling.top_k, "top_k", notes);
        keep_if(keeps_top_p, &mut sampling.top_p, "top_p", notes);
    }
    keep_if(accepted, &mut sampling.temperature, "temperature", notes);
    keep_if(accepted, &mut sampling.top_p, "top_p", notes);
    // Claude from 4.1 on takes one of the two; older ones do not need both.
    let both = target.protocol == Protocol::Messages && sampling.temperature.is_some();
    keep_if(!both, &mut sampling.top_p, "top_p", notes);
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
