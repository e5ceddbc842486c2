//! Text on its way to the caller: ended at a stop sequence that the upstream was not given, and taken out of a code
//! fence. Only what may still become one of the two is held back.

/// Watches the text of one part.
#[derive(Debug)]
pub(super) struct TextFilter {
    stops: Stops,
    fence: Option<Fence>,
}

impl TextFilter {
    pub(super) fn new(stop: &[String], unfence: bool) -> Self {
        let sequences = stop.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        let stops = Stops { sequences, held: String::new(), met: None };
        Self { stops, fence: unfence.then(Fence::default) }
    }

    /// Takes more text and gives what may be said now.
    pub(super) fn push(&mut self, text: &str) -> String {
        let said = self.stops.push(text);
        match &mut self.fence {
            Some(fence) => fence.push(&said),
            None => said,
        }
    }

    /// The text is over: gives what was held back.
    pub(super) fn end(mut self) -> String {
        let rest = std::mem::take(&mut self.stops.held);
        let Some(mut fence) = self.fence else {
            return rest;
        };
        let mut said = fence.push(&rest);
        said.push_str(fence.end());
        said
    }

    /// The stop sequence that ended the text.
    pub(super) fn stopped_by(&self) -> Option<&str> {
        self.stops.met.as_deref()
    }
}

/// Ends text at the first of some sequences.
#[derive(Debug)]
struct Stops {
    sequences: Vec<String>,
    held: String,
    met: Option<String>,
}

impl Stops {
    fn push(&mut self, text: &str) -> String {
        if self.met.is_some() {
            return String::new();
        }
        self.held.push_str(text);
        // Where two begin at the same place, the shorter was complete first.
        let first = self
            .sequences
            .iter()
            .filter_map(|stop| self.held.find(stop.as_str()).map(|at| (at + stop.len(), at, stop)))
            .min();
        if let Some((_, at, stop)) = first {
            self.met = Some(stop.clone());
            let mut said = std::mem::take(&mut self.held);
            said.truncate(at);
            return said;
        }
        let keep = self.held.len() - self.held_back();
        let rest = self.held.split_off(keep);
        std::mem::replace(&mut self.held, rest)
    }

    /// How many bytes at the end may be the beginning of a sequence.
    fn held_back(&self) -> usize {
        let longest = |stop: &String| {
            let most = self.held.len().min(stop.len().saturating_sub(1));
            (1..=most)
                .rev()
                .find(|&len| {
                    stop.is_char_boundary(len)
                        && stop.get(..len).is_some_and(|head| self.held.ends_with(head))
                })
                .unwrap_or(0)
        };
        self.sequences.iter().map(longest).max().unwrap_or(0)
    }
}

const FENCE: &str = "```";
/// A longer first line does not begin a fence.
const OPENING_LIMIT_BYTES: usize = 64;
/// More white space than this before the text is said as it is.
const BLANK_LIMIT_BYTES: usize = 1024;

/// Takes text out of the code fence around the whole of it.
#[derive(Debug, Default)]
struct Fence {
    state: FenceState,
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum FenceState {
    /// Nothing has been said: this may be a fence.
    #[default]
    Before,
    /// Inside a fence.
    Inside,
    /// There is none.
    None,
}

impl Fence {
    fn push(&mut self, text: &str) -> String {
        if self.state == FenceState::None {
            return text.to_owned();
        }
        self.held.push_str(text);
        if self.state == FenceState::Before {
            self.open();
        }
        match self.state {
            FenceState::Before => String::new(),
            FenceState::None => std::mem::take(&mut self.held),
            FenceState::Inside => {
                let rest = self.held.split_off(closing_at(&self.held));
                std::mem::replace(&mut self.held, rest)
            }
        }
    }

    /// Decides whether the text begins with a fence, as soon as that can be told.
    fn open(&mut self) {
        let text = self.held.trim_start();
        let blank = self.held.len() - text.len();
        if blank > BLANK_LIMIT_BYTES || !(text.starts_with(FENCE) || FENCE.starts_with(text)) {
            self.state = FenceState::None;
            return;
        }
        let Some(info) = text.strip_prefix(FENCE) else {
            return;
        };
        match info.find(|c: char| !c.is_ascii_alphanumeric()) {
            Some(end) => {
                let line = info.get(end..).unwrap_or_default();
                let code = line.trim_start_matches([' ', '\t', '\r']);
                if let Some(code) = code.strip_prefix('\n') {
                    self.held = code.to_owned();
                    self.state = FenceState::Inside;
                } else if !code.is_empty() || info.len() > OPENING_LIMIT_BYTES {
                    self.state = FenceState::None;
                }
            }
            None if info.len() > OPENING_LIMIT_BYTES => self.state = FenceState::None,
            None => {}
        }
    }

