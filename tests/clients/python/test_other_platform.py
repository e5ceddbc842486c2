"""Failures, retries, house styles and money, on an account of the caller's own protocol and on those of the other platform."""

import json
from decimal import Decimal
from fractions import Fraction

import anthropic
import httpx2
import openai
import pytest
from anthropic.types import Message

import stack as stacks
from conftest import user
from test_scenarios import EVERY, TEXT, Caller, served
from upstreams import Lane, on


@pytest.fixture
def caller(gate, stack, lane):
    return Caller(gate, Lane(stack, *lane))


# The condition, then the error of each vendor's SDK with the status it has there.
FAILURES = {
    "status=429 retry_after=1": ((anthropic.RateLimitError, 429), (openai.RateLimitError, 429)),
    "status=500": ((anthropic.InternalServerError, 500), (openai.InternalServerError, 500)),
    "status=503": ((anthropic.OverloadedError, 529), (openai.InternalServerError, 503)),
    "status=529": ((anthropic.OverloadedError, 529), (openai.InternalServerError, 503)),
    "status=401": ((anthropic.OverloadedError, 529), (openai.InternalServerError, 503)),
    "status=402": ((anthropic.OverloadedError, 529), (openai.InternalServerError, 503)),
    "status=403": ((anthropic.OverloadedError, 529), (openai.InternalServerError, 503)),
    "status=400": ((anthropic.BadRequestError, 400), (openai.BadRequestError, 400)),
    "status=413": ((anthropic.RequestTooLargeError, 413), (openai.APIStatusError, 413)),
    "html": ((anthropic.InternalServerError, 502), (openai.InternalServerError, 502)),
    "reset": ((anthropic.InternalServerError, 502), (openai.InternalServerError, 502)),
    "bad_json": ((anthropic.InternalServerError, 502), (openai.InternalServerError, 502)),
    "error_first": ((anthropic.OverloadedError, 529), (openai.InternalServerError, 503)),
}


@on(*EVERY)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("fault", FAILURES)
def test_failures_are_the_callers_vendors_own(caller, fault, streamed):
    if fault == "bad_json" and streamed:
        pytest.skip("a stream is broken in its middle: the broken streams' own tests")
    kind, status = FAILURES[fault][0 if caller.own == "messages" else 1]
    with pytest.raises(kind) as raised:
        caller.create(f'[[sandbox {fault} message="the account\'s own words"]]', stream=streamed)
    error = raised.value
    assert type(error) is kind and error.status_code == status
    assert error.request_id
    if fault in ("status=401", "status=402", "status=403"):
        assert "own words" not in error.message
    if "retry_after" in fault:
        assert error.response.headers["retry-after"] == "1"
    record = caller.record()
    assert Decimal(record["cost"]) == 0


@on(*EVERY)
def test_what_the_provider_refuses_is_told_in_its_words(caller):
    with pytest.raises((anthropic.BadRequestError, openai.BadRequestError)) as raised:
        caller.create('[[sandbox status=400 message="no such thing"]]')
    assert "no such thing" in raised.value.message


@on(*EVERY)
def test_an_sdk_waits_and_succeeds(caller, calls):
    client = caller.sdk.with_options(max_retries=2, http_client=calls.client)
    caller.sdk = client
    answer = caller.create(f"[[sandbox status=429 retry_after=1 times=1 id={caller.name} text=pong]]")
    assert caller.text(answer) == "pong"
    assert len(calls) == 2


BREAKS = ["cut_after=9", "eof_after=9", "error_after=9"]


@on(*EVERY)
@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_stream_is_no_answer(caller, fault):
    body = caller.body(f"[[sandbox words=40 {fault}]]", stream=True)
    if caller.own == "responses":
        # The raw iterator of this SDK raises for nothing; the stream says it in words.
        last = list(caller.sdk.responses.create(**body))[-1]
        assert (last.type, last.response.status) == ("response.failed", "failed")
    else:
        create = caller.sdk.messages.create if caller.own == "messages" else caller.sdk.chat.completions.create
        with pytest.raises((anthropic.APIStatusError, openai.APIError)):
            list(create(**body))
    record = caller.record()
    assert record["stream_end"] in ("upstream_cut", "upstream_error")
    if not caller.lane.native:
        # What was translated was counted on its way.
        assert record["usage"]["output_tokens"] > 0


