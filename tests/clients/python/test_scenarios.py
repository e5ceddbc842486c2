"""What a caller may ask of any model, on an account of its own protocol and on those of the other platform.

One test for all three protocols: `Caller` puts the question and reads the answer in each.
"""

import base64
import json
import time
import uuid

import httpx2
import openai
import pytest

from conftest import user
from upstreams import Lane, on

TEXT = "One, two, three: the whole of it. Ünïcödé too."
EVERY = ("messages", "chat", "responses")
# One pixel, and the least a PDF may be: only their types are looked at.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
LINK = "https://example.com/pixel.png"
CITY = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["name", "people"],
    "additionalProperties": False,
}


class Caller:
    """An SDK on a lane, and what it says and is told in one form for all protocols."""

    def __init__(self, gate, lane: Lane):
        self.lane, self.own = lane, lane.own
        self.name = f"{lane.own}-on-{lane.spoken}-{uuid.uuid4().hex[:8]}"
        key = lane.key(self.name)
        self.sdk = gate.claude(key) if lane.own == "messages" else gate.gpt(key)

    def body(self, content, **more) -> dict:
        if self.own == "messages":
            return {"model": "claude-sonnet-5-5", "max_tokens": 2048, "messages": user(content)} | more
        turns = "messages" if self.own == "chat" else "input"
        return {"model": "gpt-5.5", turns: user(content)} | more

    def create(self, content, **more):
        body = self.body(content, **more)
        if self.own == "messages":
            return self.sdk.messages.create(**body)
        return self.sdk.chat.completions.create(**body) if self.own == "chat" else self.sdk.responses.create(**body)

    def stream(self, content, **more):
        """The SDK's own accumulator's last word."""
        body = self.body(content, **more)
        if self.own == "messages":
            with self.sdk.messages.stream(**body) as stream:
                return stream.get_final_message()
        if self.own == "chat":
            with self.sdk.chat.completions.stream(stream_options={"include_usage": True}, **body) as stream:
                return stream.get_final_completion()
        with self.sdk.responses.stream(**body) as stream:
            return stream.get_final_response()

    def text(self, answer) -> str:
        if self.own == "messages":
            return "".join(block.text for block in answer.content if block.type == "text")
        return answer.choices[0].message.content if self.own == "chat" else answer.output_text

    def part(self, kind: str, source: str) -> dict:
        """A picture or a document, in the protocol's own words."""
        linked = source.startswith("http")
        if self.own == "messages":
            if linked:
                return {"type": kind, "source": {"type": "url", "url": source}}
            media = "image/png" if kind == "image" else "application/pdf"
            return {"type": kind, "source": {"type": "base64", "media_type": media, "data": source}}
        data = f"data:{'image/png' if kind == 'image' else 'application/pdf'};base64,{source}"
        if kind == "document":
            named = {"filename": "a.pdf", "file_data": data}
            return {"type": "file", "file": named} if self.own == "chat" else {"type": "input_file"} | named
        url = source if linked else data
        chat = {"type": "image_url", "image_url": {"url": url}}
        return chat if self.own == "chat" else {"type": "input_image", "image_url": url, "detail": "auto"}

    def said(self, text: str) -> dict:
        return {"type": "input_text" if self.own == "responses" else "text", "text": text}

    def record(self) -> dict:
        (record,) = self.lane.stack.records(1, "--key", self.name)
        return record


@pytest.fixture
def caller(gate, stack, upstream):
    return Caller(gate, Lane(stack, *upstream))


# How each protocol writes a picture and a document.
WRITTEN = {
    "messages": {"image": '"type":"image"', "document": '"type":"document"'},
    "chat": {"image": '"type":"image_url"', "document": '"type":"file"'},
    "responses": {"image": '"type":"input_image"', "document": '"type":"input_file"'},
}


