//! What is read out of whole answers, with the variants of vendors.

use super::*;

fn usage(protocol: Protocol, body: &str) -> Usage {
    observe_answer(protocol, body.as_bytes()).unwrap().usage.unwrap()
}

#[test]
fn messages_answer() {
    let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"hi"}],
        "stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":30,
        "cache_read_input_tokens":400,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},
        "output_tokens":50,"output_tokens_details":{"thinking_tokens":7},"server_tool_use":{"web_search_requests":2,
        "web_fetch_requests":1,"code_execution_requests":3},"service_tier":"batch","speed":"standard","inference_geo":"global"}}"#;
    let observed = observe_answer(Protocol::Messages, body.as_bytes()).unwrap();
    assert_eq!(
        observed,
        Observed {
            usage: Some(Usage {
                input_tokens: 10,
                output_tokens: 50,
                cache_write_5m_tokens: 20,
                cache_write_1h_tokens: 10,
                cache_read_tokens: 400,
                reasoning_tokens: 7,
                web_search_calls: 2,
                code_execution_calls: 3,
                ..Usage::default()
            }),
            model: Some("claude-x".into()),
            id: Some("msg_1".into()),
            stop_reason: Some("end_turn".into()),
            service_tier: Some("batch".into()),
            speed: Some("standard".into()),
            inference_geo: Some("global".into()),
            output_started: true,
            usage_is_final: true,
            ..Observed::default()
        }
    );
}

