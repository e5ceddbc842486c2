use super::*;
use http::HeaderMap;
use serde_json::json;

fn ask() -> Ask {
    let schema = json!({"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}});
    Ask {
        model: "m".to_owned(),
        prompt: "tell me about rivers".to_owned(),
        echo: "tell me about rivers".to_owned(),
        tools: vec![
            Tool::function("weather", &schema),
            Tool { name: "exec".to_owned(), namespace: Some("functions".to_owned()), kind: ToolKind::Custom },
        ],
        prompt_tokens: 10,
        ..Ask::default()
    }
}

fn run(ask: &Ask, content: &Content) -> Answer {
    let headers = HeaderMap::from_iter([(http::header::USER_AGENT, http::HeaderValue::from_static("test"))]);
    let seal = Seal { seed: 1, credential: String::new() };
    answer(ask, content, &Received { headers: &headers, body: b"{\"the\": \"body\"}" }, &seal)
}

fn said(answer: &Answer) -> String {
    let texts = answer
        .parts
        .iter()
        .map(|part| if let Part::Text(pieces) = part { pieces.concat() } else { String::new() });
    texts.collect()
}

fn called(answer: &Answer) -> Vec<(&str, &str, bool)> {
    let calls =
        answer.parts.iter().filter_map(|part| if let Part::Call(call) = part { Some(call) } else { None });
    calls.map(|call| (call.name.as_str(), call.input.as_str(), call.custom)).collect()
}

#[test]
fn without_directives_it_repeats_the_prompt() {
    let answer = run(&ask(), &Content::default());
    assert!(said(&answer).contains("tell me about rivers"), "{}", said(&answer));
    let words = said(&answer).split(' ').count();
    assert!((15..=25).contains(&words), "{words} words");
    assert_eq!((answer.stop, answer.usage.input_tokens), (Stop::EndTurn, 10));
    assert_eq!(answer.usage.output_tokens, tokens::of_text(&said(&answer)));
    assert_eq!(answer, run(&ask(), &Content::default()));
}

#[test]
fn tool_results_are_mentioned() {
    let ask = Ask { results: vec!["22 degrees".to_owned()], prompt: String::new(), ..ask() };
    assert!(said(&run(&ask, &Content::default())).contains("22 degrees"));
}

#[test]
fn forced_tools_are_called_with_arguments_of_their_schema() {
    let weather = ("weather", r#"{"city":"sample city"}"#, false);
    let exec = ("exec", "sample input for exec", true);
    let ghost = ("ghost", "{}", false);
    for (choice, expected) in [
        (Choice::Auto, vec![]),
        (Choice::None, vec![]),
        (Choice::Any, vec![weather]),
        (Choice::Named("exec".to_owned()), vec![exec]),
        (Choice::Named("ghost".to_owned()), vec![ghost]),
    ] {
        let answer = run(&Ask { choice: choice.clone(), ..ask() }, &Content::default());
        assert_eq!(called(&answer), expected, "{choice:?}");
        assert_eq!(answer.stop == Stop::ToolUse, !expected.is_empty());
    }
    let two = run(&ask(), &Content { tools: Some(3), ..Content::default() });
    assert_eq!(called(&two), [weather, exec, weather]);
    let named = Content {
        tool: Some("functions.exec".to_owned()),
        args: Some("ls".to_owned()),
        ..Content::default()
    };
    assert_eq!(called(&run(&ask(), &named)), [("exec", "ls", true)]);
}

#[test]
fn limits_and_stop_sequences_are_obeyed() {
    let text = Content { text: Some("one two STOP three".to_owned()), ..Content::default() };
    let stopped = run(&Ask { stops: vec!["STOP".to_owned()], ..ask() }, &text);
    assert_eq!((said(&stopped).as_str(), stopped.stop), ("one two ", Stop::Sequence));
    assert_eq!(stopped.stop_sequence.as_deref(), Some("STOP"));
    let cut = run(&Ask { max_tokens: Some(2), ..ask() }, &text);
    assert_eq!((said(&cut).as_str(), cut.stop, cut.usage.output_tokens), ("one two ", Stop::MaxTokens, 2));
    let none = run(&Ask { max_tokens: Some(0), ..ask() }, &text);
    assert_eq!((none.parts.len(), none.usage.output_tokens), (0, 0));
}

#[test]
fn echoes_body_headers_and_images() {
    assert_eq!(said(&run(&ask(), &Content { echo_body: true, ..Content::default() })), "{\"the\": \"body\"}");
    let headers = said(&run(&ask(), &Content { echo_headers: true, ..Content::default() }));
    assert_eq!(headers, r#"[["user-agent","test"]]"#);
    let images = run(&Ask { images: 2, ..ask() }, &Content { image: true, ..Content::default() });
    assert_eq!(said(&images), "The sandbox saw 2 images.");
}

#[test]
fn the_answer_follows_a_json_schema() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}});
    let answer = run(&Ask { format: Format::Schema(schema), ..ask() }, &Content::default());
    assert_eq!(said(&answer), r#"{"a":1}"#);
}

#[test]
fn usage_is_what_was_asked_for() {
    let content = Content {
        cache_read: 100,
        cache_write: 7,
        cache_write_1h: 5,
        thinking: Some(4),
        searches: 2,
        ..Content::default()
    };
    let usage = run(&ask(), &content).usage;
    assert_eq!((usage.input_tokens, usage.prompt_tokens(), usage.web_search_calls), (10, 122, 2));
    assert!(usage.reasoning_tokens > 0 && usage.reasoning_tokens < usage.output_tokens);
    let twice = run(&Ask { n: 2, ..ask() }, &content).usage;
    assert_eq!(twice.output_tokens, usage.output_tokens * 2);
    let exact = run(&ask(), &Content { input: Some(3), output: Some(4), ..Content::default() }).usage;
    assert_eq!((exact.input_tokens, exact.output_tokens), (3, 4));
}