@on(*EVERY)
@pytest.mark.parametrize(("kind", "source"), [("image", PNG), ("image", LINK), ("document", PDF)], ids=["png", "link", "pdf"])
def test_media_reach_the_provider(caller, kind, source):
    content = [caller.part(kind, source), caller.said("[[sandbox echo_body]]")]
    received = caller.text(caller.create(content))
    assert source in received
    assert WRITTEN[caller.lane.spoken][kind] in json.dumps(json.loads(received), separators=(",", ":"))


@on(*EVERY)
def test_pictures_are_seen(caller):
    content = [caller.part("image", PNG), caller.part("image", LINK), caller.said("[[sandbox image]]")]
    assert caller.text(caller.create(content)) == "The sandbox saw 2 images."


@on(*EVERY)
@pytest.mark.parametrize("directives", ["", "thinking=7", "thinking=3 tool=weather tools=2", "refusal", "cache_read=9"])
def test_the_accumulated_stream_is_the_plain_answer(caller, directives):
    prompt = f'[[sandbox text="{TEXT}" {directives}]]'
    tools = {"tools": tools_of(caller.own)}
    if caller.own == "chat" and directives == "refusal":
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


@on("messages", "chat")
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_stop_sequences(caller, streamed):
    """Where the model takes none, the gate ends the answer itself."""
    stops = {"stop_sequences": ["three"]} if caller.own == "messages" else {"stop": ["three"]}
    if caller.own == "chat" and caller.lane.native:
        stops["model"] = "gpt-4o"
    answer = (caller.stream if streamed else caller.create)(f'[[sandbox text="{TEXT}"]]', **stops)
    assert caller.text(answer) == "One, two, "
    if caller.own == "messages":
        assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "three")
    else:
        assert answer.choices[0].finish_reason == "stop"


@on(*EVERY)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
def test_structured_output(caller, streamed):
    named = {"name": "city", "schema": CITY, "strict": True}
    form = {
        "messages": {"output_config": {"format": {"type": "json_schema", "schema": CITY}}},
        "chat": {"response_format": {"type": "json_schema", "json_schema": named}},
        "responses": {"text": {"format": {"type": "json_schema"} | named}},
    }[caller.own]
    city = json.loads(caller.text((caller.stream if streamed else caller.create)("A city, please.", **form)))
    assert isinstance(city["name"], str) and isinstance(city["people"], int)


@on(*EVERY)
def test_a_caller_that_leaves_is_settled(caller):
    """The answer goes on to its end behind the caller's back, and is charged as the provider counted it."""
    body = caller.body("[[sandbox words=30 slow_event_ms=20]]", stream=True)
    create = {
        "messages": lambda: caller.sdk.messages.create,
        "chat": lambda: caller.sdk.chat.completions.create,
        "responses": lambda: caller.sdk.responses.create,
    }[caller.own]()
    with create(**body) as stream:
        for number, _ in enumerate(stream):
            if number == 5:
                break
    record = caller.record()
    assert (record["status"], record["stream_end"]) == (200, "client_gone")
    assert record["usage"]["output_tokens"] > 5 and float(record["cost"]) > 0
    assert record["usage"] == served(caller)["usage"]
    assert not record["estimated"]


def served(caller) -> dict:
    """What the sandbox counted of the caller's account: it is whole a moment after the record."""
    deadline = time.monotonic() + 10
    while True:
        counts = httpx2.get(f"{caller.lane.stack.sandbox.base_url}/sandbox/counts").json()
        entries = [entry for entry in counts["served"] if entry["credential"] == caller.name]
        if entries or time.monotonic() > deadline:
            (entry,) = entries
            return entry
        time.sleep(0.05)


@on(*EVERY)
def test_models_of_the_accounts_own_platform_are_asked_for_as_they_are(caller):
    """No mapping is needed to reach them, and the answer names what was asked for."""
    other = "gpt-5.5" if caller.lane.spoken != "messages" else "claude-sonnet-5-5"
    answer = caller.create("[[sandbox text=pong]]", model=other)
    assert (caller.text(answer), answer.model) == ("pong", other)
    assert caller.record()["requested_model"] == other