#[test]
fn messages_cache_writes_by_lifetime() {
    for (json, short, long) in [
        (r#"{"cache_creation_input_tokens":30}"#, 30, 0),
        (r#"{"cache_creation_input_tokens":30,"cache_creation":null}"#, 30, 0),
        (r#"{"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_1h_input_tokens":30}}"#, 0, 30),
        (
            r#"{"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":10}}"#,
            20,
            10,
        ),
        (r#"{"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":null}}"#, 5, 0),
        (r#"{"cache_creation_input_tokens":null}"#, 0, 0),
    ] {
        let usage = usage(Protocol::Messages, &format!(r#"{{"usage":{json}}}"#));
        assert_eq!((usage.cache_write_5m_tokens, usage.cache_write_1h_tokens), (short, long), "{json}");
    }
}

#[test]
fn messages_passes_all_count() {
    let body = r#"{"usage":{"input_tokens":5,"output_tokens":6,"cache_read_input_tokens":9,"iterations":[
        {"type":"compaction","input_tokens":100,"output_tokens":20,"cache_creation_input_tokens":3},
        {"type":"message","input_tokens":5,"output_tokens":6,"cache_read_input_tokens":9}]}}"#;
    let usage = usage(Protocol::Messages, body);
    assert_eq!((usage.input_tokens, usage.output_tokens), (105, 26));
    assert_eq!((usage.cache_write_5m_tokens, usage.cache_read_tokens), (3, 9));
    let smaller = body.replace(
        "\"input_tokens\":5,\"output_tokens\":6,\"cache_read_input_tokens\":9,\"it",
        "\"output_tokens\":999,\"it",
    );
    assert_eq!(self::usage(Protocol::Messages, &smaller).output_tokens, 26, "the top level does not count");
}

#[test]
fn chat_usage_of_each_vendor() {
    // Expected: input, cache read, cache write short, cache write long, output, reasoning.
    for (vendor, json, expected) in [
        (
            "openai",
            r#"{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":60,
            "cache_write_tokens":30,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":12}}"#,
            (10, 60, 30, 0, 20, 12),
        ),
        ("plain", r#"{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}"#, (9, 0, 0, 0, 12, 0)),
        (
            "null details",
            r#"{"prompt_tokens":9,"completion_tokens":12,"prompt_tokens_details":null,"completion_tokens_details":null}"#,
            (9, 0, 0, 0, 12, 0),
        ),
        (
            "deepseek",
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#,
            (36, 64, 0, 0, 5, 0),
        ),
        (
            "deepseek with both",
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":64},
            "prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#,
            (36, 64, 0, 0, 5, 0),
        ),
        (
            "deepseek without a total",
            r#"{"completion_tokens":5,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}"#,
            (36, 64, 0, 0, 5, 0),
        ),
        (
            "moonshot",
            r#"{"prompt_tokens":100,"completion_tokens":5,"cached_tokens":40}"#,
            (60, 40, 0, 0, 5, 0),
        ),
        ("overlap", r#"{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":40}"#, (0, 40, 0, 0, 5, 0)),
        (
            "both names",
            r#"{"prompt_tokens":9,"completion_tokens":12,"input_tokens":0,"output_tokens":0,"input_tokens_details":null}"#,
            (9, 0, 0, 0, 12, 0),
        ),
        (
            "odd types",
            r#"{"prompt_tokens":"10","completion_tokens":5.0,"prompt_tokens_details":[]}"#,
            (10, 0, 0, 0, 5, 0),
        ),
    ] {
        let u = usage(Protocol::Chat, &format!(r#"{{"usage":{json}}}"#));
        let got = (
            u.input_tokens,
            u.cache_read_tokens,
            u.cache_write_5m_tokens,
            u.cache_write_1h_tokens,
            u.output_tokens,
            u.reasoning_tokens,
        );
        assert_eq!(got, expected, "{vendor}");
    }
}

#[test]
fn chat_sound_and_pictures_are_taken_out_of_the_text() {
    // Expected: text, sound and pictures of the prompt, read from a cache, then the same of the answer.
    for (json, expected) in [
        (
            r#"{"prompt_tokens":100,"completion_tokens":50,"prompt_tokens_details":{"audio_tokens":30,"image_tokens":20},
            "completion_tokens_details":{"audio_tokens":40,"text_tokens":10}}"#,
            (50, 30, 20, 0, 10, 40, 0),
        ),
        // Of 40 tokens that no cache held, at most 40 are sound.
        (
            r#"{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"audio_tokens":70,"image_tokens":9,
            "cached_tokens":60},"completion_tokens_details":{"image_tokens":4}}"#,
            (0, 40, 0, 60, 1, 0, 4),
        ),
        (
            r#"{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"audio_tokens":null},
            "completion_tokens_details":{"audio_tokens":8,"image_tokens":8}}"#,
            (9, 0, 0, 0, 0, 3, 0),
        ),
    ] {
        let u = usage(Protocol::Chat, &format!(r#"{{"usage":{json}}}"#));
        let got = (
            u.input_tokens,
            u.input_audio_tokens,
            u.input_image_tokens,
            u.cache_read_tokens,
            u.output_tokens,
            u.output_audio_tokens,
            u.output_image_tokens,
        );
        assert_eq!(got, expected, "{json}");
    }
}

#[test]
fn chat_answer() {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-x","service_tier":"default","choices":[
        {"index":0,"message":{"role":"assistant","content":"\"usage\":{\"prompt_tokens\":99}"},"finish_reason":"length"},
        {"index":1,"message":{"content":"b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let observed = observe_answer(Protocol::Chat, body.as_bytes()).unwrap();
    assert_eq!(observed.stop_reason.as_deref(), Some("length"));
    assert_eq!((observed.id.as_deref(), observed.model.as_deref()), (Some("chatcmpl-1"), Some("gpt-x")));
    assert_eq!(observed.service_tier.as_deref(), Some("default"));
    assert_eq!(observed.usage, Some(Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() }));
    assert!(observed.output_started);
}

#[test]
fn responses_answer() {
    let body = r#"{"id":"resp_1","object":"response","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},
        "error":null,"model":"gpt-x","service_tier":"flex","output":[{"type":"message","content":[]}],
        "usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":50,"cache_write_tokens":30,
        "cache_write_tokens_details":{"ttl_30m_tokens":10,"ttl_12h_tokens":20}},"output_tokens":7,
        "output_tokens_details":{"reasoning_tokens":3},"total_tokens":107}}"#;
    let observed = observe_answer(Protocol::Responses, body.as_bytes()).unwrap();
    assert_eq!(
        observed.usage,
        Some(Usage {
            input_tokens: 20,
            output_tokens: 7,
            cache_write_5m_tokens: 10,
            cache_write_1h_tokens: 20,
            cache_read_tokens: 50,
            reasoning_tokens: 3,
            ..Usage::default()
        })
    );
    assert_eq!(observed.stop_reason.as_deref(), Some("max_output_tokens"));
    assert_eq!(observed.service_tier.as_deref(), Some("flex"));
}

#[test]
fn responses_web_searches() {
    let items = r#"[{"type":"web_search_call","status":"completed","action":{"type":"search"}},
        {"type":"web_search_call","status":"completed","action":{"type":"open_page"}},
        {"type":"web_search_call","status":"failed","action":{"type":"search"}},{"type":"web_search_call"}]"#;
    for (tool_usage, expected) in [("null", 2), (r#"{"web_search":{"num_requests":5}}"#, 5), ("{}", 2)] {
        let body = format!(r#"{{"usage":{{"input_tokens":1}},"output":{items},"tool_usage":{tool_usage}}}"#);
        assert_eq!(usage(Protocol::Responses, &body).web_search_calls, expected, "{tool_usage}");
    }
}

#[test]
fn responses_tools_are_counted_by_their_items() {
    // Expected: searches in files, containers, pictures.
    for (items, expected) in [
        (
            r#"{"type":"file_search_call","status":"completed"},{"type":"file_search_call","status":"failed"}"#,
            (1, 0, 0),
        ),
        (
            r#"{"type":"code_interpreter_call","container_id":"a"},{"type":"code_interpreter_call","container_id":"b"},
            {"type":"code_interpreter_call","container_id":"a"},{"type":"code_interpreter_call"}"#,
            (0, 3, 0),
        ),
        (
            r#"{"type":"image_generation_call","result":"AAAA"},{"type":"image_generation_call","status":"failed"}"#,
            (0, 0, 1),
        ),
        (r#"{"type":"function_call","name":"file_search_call"},{"type":"mcp_call"}"#, (0, 0, 0)),
    ] {
        let u =
            usage(Protocol::Responses, &format!(r#"{{"usage":{{"input_tokens":1}},"output":[{items}]}}"#));
        assert_eq!((u.file_search_calls, u.code_execution_calls, u.generated_images), expected, "{items}");
    }
}

#[test]
fn texts_are_measured_where_usage_is_missing() {
    let text = r#"{"choices":[{"message":{"content":"abcde"}}]}"#;
    let observed = observe_answer(Protocol::Chat, text.as_bytes()).unwrap();
    assert_eq!((observed.usage_is_final, observed.output_bytes), (false, 5));
    let counted = text.replacen('{', r#"{"usage":{"prompt_tokens":1},"#, 1);
    let observed = observe_answer(Protocol::Chat, counted.as_bytes()).unwrap();
    assert_eq!((observed.usage_is_final, observed.output_bytes), (true, 0));
}

#[test]
fn missing_usage_is_not_zero_usage() {
    for protocol in Protocol::ALL {
        for body in [r#"{"id":"a"}"#, r#"{"usage":null}"#, r#"{"usage":7}"#, "[]", "null"] {
            assert_eq!(observe_answer(protocol, body.as_bytes()).unwrap().usage, None, "{protocol} {body}");
        }
        assert!(observe_answer(protocol, b"<html>").is_err());
        assert!(observe_answer(protocol, b"").is_err());
    }
    assert_eq!(observe_answer(Protocol::Chat, br#"{"usage":{}}"#).unwrap().usage, None);
}
