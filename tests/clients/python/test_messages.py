"""Anthropic Messages without streaming."""

import json

import pytest

from caller import user
from conftest import City, system_of

pytestmark = pytest.mark.lanes("messages")
MODEL = "claude-sonnet-5-5"


def test_plain(claude):
    message = claude.messages.create(model=MODEL, max_tokens=64, messages=user('[[sandbox text="pong"]]'))
    assert message.content[0].text == "pong"
    assert (message.model, message.role, message.stop_reason) == (MODEL, "assistant", "end_turn")
    assert message.usage.output_tokens == 1
    assert message._request_id


def test_async(gate):
    async def work(client):
        return await client.messages.create(model=MODEL, max_tokens=64, messages=user('[[sandbox text="pong"]]'))

    assert gate.run_claude(work).content[0].text == "pong"


@pytest.mark.parametrize("model", ["ZHIPU/GLM-4.6", "xiaomi/mimo-v2", "deepseek-chat"])
def test_prefixed_model_names(claude, model):
    message = claude.messages.create(model=model, max_tokens=64, messages=user('[[sandbox text="pong"]]'))
    assert (message.model, message.content[0].text) == (model, "pong")


@pytest.mark.parametrize(
    "system",
    ["Be brief.", [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]],
    ids=["string", "blocks"],
)
def test_system_reaches_the_provider(claude, lane, system):
    message = claude.messages.create(
        model=MODEL, max_tokens=4096, system=system, messages=user("[[sandbox echo_body]]")
    )
    received = json.loads(message.content[0].text)
    if lane.native:
        assert received["system"] == system
    assert system_of(received) == "Be brief."


@pytest.mark.lanes("messages", only="native")
def test_thinking_and_back(claude):
    asked = user('[[sandbox thinking=12 text="42"]]')
    first = claude.messages.create(model=MODEL, max_tokens=4096, thinking={"type": "adaptive"}, messages=asked)
    thinking, text = first.content
    assert thinking.type == "thinking" and len(thinking.thinking.split()) == 12
    assert thinking.signature
    assert text.text == "42"

    turns = [*asked, {"role": "assistant", "content": first.content}, *user("[[sandbox echo_body]]")]
    second = claude.messages.create(model=MODEL, max_tokens=4096, thinking={"type": "adaptive"}, messages=turns)
    received = json.loads(second.content[0].text)["messages"][1]["content"][0]
    assert received["signature"] == thinking.signature
    assert received["thinking"] == thinking.thinking


@pytest.mark.parametrize(
    ("directive", "reason"),
    [("refusal", "refusal"), ("words=50", "max_tokens"), ("stop=pause_turn", "pause_turn")],
)
def test_stop_reasons(claude, lane, directive, reason):
    if not lane.native and reason == "pause_turn":
        reason = "end_turn"  # No other protocol can say it.
    message = claude.messages.create(model=MODEL, max_tokens=5, messages=user(f"[[sandbox {directive}]]"))
    assert message.stop_reason == reason


def test_cache_usage(claude, lane):
    message = claude.messages.create(
        model=MODEL,
        max_tokens=64,
        messages=user("[[sandbox cache_read=1000 cache_write=200 cache_write_1h=30 words=3]]"),
    )
    usage = message.usage
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (1000, 230)
    # Chat cannot tell for how long.
    hour = 0 if lane.spoken == "chat" else 30
    assert usage.cache_creation.ephemeral_5m_input_tokens == 230 - hour
    assert usage.cache_creation.ephemeral_1h_input_tokens == hour


@pytest.mark.lanes("messages", only="native")
def test_count_tokens(claude):
    body = {"model": MODEL, "system": "Be brief.", "messages": user("How long is this?")}
    counted = claude.messages.count_tokens(**body).input_tokens
    assert counted == claude.messages.create(max_tokens=64, **body).usage.input_tokens


def test_the_sdks_own_parser(claude):
    message = claude.messages.parse(model=MODEL, max_tokens=256, messages=user("A city, please."), output_format=City)
    assert isinstance(message.parsed_output, City)


@pytest.mark.parametrize("header", ["api_key", "auth_token", "x-api-key"])
def test_every_way_to_show_the_key(gate, header):
    key = gate.key_anthropic
    options = {"api_key": None, "default_headers": {"x-api-key": key}} if header == "x-api-key" else {header: key}
    if header == "auth_token":
        options["api_key"] = None
    message = gate.claude(**options).messages.create(
        model=MODEL, max_tokens=64, messages=user('[[sandbox text="pong"]]')
    )
    assert message.content[0].text == "pong"