# Thinking, tools and cache reads and writes; not for how long something was written, which Chat cannot tell.
SPENT = "words=11 thinking=5 cache_read=1001 cache_write=77"


@on(*EVERY)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_money_is_what_the_provider_counted(caller, streamed):
    (caller.stream if streamed else caller.create)(f"[[sandbox {SPENT}]]")
    record, entry = caller.record(), served(caller)
    assert (record["client_protocol"], record["upstream_protocol"]) == (caller.own, caller.lane.spoken)
    assert record["usage"] == entry["usage"]
    assert (record["upstream_request_id"], record["upstream_model"]) == (entry["request_id"], entry["model"])
    assert not record["estimated"]
    assert int(Decimal(record["cost"]) * 10**9) == nanos(entry["usage"], record["requested_model"])


def nanos(usage: dict, model: str) -> int:
    """The charge by the documented formula at the default cache prices: exact, rounded half to even once."""
    prices = {name: (Fraction(given), Fraction(made)) for name, given, made in stacks.MODELS}
    given, made = prices[model]
    parts = {
        "input_tokens": given,
        "output_tokens": made,
        "cache_write_5m_tokens": given * Fraction(5, 4),
        "cache_write_1h_tokens": given * 2,
        "cache_read_tokens": given / 10,
    }
    dollars = sum(usage[bucket] * price for bucket, price in parts.items()) / 1_000_000
    return round(dollars * 10**9)


@on("chat")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_style_claude(caller, gate, streamed):
    """A chat body, a Messages answer."""
    body = caller.body(f'[[sandbox text="{TEXT}"]]', stream=streamed) | {"style": "claude"}
    text = post(gate, caller, "/v1/chat/completions", body).text
    if not streamed:
        message = Message.model_validate_json(text)
        assert (message.content[-1].text, message.stop_reason, message.model) == (TEXT, "end_turn", "gpt-5.5")
        return
    events = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if line.startswith("data: ")]
    assert "".join(event.get("delta", {}).get("text", "") for event in events) == TEXT
    assert events[-1]["type"] == "message_stop"


def post(gate, caller, path: str, body: dict) -> httpx2.Response:
    headers = {"authorization": f"Bearer {caller.sdk.api_key}"}
    answer = httpx2.post(f"{gate.base_url}{path}", json=body, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer


@on("messages", "chat")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_the_envelope(caller, gate, streamed):
    path = "messages" if caller.own == "messages" else "chat/completions"
    body = caller.body(f'[[sandbox text="{TEXT}"]]', stream=streamed)
    answer = post(gate, caller, f"/api/v1/{path}", body)
    if not streamed:
        data = answer.json()["data"]
        assert data["choices"][0]["message"]["content"] == TEXT
        return
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    choices = [choice for line in lines[:-1] for choice in json.loads(line)["choices"]]
    assert "".join(choice["delta"].get("content") or "" for choice in choices) == TEXT


@on(*EVERY)
def test_what_the_provider_sees_of_the_caller(caller):
    """The account's credential and the protocol's own headers; nothing of the caller's vendor."""
    answer = caller.create("[[sandbox echo_headers]]", extra_headers={"x-custom": "kept", "cookie": "a=b"})
    text = caller.text(answer)
    headers = dict(json.loads(text))
    credential = headers.get("x-api-key") or headers["authorization"].removeprefix("Bearer ")
    assert credential == caller.name
    assert caller.sdk.api_key not in text
    assert "cookie" not in headers
    assert ("anthropic-version" in headers) == (caller.lane.spoken == "messages")
    assert not [name for name in headers if name.startswith("x-stainless-")]
