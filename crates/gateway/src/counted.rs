//! What a request consumed: the upstream's own last word, or what was reported and counted where there is none.

use tollgate_base::Usage;
use tollgate_protocol::Observed;
use tollgate_store::StreamEnd;

use crate::vocabulary::Vocabulary;

/// The usage that a request is charged by, and whether the gate counted any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counted {
    pub(crate) usage: Usage,
    pub(crate) estimated: bool,
}

/// What was consumed for an answer that came with success and ended so; `None` where nothing tells.
///
/// `prompt_tokens` is told by bytes, the output by the model's vocabulary from how it begins.
///
/// The upstream's last word stands alone. Without it the prompt is what was reported, or else `prompt_tokens`, and the
/// output the larger of what was reported and what was counted: here, or by a translation in `estimate`. A stream that
/// failed before any output is free.
pub(crate) fn counted(
    observed: &Observed,
    end: StreamEnd,
    estimate: Option<Usage>,
    prompt_tokens: u64,
    vocabulary: &Vocabulary<'_>,
) -> Option<Counted> {
    let reported = observed.usage.map(|usage| Counted { usage, estimated: false });
    if observed.usage_is_final {
        return reported;
    }
    let prompt_tokens = vocabulary.scaled(prompt_tokens);
    let estimate = estimate.map(|usage| Counted { usage, estimated: true });
    if !observed.output_started {
        return match end {
            StreamEnd::UpstreamCut | StreamEnd::UpstreamError => Some(Counted::default()),
            StreamEnd::ClientGone => reported,
            StreamEnd::None | StreamEnd::Complete => reported.or(estimate),
        };
    }
    // Whoever was shown the count of a translation is charged by that; of any other only its prompt counts.
    let shown = estimate.filter(|_| matches!(end, StreamEnd::None | StreamEnd::Complete));
    let input_tokens = estimate.map_or(prompt_tokens, |estimate| estimate.usage.input_tokens);
    let of_prompt = Usage { input_tokens, ..Usage::default() };
    let before = reported.or(shown).unwrap_or(Counted { usage: of_prompt, estimated: true });
    let output_tokens =
        shown.map_or_else(|| vocabulary.tokens_of_output(observed), |shown| shown.usage.output_tokens);
    Some(before.with_prompt(prompt_tokens).with_output(output_tokens))
}

impl Counted {
    /// The same with this prompt where none was counted: some vendors begin with zeros.
    fn with_prompt(mut self, prompt_tokens: u64) -> Self {
        if self.usage.prompt_tokens() == 0 {
            self.usage.input_tokens = prompt_tokens;
            self.estimated = true;
        }
        self
    }

    /// The same with at least this output.
    fn with_output(mut self, output_tokens: u64) -> Self {
        if output_tokens > self.usage.output_tokens {
            self.usage.output_tokens = output_tokens;
            self.estimated = true;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: u64 = 70;

    fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage { input_tokens, output_tokens, ..Usage::default() }
    }

    fn seen(usage: Option<Usage>, output_bytes: u64) -> Observed {
        Observed { usage, output_bytes, output_started: output_bytes > 0, ..Observed::default() }
    }

    #[track_caller]
    fn check(
        observed: &Observed,
        estimate: Option<Usage>,
        ends: &[StreamEnd],
        expected: Option<(u64, u64, bool)>,
    ) {
        for end in ends {
            let got = counted(observed, *end, estimate, PROMPT, &Vocabulary::of("gpt-5.5"));
            let got = got.map(|got| (got.usage.input_tokens, got.usage.output_tokens, got.estimated));
            assert_eq!(got, expected, "{end:?}");
        }
    }

    use StreamEnd::{ClientGone, Complete, None as Whole, UpstreamCut, UpstreamError};
    const ALL: [StreamEnd; 5] = [Whole, Complete, ClientGone, UpstreamCut, UpstreamError];

    #[test]
    fn the_last_word_stands_alone() {
        let observed = Observed { usage_is_final: true, ..seen(Some(usage(9, 2)), 4_000) };
        check(&observed, None, &ALL, Some((9, 2, false)));
        check(&observed, Some(usage(1, 1)), &ALL, Some((9, 2, false)));
    }

    #[test]
    fn what_came_is_counted() {
        check(&seen(None, 41), None, &ALL, Some((PROMPT, 11, true)));
        check(&seen(Some(usage(9, 1)), 41), None, &ALL, Some((9, 11, true)));
        check(&seen(Some(usage(9, 12)), 41), None, &ALL, Some((9, 12, false)));
        check(&seen(Some(usage(0, 12)), 41), None, &ALL, Some((PROMPT, 12, true)));
        let hidden = Observed { output_started: true, ..seen(None, 0) };
        check(&hidden, None, &ALL, Some((PROMPT, 1, true)));
    }

    #[test]
    fn a_vocabulary_that_makes_more_of_a_text_counts_more() {
        let claude = Vocabulary::of("claude-opus-5-5");
        let got = counted(&seen(None, 41), UpstreamCut, None, PROMPT, &claude).unwrap().usage;
        assert_eq!((got.input_tokens, got.output_tokens), (108, 17));
        let got = counted(&seen(Some(usage(9, 1)), 41), UpstreamCut, None, PROMPT, &claude).unwrap().usage;
        assert_eq!((got.input_tokens, got.output_tokens), (9, 17), "what was reported stands");
    }

    #[test]
    fn nothing_that_came_is_free_where_the_upstream_failed() {
        for usage in [None, Some(usage(9, 1))] {
            check(&seen(usage, 0), None, &[UpstreamCut, UpstreamError], Some((0, 0, false)));
            check(&seen(usage, 0), Some(Usage::default()), &[UpstreamCut], Some((0, 0, false)));
        }
        check(&seen(Some(usage(9, 1)), 0), None, &[Whole, Complete, ClientGone], Some((9, 1, false)));
        check(&seen(None, 0), None, &[Whole, Complete, ClientGone], None);
        check(&seen(None, 0), Some(usage(PROMPT, 0)), &[ClientGone], None);
    }

    #[test]
    fn what_a_translation_showed_is_charged() {
        check(&seen(None, 41), Some(usage(60, 10)), &[Whole, Complete], Some((60, 10, true)));
        check(&seen(None, 41), Some(usage(60, 10)), &[UpstreamCut, ClientGone], Some((60, 11, true)));
        check(&seen(None, 41), Some(usage(60, 13)), &[UpstreamCut, ClientGone], Some((60, 11, true)));
    }
}
