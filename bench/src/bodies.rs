//! Request bodies as an agent sends them: `model` first, tools, turns with code in them, `stream` last.

/// A Messages request of about `size` bytes: turns of a question, a tool call and the file it read.
pub(crate) fn messages(size: usize, stream: bool) -> Vec<u8> {
    let mut body =
        String::from(r#"{"model":"bench-model","max_tokens":1024,"system":"You write code.","messages":["#);
    let tail = format!(
        r#"{{"role":"user","content":"Go on."}}],"metadata":{{"user_id":"bench"}},"stream":{stream}}}"#
    );
    let room = |body: &String| size.saturating_sub(body.len() + tail.len());
    let (question, call) = (
        r#"{"role":"user","content":[{"type":"text","text":"Please read the file and tell me what it does \u2014 café, 模型."}]},"#,
        r#"{"role":"assistant","content":[{"type":"tool_use","id":"toolu_01","name":"read","input":{"path":"src/main.rs"}}]},"#,
    );
    while room(&body) > question.len() + call.len() + RESULT_FRAME_BYTES {
        body.push_str(question);
        body.push_str(call);
        let file_bytes = FILE_BYTES.min(room(&body).saturating_sub(RESULT_FRAME_BYTES));
        body.push_str(
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01","content":""#,
        );
        for number in 0..file_bytes / LINE.len() {
            body.push_str(&format!("{number:3}"));
            body.push_str(&LINE[3..]);
        }
        body.push_str(r#""}]},"#);
    }
    body.push_str(&tail);
    body.into_bytes()
}

/// A short Messages request that a scripted provider answers after so long, with 50 tokens.
pub(crate) fn delayed(delay_ms: u64) -> Vec<u8> {
    let directives = format!("[[sandbox slow_first_ms={delay_ms} words=20 input=200 output=50]]");
    format!(
        r#"{{"model":"bench-model","max_tokens":1024,"messages":[{{"role":"user","content":"Go on. {directives}"}}]}}"#
    )
    .into_bytes()
}

/// What a file holds, at most; agents read files in pieces of this order.
const FILE_BYTES: usize = 4_000;
/// A line of code as it stands in a tool's result: its number, a tab, and now and then a quote.
const LINE: &str = r#"   \t        let value = table.get(\"name\").copied();\n"#;
/// What stands around a file's text, with some room.
const RESULT_FRAME_BYTES: usize = 160;

/// A whole HTTP/1.1 request with that body.
pub(crate) fn request(key: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: gate\r\nx-api-key: {key}\r\nanthropic-version: 2023-06-01\r\n\
         content-type: application/json\r\naccept: application/json\r\nuser-agent: bench/1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}
