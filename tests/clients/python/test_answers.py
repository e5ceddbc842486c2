"""What an answer holds, plain and streamed."""

import openai
import pytest

from conftest import City

pytestmark = pytest.mark.lanes()
TEXT = "One, two, three: the whole of it. Ünïcödé too."


@pytest.mark.parametrize("directives", ["", "thinking=7", "thinking=3 tool=weather tools=2", "refusal", "cache_read=9"])
def test_the_accumulated_stream_is_the_plain_answer(caller, directives):
    prompt = f'[[sandbox text="{TEXT}" {directives}]]'
    tools = {"tools": tools_of(caller.protocol)}
    if caller.protocol == "chat" and directives == "refusal":
        with pytest.raises(openai.ContentFilterFinishReasonError):
            caller.stream(prompt, **tools)
        return
    assert bare(caller.stream(prompt, **tools)) == bare(caller.create(prompt, **tools))


def tools_of(protocol: str) -> list[dict]:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    if protocol == "messages":
        return [{"name": "weather", "input_schema": schema}]
    function = {"name": "weather", "parameters": schema, "strict": False}
    return [{"type": "function", "function": function} if protocol == "chat" else {"type": "function"} | function]


# What is made anew for every answer, and what only one of an SDK's two ways adds.
MADE = {"id", "call_id", "signature", "encrypted_content", "created", "created_at", "completed_at"}
ADDED = {"parsed", "parsed_output", "parsed_arguments", "output_parsed", "_request_id", "index"}


def bare(answer):
    """An answer without what differs from one to the next, and without members that say nothing."""

    def strip(value):
        if isinstance(value, dict):
            kept = {name: strip(inner) for name, inner in value.items() if name not in MADE | ADDED}
            return {name: inner for name, inner in kept.items() if inner not in (None, [], {})}
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    return strip(answer.model_dump(mode="json", warnings=False))


@pytest.mark.lanes("messages", "chat")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_stop_sequences(caller, streamed):
    """Where the model takes none, the gate ends the answer itself."""
    stops = {"stop_sequences": ["three"]} if caller.protocol == "messages" else {"stop": ["three"]}
    if caller.protocol == "chat" and caller.lane.native:
        stops["model"] = "gpt-4o"
    answer = (caller.stream if streamed else caller.create)(f'[[sandbox text="{TEXT}"]]', **stops)
    assert caller.text(answer) == "One, two, "
    if caller.protocol == "messages":
        assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "three")
    else:
        assert answer.choices[0].finish_reason == "stop"


# Closed, as both vendors want it.
CITY = City.model_json_schema() | {"additionalProperties": False}


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_structured_output(caller, streamed):
    named = {"name": "city", "schema": CITY, "strict": True}
    form = {
        "messages": {"output_config": {"format": {"type": "json_schema", "schema": CITY}}},
        "chat": {"response_format": {"type": "json_schema", "json_schema": named}},
        "responses": {"text": {"format": {"type": "json_schema"} | named}},
    }[caller.protocol]
    answer = (caller.stream if streamed else caller.create)("A city, please.", **form)
    assert City.model_validate_json(caller.text(answer))


def test_a_caller_that_leaves_is_settled(caller):
    """The answer goes on to its end behind the caller's back, and is charged as the provider counted it."""
    with caller.create("[[sandbox words=30 slow_event_ms=20]]", stream=True) as stream:
        for number, _ in enumerate(stream):
            if number == 5:
                break
    record = caller.record()
    assert (record["status"], record["stream_end"]) == (200, "client_gone")
    assert record["usage"]["output_tokens"] > 5 and float(record["cost"]) > 0
    assert record["usage"] == caller.served()["usage"]
    assert not record["estimated"]


def test_models_of_the_accounts_own_platform_are_asked_for_as_they_are(caller):
    """No mapping is needed to reach them, and the answer names what was asked for."""
    other = "gpt-5.5" if caller.lane.spoken != "messages" else "claude-sonnet-5-5"
    answer = caller.create("[[sandbox text=pong]]", model=other)
    assert (caller.text(answer), answer.model) == ("pong", other)
    assert caller.record()["requested_model"] == other