    /// What is left when the text is over, without the closing fence.
    fn end(&self) -> &str {
        match self.state {
            FenceState::Inside if self.held.trim() == FENCE => "",
            _ => &self.held,
        }
    }
}

/// Where the end of `text` begins that may be the closing fence: white space, ticks, white space.
fn closing_at(text: &str) -> usize {
    let inner = text.trim_end();
    let ticks = inner.len() - inner.trim_end_matches('`').len();
    match ticks {
        0..=3 => inner.trim_end_matches('`').trim_end().len(),
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(stop: &[&str], unfence: bool, pieces: &[&str]) -> (String, Option<String>) {
        let stop: Vec<String> = stop.iter().map(|stop| (*stop).to_owned()).collect();
        let mut filter = TextFilter::new(&stop, unfence);
        let mut said: String = pieces.iter().map(|piece| filter.push(piece)).collect();
        let met = filter.stopped_by().map(str::to_owned);
        said.push_str(&filter.end());
        (said, met)
    }

    #[test]
    fn text_ends_at_the_first_stop_sequence() {
        let met = |text: &str, stop: &str| (text.to_owned(), Some(stop.to_owned()));
        assert_eq!(run(&["END"], false, &["one E", "N", "D two"]), met("one ", "END"));
        assert_eq!(run(&["END", "ne"], false, &["one END"]), met("o", "ne"));
        assert_eq!(run(&["üx"], false, &["aü", "x"]), met("a", "üx"));
        assert_eq!(run(&["aab"], false, &["aa", "ab", "c"]), met("a", "aab"));
        assert_eq!(run(&["END"], false, &["EN", "EN"]), ("ENEN".to_owned(), None));
        assert_eq!(run(&[""], false, &["text"]), ("text".to_owned(), None));
    }

    #[test]
    fn no_more_is_held_back_than_may_be_a_stop_sequence() {
        let mut filter = TextFilter::new(&["END".to_owned()], false);
        assert_eq!(filter.push("long text E"), "long text ");
        assert_eq!(filter.push("x"), "Ex");
    }

    #[test]
    fn json_is_taken_out_of_its_fence() {
        let whole = |text: &str| run(&[], true, &[text]).0;
        assert_eq!(whole("```json\n{\"a\":1}\n```"), "{\"a\":1}");
        assert_eq!(whole("\n```\n{}\n```\n"), "{}");
        assert_eq!(whole("```json\r\n{}\r\n```"), "{}");
        assert_eq!(whole("{\"a\":\"```\"}"), "{\"a\":\"```\"}");
        assert_eq!(whole("```json {}"), "```json {}");
        assert_eq!(whole("```json\n{\"a\":\"```\\n\"}\n```"), "{\"a\":\"```\\n\"}");
        assert_eq!(whole("```json\n{"), "{");
        assert_eq!(whole("``"), "``");
        assert_eq!(whole(""), "");
        assert_eq!(whole("plain "), "plain ");
    }

    fn cut(text: &str, at: &[usize]) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for (index, c) in text.chars().enumerate() {
            if at.contains(&index) {
                pieces.push(String::new());
            }
            pieces.last_mut().unwrap().push(c);
        }
        pieces
    }

    proptest! {
        #[test]
        fn how_text_is_cut_makes_no_difference(
            text in "(\n)?(```(json)?\n)?[ab`\n ü]{0,20}(\n```)?",
            at in proptest::collection::vec(0_usize..30, 0..8),
            stop in proptest::collection::vec("[ab`ü]{1,3}", 0..3),
            unfence: bool,
        ) {
            let stop: Vec<&str> = stop.iter().map(String::as_str).collect();
            let pieces = cut(&text, &at);
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(run(&stop, unfence, &pieces), run(&stop, unfence, &[&text]));
        }

        #[test]
        fn text_goes_up_to_the_sequence_that_is_complete_first(text in "[abü]{0,30}", stop in "[abü]{1,3}") {
            let expected = text.find(&stop).map_or(text.as_str(), |at| &text[..at]);
            prop_assert_eq!(run(&[&stop], false, &[&text]).0, expected);
        }
    }
}
