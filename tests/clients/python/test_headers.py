"""Headers, as the SDKs show them raw: what passes the gate and what does not."""

import json

import pytest

from caller import user

CLAUDE = {"model": "claude-sonnet-5-5", "max_tokens": 4096}
GPT = {"model": "gpt-5.5"}
ABOUT_THE_ACCOUNT = (
    "anthropic-ratelimit-",
    "anthropic-organization-",
    "x-ratelimit-",
    "openai-organization",
    "openai-project",
)


def check(headers) -> None:
    assert headers["request-id"] and headers["request-id"] == headers["x-request-id"]
    assert not headers["request-id"].startswith("req_sandbox"), "that is the provider's"
    shown = [name for name in headers if name.startswith(ABOUT_THE_ACCOUNT)]
    assert shown == []
    assert headers["x-harmless"] == "yes"


DIRECTIVE = """[[sandbox text=pong header="x-harmless: yes" header="set-cookie: a=b"]]"""


def test_messages_answer(claude):
    raw = claude.messages.with_raw_response.create(messages=user(DIRECTIVE), **CLAUDE)
    check(raw.headers)
    assert "set-cookie" not in raw.headers
    assert raw.parse().content[0].text == "pong"


def test_chat_answer(gpt):
    raw = gpt.chat.completions.with_raw_response.create(messages=user(DIRECTIVE), **GPT)
    check(raw.headers)
    assert raw.parse().choices[0].message.content == "pong"


def test_responses_answer(gpt):
    raw = gpt.responses.with_raw_response.create(input=DIRECTIVE, **GPT)
    check(raw.headers)
    assert raw.parse().output_text == "pong"


def test_streams_too(claude, gpt):
    with claude.messages.with_streaming_response.create(stream=True, messages=user(DIRECTIVE), **CLAUDE) as raw:
        check(raw.headers)
        assert raw.headers["content-type"].startswith("text/event-stream")
    with gpt.chat.completions.with_streaming_response.create(stream=True, messages=user(DIRECTIVE), **GPT) as raw:
        check(raw.headers)


def received(text: str) -> dict[str, str]:
    return dict(json.loads(text))


def test_what_the_provider_sees_of_messages(claude):
    message = claude.messages.create(
        messages=user("[[sandbox echo_headers]]"),
        extra_headers={"anthropic-beta": "one-2026-01-01,two"},
        extra_query={"beta": "true"},
        **CLAUDE,
    )
    headers = received(message.content[0].text)
    assert headers["anthropic-version"] == "2026-10-21", "as this SDK sends it"
    assert headers["anthropic-beta"] == "one-2026-01-01,two"


def test_what_the_provider_sees_of_chat(gpt):
    completion = gpt.chat.completions.create(
        messages=user("[[sandbox echo_headers]]"),
        extra_headers={"openai-beta": "x=1", "idempotency-key": "once"},
        **GPT,
    )
    headers = received(completion.choices[0].message.content)
    assert (headers["openai-beta"], headers["idempotency-key"]) == ("x=1", "once")


@pytest.mark.lanes()
def test_what_the_provider_sees_of_any_caller(caller):
    """The account's credential and the protocol's own headers; nothing of the caller's vendor."""
    answer = caller.create("[[sandbox echo_headers]]", extra_headers={"x-custom": "kept", "cookie": "a=b"})
    text = caller.text(answer)
    headers = received(text)
    credential = headers.get("x-api-key") or headers["authorization"].removeprefix("Bearer ")
    assert credential == caller.name
    assert caller.key not in text
    assert headers["x-custom"] == "kept"
    assert "cookie" not in headers
    assert ("anthropic-version" in headers) == (caller.lane.spoken == "messages")
    assert not [name for name in headers if name.startswith("x-stainless-")]
