//! Writes the table of conditions as Markdown, so that `docs/errors.md` cannot differ from what the gate does.

use std::fmt::Write as _;

use super::table::{Advice, Row, Shown, TABLE};
use super::{ApiError, ErrorKind, StreamErrorContext, UpstreamVerdict, render_body, render_stream_event};
use crate::Dialect;

const INTRODUCTION: &str = "\
# Errors

<!-- Made from the table in crates/protocol/src/error/table.rs: change that, then run
     UPDATE_DOCS=1 cargo test -p tollgate-protocol -->

A condition has one name and, with the exceptions that the table shows, one status on every protocol. Type and code
are the vendors' own, because their clients branch on them. Every error answer carries `request-id` and
`x-request-id`.

- **No retry**: the answer carries `x-should-retry: false`, since the same request cannot succeed within seconds.
- `retry-after`, where one is sent, is the time until the limit lets the same request through, or until an account is
  expected back, and at most 60 seconds. If the real wait is longer, `x-should-retry: false` goes with it.
- What an upstream says about *the gate's account there* (401, 402, 403, quota, rate limit) is never shown. The
  gate tries another account; if none is left, the condition is `upstream_overloaded`, `all_cooling` or `no_account`.
- `param` in OpenAI's form is the body field at fault, where there is one; elsewhere it is null.
";

const UPSTREAM_REFUSED: &str = "\
## When the upstream refuses the request

`upstream_refused` keeps the upstream's status, type, code, param and message. Where the caller's dialect has no such
status or type the nearest one stands: 529 becomes 503 outside Messages, `overloaded_error` becomes
`service_unavailable_error`, `api_error` becomes `server_error`, and the reverse. A prompt that does not fit the model
is `context_length_exceeded` in OpenAI's dialects and `prompt is too long: N tokens > M maximum` in Anthropic's.
";

/// `docs/errors.md`, whole.
#[must_use]
pub fn error_reference() -> String {
    let mut out = String::from(INTRODUCTION);
    out.push_str("\n## Conditions\n\n");
    out.push_str("| Condition | Name | Messages | Chat and Responses | `/api/v1` | No retry | Message |\n");
    out.push_str("|---|---|---|---|---|---|---|\n");
    for row in &TABLE {
        push_condition(&mut out, row);
    }
    out.push('\n');
    out.push_str(UPSTREAM_REFUSED);
    push_bodies(&mut out);
    push_streams(&mut out);
    out
}

fn push_condition(out: &mut String, row: &Row) {
    let no_retry = if row.advice == Advice::Never { "yes" } else { "" };
    if row.kind == ErrorKind::UpstreamRefused {
        let same = "the upstream's";
        let _ = writeln!(
            out,
            "| {} | `{}` | {same} | {same} | {same} | {no_retry} | {same} |",
            row.when, row.name
        );
        return;
    }
    let _ = writeln!(
        out,
        "| {} | `{}` | {} | {} | {} | {no_retry} | {} |",
        row.when,
        row.name,
        cell(row.messages),
        cell(row.openai),
        row.envelope_status,
        row.message,
    );
}

fn cell(shown: Shown) -> String {
    match shown.code {
        Some(code) => format!("{} `{}`, code `{code}`", shown.status, shown.error_type),
        None => format!("{} `{}`", shown.status, shown.error_type),
    }
}

fn push_bodies(out: &mut String) {
    let error = ApiError::about(ErrorKind::ModelNotFound, "gpt-0");
    out.push_str("\n## Bodies\n\nThe same condition, `model_not_found`, in each dialect.\n");
    for (name, dialect) in NAMED {
        let body = render_body(&error, dialect, "req_0198f3c2a1b47c3e8d5f6a7b8c9d0e1f");
        let _ = write!(out, "\n{name}:\n\n```json\n{}\n```\n", String::from_utf8_lossy(&body));
    }
    out.push_str(
        "\nOne body is exact and carries no request id: `count_tokens` on a group that does not offer it.\n",
    );
    let body = render_body(&ApiError::of(ErrorKind::TokenCountingUnsupported), Dialect::Messages, "");
    let _ = write!(out, "\n```json\n{}\n```\n", String::from_utf8_lossy(&body));
}

const NAMED: [(&str, Dialect); 4] = [
    ("Messages", Dialect::Messages),
    ("Chat", Dialect::Chat),
    ("Responses", Dialect::Responses),
    ("`/api/v1`", Dialect::Envelope),
];

fn push_streams(out: &mut String) {
    out.push_str(
        "\n## Inside a stream\n\nOnce a stream runs, its status is spent: the error is the stream's last event, \
         and no terminal event (`message_stop`, `[DONE]`, `response.completed`) follows it. `stream_cut` in each \
         dialect:\n",
    );
    let error = ApiError::of(ErrorKind::StreamCut);
    let context = StreamErrorContext {
        response_id: Some("resp_1".to_owned()),
        model: "gpt-5.5".to_owned(),
        created_at: 1_700_000_000,
        next_sequence: 7,
    };
    for (name, dialect) in NAMED {
        let frame = render_stream_event(&error, dialect, "req_0198f3c2a1b47c3e8d5f6a7b8c9d0e1f", &context);
        let _ = write!(out, "\n{name}:\n\n```\n{}\n```\n", String::from_utf8_lossy(&frame).trim_end());
    }
    out.push_str(
        "\nThe `/api/v1` form also holds OpenAI's `error` member, which is what makes a Chat client notice.\n\n\
         A Responses stream fails with `response.failed`, never with `error`, which Codex ignores. Its `error.code` \
         decides whether Codex tries again:\n\n| `response.error.code` | Conditions |\n|---|---|\n",
    );
    push_failed_codes(out);
}

fn push_failed_codes(out: &mut String) {
    const GENERAL: &str = "invalid_prompt";
    let rows = || TABLE.iter().filter(|row| row.kind != ErrorKind::UpstreamRefused);
    let mut codes: Vec<&str> = Vec::new();
    for row in rows().filter(|row| row.failed_code != GENERAL) {
        if !codes.contains(&row.failed_code) {
            codes.push(row.failed_code);
        }
    }
    for code in codes {
        let names: Vec<String> =
            rows().filter(|row| row.failed_code == code).map(|row| format!("`{}`", row.name)).collect();
        let _ = writeln!(out, "| `{code}` | {} |", names.join(", "));
    }
    let _ = writeln!(out, "| `{GENERAL}` | every other condition of the gate |");
    for (condition, status) in
        [("429", 429), ("503 or 529", 503), ("any other 5xx", 500), ("any other 4xx", 400)]
    {
        let error = ApiError::refused("", UpstreamVerdict { status, ..UpstreamVerdict::default() });
        let code = super::present::present(&error, Dialect::Responses).failed_code.to_owned();
        let _ = writeln!(out, "| `{code}` | `upstream_refused` without a code, {condition} |");
    }
    out.push_str("| the upstream's code | `upstream_refused` with a code |\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
            std::fs::write(path, error_reference()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == error_reference(),
            "docs/errors.md differs: run UPDATE_DOCS=1 cargo test -p tollgate-protocol"
        );
    }
}
